//! Rehearsals: an order is played on a copy of how things stand, with all that may go wrong, and nothing real is touched.

use engine::ports::Capabilities;
use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn a_deploy_is_rehearsed() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let before = t.world().effects();
        t.release("v1.1.0", good());
        t.user("ana").says("rehearse deploy staging v1.1.0 with canary 50/100 soak 60s").await;
        t.bot_says(expect![[r#"
            ✓ Rehearsed: Deploy v1.1.0 (1232e4c) to staging. Nothing real was touched.
              Played 8 times on a copy of how things stand; each time it ended as it should.
              Changes:
                api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
              Commits:
                1232e4c Work for v1.1.0 (Kim)
              risk: low
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              Proved:
                release 1 keeps running until the new one is verified
                its build is kept
                it can live with the schema
              Notes:
                canary 50/100%: soaks 2 min in all; when it is worse than release 1, traffic goes back by itself
              As planned:
                ✓ succeeded after 2 min 8 s
              What if:
                ✓ its build fails: failed at preflight, as it was (`make` ended with exit code 1)
                ✓ it never becomes healthy: failed at api and web after 30 s, as it was (api did not become healthy within 30 s: 503 Service Unavailable)
                ✓ it ends right after each start: failed at api and web after 2.0 s, as it was (api was started 3 times and always ended (exit code 1))
                ✓ it fails 20% of its requests: rolled back at canary 50% after 6.9 s, as it was, but for what stays: the hold on automatic deploys (the canary of api failed at 50% of traffic. The canary failed 13 of 60 requests (22%), the stable version 0 of 60 requests (0%) in the same seconds; equal versions would get this far apart less than once in 577 canaries (limit: 200).)
                ✓ the answer to each of its 13 calls gets lost once: succeeded after 2 min 10 s, as planned
                ✓ I am killed in each of its 13 calls, and started again: succeeded after 2 min 8 s, as planned
                ✓ it has to be rolled back afterwards: succeeded, with the code it had
              Played is what I do: the code, its build and its SQL do not run, and are taken to go well where nothing else is said. Its canary was judged by 20 requests a second to each service.
              It would need no approval.
              [Do it!]
              > rehearse deploy v1.1.0 to staging with canary 50/100 soak 1m
        "#]]);
        t.user("ana").says("rehearse rollback staging").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Staging had no release before 1 that worked.
              Next: releases staging
              > rehearse rollback in staging
        "#]],
        );
        t.user("vera").says("rehearse deploy to production v1.0.0").await;
        t.bot_says(expect![[r#"
            ✓ Rehearsed: Deploy v1.0.0 (4b76448) to production. Nothing real was touched.
              Played 6 times on a copy of how things stand; each time it ended as it should.
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.0.0 (4b76448)
                web: new, v1.0.0 (4b76448)
                cron: new, v1.0.0 (4b76448)
              risk: medium: production
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              As planned:
                ✓ succeeded
              What if:
                ✓ it never becomes healthy: failed at api and web after 30 s, as it was, but for what stays: postgres, redis (api did not become healthy within 30 s: 503 Service Unavailable)
                ✓ it ends right after each start: failed at api and web after 2.0 s, as it was, but for what stays: postgres, redis (api was started 3 times and always ended (exit code 1))
                ✓ it fails 20% of its requests: rolled back at verification, as it was, but for what stays: postgres, redis (4 of 20 requests to api/health failed)
                ✓ the answer to each of its 9 calls gets lost once: succeeded after 1.8 s, as planned
                ✓ I am killed in each of its 9 calls, and started again: succeeded, as planned
              Played is what I do: the code, its build and its SQL do not run, and are taken to go well where nothing else is said.
              Carried out, it would be refused now: You are a viewer, and deploy on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              > rehearse deploy v1.0.0 to production
        "#]]);
        assert_eq!(t.world().effects(), before);
    });
}

/// What is brought and can fail is made to fail: also a migration, and what nobody would notice.
#[test]
fn what_may_go_wrong_is_what_there_is() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.world().file("migrations/0002_add_due_date.sql", "ALTER TABLE invoices ADD COLUMN due TEXT");
        t.release("v1.1.0", good());
        t.user("ana").says("rehearse migrate staging ref v1.1.0").await;
        t.user("ana").says("rehearse deploy staging v1.1.0, no canary").await;
        t.bot_says(expect![[r#"
            ✓ Rehearsed: Run migrations of 1232e4c on staging. Nothing real was touched.
              Played 4 times on a copy of how things stand; each time it ended as it should.
              Changes:
                migration 0002: new, add_due_date
              Migrations:
                0002 add_due_date: ALTER TABLE invoices ADD COLUMN due TEXT
              risk: low
              way back: migrations stay once applied; each is applied whole or not at all
              Proved:
                the live release stays
              As planned:
                ✓ succeeded
              What if:
                ✓ the database refuses migration 0002: failed at migrations, as it was (migration 0002 add_due_date failed: ERROR 42601: syntax error at or near "ALTER"; the transaction was rolled back)
                ✓ the answer to its one call gets lost: succeeded, as planned
                ✓ I am killed in its one call, and started again: succeeded, as planned
              Played is what I do: the code, its build and its SQL do not run, and are taken to go well where nothing else is said.
              It would need no approval.
              [Do it!]
              > rehearse migrate in staging v1.1.0

            ✓ Rehearsed: Deploy v1.1.0 (1232e4c) to staging. Nothing real was touched.
              Played 9 times on a copy of how things stand; each time it ended as it should.
              Changes:
                migration 0002: new, add_due_date
                api: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                web: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
                cron: v1.0.0 (4b76448) → v1.1.0 (1232e4c)
              Migrations:
                0002 add_due_date: ALTER TABLE invoices ADD COLUMN due TEXT
              Commits:
                1232e4c Work for v1.1.0 (Kim)
              risk: medium: 1 migration, which stays
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              Proved:
                release 1 keeps running until the new one is verified
                its build is kept
                it can live with the schema
              As planned:
                ✓ succeeded
              What if:
                ✓ its build fails: failed at preflight, as it was (`make` ended with exit code 1)
                ✓ the database refuses migration 0002: failed at migrations, as it was (migration 0002 add_due_date failed: ERROR 42601: syntax error at or near "ALTER"; the transaction was rolled back)
                ✓ it never becomes healthy: failed at api and web after 30 s, as it was; migrations: 0002 add_due_date was applied and stays: what ran before can live with it (api did not become healthy within 30 s: 503 Service Unavailable)
                ✓ it ends right after each start: failed at api and web after 2.0 s, as it was; migrations: 0002 add_due_date was applied and stays: what ran before can live with it (api was started 3 times and always ended (exit code 1))
                ✓ it fails 20% of its requests: rolled back at verification, as it was; migrations: 0002 add_due_date was applied and stays: what ran before can live with it (4 of 20 requests to api/health failed)
                ✓ the answer to each of its 12 calls gets lost once: succeeded after 2.2 s, as planned
                ✓ I am killed in each of its 12 calls, and started again: succeeded, as planned
                ✓ it has to be rolled back afterwards: succeeded, with the code it had
              Played is what I do: the code, its build and its SQL do not run, and are taken to go well where nothing else is said.
              It would need no approval.
              [Do it!]
              > rehearse deploy v1.1.0 to staging without canary
        "#]]);
        t.user("ana").says("rehearse deploy staging v9").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              The simulated repository has no branch, tag or commit `v9`.
              A branch, a tag or a commit.
                1. main
                2. v1.1.0
                3. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.1.0] [v1.0.0] [Never mind]
              > rehearse deploy staging
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// A platform that builds what is deployed to it, and a way back to what it had.
#[test]
fn a_rollback_is_rehearsed_where_builds_come_with_the_deploy() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.world().capabilities_set(Capabilities {
            keeps_builds: false,
            splits_traffic: true,
            builds_kept: 0,
            replicas_max: 10,
            builds_on_deploy: true,
        });
        t.user("ana").says("rehearse rollback staging").await;
        t.release("v1.2.0", good());
        t.user("ana").says("rehearse deploy v1.2.0 to staging").await;
        t.bot_says(expect![[r#"
            ✓ Rehearsed: Roll staging back to release 1 (v1.0.0). Nothing real was touched.
              Played 6 times on a copy of how things stand; each time it ended as it should.
              Changes:
                api: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
                web: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
                cron: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
              risk: low
              way back: rollback staging to release 2 brings release 2 back
              Proved:
                release 2 keeps running until release 1 is verified
              Notes:
                migrations stay: going back over a schema loses data
              As planned:
                ✓ succeeded
              What if:
                ✓ it never becomes healthy: failed at bring up after 30 s, as it was (api did not become healthy within 30 s: 503 Service Unavailable)
                ✓ it ends right after each start: failed at bring up after 2.0 s, as it was (api was started 3 times and always ended (exit code 1))
                ✓ it fails 20% of its requests: rolled back at verification, as it was (4 of 20 requests to api/health failed)
                ✓ the answer to each of its 7 calls gets lost once: succeeded after 1.2 s, as planned
                ✓ I am killed in each of its 7 calls, and started again: succeeded, as planned
              Played is what I do: the code, its build and its SQL do not run, and are taken to go well where nothing else is said.
              It would need no approval.
              [Do it!]
              > rehearse rollback in staging

            ✓ Rehearsed: Deploy v1.2.0 (fdac9be) to staging. Nothing real was touched.
              Played 6 times on a copy of how things stand; each time it ended as it should.
              Changes:
                api: v1.1.0 (1232e4c) → v1.2.0 (fdac9be)
                web: v1.1.0 (1232e4c) → v1.2.0 (fdac9be)
                cron: v1.1.0 (1232e4c) → v1.2.0 (fdac9be)
              Commits:
                fdac9be Work for v1.2.0 (Kim)
              risk: low
              way back: rollback staging goes to release 2 (v1.1.0): traffic, then release, then config
              Proved:
                release 2 keeps running until the new one is verified
                it can live with the schema
              Not proved:
                it has to be built anew once it has ended, which takes its time and may fail
              As planned:
                ✓ succeeded
              What if:
                ✓ it never becomes healthy: failed at api and web after 30 s, as it was (api did not become healthy within 30 s: 503 Service Unavailable)
                ✓ it ends right after each start: failed at api and web after 2.0 s, as it was (api was started 3 times and always ended (exit code 1))
                ✓ it fails 20% of its requests: rolled back at verification, as it was (4 of 20 requests to api/health failed)
                ✓ the answer to each of its 10 calls gets lost once: succeeded after 1.8 s, as planned
                ✓ I am killed in each of its 10 calls, and started again: succeeded, as planned
              Played is what I do: the code, its build and its SQL do not run, and are taken to go well where nothing else is said.
              It would need no approval.
              [Do it!]
              > rehearse deploy v1.2.0 to staging
        "#]]);
    });
}
