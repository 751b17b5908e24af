//! Reads where code lives: repositories and the folders in them.

use std::path::{Component, Path, PathBuf};

use super::spot::Spot;
use crate::model::Source;

/// The folder of a source that names none: all of the repository.
pub(super) const PATH_DEFAULT: &str = ".";

/// Reads a source; a repository in the file system becomes an absolute path, seen from `base`.
pub(super) fn read(spot: &Spot<'_>, base: &Path) -> Option<Source> {
    let keys = spot.keys(&["repository", "path"])?;
    let repository = keys.need("repository", "\"./repository\"").and_then(|spot| repository(&spot, base));
    let path = keys.or("path", PATH_DEFAULT.to_owned(), |spot| folder(&spot));
    Some(Source { repository: repository?, path })
}

/// Reads a folder within the repository; the way out of it is closed.
pub(super) fn folder(spot: &Spot<'_>) -> Option<String> {
    let text = spot.line()?;
    let inside =
        Path::new(&text).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        spot.fault("must be a folder within the repository: not absolute, and without `..`");
        return None;
    }
    Some(text)
}

fn repository(spot: &Spot<'_>, base: &Path) -> Option<String> {
    let text = spot.line()?;
    if text.starts_with('-') {
        // git would take it for an option.
        spot.fault("can't begin with `-`; write `./-…` if the folder is really called that");
        return None;
    }
    if let Some((_, rest)) = text.split_once("://") {
        let before_path = rest.split('/').next().unwrap_or_default();
        if before_path.rsplit_once('@').is_some_and(|(login, _)| login.contains(':')) {
            spot.fault("holds a password everybody who sees the project would see; use ssh or a git credential helper");
            return None;
        }
        return Some(text);
    }
    if is_ssh(&text) {
        return Some(text);
    }
    Some(absolute(base, &text).to_string_lossy().into_owned())
}

/// `git@host:path`, as git reads it: a login and a colon before the first slash.
fn is_ssh(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    host.split_once('@').is_some_and(|(login, host)| !login.is_empty() && host.contains(':'))
}

/// Joins without asking the file system, so that a description reads the same where the folder is not there (yet).
fn absolute(base: &Path, path: &str) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            part => whole.push(part),
        }
    }
    whole
}
