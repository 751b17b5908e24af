//! The main job on PostgreSQL. Runs where `INFRA_CHAT_TEST_POSTGRES` names a server that may be used for tests.

use std::sync::mpsc::{Receiver, Sender};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::world::World;

/// Runs a statement on the test server.
pub(crate) fn on_server(url: &str, statement: String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut server = PgConnection::connect(url).await.unwrap();
        server.execute(AssertSqlSafe(statement)).await.unwrap();
    });
}

/// Throws out whoever hosts a database and has the claim on it until told to give it back.
pub(crate) fn hold_claim(url: &str, taken: &Sender<()>, freed: &Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut server = PgConnection::connect(url).await.unwrap();
        let (key, holder): (i64, i32) = sqlx::query_as(
            "SELECT (classid::bigint << 32) | objid::bigint, pid FROM pg_locks WHERE locktype = 'advisory' \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_one(&mut server)
        .await
        .unwrap();
        // Waiting for the lock before it is free is how to be the next.
        let mut waiting = PgConnection::connect(url).await.unwrap();
        let lock = async {
            sqlx::query("SELECT pg_advisory_lock($1)").bind(key).execute(&mut waiting).await.unwrap();
        };
        let throw_out = async {
            let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
            while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut server).await.unwrap() == 0 {}
            sqlx::query("SELECT pg_terminate_backend($1)").bind(holder).execute(&mut server).await.unwrap();
        };
        tokio::join!(lock, throw_out);
        taken.send(()).unwrap();
        freed.recv().unwrap();
    });
}

#[test]
fn a_deploy_goes_on_after_a_kill_on_postgresql_too() {
    let Ok(server) = std::env::var("INFRA_CHAT_TEST_POSTGRES") else { return };
    let name = format!("infra_chat_program_{}", std::process::id());
    on_server(&server, format!("CREATE DATABASE {name}"));
    let (address, _) = server.rsplit_once('/').unwrap();
    let url = format!("{address}/{name}");
    let database = [("DATABASE_URL", url.as_str())];

    let world = World::with_sample_on(&database);
    let mut chat = world.start(&["--as", "ana", "chat"], &database);
    chat.say("deploy v1.0.0 to staging");
    chat.wait_for("[done]");
    chat.signal("KILL");
    let run = chat.end().run();
    world
        .program_with(&["--as", "ana", "chat"], "/wait\nstatus staging\n", &database)
        .ended(0)
        .says(&run)
        .says("succeeded")
        .says("staging: release 1 (v1.0.0");
    assert!(!world.data().join("infra-chat.db").exists());

    on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)"));
}
