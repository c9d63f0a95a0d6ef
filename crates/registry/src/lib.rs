//! The use cases: ingest, materialize, access, report.
