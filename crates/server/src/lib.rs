//! HTTP: router, extractors, errors, handlers.
