//! The application's own command for its migrations, as a process: ended when it must, and told truly.

use engine::model::Limits;
use engine::ports::{BuildKey, DatabaseAt, MigrateCommand, MigrateState, Notes, Permit, Platform};

use crate::stage::{Stage, TOKEN, eventually};

/// The command, in the build of this name.
pub(crate) fn command(build: &str, line: &str, database: DatabaseAt, versions: &[&str]) -> MigrateCommand {
    MigrateCommand {
        service: "api".parse().unwrap(),
        release: 1,
        build: BuildKey(build.to_owned()),
        command: line.to_owned(),
        timeout_s: 600,
        limits: Limits::default(),
        database,
        versions: versions.iter().map(|version| (*version).to_owned()).collect(),
    }
}

/// Waits for its end: whether it was well, how it ended, and the last lines.
pub(crate) async fn ended(stage: &Stage, permit: &Permit) -> (bool, String, Vec<String>) {
    eventually("the migrations are over", async || {
        let look = stage.platform().migrate_look(&stage.environment, permit.idempotency_key()).await.unwrap();
        match look {
            MigrateState::Ended { well, how, tail } => Some((well, how, tail)),
            _ => None,
        }
    })
    .await
}

fn own_database() -> DatabaseAt {
    let notes = Notes { table: "done".to_owned(), column: "name".to_owned() };
    DatabaseAt { component: "db".parse().unwrap(), url: None, notes: Some(notes) }
}

async fn built() -> Stage {
    let stage = Stage::open().await;
    stage.build("b", None).await;
    stage.configure("api", 1, "serve", &[]).await;
    stage
}

#[tokio::test]
async fn what_it_prints_is_kept_without_secrets() {
    let stage = built().await;
    let permit = stage.permit();
    let loud = command("b", "echo begin; echo \"token $TOKEN\" >&2; exit 3", own_database(), &["0001-a"]);
    stage.platform().migrate_start(&permit, &stage.environment, &loud).await.unwrap();
    let (well, how, tail) = ended(&stage, &permit).await;
    assert_eq!((well, how.as_str()), (false, "exit code 3"));
    assert_eq!(tail[0], "begin");
    assert!(tail[1].starts_with("token ") && !tail[1].contains(TOKEN), "{tail:?}");
    // Asked for again under the same key, it is not run again; another key is another run.
    let again = stage.platform().migrate_start(&permit, &stage.environment, &loud).await.unwrap();
    assert_eq!(again.summary, "the migrations run already");
    let other = stage.permit();
    let state = stage.platform().migrate_look(&stage.environment, other.idempotency_key()).await.unwrap();
    assert_eq!(state, MigrateState::Absent);
}

#[tokio::test]
async fn one_that_takes_too_long_is_ended_and_so_is_one_that_nobody_wants() {
    let stage = built().await;
    let permit = stage.permit();
    let slow = command("b", "echo begun; sleep 600", own_database(), &["0001-a"]);
    let hasty = MigrateCommand { timeout_s: 1, ..slow.clone() };
    stage.platform().migrate_start(&permit, &stage.environment, &hasty).await.unwrap();
    let expected = (false, "it took longer than 1 s and was ended".to_owned(), vec!["begun".to_owned()]);
    assert_eq!(ended(&stage, &permit).await, expected);

    let permit = stage.permit();
    stage.platform().migrate_start(&permit, &stage.environment, &slow).await.unwrap();
    let begun = async || {
        let look = stage.platform().migrate_look(&stage.environment, permit.idempotency_key()).await.unwrap();
        (look == MigrateState::Running { last_line: "begun".to_owned() }).then_some(())
    };
    eventually("it has begun", begun).await;
    stage.platform().migrate_stop(&permit, &stage.environment, permit.idempotency_key()).await.unwrap();
    assert_eq!(ended(&stage, &permit).await.1, "it was ended, as asked");
    assert_eq!(stage.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn one_database_is_migrated_by_one_at_a_time() {
    let stage = built().await;
    let path = stage.folder.join("inside");
    // Whoever finds the folder there is not alone.
    let line = format!("mkdir '{0}' || exit 9; sleep 0.3; rmdir '{0}'", path.display());
    let alone = command("b", &line, own_database(), &["0001-a"]);
    let permits = [stage.permit(), stage.permit(), stage.permit()];
    for permit in &permits {
        stage.platform().migrate_start(permit, &stage.environment, &alone).await.unwrap();
    }
    for permit in &permits {
        assert_eq!(ended(&stage, permit).await.1, "exit code 0");
    }
}

#[tokio::test]
async fn after_a_kill_it_is_ended_and_told_to_have_been_in_the_middle() {
    let mut stage = built().await;
    let permit = stage.permit();
    let slow = command("b", "echo begun; sleep 600", own_database(), &["0001-a"]);
    stage.platform().migrate_start(&permit, &stage.environment, &slow).await.unwrap();
    let processes = async || (!stage.processes().is_empty()).then_some(());
    eventually("it runs", processes).await;
    stage.crash();
    stage.start().await;
    let platform = stage.platform();
    let state = platform.migrate_look(&stage.environment, permit.idempotency_key()).await.unwrap();
    assert_eq!(state, MigrateState::Interrupted);
    assert_eq!(stage.processes(), Vec::<u32>::new());
    // Asked for again, it is run again.
    let quick = MigrateCommand { command: "true".to_owned(), ..slow };
    platform.migrate_start(&permit, &stage.environment, &quick).await.unwrap();
    assert_eq!(ended(&stage, &permit).await.1, "exit code 0");
}
