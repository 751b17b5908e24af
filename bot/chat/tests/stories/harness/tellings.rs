//! On which databases a story is told.

use super::database::Database;
use crate::stage::{OWN, TURN};

/// The databases this story is told on.
///
/// The desk's stories are told on both. Through a front, which has no part in what a database does, its own are, too; the desk's
/// are told once more on one of the two, through Slack on the one and through Discord on the other.
pub(super) fn databases() -> Vec<Database> {
    // Snapshots are written from one telling; the other one must then agree.
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return vec![Database::sqlite()];
    }
    let thread = std::thread::current();
    let story = thread.name().expect("each test has a thread of its own");
    let turn: usize = story.bytes().map(usize::from).sum::<usize>() + TURN;
    match OWN.iter().any(|own| story.starts_with(own)) {
        true => vec![Database::sqlite(), Database::postgres()],
        false if turn.is_multiple_of(2) => vec![Database::sqlite()],
        false => vec![Database::postgres()],
    }
}
