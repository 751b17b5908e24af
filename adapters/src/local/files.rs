//! Files that are whole or not there, and what to say when the disk doesn't want them.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use engine::ports::PortError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// For files and folders that only this account may read.
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// What went wrong with a file, in a sentence: `doing` completes "can't …".
pub(super) fn explain(doing: &str, path: &Path, cause: &std::io::Error) -> PortError {
    let path = path.display();
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => PortError::fail(
            format!("the disk is full: can't {doing} {path}"),
            "Free some space and try again.",
        ),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => PortError::fail(
            format!("not allowed to {doing} {path}"),
            "Make the data folder writable for this account, or choose another with --data-dir.",
        ),
        ErrorKind::NotFound => PortError::fail(
            format!("can't {doing} {path}: it is not there"),
            "Somebody may have removed it; deploy again to make it anew.",
        ),
        _ => PortError::fail(format!("can't {doing} {path}: {cause}"), ""),
    }
}

/// Runs file work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PortError> + Send + 'static,
) -> Result<T, PortError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(cause) => Err(PortError::unknown(format!("file work was interrupted: {cause}"))),
    }
}

/// Writes JSON so that after a crash the file holds the old or the new, never half of it. Mode 600.
pub(super) async fn json_write<T: Serialize>(path: &Path, value: &T) -> Result<(), PortError> {
    let bytes = serde_json::to_vec_pretty(value)
        .map_err(|cause| PortError::fail(format!("can't write {} as JSON: {cause}", path.display()), ""))?;
    let path = path.to_owned();
    blocking(move || write_atomic(&path, &bytes).map_err(|cause| explain("write", &path, &cause))).await
}

fn write_atomic(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let temporary = path.with_extension(format!("{}.tmp", uuid::Uuid::new_v4().simple()));
    let written = (|| {
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        std::fs::File::open(parent)?.sync_all()
    })();
    if written.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Reads JSON; nothing when the file is not there.
pub(super) fn json_read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, PortError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(explain("read", path, &cause)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
        let what = format!("{} can't be understood: {cause}", path.display());
        PortError::fail(what, "Restore the file from a backup, or remove it and deploy again.")
    })
}

/// Makes a folder that only this account may enter, with its parents.
pub(super) fn folder_ensure(path: &Path) -> Result<(), PortError> {
    std::fs::create_dir_all(path)
        .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(PRIVATE_FOLDER)))
        .map_err(|cause| explain("make the folder", path, &cause))
}

/// Opens a file to add to, made if it is not there. Mode 600.
pub(super) fn append_open(path: &Path) -> Result<std::fs::File, PortError> {
    let mut options = std::fs::OpenOptions::new();
    options
        .append(true)
        .create(true)
        .mode(PRIVATE_FILE)
        .open(path)
        .map_err(|cause| explain("write", path, &cause))
}

/// Removes a file that may not be there.
pub(super) fn file_remove(path: &Path) -> Result<(), PortError> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(explain("remove", path, &cause)),
        _ => Ok(()),
    }
}

/// Removes a folder that may not be there, with all that is in it.
pub(super) fn folder_remove(path: &Path) -> Result<(), PortError> {
    match std::fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(explain("remove", path, &cause)),
        _ => Ok(()),
    }
}

/// The entries of a folder; none when it is not there.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, PortError> {
    match std::fs::read_dir(folder) {
        Ok(list) => {
            let mut paths: Vec<PathBuf> = list.filter_map(|entry| Some(entry.ok()?.path())).collect();
            paths.sort();
            Ok(paths)
        }
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(explain("read", folder, &cause)),
    }
}

/// A path's last part as text.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_full_disk_and_a_forbidden_folder_say_what_to_do() {
        let told = |kind: ErrorKind| explain("write", Path::new("/data/desired.json"), &kind.into());
        assert_eq!(
            told(ErrorKind::StorageFull),
            PortError::fail(
                "the disk is full: can't write /data/desired.json",
                "Free some space and try again."
            )
        );
        assert_eq!(told(ErrorKind::PermissionDenied).to_string(), "not allowed to write /data/desired.json");
    }

    #[tokio::test]
    async fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        json_write(&path, &1).await.unwrap();
        json_write(&path, &2).await.unwrap();
        assert_eq!(json_read::<i32>(&path).unwrap(), Some(2));
        assert!(json_write(&path.join("below"), &3).await.is_err());
        assert_eq!(entries(folder.path()).unwrap(), [path]);
    }
}
