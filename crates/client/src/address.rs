use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::Error;

/// Where a server is: `http://127.0.0.1:8080`, or `https://models.example/sheaf` behind a proxy.
/// Two that are written differently and mean the same are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }

    /// The server of a URL.
    pub(crate) fn of(url: &Url) -> Self {
        let mut server = url.clone();
        server.set_path("");
        server.set_query(None);
        server.set_fragment(None);
        Self(server)
    }

    /// Whether a URL is of something on this server.
    pub fn holds(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else {
            return false;
        };
        let root = self.0.path().trim_end_matches('/');
        let below = url.path().strip_prefix(root);
        url.origin() == self.0.origin() && below.is_some_and(|rest| rest.starts_with('/'))
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::Setting(format!(
                "'{text}' is no server's address: it must be like http://127.0.0.1:8080"
            ))
        };
        let url = Url::parse(text).map_err(|_| wrong())?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if plain { Ok(Self(url)) } else { Err(wrong()) }
    }
}

/// Without a slash at its end.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "",
            "localhost:8080",
            "ftp://x",
            "http://",
            "http://x/?a=b",
            "http://user:word@x",
        ] {
            let parsed: Result<Address, Error> = wrong.parse();
            assert!(matches!(parsed, Err(Error::Setting(_))), "{wrong}");
        }
    }

    #[test]
    fn a_server_holds_what_is_below_its_address() {
        let server: Address = "https://m.example/sheaf/".parse().unwrap();
        for (url, held) in [
            ("https://m.example/sheaf/a/b/resolve/main/c", true),
            ("https://M.example:443/sheaf/x", true),
            ("https://m.example/sheafs/x", false),
            ("https://m.example/sheaf/../x", false),
            ("http://m.example/sheaf/x", false),
            ("https://m.example.evil/sheaf/x", false),
            ("https://m.example@evil/sheaf/x", false),
            ("no url", false),
        ] {
            assert_eq!(server.holds(url), held, "{url}");
        }
    }

    #[test]
    fn an_address_has_one_form() {
        for (given, kept, local) in [
            ("http://[::1]:80/", "http://[::1]", true),
            ("HTTP://LOCALHOST:8080", "http://localhost:8080", true),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", true),
            ("https://m.example/sheaf/", "https://m.example/sheaf", false),
        ] {
            let address: Address = given.parse().unwrap();
            assert_eq!((&*address.to_string(), address.is_local()), (kept, local));
        }
    }
}
