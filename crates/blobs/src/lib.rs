//! The object store: put once, ranged get, list.
