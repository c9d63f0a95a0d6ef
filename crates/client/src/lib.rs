//! The HTTP SDK: push, pull, resume.
