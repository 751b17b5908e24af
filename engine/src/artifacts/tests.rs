#![expect(clippy::unwrap_used, reason = "tests")]

use expect_test::expect;
use secrecy::SecretString;

use super::*;

fn run(text: &str) -> RunId {
    text.parse().unwrap()
}

fn redactor() -> Arc<Redactor> {
    let redactor = Redactor::new().unwrap();
    redactor.learn([("db-password".to_owned(), SecretString::from("hunter2"))]).unwrap();
    Arc::new(redactor)
}

fn folder() -> (tempfile::TempDir, Artifacts) {
    let folder = tempfile::tempdir().unwrap();
    let artifacts =
        Artifacts::open(folder.path().join("deep/artifacts").to_str().unwrap(), redactor()).unwrap();
    (folder, artifacts)
}

#[tokio::test]
async fn an_artifact_is_written_once() {
    let (_folder, artifacts) = folder();
    let run = run("r-3f2a");
    let first = artifacts.put(&run, &ArtifactName::Plan, b"{\"steps\":10}").await.unwrap();
    expect![[r#"
        ArtifactRef {
            path: "runs/r-3f2a/plan.json",
            sha256: "2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881",
            size: 12,
        }
    "#]]
    .assert_debug_eq(&first);
    assert_eq!(artifacts.put(&run, &ArtifactName::Plan, b"{\"steps\":10}").await.unwrap(), first);
    let refused = artifacts.put(&run, &ArtifactName::Plan, b"{\"steps\":11}").await.unwrap_err().to_string();
    assert!(refused.starts_with("runs/r-3f2a/plan.json was written before with other content"), "{refused}");
    assert_eq!(artifacts.get(&run, &ArtifactName::Plan).await.unwrap(), b"{\"steps\":10}");
}

#[tokio::test]
async fn of_many_writers_one_wins() {
    let (_folder, artifacts) = folder();
    let run = run("r-3f2a");
    let writes = (0..8).map(|number: u32| {
        let (artifacts, run) = (artifacts.clone(), run.clone());
        tokio::spawn(async move {
            artifacts.put(&run, &ArtifactName::Run, number.to_string().as_bytes()).await.is_ok()
        })
    });
    let mut won = 0;
    for write in writes.collect::<Vec<_>>() {
        won += u32::from(write.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn secrets_do_not_reach_the_store_even_when_they_are_learned_late() {
    let (_folder, artifacts) = folder();
    let (run, log) = (run("r-3f2a"), ArtifactName::Log("api".parse().unwrap()));
    let text = b"connecting with hunter2 and \xff late-secret";
    let first = artifacts.put(&run, &log, text).await.unwrap();
    let kept = String::from_utf8(artifacts.get(&run, &log).await.unwrap()).unwrap();
    assert_eq!(kept, "connecting with [secret db-password] and \u{fffd} late-secret");

    artifacts.redactor.learn([("late".to_owned(), SecretString::from("late-secret"))]).unwrap();
    assert_eq!(artifacts.put(&run, &log, text).await.unwrap(), first);
}

#[tokio::test]
async fn a_run_lists_what_it_has_and_nothing_of_others() {
    let (folder, artifacts) = folder();
    let (mine, other) = (run("r-3f2a"), run("r-3f2a0"));
    for name in ["plan.json", "receipts/10.json", "receipts/9.json", "logs/web.log", "incident.md"] {
        artifacts.put(&mine, &name.parse().unwrap(), name.as_bytes()).await.unwrap();
    }
    artifacts.put(&other, &ArtifactName::Run, b"{}").await.unwrap();
    fs::write(folder.path().join("deep/artifacts/runs/r-3f2a/notes.txt"), "mine").unwrap();
    let names: Vec<_> = artifacts
        .list(&mine)
        .await
        .unwrap()
        .iter()
        .map(|listed| format!("{} {}", listed.name, listed.size))
        .collect();
    assert_eq!(
        names,
        ["plan.json 9", "receipts/9.json 15", "receipts/10.json 16", "logs/web.log 12", "incident.md 11"]
    );
    assert!(artifacts.list(&run("r-0000")).await.unwrap().is_empty());
    let missing = artifacts.get(&mine, &ArtifactName::Metrics).await.unwrap_err().to_string();
    assert_eq!(missing, "run r-3f2a has no metrics.json; `list` says what it has");
}

#[tokio::test]
async fn urls_open_too_and_unknown_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file_url = format!("file://{}/artifacts", folder.path().display());
    for url in ["memory:///prefix", &file_url] {
        let artifacts = Artifacts::open(url, redactor()).unwrap();
        artifacts.put(&run("r-3f2a"), &ArtifactName::Receipt(1), b"{}").await.unwrap();
        assert!(artifacts.put(&run("r-3f2a"), &ArtifactName::Receipt(1), b"[]").await.is_err());
        assert_eq!(artifacts.list(&run("r-3f2a")).await.unwrap().len(), 1, "{url}");
    }
    assert!(folder.path().join("artifacts/runs/r-3f2a/receipts/1.json").exists());
    for url in ["gopher://x/y", "s3://bucket/path", "://"] {
        let said = Artifacts::open(url, redactor()).unwrap_err().to_string();
        assert!(said.starts_with(&format!("artifacts can't be kept at {url}")), "{said}");
    }
}

#[test]
fn no_name_reaches_outside_its_run() {
    for given in [
        "../run.json",
        "/etc/passwd",
        "logs/../x.log",
        "logs/a/b.log",
        "logs/.log",
        "receipts/007.json",
        "receipts/-1.json",
        "receipts/1.json/..",
        "receipts/+1.json",
        "run.json\0",
        "RUN.JSON",
        "",
    ] {
        assert!(given.parse::<ArtifactName>().is_err(), "{given}");
    }
    for given in [
        "run.json",
        "plan.json",
        "diff.json",
        "receipts/7.json",
        "metrics.json",
        "logs/api.log",
        "incident.md",
    ] {
        assert_eq!(given.parse::<ArtifactName>().unwrap().to_string(), given);
    }
}
