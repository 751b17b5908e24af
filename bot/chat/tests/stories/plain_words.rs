//! What an answer could not take into account is said on it, and what can't be done is refused before it is begun.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn a_wish_to_be_told_says_of_what() {
    chat(async |t| {
        t.user("ana").says("text me").await;
        t.user("ana").says("text me if a deploy fails").await;
        t.user("ana").says("if 500s, rollback and wipe the cache").await;
        t.user("ana").says("if a deploy fails, rollback but not in prod").await;
        t.bot_says(expect![[r#"
            ✓ Alert 1 stands: text me if a deploy fails
              I know no phone of ana yet; an admin adds it: infra-chat user link ana sms:+4917139200099
              [Remove] [All alerts]
              > text me if a deploy fails
        "#]]);
        t.whispers("ana", expect![[r#"
            ✗ Of what? I can tell you of a weird canary, a rollback, a failed deploy, repeated 500s, or something unhealthy, like: text me if a deploy fails
              [text me if a deploy fails] [text me if the canary looks weird] [text me if a rollback triggers]

            ✗ A rule can't do `wipe the cache`, so I kept nothing. It can roll back, open an incident, restart, scale up by one, disable cron, or halt the canary.
              [if we see repeated 500s, rollback]

            ✗ I read `not in prod` in that, which a standing order can't keep, so I kept nothing. Say what is to happen, and where.
              [if a deploy fails in staging, rollback]
        "#]]);
    });
}

#[test]
fn several_standing_orders_go_at_once() {
    chat(async |t| {
        t.user("ana").says("email me if a deploy fails").await;
        t.user("ana").says("if we see repeated 500s, restart").await;
        t.user("ana").says("standing orders").await;
        t.user("ana").says("remove rules 2 and 7").await;
        t.user("ana").says("standing orders").await;
        t.bot_says(expect![[r#"
            ✓ Alert 1 stands: email me if a deploy fails
              It is kept and takes effect once I can send e-mail; I can't yet. Say `text me` or `tell me` instead.
              [Remove] [All alerts]
              > email me if a deploy fails

            ✓ Rule 2 stands: if we see repeated 500s, restart
              It takes effect at once: what it does is done in ana's name, as far as ana may, once for what happens together, and not while another run or lock holds the environment.
              [Remove] [All rules]
              > if we see repeated 500s, restart

            · What stands: 2 standing orders
                alert 1: email me if a deploy fails (you, just now)
                rule 2: if we see repeated 500s, restart (you, just now)
              Alert 1 waits until I can send e-mail; I can't yet.
              [Remove alert 1] [Remove rule 2]
              > standing orders

            ✓ Rule 2 is removed: if we see repeated 500s, restart
              Next, to have it back: if we see repeated 500s, restart
              > remove rule 2

            · What stands: 1 standing order
                alert 1: email me if a deploy fails (you, just now)
              Alert 1 waits until I can send e-mail; I can't yet.
              [Remove alert 1]
              > standing orders
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
            ✗ There is no rule 7.
              Next: standing orders
              > remove rules 2 and 7
        "#]],
        );
    });
}

#[test]
fn what_is_about_all_services_says_so() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("incidents of web in staging").await;
        t.user("ana").says("diagnose the api").await;
        t.user("ana").says("logs of r-9999").await;
        t.bot_says(expect![[r#"
            ✓ No incidents in staging in that time
              This is about all services: `web` alone can't be told apart here.
              > incidents in staging

            · I understood «diagnose», but I can't do that yet.
              It would look at services, components and providers in every environment for what is wrong, and change nothing.
              Nothing was done. Until then: `status staging`, `logs staging` and `incidents staging`.
              This is about all services: `api` alone can't be told apart here.
              > diagnose
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
            ✗ There is no run r-2.
              Next: status
              > logs of r-2
        "#]],
        );
    });
}

#[test]
fn nothing_follows_a_dry_run_by_itself() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0 with a dry run first").await;
        t.bot_says(expect![[r#"
            · Dry run: Deploy v1.0.0 (4b76448) to staging. Nothing was written.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: low
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              Steps:
                 1. resolve ref: v1.0.0 is 4b76448, Work for v1.0.0
                 2. preflight: tools, disk and ports are there; 4b76448 builds
                 3. reconcile shape: 2 components, 2 addresses
                 4. reconcile config: variables of api, web, cron
                 5. migrations: nothing to migrate
                 6. api and web: started beside what runs, then waited for until healthy
                 7. cron: schedules run the new code
                 8. canary: one stage of 100%: all traffic to the new release, read back
                 9. verification: 20 requests through the edge to each service
                10. finalize: old processes drained and ended, the release recorded as live
              It would need no approval.
              Only the dry run was made, and nothing follows by itself. When it is right, say: deploy v1.0.0 to staging
              [Do it!]
              > dry run deploy v1.0.0 to staging
        "#]]);
    });
}

#[test]
fn more_replicas_than_there_can_be_are_refused_at_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale staging api to 999").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ 999 replicas are too many here: a service has at most 64.
              Next: scale api to 64 in staging
              > scale api to 999 in staging
        "#]],
        );
        t.user("ana").says("scale staging api to 64").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-2 · Scale api in staging to 64 · succeeded in 0 ms
              asked by: ana
              way back: scale staging api to 1
              ✓ preflight: ready (0 ms)
              ✓ resize: healthy: api 64/64 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > scale api to 64 in staging
        "#]]);
    });
}
