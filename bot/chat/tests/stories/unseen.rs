//! Other people's words hold characters nobody sees. No card reads as something it is not, and no name has one.

use adapters::sim::Behaviour;
use expect_test::expect;

use crate::harness::{chat, good};

/// A name, a reason and a log line that read as something else where they are shown as they are.
#[test]
fn a_card_reads_as_what_it_is() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("zoe").says("lock staging: stag\u{2063}ing is full").await;
        t.user("zoe").says("deploy v1\u{2063}0 to staging").await;
        t.user("zoe").says("deploy \u{202e}0.0.1v\u{202c} to staging").await;
        t.user("zoe").says("status stag\u{ad}ing").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by zoe: stag<U+2063>ing is full.
              [Unlock]
              > lock staging: stag<U+2063>ing is full
        "#]]);
        t.whispers(
            "zoe",
            expect![[r#"
                ✗ I don't know `v1<U+2063>0`. Environments: staging, production. Services: api, web, cron.
                  [dry run deploy staging]

                ✗ There is a character in that which can't be seen (U+202E), so I did not read it. Type it again.

                ✗ I don't know `stag<U+00AD>ing`. The nearest environment I know: staging.
                  [status in staging]
            "#]],
        );
    });
}

/// What a build wrote before it failed.
#[test]
fn a_log_reads_as_what_it_is() {
    chat(async |t| {
        t.release(
            "v1.0.0",
            Behaviour::build_fails(&["error: \u{202e}dellac ton\u{202c}", "\u{1b}[31mred\u{7}"]),
        );
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-1 · Deploy v1.0.0 (4b76448) to staging · failed after 0 ms: build-failed
              `make` ended with exit code 1
              | error: <U+202E>dellac ton<U+202C>
              | [31mred
              Next: mend the code, push, and deploy again
              staging is as it was before.
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              not begun: reconcile shape, reconcile config, migrations, api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.0.0 to staging
        "#]]);
    });
}
