//! Some room kept back beside a SQLite file. To be read at all it needs files beside it, and a start writes a little by
//! itself: on a full disk whoever wants to see how things stand would be refused. What was kept back is given up then, and
//! kept back again once there is plenty.

use std::path::{Path, PathBuf};

use super::Room;

/// How much is kept back, in bytes: for log and index of the file, and the few commits of a start.
const RESERVE: usize = 1024 * 1024;

fn file(database: &Path) -> PathBuf {
    database.with_extension("reserve")
}

/// Gives up what was kept back where too little is free.
pub(super) fn give_up_if_full(database: &Path) {
    if Room::beside(database).is_enough() {
        return;
    }
    match std::fs::remove_file(file(database)) {
        Ok(()) => {
            tracing::warn!(room = %Room::beside(database), "the disk is full: what was kept back for that is used");
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, "the disk is full, and what was kept back can't be used"),
    }
}

/// Keeps some back where nothing is and there is plenty. It is a convenience: where that fails, nothing else does.
pub(super) fn keep_if_plenty(database: &Path) {
    let file = file(database);
    if file.exists() || !Room::beside(database).is_plenty() {
        return;
    }
    if let Err(error) = std::fs::write(&file, vec![0; RESERVE]) {
        tracing::warn!(%error, "can't keep any room back for a full disk");
        // Half of it is of no use to anybody.
        let _gone = std::fs::remove_file(&file);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn room_is_kept_back_where_there_is_plenty() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("here.db");
        keep_if_plenty(&database);
        let kept = std::fs::metadata(file(&database)).unwrap().len();
        assert_eq!(kept, RESERVE as u64);
        give_up_if_full(&database);
        assert!(file(&database).exists(), "there is enough without");
    }
}
