//! The main job on PostgreSQL. Runs where `INFRA_CHAT_TEST_POSTGRES` names a server that may be used for tests.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::world::World;

/// Runs a statement on the test server.
fn on_server(url: &str, statement: String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut server = PgConnection::connect(url).await.unwrap();
        server.execute(AssertSqlSafe(statement)).await.unwrap();
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
