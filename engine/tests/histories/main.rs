#![doc = include_str!("README.md")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#![expect(unreachable_pub, clippy::format_push_string, reason = "tests")]

mod dice;
mod event;
mod fronts;
mod ground;
mod history;
mod life;
mod peek;
mod play;
mod promises;
mod races;
mod replicas;

#[path = "../world"]
mod world {
    pub mod changes;
    #[expect(dead_code, reason = "stories need more of it")]
    pub mod database;

    /// A service's name.
    pub fn service(name: &str) -> engine::model::ServiceName {
        name.parse().unwrap()
    }
}

use world::database::Kind;

/// Histories in a run of all tests.
const HISTORIES: u64 = 250;

/// Histories of two replicas in a run of all tests.
const HISTORIES_OF_TWO: u64 = 40;

#[test]
fn two_replicas_keep_every_promise() {
    history::play_all(Kind::Postgres, HISTORIES_OF_TWO);
}

#[test]
fn histories_keep_every_promise() {
    history::play_all(Kind::Sqlite, HISTORIES);
}

/// Races in a run of all tests: on SQLite, and over two replicas on PostgreSQL.
const RACES: (u64, u64) = (400, 100);
const LOCK_RACES: (u64, u64) = (500, 100);

#[test]
fn a_race_of_decisions_has_one_winner() {
    races::decisions(Kind::Sqlite, RACES.0);
}

#[test]
fn a_race_of_decisions_over_two_replicas_has_one_winner() {
    races::decisions(Kind::Postgres, RACES.1);
}

#[test]
fn a_race_for_a_lock_has_one_winner() {
    races::locks(Kind::Sqlite, LOCK_RACES.0);
}

#[test]
fn a_race_for_a_lock_over_two_replicas_has_one_winner() {
    races::locks(Kind::Postgres, LOCK_RACES.1);
}
