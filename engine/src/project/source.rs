//! Reads where code lives: repositories and the folders in them.

use std::path::{Component, Path, PathBuf};

use super::known::Known;
use super::spot::{Spot, instead};
use crate::model::{Source, holds_login};
use crate::secrets::SecretRef;

/// The folder of a source that names none: all of the repository.
pub(super) const PATH_DEFAULT: &str = ".";

/// Reads a source; a repository in the file system becomes an absolute path, seen from `base`.
pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>, base: &Path) -> Option<Source> {
    let keys = spot.keys(&["repository", "path", "credentials"])?;
    let repository = keys.need("repository", "\"./repository\"").and_then(|spot| repository(&spot, base));
    let path = keys.or("path", PATH_DEFAULT.to_owned(), |spot| folder(&spot));
    let credentials = keys.maybe("credentials", |spot| credentials(&spot, known, repository.as_deref()));
    Some(Source { repository: repository?, path, credentials })
}

/// Reads the reference to what git logs in with.
fn credentials(spot: &Spot<'_>, known: &Known<'_>, repository: Option<&str>) -> Option<SecretRef> {
    let secret = spot.parsed::<SecretRef>()?;
    let (project, environment) = (&secret.environment.project, &secret.environment.environment);
    if known.project != project.as_str() {
        // Otherwise a description could have somebody else's secrets sent to a host of its choice.
        spot.fault(format!(
            "must be a secret of this project: secretref://{}/{environment}/{}",
            known.project, secret.name
        ));
    } else if !known.environments.contains(&environment.as_str()) {
        spot.fault(format!(
            "there is no environment `{environment}`; {}",
            instead(environment.as_str(), &known.environments)
        ));
    }
    if repository.is_some_and(|repository| !takes_credentials(repository)) {
        spot.fault("are for repositories at https://; a folder and ssh need none");
    }
    Some(secret)
}

/// Whether a login may be sent there: never in the clear, except within this machine.
fn takes_credentials(repository: &str) -> bool {
    match repository.split_once("://") {
        Some(("https", _)) => true,
        Some(("http", rest)) => {
            let host = rest.split(['/', ':']).next().unwrap_or_default();
            ["127.0.0.1", "localhost"].contains(&host)
        }
        _ => false,
    }
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
    if holds_login(&text) {
        spot.fault(
            "holds a login everybody who sees the project would see; take it out, keep it with `infra-chat secret set \
             PROJECT/ENVIRONMENT/git-token`, and add `credentials: secretref://PROJECT/ENVIRONMENT/git-token`",
        );
        return None;
    }
    if text.contains("://") {
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
