//! Answers that are something else than was asked for: a whole new order, a rate where rows are counted, a name in a
//! sentence. Nothing of one request is mixed into another.

use expect_test::expect;

use crate::harness::{chat, chat_without_project};

const CHANGE: &str =
    "Add timezone column and backfill timezone from address in staging; then do production at 500 users/min.";

/// A change of data said while another backfill is asked about is a request of its own.

#[test]
fn a_new_change_of_data_is_no_answer() {
    chat(async |t| {
        t.user("ana").says("backfill timezone at 20/min").await;
        t.user("ana").says("production").await;
        t.user("ana").says("50").await;
        t.never_mind_the_rest();
        t.user("ana").says(CHANGE).await;
        t.bot_says(expect![[r#"
            ? How many rows a batch?
              I understood:
                1. add "timezone" column in staging
                2. backfill backfillTimezone from address in staging
                3. add "timezone" column in production
                4. backfill backfillTimezone from address in production at 500 users/min
              environment: staging, production
              job: backfillTimezone
              from: address
              rate of production: 500 users/min
              I can't add columns yet. I put the order together with you and show it whole; nothing is run.
              A number from 1 to 100000.
                100
                500 (default)
                1000
              3 more after this; then I show the whole before anything is done.
              I ask about `backfill backfillTimezone in production batch size 50 at 20/min` again after that.
              [100] [500] [1000] [Never mind]
              > add "timezone" column in staging, then backfill backfillTimezone from address in staging, then add "timezone" column in production, then backfill backfillTimezone from address in production at 500 users/min
        "#]]);
        t.user("ana").says(CHANGE).await;
        t.bot_says(expect![[r#"
            ? Still open: How many rows a batch?
              I understood:
                1. add "timezone" column in staging
                2. backfill backfillTimezone from address in staging
                3. add "timezone" column in production
                4. backfill backfillTimezone from address in production at 500 users/min
              environment: staging, production
              job: backfillTimezone
              from: address
              rate of production: 500 users/min
              I can't add columns yet. I put the order together with you and show it whole; nothing is run.
              A number from 1 to 100000.
                100
                500 (default)
                1000
              3 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [Never mind]
              > add "timezone" column in staging, then backfill backfillTimezone from address in staging, then add "timezone" column in production, then backfill backfillTimezone from address in production at 500 users/min
        "#]]);
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            · Never mind then: `add "timezone" column in staging, then backfill backfillTimezone from address in staging, then add "timezone" column in production, then backfill backfillTimezone from address in production at 500 users/min` is dropped.
              > add "timezone" column in staging, then backfill backfillTimezone from address in staging, then add "timezone" column in production, then backfill backfillTimezone from address in production at 500 users/min

            ? Still open: A dry run first?
              environment: production
              job: backfillTimezone
              batch size: 50
              rate: 20/min
              It counts what would change and changes nothing.
                1. yes (default)
                2. no
              One more after this; then I show the whole before anything is done.
              [yes] [no] [Never mind]
              > backfill backfillTimezone in production batch size 50 at 20/min
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_rate_is_no_count() {
    chat(async |t| {
        t.user("ana").says("backfill timezone in staging and production at 300/min").await;
        t.never_mind_the_rest();
        t.user("ana").says("500 users/min").await;
        t.user("ana").says("no, staging rate is 200").await;
        t.user("ana").says("5 000").await;
        t.bot_says(expect![[r#"
            · «500 users/min» is a rate, so I noted it as rate: 500 users/min.

            ? How many rows a batch?
              I understood:
                1. backfill backfillTimezone in staging at 500 users/min
                2. backfill backfillTimezone in production at 500 users/min
              environment: staging, production
              job: backfillTimezone
              rate: 500 users/min
              A number from 1 to 100000.
                100
                500 (default)
                1000
              2 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [Never mind]
              > backfill backfillTimezone in staging at 500 users/min, then backfill backfillTimezone in production at 500 users/min

            · Corrected: rate of staging is 200/min.

            ? How many rows a batch?
              I understood:
                1. backfill backfillTimezone in staging at 200/min
                2. backfill backfillTimezone in production at 500 users/min
              environment: staging, production
              job: backfillTimezone
              rate of staging: 200/min
              rate of production: 500 users/min
              A number from 1 to 100000.
                100
                500 (default)
                1000
              2 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [Never mind]
              > backfill backfillTimezone in staging at 200/min, then backfill backfillTimezone in production at 500 users/min

            ? «5 000» is not a number from 1 to 100000. How many rows a batch?
              A number from 1 to 100000.
                100
                500 (default)
                1000
              2 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [So far] [Never mind]
        "#]]);
        t.user("ana").says("never mind").await;
        t.user("ana").says("scale api in staging").await;
        t.never_mind_the_rest();
        t.user("ana").says("500/min").await;
        t.bot_says(expect![[r#"
            ? «500/min» is a rate, and not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn what_is_right_is_shown_once_more() {
    chat(async |t| {
        t.user("ana").says("backfill timezone in staging batch size 50 at 200/min").await;
        t.user("ana").says("no").await;
        t.user("ana").says("any time").await;
        t.never_mind_the_rest();
        t.user("ana").says("staging rate is 300").await;
        t.never_mind_the_rest();
        t.user("ana").says("perhaps").await;
        t.bot_says(expect![[r#"
            ? «perhaps» is neither yes nor no. Is that right?
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > backfill backfillTimezone in staging batch size 50 at 300/min, dry run first: no, window: any time
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn names_and_nothing_in_a_sentence() {
    chat_without_project(async |t| {
        t.user("zoe").says("hello").await;
        t.whispers(
            "zoe",
            expect![[r#"
                · Hello zoe. Say what is to be done or what you want to know; before anything is done you see a plan.
                  [set up staging] [help]
            "#]],
        );
        t.user("zoe").says("set up local").await;
        t.user("zoe").says("shop").await;
        t.user("zoe").says("embedded").await;
        t.never_mind_the_rest();
        t.user("zoe").says("/srv/none-such").await;
        t.never_mind_the_rest();
        t.user("zoe").says("no, call it store").await;
        t.user("zoe").says("no, the one we had").await;
        t.bot_says(expect![[r#"
            · Corrected: project is store.

            ? Which services is it made of?
              Their names, like `api, web`.
              5 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up local for store on local

            ? «no, the one we had» is no list of names like `api, web`. Which services is it made of?
              Their names, like `api, web`.
              5 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up local for store on local
        "#]]);
        t.user("zoe").says("web").await;
        t.user("zoe").says("make web").await;
        t.never_mind_the_rest();
        t.user("zoe").says("none").await;
        t.user("zoe").says("no build").await;
        t.user("zoe").says("so far").await;
        t.bot_says(expect![[r#"
            ? «none» is no command: a service is started by one. How is web started?
              A command.
              3 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up local for store on local

            · Corrected: build of web is none.

            ? How is web started?
              A command.
              3 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up local for store on local

            ? Still open: How is web started?
              environment: local
              project: store
              platform: local
              repository: /srv/none-such
              services: web
              build of web: none
              A command.
              3 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up local for store on local
        "#]]);
        t.user("zoe").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_lock_says_until_when() {
    chat(async |t| {
        t.user("zoe").says("lock production for 2h because we look into it").await;
        t.user("zoe").says("lock staging until 18:00").await;
        t.user("zoe").says("lock staging").await;
        t.user("zoe").says("lock for 30 minutes").await;
        t.bot_says(expect![[r#"
            ✓ production is locked by zoe until 2026-11-18 14:00 UTC: we look into it.
              [Unlock]
              > lock production for 2h: we look into it

            ✓ staging is locked by zoe until 2026-11-18 18:00 UTC.
              [Unlock]
              > lock staging until 18:00

            ✓ staging stays locked by zoe until it is unlocked.
              [Unlock]
              > lock staging

            ? Lock where?
                1. staging
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock for 30 minutes
        "#]]);
        t.user("zoe").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn times_that_are_understood_are_named() {
    chat(async |t| {
        for said in
            ["deploy staging today", "deploy v1.0.0 to staging next week", "deploy staging before 17:00"]
        {
            t.user("ana").says(said).await;
        }
        t.whispers("ana", expect![[r#"
            ✗ I can't read the time «today»: I know a length from now and a clock time of today or tomorrow, in UTC.
              Next: `deploy staging in 10 minutes`, `deploy staging at 22:00`, `deploy staging tomorrow 09:30`
              > deploy staging today

            ✗ I can't read the time «next week»: I know a length from now and a clock time of today or tomorrow, in UTC.
              Next: `deploy v1.0.0 to staging in 10 minutes`, `deploy v1.0.0 to staging at 22:00`, `deploy v1.0.0 to staging tomorrow 09:30`
              > deploy v1.0.0 to staging next week

            ✗ I can't read the time «before 17:00»: I know a length from now and a clock time of today or tomorrow, in UTC.
              Next: `deploy staging in 10 minutes`, `deploy staging at 22:00`, `deploy staging tomorrow 09:30`
              > deploy staging before 17:00
        "#]]);
    });
}

#[test]
fn at_a_question_about_the_ref() {
    chat(async |t| {
        t.user("ana").says("deploy production").await;
        t.user("ana").says("so far").await;
        t.user("ana").says("no canary").await;
        t.bot_says(expect![[r#"
            ? Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [Never mind]
              > deploy production

            ? Still open: Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [Never mind]
              > deploy production

            · Corrected: canary is no canary.

            ? Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
              Then it starts, after approval where that is needed.
              [main] [Never mind]
              > deploy production without canary
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_answer_for_another_is_the_whole_order() {
    chat(async |t| {
        t.user("ana").says("scale api in staging").await;
        t.never_mind_the_rest();
        t.user("ben").says("3").await;
        t.whispers(
            "ben",
            expect![[r#"
            ✗ I asked ana, not you: How many replicas?
              To be the one who asks for it, say the whole: `scale api to 3 in staging`.
              [scale api to 3 in staging!]
              > scale api in staging
        "#]],
        );
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}
