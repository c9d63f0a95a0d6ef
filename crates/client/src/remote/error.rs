/// Why a remote file cannot be read. Servers are named by their host alone.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RemoteError {
    /// The address or the token is none.
    #[error("{0}")]
    Setting(String),
    /// No connection came about.
    #[error("cannot reach {host}: {reason}")]
    Unreachable {
        /// Which server.
        host: String,
        /// Why, in the system's words.
        reason: String,
    },
    /// A connection broke, or the server fell silent.
    #[error("the connection to {host} broke: {reason}")]
    Broken {
        /// Which server.
        host: String,
        /// Why, in the system's words.
        reason: String,
    },
    /// The server wants to know who asks.
    #[error("{host} does not let us read it (status {status})")]
    Denied {
        /// Which server.
        host: String,
        /// 401 or 403.
        status: u16,
    },
    /// The server has no such file, or does not give it now.
    #[error("{host} answered with status {status}{}", words(*.status))]
    Status {
        /// Which server.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server answered something else than was asked for.
    #[error("{host} answered something unexpected: {what}")]
    Answer {
        /// Which server.
        host: String,
        /// What is wrong with it.
        what: String,
    },
    /// The server gives the whole file or nothing.
    #[error(
        "{host} does not serve parts of files, and the beginning of this one is not enough: \
         download it, and inspect that"
    )]
    NoParts {
        /// Which server.
        host: String,
    },
    /// Another file has its address now.
    #[error("the file on {host} changed while it was read: try again")]
    Changed {
        /// Which server.
        host: String,
    },
    /// More would have to be received than was to be.
    #[error("more of the file would have to be read than is read over the network")]
    Limit,
}

impl RemoteError {
    /// Whether the file could be read, only not from here: there is too much to read, or the server
    /// gives no parts.
    pub fn is_out_of_reach(&self) -> bool {
        matches!(self, Self::Limit | Self::NoParts { .. })
    }
}

fn words(status: u16) -> &'static str {
    match status {
        404 | 410 => ": there is no such file",
        429 => ": too many requests",
        500..=599 => ": it has troubles of its own",
        _ => "",
    }
}
