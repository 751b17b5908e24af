//! Repositories on other machines: logging in, and fetches that take their time.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::git::{GitHost, Patience};
use async_trait::async_trait;
use engine::model::{EnvironmentKey, SecretName, Source};
use engine::ports::{CodeHost, PortError, SecretSource};
use secrecy::SecretString;

use crate::git_server::serve;
use crate::stage::{git, repository};

/// `ana:hunter2-git-token`, as HTTP's basic login has it.
const LOGIN: &str = "Basic YW5hOmh1bnRlcjItZ2l0LXRva2Vu";
const TOKEN: &str = "hunter2-git-token";

struct Secret(String);

#[async_trait]
impl SecretSource for Secret {
    async fn secret_read(
        &self,
        _: &EnvironmentKey,
        _: &SecretName,
        _: Option<u32>,
        reader: &str,
    ) -> Result<SecretString, PortError> {
        assert!(reader.starts_with("git, for http://127.0.0.1:"), "{reader}");
        Ok(SecretString::from(self.0.clone()))
    }
}

/// A program that stands for git.
fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("git-of-the-test");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn source(repository: String) -> Source {
    let credentials = Some("secretref://shop/staging/git-token".parse().unwrap());
    Source { repository, path: ".".to_owned(), credentials }
}

/// All there is in a folder, as text.
fn written(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written(&path, into);
        } else {
            into.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_wants_a_login_is_read_and_the_token_is_seen_nowhere() {
    let own = tempfile::tempdir().unwrap();
    repository(&own.path().join("work"), &[("hello.txt", "hello")], "v1.0.0");
    git(own.path(), &["clone", "--quiet", "--bare", "work", "shop.git"]);
    let source = source(format!("{}/shop.git", serve(own.path(), LOGIN)));
    // Notes what anybody may see of it, and of the helpers it starts.
    let log = own.path().join("seen");
    let spy = program(own.path(), &format!("{{ echo \"$@\"; env; }} >>'{}'; exec git \"$@\"", log.display()));
    let data = own.path().join("data");
    let host = GitHost::with_program(&data, &spy).with_secrets(Arc::new(Secret(format!("ana:{TOKEN}\n"))));

    let commit = host.resolve(&source, Some("v1.0.0")).await.unwrap();
    assert_eq!(commit.subject, "make v1.0.0");
    assert_eq!(host.default_branch(&source).await.unwrap().as_deref(), Some("main"));
    host.checkout(&source, &commit.id, &own.path().join("out"), &|_| {}).await.unwrap();
    assert_eq!(std::fs::read_to_string(own.path().join("out/hello.txt")).unwrap(), "hello");

    let mut seen = std::fs::read_to_string(&log).unwrap();
    assert!(seen.contains("ls-remote") && seen.contains("credential.http://127.0.0.1"), "{seen}");
    written(&data, &mut seen);
    assert!(!seen.contains(TOKEN) && !seen.contains(&LOGIN[6..]), "the token is not to be seen");

    // Whoever does not name the secret gets nothing from the mirror of somebody who does.
    let stranger = Source { credentials: None, ..source.clone() };
    let refused = host.checkout(&stranger, &commit.id, &own.path().join("no"), &|_| {}).await.unwrap_err();
    assert!(refused.to_string().contains("doesn't let us read it"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_says_what_to_do_and_not_what_it_was() {
    let own = tempfile::tempdir().unwrap();
    let source = source(format!("{}/shop.git", serve(own.path(), LOGIN)));
    let host = GitHost::new(own.path()).with_secrets(Arc::new(Secret("ana:hunter3-wrong".to_owned())));
    let Err(PortError::Fail { what, hint }) = host.resolve(&source, None).await else {
        panic!("it must fail")
    };
    assert!(what.contains("doesn't let us read it: fatal: Authentication failed"), "{what}");
    assert!(!what.contains("hunter3"), "{what}");
    assert!(hint.contains("infra-chat secret set") && hint.contains("credentials: secretref://"), "{hint}");

    let without = GitHost::new(own.path()).resolve(&source, None).await.unwrap_err();
    assert!(without.to_string().ends_with("this command opens no secrets"), "{without}");
    let open = Source { repository: "https://hunter4@git.example/a.git".to_owned(), ..source };
    let Err(PortError::Fail { what, hint }) = host.resolve(&open, None).await else { panic!("it must fail") };
    assert_eq!(what, "the address of https://git.example/a.git holds a login, which everybody could see");
    assert!(hint.contains("secret set"), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_may_take_as_long_as_it_makes_progress() {
    let own = tempfile::tempdir().unwrap();
    repository(&own.path().join("repository"), &[("hello.txt", "hello")], "v1.0.0");
    let commit = git(&own.path().join("repository"), &["rev-parse", "HEAD"]);
    let slow = "case \"$*\" in *fetch*) for i in 1 2 3 4 5 6 7 8; do \
                printf 'Receiving objects:  %s0%% (%s/10)\\r' $i $i >&2; sleep 0.5; done;; esac; exec git \"$@\"";
    let patience = Patience { idle: Duration::from_millis(2_500), whole: Duration::from_mins(3) };
    let host = GitHost::with_program(own.path(), program(own.path(), slow)).with_patience(patience);
    let place = Source {
        repository: own.path().join("repository").display().to_string(),
        path: ".".to_owned(),
        credentials: None,
    };
    let told = Mutex::new(Vec::new());
    let note = |far: &str| told.lock().unwrap().push(far.to_owned());
    host.checkout(&place, &commit, &own.path().join("out"), &note).await.unwrap();
    let told = told.into_inner().unwrap();
    assert_eq!(told[..2], ["Receiving objects:  10% (1/10)", "Receiving objects:  20% (2/10)"], "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_stalls_or_never_ends_is_ended_and_may_be_tried_again() {
    let own = tempfile::tempdir().unwrap();
    repository(&own.path().join("repository"), &[("hello.txt", "hello")], "v1.0.0");
    let place = Source {
        repository: own.path().join("repository").display().to_string(),
        path: ".".to_owned(),
        credentials: None,
    };
    let ended = async |script: &str, idle: u64, whole: u64| {
        let script = format!("case \"$*\" in *fetch*) {script};; esac; exec git \"$@\"");
        let patience = Patience { idle: Duration::from_secs(idle), whole: Duration::from_secs(whole) };
        let host = GitHost::with_program(own.path(), program(own.path(), &script)).with_patience(patience);
        match host.resolve(&place, None).await {
            Err(PortError::Retry { what, .. }) => what.replace(&place.repository, "REPOSITORY"),
            other => panic!("it must be worth another try, not {other:?}"),
        }
    };
    assert_eq!(
        ended("echo 'Receiving objects: 1% (1/99)' >&2; exec sleep 600", 1, 60).await,
        "git fetch for REPOSITORY made no progress for 1 s and was ended"
    );
    let endless = "while sleep 0.1; do echo 'Receiving objects: 1% (1/99)' >&2; done";
    assert_eq!(ended(endless, 60, 1).await, "git fetch for REPOSITORY took longer than 1 s and was ended");
}
