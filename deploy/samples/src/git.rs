//! The `git` program, run so that neither a person's configuration nor their environment changes what comes out.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::SampleError;

/// Set for people who run us from a git hook or alias; inherited, they would point git at another repository.
const FOREIGN: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
];

/// Makes a repository in `folder` from a `git fast-import` stream and checks `main` out.
pub(crate) fn create(folder: &Path, stream: &str) -> Result<(), SampleError> {
    std::fs::create_dir_all(folder).map_err(|source| SampleError::Folder {
        doing: "make",
        path: folder.to_owned(),
        source,
    })?;
    // Without a template there are no hooks and no samples of hooks.
    run(folder, &["init", "--quiet", "--template="], "")?;
    run(folder, &["symbolic-ref", "HEAD", "refs/heads/main"], "")?;
    run(folder, &["fast-import", "--quiet", "--done"], stream)?;
    run(folder, &["reset", "--quiet", "--hard", "main"], "")?;
    Ok(())
}

/// The commit of `main`, if there is one, and the commits of all tags.
pub(crate) fn read(folder: &Path) -> Result<(Option<String>, BTreeMap<String, String>), SampleError> {
    let format = "--format=%(refname) %(objectname) %(*objectname)";
    let listed = run(folder, &["for-each-ref", format, "refs/heads/main", "refs/tags"], "")?;
    let (mut main, mut tags) = (None, BTreeMap::new());
    for line in listed.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(object)) = (words.next(), words.next()) else { continue };
        // An annotated tag is an object of its own; the commit it points at comes third.
        let commit = words.next().unwrap_or(object).to_owned();
        match name.strip_prefix("refs/tags/") {
            Some(tag) => drop(tags.insert(tag.to_owned(), commit)),
            None => main = Some(commit),
        }
    }
    Ok((main, tags))
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Result<String, SampleError> {
    let failed = |said: String| SampleError::Git { command: arguments.join(" "), said };
    let output = match start(folder, arguments, input) {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SampleError::GitMissing),
        Err(error) => return Err(failed(error.to_string())),
    };
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

fn start(folder: &Path, arguments: &[&str], input: &str) -> io::Result<Output> {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_DEFAULT_HASH", "sha1")
        .env("GIT_DEFAULT_REF_FORMAT", "files")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in FOREIGN {
        command.env_remove(name);
    }
    let mut child = command.spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // When git ends early its own words say why; the broken pipe would not.
        let _ = pipe.write_all(input.as_bytes());
    }
    child.wait_with_output()
}
