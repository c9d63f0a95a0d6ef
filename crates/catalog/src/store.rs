//! Opening the database, and the two pools: there is one writer.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, AnyPool, Transaction};

use crate::Result;
use crate::chunks::{Live, NewBlob};
use crate::engine::{Engine, Writer};
use crate::group::Group;
use crate::records::RecordId;
use crate::reencode::{Reencoded, Swapped};
use crate::schema;

/// The catalog.
#[derive(Clone)]
pub struct Catalog {
    writer: Writer,
    pub(crate) read: AnyPool,
    pub(crate) announcing: Arc<Group<String, ()>>,
    pub(crate) going_live: Arc<Group<NewBlob, Live>>,
    pub(crate) writing_down: Arc<Group<RecordId, ()>>,
    pub(crate) swapping: Arc<Group<Reencoded, Swapped>>,
}

impl Catalog {
    /// Opens the database that a URL names, and brings its schema up to date: `sqlite:PATH`, which is
    /// made when it is missing, or `postgres://USER:PASSWORD@HOST/DATABASE`, which must be there.
    pub async fn open(url: &str) -> Result<Self> {
        let (engine, url) = Engine::of(url)?;
        sqlx::any::install_default_drivers();
        engine.first_contact(&url).await?;
        let pool = engine.writer().connect(&url).await?;
        schema::bring_up_to_date(engine, &pool).await?;
        let read = engine.readers().connect(&url).await?;
        let writer = Writer { engine, pool };
        let announcing = Group::new(writer.clone(), |writer, keys| {
            Box::pin(crate::chunks::announce(writer, keys))
        });
        let going_live = Group::new(writer.clone(), |writer, blobs| {
            Box::pin(crate::chunks::go_live(writer, blobs))
        });
        let writing_down = Group::new(writer.clone(), |writer, records| {
            Box::pin(crate::records::write_down(writer, records))
        });
        let swapping = Group::new(writer.clone(), |writer, done| {
            Box::pin(crate::reencode::swap(writer, done))
        });
        Ok(Self {
            writer,
            read,
            announcing: Arc::new(announcing),
            going_live: Arc::new(going_live),
            writing_down: Arc::new(writing_down),
            swapping: Arc::new(swapping),
        })
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }

    /// Whether other servers may use this catalog too.
    pub fn is_shared(&self) -> bool {
        self.writer.engine == Engine::Postgres
    }

    /// Waits for what is under way and closes the database.
    pub async fn close(&self) {
        self.read.close().await;
        self.writer.pool.close().await;
    }

    pub(crate) fn engine(&self) -> Engine {
        self.writer.engine
    }

    /// The time by which leases are reckoned.
    pub(crate) async fn now(&self, connection: &mut AnyConnection) -> Result<Timestamp> {
        self.writer.engine.now(connection).await
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>> {
        self.writer.begin().await
    }
}
