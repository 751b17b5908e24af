//! Environments that are to be no more: asked which, shown whole, retyped, approved, ended; and made again.

use engine::model::{Actor, Role, User};
use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn an_environment_is_destroyed() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("zoe").says("destroy the environment").await;
        t.user("zoe").says("stg").await;
        t.user("zoe").says("yes").await;
        t.user("zoe").says("production").await;
        t.user("zoe").says("staging").await;
        t.bot_says(expect![[r#"
            ? Which environment is to be destroyed?
                1. staging
              One more after this; then it starts, after approval where that is needed.
              [staging] [Never mind]
              > destroy environment

            ? Really staging? To be sure, what is its name?
              Then it starts, after approval where that is needed.
              [Never mind]
              > destroy environment staging

            ? «yes» is a yes, and not what is asked for. Really staging? To be sure, what is its name?
              Then it starts, after approval where that is needed.
              [Never mind]
              > destroy environment staging

            ? «production» is not `staging`, so nothing is done. Really staging? To be sure, what is its name?
              Then it starts, after approval where that is needed.
              [Never mind]
              > destroy environment staging
        "#]]);
        t.bot_shows(expect![[r#"
            ? r-2 · Destroy staging · awaiting approval
              Needs approval by one other person (admin); open until 2026-11-18 13:00 UTC.
              asked by: zoe
              Changes:
                api: release 1, 1 process, goes away
                web: release 1, 1 process, goes away
                cron: release 1 at `*/15 * * * *`, goes away
                postgres: a database, goes away
                redis: a cache, goes away
                staging: in the project's description, goes away
              risk: high: api, web, cron end for everybody
              way back: `create environment staging`, then a deploy: it finds what is kept of the one before; no release comes back by itself
              Notes:
                nothing is deleted of what they hold: postgres, redis
                the secrets, releases and record of staging are kept
                a deploy to production that names no ref takes what staging runs now; without staging it takes another's, or the newest
              · end services: no traffic to api, web, cron, then drained and ended
              · end postgres: what runs of postgres is ended; what it holds is kept
              · end redis: what runs of redis is ended; what it holds is kept
              · finalize: invoice-perfect is described without staging
              [Approve!] [Reject]
              > destroy environment staging
        "#]]);
        // An admin asks, and another one agrees.
        t.user("zoe").says("approve r-2").await;
        t.whispers("zoe", expect![[r#"
            ✗ You asked for this staging run, so somebody else has to approve it. Ask another deployer or an admin.
              Because:
                own-approval: zoe asked for this run
              > approve r-2
        "#]]);
        t.user("ben").says("approve r-2").await;
        t.whispers(
            "ben",
            expect![[r#"
                ✗ This run takes away what others may rely on in staging, so only an admin may approve it. Ask an admin.
                  Because:
                    destructive-approver: the run is destructive, ben is deployer
                  > approve r-2
            "#]],
        );
        let ben = User { name: "ben".parse().unwrap(), role: Role::Admin };
        t.engine().user_put(&ben, &[], &Actor::system()).await.unwrap();
        t.user("ben").says("approve r-2").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · r-2 is approved by ben and goes on.
              > approve r-2
        "#]]);
        t.bot_shows(expect![[r#"
            ✓ r-2 · Destroy staging · succeeded in 0 ms
              asked by: zoe
              approved by: ben
              ✓ end services: nothing of api, web, cron runs any more (0 ms)
              ✓ end postgres: postgres is there no more; what it holds is kept (0 ms)
              ✓ end redis: redis is there no more; what it holds is kept (0 ms)
              ✓ finalize: recorded (0 ms)
              > destroy environment staging
        "#]]);
        t.user("ana").says("deploy staging").await;
        t.user("ana").says("status").await;
        t.user("ana").says("status staging").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ I don't know `staging`. Environments: production. Services: api, web, cron. `create environment staging` makes one.
                  [deploy production] [create environment staging]

                ✗ I don't know `staging`. Environments: production. Services: api, web, cron.
                  [status in production]
            "#]],
        );
        t.bot_says(expect![[r#"
            · production: nothing is deployed
              > status in production
        "#]]);
        t.user("zoe").says("status r-1").await;
        t.user("zoe").says("status r-2").await;
        t.user("zoe").says("rollback r-2").await;
        t.user("zoe").says("releases staging").await;
        t.user("zoe").says("retry r-2").await;
        t.whispers(
            "zoe",
            expect![[r#"
                ✗ There is no environment staging.
                  Next: status
                  > rollback

                ✗ I don't know `staging`. Environments: production. Services: api, web, cron.
                  [releases in production]

                ✗ r-2 has succeeded, so there is nothing to retry.
                  Next: destroy environment staging
                  > retry r-2
            "#]],
        );
        t.bot_says(expect![[r#"
            ✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms
              asked by: ana
              ✓ resolve ref: v1.0.0 is 4b76448 (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > deploy v1.0.0 to staging

            ✓ r-2 · Destroy staging · succeeded in 0 ms
              asked by: zoe
              approved by: ben
              ✓ end services: nothing of api, web, cron runs any more (0 ms)
              ✓ end postgres: postgres is there no more; what it holds is kept (0 ms)
              ✓ end redis: redis is there no more; what it holds is kept (0 ms)
              ✓ finalize: recorded (0 ms)
              > destroy environment staging
        "#]]);
        t.user("zoe").says("create environment staging").await;
        t.user("zoe").says("no").await;
        t.user("zoe").says("never mind").await;
        t.bot_says(expect![[r#"
            ? Is it production?
              environment: staging
              from: production
                1. yes
                2. no
              Last question; then I show the whole before anything is done.
              [yes] [no] [Never mind]
              > create environment staging

            ? Is that right?
              environment: staging
              from: production
              production: no
              | staging:
              |   edge: { api: "127.0.0.1:8000", web: "127.0.0.1:8001" }
              |   services:
              |     api: { replicas: 2 }
              Does not come along:
                production's addresses
                other words for production: prod
                production's policy: staging has the usual one
                the values of production's secrets, its data and its releases
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment staging

            · Never mind then: `create environment staging` is dropped.
              > create environment staging
        "#]]);
        t.never_mind_the_rest();
    });
}

#[test]
fn what_is_kept() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("zoe").says("tear down production").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ Production is marked as production, which is not destroyed by a sentence.
              Next: say `production: false` for production in the project's file first, and import it
              > destroy environment production
        "#]],
        );
        // Whoever may not is told so before they type its name.
        t.user("ana").says("destroy staging").await;
        t.whispers("ana", expect![[r#"
            ✗ You are a deployer, and destroy environment on staging needs an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: ana is a deployer, no rule permits destroy environment on staging
              > destroy environment staging
        "#]]);
        t.user("zoe").says("destroy staging and production").await;
        t.bot_says(expect![[r#"
            ? Really staging? To be sure, what is its name?
              Then:
                destroy environment production
              Then it starts, after approval where that is needed.
              [Never mind]
              > destroy environment staging
        "#]]);
        t.user("zoe").says("don't destroy staging").await;
        t.bot_says(expect![[r#"
            ? «don't destroy staging» is no name: letters, digits, `-` and `_`, beginning with a letter. Really staging? To be sure, what is its name?
              Then:
                destroy environment production
              Then it starts, after approval where that is needed.
              [Never mind]
              > destroy environment staging
        "#]]);
        t.user("zoe").says("destroy staging").await;
        t.user("zoe").says("never mind").await;
        t.bot_says(expect![[r#"
            ? Really staging? To be sure, what is its name?
              Then:
                destroy environment production
              Then it starts, after approval where that is needed.
              [Never mind]
              > destroy environment staging

            · Never mind then: `destroy environment staging` is dropped.
              Dropped with it:
                destroy environment production
              > destroy environment staging
        "#]]);
        t.never_mind_the_rest();
        t.effects(expect![[r#"
            1/do    build_start       4b76448-e16904025285
            2/do    shape_ensure      staging
            3/do    config_put        staging api@1
            3/do    config_put        staging web@1
            3/do    config_put        staging cron@1
            5/do    instances_ensure  staging api@1
            5/do    instances_ensure  staging web@1
            6/do    schedule_put      staging cron@1 on
            7/do    weights_set       staging api @1=100%
            7/do    weights_set       staging web @1=100%
        "#]]);
    });
}
