//! Code in git repositories: what words stand for, what changed, what is in a folder.

use adapters::git::GitHost;
use engine::model::Source;
use engine::ports::{CodeHost, PortError};

use crate::stage::{git, repository};

struct Repository {
    data: tempfile::TempDir,
    host: GitHost,
}

impl Repository {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("repository");
        repository(&folder, &[("migrations/0001_a.sql", "CREATE TABLE a;"), ("src/x", "1")], "v1.0.0");
        repository(&folder, &[("migrations/0002_b.sql", "CREATE TABLE b;")], "v1.1.0");
        Self { host: GitHost::new(&data.path().join("data")), data }
    }

    fn source(&self) -> Source {
        Source {
            repository: self.data.path().join("repository").display().to_string(),
            path: ".".to_owned(),
            credentials: None,
        }
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.data.path().join("repository"), arguments)
    }
}

fn failed<T: std::fmt::Debug>(outcome: Result<T, PortError>) -> (String, String) {
    match outcome {
        Err(PortError::Fail { what, hint }) => (what, hint),
        other => panic!("it must fail for good, not {other:?}"),
    }
}

#[tokio::test]
async fn tags_branches_commits_and_the_default_branch_are_found() {
    let repository = Repository::new();
    let (host, source) = (&repository.host, repository.source());
    let head = repository.git(&["rev-parse", "HEAD"]);
    let newest = host.resolve(&source, None).await.unwrap();
    assert_eq!(
        (newest.id.as_str(), newest.subject.as_str(), newest.author.as_str()),
        (head.as_str(), "make v1.1.0", "Ana")
    );
    assert_eq!(host.resolve(&source, Some("main")).await.unwrap().id, head);
    assert_eq!(host.default_branch(&source).await.unwrap().as_deref(), Some("main"));
    assert_eq!(host.resolve(&source, Some(&head[..7])).await.unwrap().id, head);
    assert_ne!(host.resolve(&source, Some("v1.0.0")).await.unwrap().id, head);

    repository.git(&["checkout", "--quiet", "-b", "next"]);
    crate::stage::repository(&repository.data.path().join("repository"), &[("src/y", "2")], "v2.0.0-rc1");
    assert_eq!(
        host.resolve(&source, Some("next")).await.unwrap().subject,
        "make v2.0.0-rc1",
        "what is new is fetched"
    );
    let mut references = host.references(&source, 10).await.unwrap();
    references.sort();
    assert_eq!(references, ["main", "next", "v1.0.0", "v1.1.0", "v2.0.0-rc1"]);
}

#[tokio::test]
async fn what_is_not_there_is_said_with_what_may_be_meant() {
    let repository = Repository::new();
    let (host, mut source) = (&repository.host, repository.source());
    let (what, hint) = failed(host.resolve(&source, Some("v1.1.9")).await);
    assert_eq!(what, format!("{} has no tag, branch or commit `v1.1.9`", source.repository));
    assert_eq!(hint, "Did you mean `v1.1.0`, `v1.0.0`?");
    let (what, _) = failed(host.resolve(&source, Some("--upload-pack=touch x")).await);
    assert_eq!(what, "`--upload-pack=touch x` can't be the name of a tag, branch or commit");
    source.repository = "/nowhere/at/all".to_owned();
    let (what, hint) = failed(host.resolve(&source, None).await);
    assert_eq!((what.as_str(), hint.is_empty()), ("there is no folder /nowhere/at/all", false));
    source.repository = repository.data.path().display().to_string();
    assert!(failed(host.resolve(&source, None).await).0.contains("is not a git repository we can see"));
    source.repository = "ext::sh -c true".to_owned();
    assert!(failed(host.resolve(&source, None).await).0.contains("is not the address of a repository"));
}

#[tokio::test]
async fn commits_are_compared_and_folders_listed() {
    let repository = Repository::new();
    let (host, source) = (&repository.host, repository.source());
    let old = host.resolve(&source, Some("v1.0.0")).await.unwrap().id;
    let new = host.resolve(&source, Some("v1.1.0")).await.unwrap().id;
    let subjects = async |from: &str, to: &str| {
        let commits = host.compare(&source, from, to, 10).await.unwrap();
        commits.into_iter().map(|commit| commit.subject).collect::<Vec<_>>()
    };
    assert_eq!(subjects(&old, &new).await, ["make v1.1.0"]);
    assert_eq!(subjects(&new, &old).await, Vec::<String>::new());
    let names = async |commit: &str, folder: &str| {
        let files = host.files(&source, commit, folder).await.unwrap();
        files.into_iter().map(|file| (file.name, file.text)).collect::<Vec<_>>()
    };
    let first = ("0001_a.sql".to_owned(), "CREATE TABLE a;".to_owned());
    assert_eq!(names(&old, "migrations").await, std::slice::from_ref(&first));
    assert_eq!(
        names(&new, "./migrations/").await,
        [first, ("0002_b.sql".to_owned(), "CREATE TABLE b;".to_owned())]
    );
    assert_eq!(names(&new, "elsewhere").await, []);
    assert_eq!(names(&new, ".").await, []);
}

#[tokio::test]
async fn a_checkout_is_whole_or_not_there() {
    let repository = Repository::new();
    let (host, source) = (&repository.host, repository.source());
    let commit = host.resolve(&source, Some("v1.0.0")).await.unwrap().id;
    let folder = repository.data.path().join("out");
    host.checkout(&source, &commit, &folder, &|_| {}).await.unwrap();
    assert_eq!(std::fs::read_to_string(folder.join("src/x")).unwrap(), "1");
    assert!(!folder.join("migrations/0002_b.sql").exists() && !folder.join(".git").exists());

    let missing = "0123456789012345678901234567890123456789";
    let (what, _) =
        failed(host.checkout(&source, missing, &repository.data.path().join("no"), &|_| {}).await);
    assert!(what.starts_with(&format!("commit {missing} is not in")), "{what}");
    let left: Vec<_> =
        std::fs::read_dir(repository.data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[tokio::test]
async fn a_missing_git_is_named_and_a_mirror_broken_by_a_kill_is_made_anew() {
    let repository = Repository::new();
    let without = GitHost::with_program(repository.data.path(), "no-such-git");
    let (what, hint) = failed(without.available().await);
    assert_eq!(what, "git is not installed, or not on the PATH");
    assert!(hint.contains("apt-get install git"));

    let (host, source) = (&repository.host, repository.source());
    host.resolve(&source, None).await.unwrap();
    let mirrors = std::fs::read_dir(repository.data.path().join("data/git")).unwrap();
    let mirror = mirrors.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    std::fs::write(mirror.join("refs/heads/next.lock"), "").unwrap();
    repository.git(&["branch", "next"]);
    assert_eq!(host.resolve(&source, Some("next")).await.unwrap().subject, "make v1.1.0");
}
