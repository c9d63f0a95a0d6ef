//! Rows that are written many at a time.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::columns::{Columns, Holds};
use crate::Result;

/// Values in one statement: both databases take more.
const VALUES: usize = 20_000;
/// Bytes of texts and bytes in one statement, about.
const BYTES: usize = 4 << 20;

enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// Rows that wait to be written.
pub(super) struct Batch<'a> {
    columns: &'a Columns,
    values: Vec<Value>,
    bytes: usize,
}

impl<'a> Batch<'a> {
    pub fn new(columns: &'a Columns) -> Self {
        Self {
            columns,
            values: Vec::new(),
            bytes: 0,
        }
    }

    pub fn push(&mut self, row: &AnyRow) -> Result<()> {
        for (at, (_, holds)) in self.columns.columns.iter().enumerate() {
            let value = match holds {
                Holds::Integers => Value::Integer(row.try_get(at)?),
                Holds::Texts => Value::Text(row.try_get(at)?),
                Holds::Bytes => Value::Bytes(row.try_get(at)?),
            };
            self.bytes += value.len();
            self.values.push(value);
        }
        Ok(())
    }

    pub fn is_full(&self) -> bool {
        self.bytes >= BYTES || self.values.len() + self.columns.columns.len() > VALUES
    }

    /// Writes what waits, if anything does.
    pub async fn insert(&mut self, into: &mut AnyConnection) -> Result<()> {
        if self.values.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let statement = AssertSqlSafe(self.statement());
        let mut query = sqlx::query(statement);
        for value in self.values.drain(..) {
            query = match value {
                Value::Integer(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        // Most statements have as many rows as fit, and the last has not: none is worth keeping.
        query.persistent(false).execute(into).await?;
        Ok(())
    }

    fn statement(&self) -> String {
        let width = self.columns.columns.len();
        let rows = (0..self.values.len() / width).map(|row| {
            let places = (1..=width).map(|column| format!("${}", row * width + column));
            format!("({})", places.collect::<Vec<_>>().join(", "))
        });
        format!(
            "INSERT INTO {} ({}) VALUES {}",
            self.columns.table,
            self.columns.names(),
            rows.collect::<Vec<_>>().join(", ")
        )
    }
}

impl Value {
    fn len(&self) -> usize {
        match self {
            Self::Integer(_) => 0,
            Self::Text(value) => value.as_ref().map_or(0, String::len),
            Self::Bytes(value) => value.as_ref().map_or(0, Vec::len),
        }
    }
}
