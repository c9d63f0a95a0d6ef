//! One request and its answer, whole in memory.

use bytes::{Bytes, BytesMut};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sheaf_types::{ErrorBody, ErrorDetail};

use crate::Error;

/// The most bytes of JSON that are taken: the manifest of a file of 10 TB has less.
const MAX_JSON_LEN: usize = 1 << 30;

/// What to ask for. Cheap to clone, so that it can be asked again.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: Method,
    /// Path and query, encoded, behind the server's address.
    pub route: String,
    pub body: Body,
    /// Whether it does no harm to ask twice.
    pub idempotent: bool,
    /// The most bytes of an answer that are taken.
    pub limit: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Bytes),
    Raw(Bytes),
}

impl Request {
    fn new(method: Method, route: String) -> Self {
        Self {
            idempotent: method != Method::POST,
            method,
            route,
            body: Body::Empty,
            limit: MAX_JSON_LEN,
        }
    }

    pub fn get(route: String) -> Self {
        Self::new(Method::GET, route)
    }

    pub fn post(route: String) -> Self {
        Self::new(Method::POST, route)
    }

    pub fn put(route: String) -> Self {
        Self::new(Method::PUT, route)
    }

    pub fn patch(route: String) -> Self {
        Self::new(Method::PATCH, route)
    }

    pub fn delete(route: String) -> Self {
        Self::new(Method::DELETE, route)
    }

    pub fn json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(body).map_err(|error| Error::Setting(error.to_string()))?;
        self.body = Body::Json(bytes.into());
        Ok(self)
    }

    pub fn raw(mut self, body: Bytes) -> Self {
        self.body = Body::Raw(body);
        self
    }

    /// For a POST that only asks.
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; a refusal is an error.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let body = self.success()?.body;
        serde_json::from_slice(&body).map_err(|error| Error::Answer(error.to_string()))
    }

    /// Itself, unless the server refused.
    pub fn success(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(Error::Refused {
            status: self.status,
            detail: self.detail(),
        })
    }

    /// The server's words, or ours where another program answered, such as a proxy.
    fn detail(&self) -> ErrorDetail {
        serde_json::from_slice(&self.body)
            .map(|body: ErrorBody| body.error)
            .unwrap_or_else(|_| ErrorDetail {
                code: "unknown".into(),
                message: format!("the server answered with status {}", self.status),
            })
    }
}

/// Why an answer's body could not be had.
pub(crate) enum BodyError {
    /// It is longer than what was to be expected.
    TooLong,
    Broken(reqwest::Error),
}

/// Reads a body of bounded length.
pub(crate) async fn read_body(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let declared = response.content_length().unwrap_or(0);
    if declared > limit as u64 {
        return Err(BodyError::TooLong);
    }
    // A lie about the length costs no memory.
    let mut body = BytesMut::with_capacity((declared as usize).min(16 << 20));
    while let Some(part) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + part.len() > limit {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn the_servers_code_and_message_are_kept() {
        let body = r#"{"error":{"code":"branch_moved","message":"main has moved"}}"#;
        let error = answer(409, body).success().unwrap_err();
        assert_eq!(error.code(), Some("branch_moved"));
        assert_eq!(error.status(), Some(409));
        assert_eq!(error.to_string(), "main has moved");
    }

    #[test]
    fn a_proxys_page_is_not_shown() {
        let error = answer(502, "<html>Bad gateway</html>").success();
        let message = error.unwrap_err().to_string();
        assert_eq!(message, "the server answered with status 502");
    }

    #[test]
    fn other_json_than_was_asked_for_is_an_error() {
        let parsed: Result<u64, Error> = answer(200, "\"x\"").json();
        assert!(matches!(parsed, Err(Error::Answer(_))));
    }
}
