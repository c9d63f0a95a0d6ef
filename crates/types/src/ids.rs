use std::fmt;
use std::str::FromStr;

use crate::text::json_as_text;

/// Why a string is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {digits} lower-case hex digits")]
pub struct IdError {
    what: &'static str,
    digits: usize,
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Takes raw bytes of the right length, as a database row holds them.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| Self::error())
            }

            fn error() -> IdError {
                IdError { what: $what, digits: 2 * $bytes }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(Self::error());
                }
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| Self::error())?;
                Ok(Self(bytes))
            }
        }

        json_as_text!($name);
    };
}

hex_id!(
    /// The BLAKE3 of a chunk's raw bytes.
    ChunkId, 32, "a chunk id"
);
hex_id!(
    /// The BLAKE3 of a blob's header, which holds the hash of every frame.
    BlobId, 32, "a blob id"
);
hex_id!(
    /// The SHA-256 of a whole file, by which clients check it and which is its ETag.
    Sha256, 32, "a SHA-256"
);
hex_id!(
    /// The first 20 bytes of the BLAKE3 of a revision's parent, message, time and files.
    RevisionId, 20, "a revision id"
);
hex_id!(
    /// Names an upload in progress. Random, so that it cannot be guessed.
    UploadId, 16, "an upload id"
);
hex_id!(
    /// Names a token in lists and for revoking. Not the secret.
    TokenId, 8, "a token id"
);
hex_id!(
    /// What the records of a repository are found by. Random, and never another's: a repository that is
    /// made again under the name of a deleted one is another.
    RepositoryUid, 16, "a repository's number"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_json() {
        let id = ChunkId([0xab; 32]);
        assert_eq!(id.to_string().parse::<ChunkId>(), Ok(id));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "ab",
            &"AB".repeat(32),
            &"zz".repeat(32),
            &"ab".repeat(33),
        ] {
            assert!(text.parse::<ChunkId>().is_err(), "{text}");
        }
    }
}
