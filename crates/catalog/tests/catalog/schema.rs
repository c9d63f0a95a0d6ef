//! The migrations of both databases end in the same schema.

use std::collections::BTreeSet;

use sheaf_catalog::Catalog;
use sqlx::{PgPool, Row, SqlitePool};

use crate::database::Database;

/// Everything that a schema says, one fact a line, in words that both databases share.
type Facts = BTreeSet<String>;

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_keys_and_indexes() {
    let Some(postgres) = Database::postgres() else {
        return;
    };
    let sqlite = Database::sqlite();
    for database in [&sqlite, &postgres] {
        Catalog::open(&database.url).await.unwrap().close().await;
    }
    let sqlite = of_sqlite(&SqlitePool::connect(&sqlite.url).await.unwrap()).await;
    let postgres = of_postgres(&PgPool::connect(&postgres.url).await.unwrap()).await;
    for fact in [
        "chunks.blob BLOB not null",
        "refs.name TEXT not null",
        "chunks unique (chunk)",
        "refs primary key (repository, name)",
        "refs (revision) -> revisions (id) on delete CASCADE",
        "near_lossless_repository on near_lossless (repository)",
    ] {
        assert!(sqlite.contains(fact), "{fact} is not in {sqlite:#?}");
    }
    let only = |one: &Facts, other: &Facts| one.difference(other).cloned().collect::<Vec<_>>();
    assert_eq!(only(&sqlite, &postgres), [""; 0], "only SQLite has these");
    assert_eq!(only(&postgres, &sqlite), [""; 0], "only Postgres has these");
}

async fn of_sqlite(pool: &SqlitePool) -> Facts {
    let columns = "SELECT t.name || '.' || c.name || ' ' || \
           CASE WHEN c.type = 'INTEGER' THEN 'BIGINT' ELSE c.type END || \
           CASE WHEN c.\"notnull\" OR c.pk THEN ' not null' ELSE '' END || \
           COALESCE(' default ' || c.dflt_value, '') \
         FROM sqlite_schema t, pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\' \
           AND t.name <> 'sqlite_sequence'";
    let primary = "SELECT t.name || ' primary key (' || \
           (SELECT group_concat(name, ', ') FROM \
             (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk)) || ')' \
         FROM sqlite_schema t WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\' \
           AND t.name <> 'sqlite_sequence'";
    let indexes = "SELECT CASE WHEN i.origin = 'u' THEN t.name || ' unique (' \
             ELSE i.name || ' on ' || t.name || ' (' END || \
           (SELECT group_concat(name, ', ') FROM \
             (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')' || \
           CASE WHEN i.\"unique\" AND i.origin = 'c' THEN ' unique' ELSE '' END || \
           CASE WHEN i.partial THEN ' where ' || (SELECT trim(substr(s.sql, instr(s.sql, 'WHERE') + 5)) \
             FROM sqlite_schema s WHERE s.name = i.name) ELSE '' END \
         FROM sqlite_schema t, pragma_index_list(t.name) i \
         WHERE t.type = 'table' AND i.origin <> 'pk' AND t.name NOT LIKE '\\_%' ESCAPE '\\'";
    let foreign = "SELECT t.name || ' (' || f.\"from\" || ') -> ' || f.\"table\" || ' (' || f.\"to\" || \
           ') on delete ' || f.on_delete \
         FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";
    let mut facts = Facts::new();
    for sql in [columns, primary, indexes, foreign] {
        let rows = sqlx::query(sql).fetch_all(pool).await.unwrap();
        facts.extend(rows.iter().map(|row| row.get::<String, _>(0)));
    }
    facts
}

async fn of_postgres(pool: &PgPool) -> Facts {
    let columns = "SELECT table_name || '.' || column_name || ' ' || \
           CASE data_type WHEN 'bytea' THEN 'BLOB' ELSE upper(data_type) END || \
           CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || \
           COALESCE(' default ' || replace(column_default, '::text', ''), '') \
         FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'";
    let keys = "SELECT c.conrelid::regclass || \
           CASE c.contype WHEN 'p' THEN ' primary key (' ELSE ' unique (' END || \
           (SELECT string_agg(a.attname, ', ' ORDER BY k.place) \
             FROM unnest(c.conkey) WITH ORDINALITY k (number, place) \
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) || ')' \
         FROM pg_constraint c WHERE c.contype IN ('p', 'u') \
           AND c.connamespace = 'public'::regnamespace AND c.conrelid::regclass::text NOT LIKE '\\_%'";
    let indexes = "SELECT i.indexrelid::regclass || ' on ' || i.indrelid::regclass || ' (' || \
           (SELECT string_agg(a.attname, ', ' ORDER BY k.place) \
             FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, place) \
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) || ')' || \
           CASE WHEN i.indisunique THEN ' unique' ELSE '' END || \
           COALESCE(' where ' || trim(pg_get_expr(i.indpred, i.indrelid), '()'), '') \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS \
           (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))";
    let foreign = "SELECT c.conrelid::regclass || ' (' || a.attname || ') -> ' || \
           c.confrelid::regclass || ' (' || b.attname || ') on delete ' || \
           CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'a' THEN 'NO ACTION' \
             WHEN 'n' THEN 'SET NULL' ELSE c.confdeltype::text END \
         FROM pg_constraint c \
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
         JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1] \
         WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace";
    let mut facts = Facts::new();
    for sql in [columns, keys, indexes, foreign] {
        let rows = sqlx::query(sql).fetch_all(pool).await.unwrap();
        facts.extend(rows.iter().map(|row| row.get::<String, _>(0)));
    }
    facts
}
