//! What a user sees of Sheaf, through its binary and over HTTP.
