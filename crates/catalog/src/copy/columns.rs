//! The columns of a table, as its database tells them.

use sqlx::AnyConnection;

use crate::engine::Engine;
use crate::{Error, Result, row};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Integers,
    Texts,
    Bytes,
}

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub table: &'static str,
    pub columns: Vec<(String, Holds)>,
    /// Whether its rows have numbers, which others point to.
    pub numbered: bool,
}

impl Columns {
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    /// Reads all rows: those with numbers in the order of these, since a row points only to earlier ones.
    pub fn select(&self) -> String {
        let order = if self.numbered { " ORDER BY id" } else { "" };
        format!("SELECT {} FROM {}{order}", self.names(), self.table)
    }
}

pub(super) async fn columns(
    engine: Engine,
    connection: &mut AnyConnection,
    table: &'static str,
) -> Result<Columns> {
    let query = match engine {
        Engine::Sqlite => "SELECT name, type AS holds FROM pragma_table_info($1) ORDER BY cid",
        Engine::Postgres => {
            "SELECT CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS holds \
             FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"
        }
    };
    let rows = sqlx::query(query).bind(table).fetch_all(connection).await?;
    let columns = rows.iter().map(|row| {
        let holds = holds(&row::text(row, "holds")?)?;
        Ok((row::text(row, "name")?, holds))
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let number = ("id".to_owned(), Holds::Integers);
    Ok(Columns {
        table,
        numbered: columns.contains(&number),
        columns,
    })
}

fn holds(kind: &str) -> Result<Holds> {
    match kind.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => Ok(Holds::Integers),
        "text" => Ok(Holds::Texts),
        "blob" | "bytea" => Ok(Holds::Bytes),
        _ => Err(Error::Corrupt("type of a column")),
    }
}
