//! How a bucket is reached, of the configuration and of the variables that other programs use too.

use std::fmt;

use anyhow::{Context, bail};
use sheaf_registry::{S3Keys, S3Options};

/// The keys of the configuration.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Settings {
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    pub session_token: Option<String>,
    pub path_style: Option<bool>,
    pub direct_endpoint: Option<String>,
    pub allow_http: Option<bool>,
}

/// Secrets are not shown.
impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// What a variable is set to, if it is.
type Variable<'a> = &'a dyn Fn(&str) -> anyhow::Result<Option<String>>;

impl S3Settings {
    /// What is configured, else what the variables say.
    pub fn options(&self, variable: Variable<'_>) -> anyhow::Result<S3Options> {
        let endpoints = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
        let regions = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let virtual_host = flag(variable, "AWS_VIRTUAL_HOSTED_STYLE_REQUEST")?;
        let allow_http = match self.allow_http {
            Some(said) => Some(said),
            None => flag(variable, "AWS_ALLOW_HTTP")?,
        };
        Ok(S3Options {
            endpoint: or_first(&self.endpoint, variable, &endpoints)?,
            region: or_first(&self.region, variable, &regions)?,
            keys: self.keys(variable)?,
            path_style: self.path_style.or(virtual_host.map(|yes| !yes)),
            direct_endpoint: self.direct_endpoint.clone(),
            allow_http: allow_http.unwrap_or(false),
        })
    }

    /// All from one source: a token belongs to its key.
    fn keys(&self, variable: Variable<'_>) -> anyhow::Result<Option<S3Keys>> {
        if self.access_key_id.is_some() || self.secret_access_key.is_some() {
            let token = self.session_token.clone();
            return pair(&self.access_key_id, &self.secret_access_key, token)
                .context("blobs.access_key_id and blobs.secret_access_key");
        }
        let id = variable("AWS_ACCESS_KEY_ID")?;
        let secret = variable("AWS_SECRET_ACCESS_KEY")?;
        pair(&id, &secret, variable("AWS_SESSION_TOKEN")?)
            .context("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    }
}

fn pair(
    id: &Option<String>,
    secret: &Option<String>,
    session_token: Option<String>,
) -> anyhow::Result<Option<S3Keys>> {
    match (id, secret) {
        (None, None) => Ok(None),
        (Some(id), Some(secret)) => Ok(Some(S3Keys {
            access_key_id: id.clone(),
            secret_access_key: secret.clone(),
            session_token,
        })),
        _ => bail!("one is set without the other"),
    }
}

fn or_first(
    said: &Option<String>,
    variable: Variable<'_>,
    names: &[&str],
) -> anyhow::Result<Option<String>> {
    if said.is_some() {
        return Ok(said.clone());
    }
    for name in names {
        if let Some(value) = variable(name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn flag(variable: Variable<'_>, name: &str) -> anyhow::Result<Option<bool>> {
    let Some(value) = variable(name)? else {
        return Ok(None);
    };
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(Some(true)),
        "false" | "0" | "no" => Ok(Some(false)),
        _ => bail!("{name}: '{value}' is not true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(settings: &S3Settings, set: &[(&str, &str)]) -> anyhow::Result<S3Options> {
        settings.options(&|name| {
            let found = set.iter().find(|(set, _)| *set == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn the_usual_variables_are_understood() {
        let set = [
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:3900"),
            ("AWS_DEFAULT_REGION", "garage"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "false"),
        ];
        let read = options(&S3Settings::default(), &set).unwrap();
        assert_eq!(read.endpoint.as_deref(), Some("http://127.0.0.1:3900"));
        assert_eq!(read.region.as_deref(), Some("garage"));
        assert_eq!(read.path_style, Some(true));
        assert!(read.allow_http);
        let keys = read.keys.unwrap();
        assert_eq!(keys.secret_access_key, "hush");
        assert_eq!(keys.session_token.as_deref(), Some("token"));
    }

    #[test]
    fn the_configuration_wins_and_keys_are_not_mixed() {
        let settings = S3Settings {
            endpoint: Some("https://mine".into()),
            access_key_id: Some("id".into()),
            secret_access_key: Some("hush".into()),
            allow_http: Some(false),
            ..S3Settings::default()
        };
        let set = [
            ("AWS_ENDPOINT", "https://other"),
            ("AWS_SESSION_TOKEN", "of another key"),
            ("AWS_ALLOW_HTTP", "1"),
        ];
        let read = options(&settings, &set).unwrap();
        assert_eq!(read.endpoint.as_deref(), Some("https://mine"));
        assert!(!read.allow_http);
        assert_eq!(read.keys.unwrap().session_token, None);
    }

    #[test]
    fn half_a_pair_and_bad_flags_are_refused() {
        let half = options(&S3Settings::default(), &[("AWS_ACCESS_KEY_ID", "id")]);
        let half = format!("{:#}", half.unwrap_err());
        assert!(half.ends_with("one is set without the other"), "{half}");
        let flag = options(&S3Settings::default(), &[("AWS_ALLOW_HTTP", "maybe")]);
        let flag = flag.unwrap_err().to_string();
        assert_eq!(flag, "AWS_ALLOW_HTTP: 'maybe' is not true or false");
    }
}
