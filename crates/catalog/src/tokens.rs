use jiff::Timestamp;
use sheaf_types::TokenId;
use sheaf_types::tokens::Token;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::{Catalog, Error, Result, row};

/// What [`read`] needs of a token.
macro_rules! columns {
    () => {
        "id, name, role, scope, created_at, expires_at"
    };
}

impl Catalog {
    /// Stores a token under the hash of its secret.
    pub async fn create_token(&self, token: &Token, hash: &[u8; 32]) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO tokens (id, name, hash, role, scope, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(token.id.as_bytes().as_slice())
        .bind(&token.name)
        .bind(hash.as_slice())
        .bind(token.role.to_string())
        .bind(token.scope.to_string())
        .bind(token.created_at.as_microsecond())
        .bind(token.expires_at.map(Timestamp::as_microsecond))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The token of a secret with this hash, expired or not.
    pub async fn find_token(&self, hash: &[u8; 32]) -> Result<Option<Token>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM tokens WHERE hash = $1"
        ))
        .bind(hash.as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// All tokens, oldest first.
    pub async fn list_tokens(&self) -> Result<Vec<Token>> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM tokens ORDER BY created_at, id"
        ))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Revokes a token; whether there was one.
    pub async fn revoke_token(&self, id: &TokenId) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM tokens WHERE id = $1")
            .bind(id.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<Token> {
    let expires_at: Option<i64> = row.try_get("expires_at")?;
    Ok(Token {
        id: row::id(row, "id", TokenId::from_slice)?,
        name: row::text(row, "name")?,
        role: row::parsed(row, "role", "role")?,
        scope: row::parsed(row, "scope", "scope")?,
        created_at: row::time(row, "created_at")?,
        expires_at: expires_at
            .map(Timestamp::from_microsecond)
            .transpose()
            .map_err(|_| Error::Corrupt("time"))?,
    })
}
