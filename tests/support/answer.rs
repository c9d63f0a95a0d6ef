use serde_json::Value;

/// What a server answered.
#[derive(Clone)]
pub struct Answer {
    pub(crate) request: String,
    /// curl's exit code: 0 when the answer came whole.
    pub exit: i32,
    /// The HTTP status; 0 when there was none.
    pub status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// This answer, which must have come whole with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!((self.exit, self.status), (0, status), "{self:?}");
        self
    }

    /// An error that must have this status and code, and a message for people.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) {
        let answer = self.expect(status);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], code, "{answer:?}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(' '), "{answer:?}");
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {self:?}"),
        }
    }

    /// A header's value; none when it was not sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A complete success: what a reader would take for the whole file.
    pub fn is_complete_success(&self) -> bool {
        self.exit == 0 && (200..300).contains(&self.status)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &self.body[..self.body.len().min(600)];
        let Self {
            request,
            exit,
            status,
            headers,
            ..
        } = self;
        write!(
            f,
            "{request}: status {status}, curl's exit code {exit}, {headers:?}, "
        )?;
        write!(
            f,
            "{} bytes: {}",
            self.body.len(),
            String::from_utf8_lossy(shown)
        )
    }
}
