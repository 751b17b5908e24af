//! One change at a time: the line before an environment, and people's locks.

use expect_test::expect;

use adapters::sim::Behaviour;

use crate::harness::{chat, good, hours, seconds};

#[test]
fn a_second_deploy_waits_in_line() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.release("v1.1.0", good());
        t.release("v1.2.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.user("ben").says("deploy staging ref v1.1.0").await;
        t.user("zoe").says("deploy staging ref v1.2.0").await;
        t.ticks().await;
        t.bot_shows_run(
            2,
            expect![[r#"
                … r-2 · Deploy v1.1.0 (1232e4c) to staging · next in line, waits for r-1 in staging
                  asked by: ben
                  Changes:
                    postgres: new, an empty component
                    redis: new, an empty component
                    api: new, v1.1.0 (1232e4c)
                    web: new, v1.1.0 (1232e4c)
                    cron: new, v1.1.0 (1232e4c)
                  risk: low
                  way back: this is the first release here: until it is live, everything it starts is ended again
                  Proved:
                    nothing runs that could be harmed
                  · resolve ref: v1.1.0 is 1232e4c, Work for v1.1.0
                  · preflight: tools, disk and ports are there; 1232e4c builds
                  · reconcile shape: 2 components, 2 addresses
                  · reconcile config: variables of api, web, cron
                  · migrations: nothing to migrate
                  · api and web: started beside what runs, then waited for until healthy
                  · cron: schedules run the new code
                  · canary: one stage of 100%: all traffic to the new release, read back
                  · verification: 20 requests through the edge to each service
                  · finalize: old processes drained and ended, the release recorded as live
                  [Cancel!]
                  > deploy v1.1.0 to staging
            "#]],
        );
        t.bot_shows_run(
            3,
            expect![[r#"
                … r-3 · Deploy v1.2.0 (fdac9be) to staging · number 2 in line, waits for r-1 in staging
                  asked by: zoe
                  Changes:
                    postgres: new, an empty component
                    redis: new, an empty component
                    api: new, v1.2.0 (fdac9be)
                    web: new, v1.2.0 (fdac9be)
                    cron: new, v1.2.0 (fdac9be)
                  risk: low
                  way back: this is the first release here: until it is live, everything it starts is ended again
                  Proved:
                    nothing runs that could be harmed
                  · resolve ref: v1.2.0 is fdac9be, Work for v1.2.0
                  · preflight: tools, disk and ports are there; fdac9be builds
                  · reconcile shape: 2 components, 2 addresses
                  · reconcile config: variables of api, web, cron
                  · migrations: nothing to migrate
                  · api and web: started beside what runs, then waited for until healthy
                  · cron: schedules run the new code
                  · canary: one stage of 100%: all traffic to the new release, read back
                  · verification: 20 requests through the edge to each service
                  · finalize: old processes drained and ended, the release recorded as live
                  [Cancel!]
                  > deploy v1.2.0 to staging
            "#]],
        );
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Locked by:
                r-1: deploy v1.0.0 to staging (just now)
              Runs:
                r-1: deploy v1.0.0 to staging, running
                r-2: deploy v1.1.0 to staging, queued
                r-3: deploy v1.2.0 to staging, queued
              > status in staging
        "#]]);
        t.settles().await;
        t.bot_shows_run(1, expect![[r#"
            ✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 30 s
              asked by: ana
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              ✓ resolve ref: v1.0.0 is 4b76448 (0 ms)
              ✓ preflight: ready, built in 30.0 s (30 s)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 1, web: 100% to release 1 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              > deploy v1.0.0 to staging
        "#]]);
        t.bot_shows_run(2, expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms
              asked by: ben
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy v1.1.0 to staging
        "#]]);
        t.bot_shows_run(3, expect![[r#"
            ✓ r-3 · Deploy v1.2.0 (fdac9be) to staging · succeeded in 0 ms
              asked by: zoe
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 2 (v1.1.0): traffic, then release, then config
              ✓ resolve ref: v1.2.0 is fdac9be (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 3, web: 100% to release 3 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy v1.2.0 to staging
        "#]]);
    });
}

#[test]
fn the_next_in_line_goes_on_after_a_cancel() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.release("v1.1.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.user("ben").says("deploy staging ref v1.1.0").await;
        t.ticks().await;
        t.user("ana").says("cancel r-1").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · r-1 is being cancelled: what it did is undone, last first.
              > cancel r-1
        "#]]);
        t.bot_headlines(expect!["✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 0 ms"]);
    });
}

/// A card in line tells what it waits for now, not what it waited for when it came.
#[test]
fn cards_in_line_move_up_and_tell_of_a_lock_that_came_meanwhile() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.release("v1.1.0", Behaviour::builds_in(seconds(30)));
        t.release("v1.2.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.ticks().await;
        t.user("ben").says("deploy staging ref v1.1.0").await;
        t.user("ana").says("deploy staging ref v1.2.0").await;
        t.ticks().await;
        t.bot_headlines(expect![
            "… r-3 · Deploy v1.2.0 (fdac9be) to staging · number 2 in line, waits for r-1 in staging"
        ]);
        t.user("zoe").says("lock staging for 2h because of a load test").await;
        t.user("ana").says("cancel r-1").await;
        t.settles().await;
        t.bot_headlines(expect![
            "… r-3 · Deploy v1.2.0 (fdac9be) to staging · number 2 in line, waits for zoe's lock on staging"
        ]);
        t.user("zoe").says("unlock staging").await;
        t.ticks().await;
        t.bot_headlines(expect![
            "… r-3 · Deploy v1.2.0 (fdac9be) to staging · next in line, waits for r-2 in staging"
        ]);
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Deploy v1.2.0 (fdac9be) to staging · succeeded in 0 ms"]);
        t.never_mind_the_rest();
    });
}

/// Who is kept out by a lock reads why, and when it ends.
#[test]
fn a_lock_says_why_and_until_when_to_who_is_kept_out() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("zoe").says("lock staging for 2h because of a load test").await;
        t.user("ana").says("can I deploy staging?").await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.whispers("ana", expect![[r#"
            ✗ Staging is locked by zoe. Ask them to unlock it, or ask an admin to take the lock over with a reason.
              Earliest: 2026-11-18 14:00 UTC.
              Because:
                locked-by-other: locked by zoe until 2026-11-18 14:00 UTC: a load test
              > deploy v1.0.0 to staging
        "#]]);
        t.bot_says(expect![[r#"
            ✓ staging is locked by zoe until 2026-11-18 14:00 UTC: a load test.
              [Unlock]
              > lock staging for 2h: a load test

            ✗ No: Staging is locked by zoe. Ask them to unlock it, or ask an admin to take the lock over with a reason.
              Earliest: 2026-11-18 14:00 UTC, in 1 h 59 min.
              Because:
                locked-by-other: locked by zoe until 2026-11-18 14:00 UTC: a load test
              > can I deploy staging?
        "#]]);
    });
}

#[test]
fn a_person_locks_and_others_keep_out() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("lock staging because load test until 15:00").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by ana: load test until 15:00.
              [Unlock]
              > lock staging: load test until 15:00
        "#]]);
        t.user("ben").says("deploy staging ref v1.0.0").await;
        t.user("ben").says("unlock staging").await;
        t.user("ben").says("lock staging").await;
        t.whispers("ben", expect![[r#"
            ✗ Staging is locked by ana. Ask them to unlock it, or ask an admin to take the lock over with a reason.
              Because:
                locked-by-other: locked by ana: load test until 15:00
              > deploy v1.0.0 to staging

            ✗ You are a deployer, and taking over somebody's lock on staging needs an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: ben is a deployer, no rule permits taking over somebody's lock on staging
              > unlock staging

            ✗ Staging is locked by ana: load test until 15:00.
              Next: unlock staging because …
              > lock staging
        "#]]);
        t.user("ben").says("can I deploy staging?").await;
        t.user("ben").says("status staging").await;
        t.bot_says(expect![[r#"
            ✗ No: Staging is locked by ana. Ask them to unlock it, or ask an admin to take the lock over with a reason.
              Because:
                locked-by-other: locked by ana: load test until 15:00
              > can I deploy staging?

            · staging: nothing is deployed
              Locked by:
                ana: load test until 15:00 (just now)
              > status in staging
        "#]]);
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        t.user("ana").clicks("Unlock").await;
        t.bot_says(expect![[r#"
            ✓ staging is unlocked.
              > unlock staging
        "#]]);
    });
}

#[test]
fn an_admin_takes_a_lock_over_with_a_reason() {
    chat(async |t| {
        t.user("ana").says("lock staging because load test").await;
        t.user("zoe").says("unlock staging").await;
        t.whispers(
            "zoe",
            expect![[r#"
                ✗ The lock is ana's: say why you take it away.
                  Next: unlock staging because …
                  > unlock staging
            "#]],
        );
        t.user("zoe").says("unlock staging because ana went home").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by ana: load test.
              [Unlock]
              > lock staging: load test

            ✓ staging is unlocked; the lock was ana's: ana went home.
              > unlock staging: ana went home
        "#]]);
        t.user("ana").says("unlock staging").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ Staging is not locked by anybody.
                  Next: status staging
                  > unlock staging
            "#]],
        );
        t.user("ana").says("audit staging").await;
        t.bot_says(expect![[r#"
            · The record of staging, newest last
                #2 2026-11-18 12:00 UTC ana lock.taken invoice-perfect/staging: load test
                #3 2026-11-18 12:00 UTC zoe lock.released invoice-perfect/staging: ana went home
              > audit in staging
        "#]]);
    });
}

#[test]
fn a_lock_taken_while_a_run_waits_holds_it() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("zoe").says("lock production because we look into something").await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_shows(expect![[r#"
            … r-1 · Deploy v1.0.0 (4b76448) to production · next in line, waits for zoe's lock on production
              asked by: ana
              approved by: ben
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
              · resolve ref: v1.0.0 is 4b76448, Work for v1.0.0
              · preflight: tools, disk and ports are there; 4b76448 builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Cancel!]
              > deploy v1.0.0 to production
        "#]]);
        t.user("zoe").says("unlock production").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to production · succeeded in 0 ms"]);
        t.bot_says(expect![[r#"
            ✓ production is unlocked.
              > unlock production
        "#]]);
    });
}

#[test]
fn a_lock_that_ends_by_itself() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("lock staging for 2h because of a load test").await;
        t.user("ana").says("lock until 18:00").await;
        t.user("ana").says("production").await;
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by ana until 2026-11-18 14:00 UTC: a load test.
              [Unlock]
              > lock staging for 2h: a load test

            ? Lock where?
                1. staging
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock until 18:00

            ✓ production is locked by ana until 2026-11-18 18:00 UTC.
              [Unlock]
              > lock production until 18:00

            · staging: nothing is deployed
              Locked by:
                ana: a load test (just now, until 2026-11-18 14:00 UTC)
              > status in staging
        "#]]);
        t.passes(hours(2) + seconds(1)).await;
        t.user("ben").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.run(1).is("succeeded").await;
        t.user("ana").says("unlock production").await;
        t.never_mind_the_rest();
    });
}

/// A lock whose end was said but can't be read is not taken: it would never end.
#[test]
fn a_lock_whose_end_cannot_be_read_is_not_taken() {
    chat(async |t| {
        for said in
            ["for 2", "for two fortnights", "for -5 minutes", "for 99999999h", "until the deploy is done"]
        {
            t.user("ana").says(&format!("lock staging {said}")).await;
        }
        t.whispers("ana", expect![[r#"
            ✗ I can't read the time «2».
              Next: say it like `in 10 minutes`, `22:00` or `tomorrow 09:30` (UTC); how long, like `for 2h` or `for half an hour`
              > lock staging

            ✗ I can't read the time «two fortnights».
              Next: say it like `in 10 minutes`, `22:00` or `tomorrow 09:30` (UTC); how long, like `for 2h` or `for half an hour`
              > lock staging

            ✗ I can't read the time «-5 minutes».
              Next: say it like `in 10 minutes`, `22:00` or `tomorrow 09:30` (UTC); how long, like `for 2h` or `for half an hour`
              > lock staging

            ✗ I can't read the time «99999999h».
              Next: say it like `in 10 minutes`, `22:00` or `tomorrow 09:30` (UTC); how long, like `for 2h` or `for half an hour`
              > lock staging

            ✗ I can't read the time «the deploy is done».
              Next: say it like `in 10 minutes`, `22:00` or `tomorrow 09:30` (UTC); how long, like `for 2h` or `for half an hour`
              > lock staging
        "#]]);
        t.user("ana").says("lock staging for half an hour").await;
        t.user("ana").says("lock staging for 2h 30m because of a load test").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by ana until 2026-11-18 12:30 UTC.
              [Unlock]
              > lock staging for half an hour

            ✓ staging stays locked by ana until 2026-11-18 14:30 UTC: a load test.
              [Unlock]
              > lock staging for 2h 30m: a load test
        "#]]);
    });
}

/// A run that waits for its time stands in nobody's way, and the first that waits is next, also before the one in front moves.
#[test]
fn the_first_that_waits_is_next() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0 in 2 hours").await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.user("ben").says("deploy staging ref v1.0.0").await;
        t.bot_headlines(expect![
            "… r-3 · Deploy v1.0.0 (4b76448) to staging · next in line, waits for r-2 in staging"
        ]);
        t.user("zoe").says("deploy staging ref v1.0.0").await;
        t.bot_headlines(expect![
            "… r-4 · Deploy v1.0.0 (4b76448) to staging · number 2 in line, waits for r-2 in staging"
        ]);
        t.settles().await;
        t.passes(hours(2)).await;
        t.never_mind_the_rest();
    });
}

/// "Never mind" stops nothing that is under way, and doesn't sound as if it did.
#[test]
fn never_mind_behind_an_order() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::builds_in(seconds(30)));
        t.user("ana").says("deploy staging ref v1.0.0; then production").await;
        t.ticks().await;
        t.never_mind_the_rest();
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? I asked you nothing, and what you ordered goes on. What is to be cancelled?
                r-1: deploy v1.0.0 to staging by ana, running
              [cancel r-1]
        "#]]);
        t.user("ana").clicks("cancel r-1").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}
