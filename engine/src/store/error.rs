//! What can go wrong with the database, as far as a caller decides on it.

use super::{Fault, Room};

/// An error of the store. `Display` says what we were doing; the cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else's write came first: read again and decide again.
    #[error("somebody else's change came first")]
    Conflict,
    /// The lease under which this was worked out is another replica's by now: let go of the run.
    #[error("another replica has taken this run over")]
    Fenced,
    /// The database can't be reached or can't write: trying again later may work.
    #[error("the database can't {doing} right now")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the driver says.
        #[source]
        source: Fault,
    },
    /// The database gave the transaction up for the sake of others, again and again: nothing of it was written.
    #[error(
        "the database gave this write up {tries} times for the sake of others, and nothing of it was written"
    )]
    Crossed {
        /// How often it was tried.
        tries: usize,
        /// What the driver says last.
        #[source]
        source: Fault,
    },
    /// There is no room on its disk: nothing of the commit was written, and later ones work as soon as there is room again.
    #[error("the disk of the database is full ({room}), so nothing was written")]
    Full {
        /// How much is free, and where.
        room: Room,
        /// What the driver says.
        #[source]
        source: Fault,
    },
    /// A row does not hold what it should.
    #[error("the database holds something unreadable in column `{column}`")]
    Corrupt {
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database is from a newer version of this program.
    #[error(
        "the database was written by a newer infra-chat (it has migration {found}, this program knows up to {known}): \
         start the newer program, or give another --data-dir"
    )]
    Newer {
        /// Newest migration in the database.
        found: i64,
        /// Newest migration this program has.
        known: i64,
    },
    /// It can't be opened at all.
    #[error("can't open the database {address}: {hint}")]
    Open {
        /// Where, without a password.
        address: String,
        /// What to do.
        hint: String,
        /// What the driver says.
        #[source]
        source: Fault,
    },
    /// Its tables can't be brought up to date.
    #[error("can't bring the database's tables up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The committer has stopped: the program is ending.
    #[error("the program is ending and takes no more writes")]
    Closed,
}

impl StoreError {
    /// For a driver's error while doing something.
    pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |error| Self::Unavailable { doing, source: error.into() }
    }

    /// For a row that does not hold what it should.
    pub(crate) fn corrupt(
        column: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Corrupt { column, source: source.into() }
    }

    /// Whether trying again later may work.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Crossed { .. } | Self::Full { .. })
    }
}
