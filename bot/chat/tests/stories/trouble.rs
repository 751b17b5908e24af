//! The database goes away.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn the_database_is_lost_and_comes_back() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.database_breaks().await;
        let said = t.cant_move().await;
        expect!["the database can't be used right now; nothing was done"].assert_eq(&said);
        t.user("ana").says("status staging").await;
        t.database_mends().await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ The database can't be used right now; nothing was done.
              Next: try again in a moment; `infra-chat doctor` checks the database
        "#]],
        );
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

#[test]
fn the_server_hangs_up_on_everybody() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.server_hangs_up().await;
        t.settles_through_trouble().await;
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms"]);
    });
}
