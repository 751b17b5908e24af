//! How much room there is where the database lies.

use std::fmt;
use std::path::{Path, PathBuf};

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;

/// With less than this the next commit may not fit, in bytes: small ones may still go where a log has room to reuse.
const ENOUGH: u64 = MB;
/// From this much on some may be kept back for worse times, in bytes.
const PLENTY: u64 = 16 * MB;

/// How much is free, and where. A server's disk is the server's to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The folder of the database's file; absent when a server has it.
    folder: Option<PathBuf>,
    /// What is still free there, in bytes; absent when nobody says.
    free: Option<u64>,
}

impl Room {
    /// At the folder of a database's file.
    pub(super) fn beside(file: &Path) -> Self {
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let disk = rustix::fs::statvfs(folder).ok();
        let free = disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        Self { folder: Some(folder.to_owned()), free }
    }

    /// At a database server.
    pub(super) fn of_server() -> Self {
        Self { folder: None, free: None }
    }

    /// Whether writing may go on: there is enough, or nobody can tell.
    pub(super) fn is_enough(&self) -> bool {
        self.free.is_none_or(|free| free >= ENOUGH)
    }

    /// Whether some can be kept back without anybody missing it.
    pub(super) fn is_plenty(&self) -> bool {
        self.free.is_some_and(|free| free >= PLENTY)
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.folder, self.free) {
            (Some(folder), Some(free @ ..MB)) => write!(f, "{} KB free at {}", free / KB, folder.display()),
            (Some(folder), Some(free)) => write!(f, "{} MB free at {}", free / MB, folder.display()),
            (Some(folder), None) => write!(f, "at {}", folder.display()),
            (None, _) => f.write_str("on the database server"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_is_free_is_said_where_somebody_knows() {
        let at = |free| Room { folder: Some("/data".into()), free }.to_string();
        assert_eq!(at(Some(0)), "0 KB free at /data");
        assert_eq!(at(Some(7 * MB + 5)), "7 MB free at /data");
        assert_eq!(at(None), "at /data");
        assert_eq!(Room::of_server().to_string(), "on the database server");
        assert!(Room::beside(Path::new("here.db")).free.is_some());
    }
}
