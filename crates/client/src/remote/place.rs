//! Where a remote file is.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::RemoteError;
use crate::Address;

/// The address of a file.
#[derive(Debug, Clone)]
pub(super) struct Place(Url);

impl Place {
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        let url = Url::parse(text).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.map(Self).ok_or_else(|| {
            let text = "the address must be like https://models.example/model.safetensors";
            RemoteError::Setting(text.into())
        })
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether a URL is this one, but for a name and password.
    pub fn is(&self, url: &Url) -> bool {
        let known = &self.0;
        let parts = |url: &Url| (url.path().to_owned(), url.query().map(str::to_owned));
        known.origin() == url.origin() && parts(known) == parts(url)
    }

    pub fn server(&self) -> Address {
        Address::of(&self.0)
    }

    /// Whether a secret may be sent there: not where others on the way can read it.
    pub fn is_private(&self) -> bool {
        self.0.scheme() == "https" || self.server().is_local()
    }

    /// Without a password and without a query.
    pub fn shown(&self) -> String {
        let mut url = self.0.clone();
        // Neither fails where there is a host.
        let _ = url.set_password(None);
        let _ = url.set_username("");
        let has_query = url.query().is_some();
        url.set_query(has_query.then_some("..."));
        url.set_fragment(None);
        url.into()
    }

    pub fn file_name(&self) -> String {
        let last = self.0.path().rsplit('/').next().unwrap_or_default();
        percent_decode_str(last).decode_utf8_lossy().into_owned()
    }
}

/// An address as it may be shown: without a password, and without a query, which may be a secret.
pub fn shown(address: &str) -> String {
    let place = Place::parse(address);
    place.map_or_else(|_| "that address".into(), |place| place.shown())
}

/// A server as it is called in an error.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_an_address_are_not_shown() {
        let place = Place::parse("https://me:hush@m.example:81/a/b%20c.gguf?sig=hush#x").unwrap();
        assert_eq!(place.shown(), "https://m.example:81/a/b%20c.gguf?...");
        assert_eq!(place.file_name(), "b c.gguf");
        assert_eq!(host(place.url()), "m.example:81");
        let same = Url::parse("https://m.example:81/a/b%20c.gguf?sig=hush").unwrap();
        let other = Url::parse("https://m.example:81/a/b%20c.gguf").unwrap();
        assert!(place.is(&same) && !place.is(&other));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in ["", "a/b", "ftp://x/y", "file:///etc/passwd", "https://"] {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn secrets_go_over_encrypted_lines_or_stay_here() {
        for (address, private) in [
            ("https://m.example/x", true),
            ("http://m.example/x", false),
            ("http://127.0.0.1:80/x", true),
            ("http://localhost/x", true),
        ] {
            assert_eq!(
                Place::parse(address).unwrap().is_private(),
                private,
                "{address}"
            );
        }
    }
}
