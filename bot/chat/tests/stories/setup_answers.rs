//! What is said while a project is set up: corrections by name, the order once more, and what can't be taken in.

use expect_test::expect;

use crate::harness::{chat_without_project, minutes};

/// What could not be taken in is not taken in: it says why, and stays open.
#[test]
fn a_description_with_a_fault() {
    chat_without_project(async |t| {
        t.user("zoe").says("set up staging for shop on local").await;
        for answer in ["https://code.example/shop.git", "redis", "none", "./redis", "redis", "none", "none"] {
            t.never_mind_the_rest();
            t.user("zoe").says(answer).await;
        }
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: staging
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: redis
              build of redis: none
              start of redis: ./redis
              components: redis
              connections: none
              texts: none
              It can't be taken in like that: components.redis: is also the name of a service, so `needs` could mean either; rename one.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on local
        "#]]);
        t.user("zoe").says("yes").await;
        t.never_mind_the_rest();
        t.user("zoe").says("no, components is none").await;
        t.never_mind_the_rest();
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ✓ shop is set up: 1 service, 1 environment.
              Next: deploy staging
              [dry run deploy staging]
        "#]]);
    });
}

/// Anything can be corrected by its name, also before it is asked for; what can't be its value is said, and put nowhere else.
#[test]
fn corrected_by_name() {
    chat_without_project(async |t| {
        t.user("zoe").says("set up staging for shop on local").await;
        t.never_mind_the_rest();
        for said in [
            "no, components are redis and kafka",
            "actually components are redis",
            "https://code.example/shop.git",
            "api, web",
            "actually, services are app",
            "no, dns is cloudflare",
        ] {
            t.user("zoe").says(said).await;
        }
        t.bot_says(expect![[r#"
            ? Not corrected: for components, «redis and kafka» is none of the choices. Where is its code?
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              6 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up staging for shop on local

            · Corrected: components is redis.

            ? Where is its code?
              environment: staging
              project: shop
              platform: local
              components: redis
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              5 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up staging for shop on local

            ? Which services is it made of?
              Noted, repository: https://code.example/shop.git
              Their names, like `api, web`.
              4 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up staging for shop on local

            ? How is api built?
              Noted, services: api, web
              A command, or `none`.
                1. none (default)
              5 more after this; then I show the whole before anything is done.
              [none] [So far] [Never mind]
              > set up staging for shop on local

            · Corrected: services is app.

            ? How is app built?
              A command, or `none`.
                1. none (default)
              3 more after this; then I show the whole before anything is done.
              [none] [So far] [Never mind]
              > set up staging for shop on local

            · Corrected: dns is cloudflare.

            ? How is app built?
              I can't let cloudflare do DNS yet. I put the description together with you and hand it over at the end, so that nothing you say is lost.
              A command, or `none`.
                1. none (default)
              3 more after this; then I show the whole before anything is done.
              [none] [So far] [Never mind]
              > set up staging for shop on local. Use cloudflare as the edge
        "#]]);
        t.user("zoe").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// The same order said in full, with more in it, keeps what was answered; after half an hour it is told once more.
#[test]
fn said_again_and_left_open() {
    chat_without_project(async |t| {
        t.user("zoe").says("set up staging for shop on local").await;
        t.user("zoe").says("https://code.example/shop.git").await;
        t.never_mind_the_rest();
        t.user("zoe").says("set up staging and production for shop on local").await;
        t.bot_says(expect![[r#"
            ? Which services is it made of?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              Their names, like `api, web`.
              5 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up staging, production for shop on local
        "#]]);
        t.passes(minutes(31)).await;
        t.bot_says(expect![[r#"
            ✗ I waited half an hour for zoe's answer: Which services is it made of? Nothing was done; say it again to go on.
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              > set up staging, production for shop on local
        "#]]);
    });
}

/// One of several that was typed, or meant, differently: the others stay, and what was said of it is said of the other.
#[test]
fn one_of_several_is_another() {
    chat_without_project(async |t| {
        t.user("zoe").says("set up staging for shop on local").await;
        for said in [
            "https://code.example/shop.git",
            "api, web",
            "no, worker instead of web",
            "make",
            "not worker but jobs",
        ] {
            t.never_mind_the_rest();
            t.user("zoe").says(said).await;
        }
        t.bot_says(expect![[r#"
            · Corrected: services is api, jobs.

            ? How is api started?
              A command.
              5 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up staging for shop on local
        "#]]);
        t.user("zoe").says("so far").await;
        t.bot_says(expect![[r#"
            ? Still open: How is api started?
              environment: staging
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, jobs
              build of api: make
              A command.
              5 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up staging for shop on local
        "#]]);
        t.never_mind_the_rest();
        t.user("zoe").says("never mind").await;
        t.never_mind_the_rest();
    });
}
