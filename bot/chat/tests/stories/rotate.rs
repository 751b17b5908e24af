//! A secret rotated from the chat: never its value, and not by everybody.

use expect_test::expect;

use crate::harness::{Project, chat_about, good};

#[test]
fn a_secret_is_rotated() {
    let signed = Project::usual().with(
        "{ COMPANY_NAME: Invoice Perfect }",
        "{ COMPANY_NAME: Invoice Perfect, SESSION_SECRET: { secret: session-secret } }",
    );
    chat_about(&signed, async |t| {
        t.makes_secrets(&signed).await;
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("rotate SESSION_SECRET in staging").await;
        t.whispers("ana", expect![[r#"
            ✗ You are a deployer, and rotate secret on staging needs an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: ana is a deployer, no rule permits rotate secret on staging
              > rotate SESSION_SECRET in staging
        "#]]);
        t.user("zoe").says("rotate a secret").await;
        t.user("zoe").says("staging").await;
        t.user("zoe").says("SESSION_SECRET").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? rotate-secret where?
                1. staging
                2. production
              One more after this; then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > rotate secret

            ? Which secret?
                1. SESSION_SECRET
              Then it starts, after approval where that is needed.
              [SESSION_SECRET] [Never mind]
              > rotate secret in staging
        "#]]);
        t.bot_shows(expect![[r#"
            ✓ r-2 · Rotate session-secret in staging for api · succeeded in 0 ms
              asked by: zoe
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config; session-secret as it was does not come back
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ new secret: session-secret has version 2 (0 ms)
              ✓ reconcile config: 2 variables for 1 service (0 ms)
              ✓ api: healthy: api 1/1 (0 ms)
              ✓ traffic: api: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > rotate SESSION_SECRET in staging
        "#]]);
        t.user("zoe").says("rotate COMPANY_NAME in staging").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ No service of staging uses a secret COMPANY_NAME; there is only `session-secret`.
              Next: infra-chat secret list invoice-perfect/staging
              > rotate COMPANY_NAME in staging
        "#]],
        );
        // A value that somebody gave is taken to what runs, and no random one comes in its place.
        t.sets_secret("staging", "session-secret", "given-by-zoe").await.unwrap();
        t.user("zoe").says("rotate session-secret in staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-3 · Rotate session-secret in staging for api · succeeded in 0 ms
              asked by: zoe
              way back: rollback staging goes to release 2 (v1.0.0): traffic, then release, then config; session-secret as it was does not come back
              ✓ preflight: ready, the build of 2026-11-18 12:00 UTC is used again (0 ms)
              ✓ reconcile config: 2 variables for 1 service (0 ms)
              ✓ api: healthy: api 1/1 (0 ms)
              ✓ traffic: api: 100% to release 3 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > rotate session-secret in staging
        "#]]);
        t.user("zoe").says("rotate session-secret in staging").await;
        t.whispers("zoe", expect![[r#"
            ✗ The value of session-secret was given by somebody, so that its new one has to be, too.
              Next: infra-chat secret set invoice-perfect/staging/session-secret, then say this again: the live release gets it at once
              > rotate session-secret in staging
        "#]]);
    });
}
