use std::fmt;

/// How an S3-compatible store is reached. What is not set has the default of S3 itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Options {
    /// Where the store is, as `https://HOST:PORT`. None is Amazon's, in the region.
    pub endpoint: Option<String>,
    /// The region; none is `us-east-1`. Many stores want the one that they are set up with.
    pub region: Option<String>,
    /// Who asks. Without, the role of the machine is used, as Amazon's machines have one.
    pub keys: Option<S3Keys>,
    /// Whether the bucket is in the path, not in the host's name. None is yes where there is an
    /// endpoint.
    pub path_style: Option<bool>,
    /// Where clients reach the store, where that is not the endpoint: what URLs for them begin with.
    pub direct_endpoint: Option<String>,
    /// Whether an endpoint may be `http://`: keys are not sent, but all data can be read on the way.
    pub allow_http: bool,
}

/// Who asks an S3-compatible store.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Keys {
    /// The name of the key.
    pub access_key_id: String,
    /// The secret. It is never shown.
    pub secret_access_key: String,
    /// Of keys that expire. It is never shown.
    pub session_token: Option<String>,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Keys")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let options = S3Options {
            keys: Some(S3Keys {
                access_key_id: "name".into(),
                secret_access_key: "hush".into(),
                session_token: Some("hush".into()),
            }),
            ..S3Options::default()
        };
        let shown = format!("{options:?}");
        assert!(shown.contains("name") && !shown.contains("hush"), "{shown}");
    }
}
