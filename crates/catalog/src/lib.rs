//! The SQL catalog.
