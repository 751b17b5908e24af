//! Setting a project up where there is none: asked one thing at a time, shown as a whole, taken in where nothing stands in the
//! way, and nothing lost where something does.

use expect_test::expect;

use crate::harness::{chat_without_project, good};

/// From an empty database to a project that can be deployed, in one talk.
#[test]
fn a_project_from_nothing() {
    chat_without_project(async |t| {
        t.user("zoe").says("deploy staging").await;
        t.whispers(
            "zoe",
            expect![[r#"
                ✗ There is no project yet.
                  Next: set up staging and production, or, with a description: infra-chat project import FILE
                  > deploy staging
            "#]],
        );
        t.user("zoe").says("set up staging and production for Corner Shop").await;
        for answer in [
            "ok",
            "shop.git",
            "https://me:secret@code.example/shop.git",
            "<https://code.example/shop.git|shop>",
            "api, web",
            "make api",
            "./api --port $PORT",
            "none",
            "thanks",
            "`make release`",
        ] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.crash_and_restart().await;
        t.asks_again(expect![[r#"
            ? Still open, for zoe: Which components does it need?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              Several at once: `postgres, redis`. Or `none`.
                1. postgres
                2. redis
                3. storage
                4. mail
              `default` is none.
              2 more after this; then I show the whole before anything is done.
              [postgres] [redis] [storage] [mail] [none] [Never mind]
              > set up staging, production for corner-shop on local
        "#]]);
        for answer in ["1, 2", "none", "0170 1234567"] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("none").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              | project: corner-shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   api:
              |     build: make api
              |     start: "./api --port $PORT"
              |     health: { path: /health, timeout_s: 60 }
              |   web:
              |     start: make release
              |     health: { path: /health, timeout_s: 60 }
              | components:
              |   postgres: { kind: database }
              |   redis: { kind: cache }
              | environments:
              |   staging:
              |     edge: { api: "127.0.0.1:8000", web: "127.0.0.1:8001" }
              |   production:
              |     production: true
              |     edge: { api: "127.0.0.1:8100", web: "127.0.0.1:8101" }
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in staging is 8080` changes one.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, repository, services, build of api, build of web, start of api, start of web, components, connections, texts.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for corner-shop on local
        "#]]);
        t.crash_and_restart().await;
        t.never_mind_the_rest();
        t.user("zoe").says("yes").await;
        t.user("zoe").says("audit").await;
        t.bot_says(expect![[r#"
            ✓ corner-shop is set up: 2 services, 2 environments.
              Next: deploy staging
              [dry run deploy staging]

            · The record, newest last
                #1 2026-11-18 12:00 UTC infra-chat user.put zoe
                #2 2026-11-18 12:00 UTC infra-chat user.put ana
                #3 2026-11-18 12:00 UTC zoe project.imported corner-shop
              > audit
        "#]]);
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        t.never_mind_the_rest();
    });
}

/// What can't be done yet is said at once, again when more of it comes, and can be corrected away to the end.
#[test]
fn what_stands_in_the_way_is_said_at_once() {
    chat_without_project(async |t| {
        t.user("zoe")
            .says("set up staging for shop on render. Use cloudflare for DNS. Connect stripe.")
            .await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging
              project: shop
              platform: render
              dns: cloudflare
              connections: stripe
              I can't run anything on render or let cloudflare do DNS yet. I put the description together with you and hand it over at the end, so that nothing you say is lost.
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              6 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up staging for shop on render. Use cloudflare as the edge. Connect stripe
        "#]]);
        for answer in ["https://code.example/shop.git", "api", "none", "./api"] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("shop.example").await;
        t.bot_says(expect![[r#"
            ? Which components does it need?
              Noted, domain of staging: shop.example
              I can't run anything on render, let cloudflare do DNS or point domains at it yet. I put the description together with you and hand it over at the end, so that nothing you say is lost.
              Several at once: `postgres, redis`. Or `none`.
                1. postgres
                2. redis
                3. storage
                4. mail
              `default` is none.
              One more after this; then I show the whole before anything is done.
              [postgres] [redis] [storage] [mail] [none] [So far] [Never mind]
              > set up staging for shop on render. Use cloudflare as the edge. Connect stripe
        "#]]);
        t.user("zoe").says("none").await;
        t.never_mind_the_rest();
        t.user("zoe").says("+49 170 1234567").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: staging
              project: shop
              platform: render
              dns: cloudflare
              repository: https://code.example/shop.git
              services: api
              build of api: none
              start of api: ./api
              domain of staging: shop.example
              components: none
              connections: stripe
              texts: +491701234567
              I can't run anything on render, let cloudflare do DNS, point domains at it or put telephone numbers into a description yet. `yes` hands the description over; to leave that out, say `no, platform is local`, `no, dns is none` and `no, texts is none`.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on render. Use cloudflare as the edge. Connect stripe
        "#]]);
        for correction in ["no, platform is local", "dns is none", "no, connections is none"] {
            t.user("zoe").says(correction).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("texts is none").await;
        t.bot_says(expect![[r#"
            · Corrected: texts is none.

            ? Is that right?
              | project: shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   api:
              |     start: ./api
              |     health: { path: /health, timeout_s: 60 }
              | environments:
              |   staging:
              |     edge: { api: "127.0.0.1:8000" }
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in staging is 8080` changes one.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, dns, repository, services, build of api, start of api, components, connections, texts.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on local
        "#]]);
        t.user("zoe").clicks("yes").await;
        t.bot_says(expect![[r#"
            ✓ shop is set up: 1 service, 1 environment.
              Next: deploy staging
              [dry run deploy staging]
        "#]]);
    });
}

/// Nothing typed is lost where it can't be done.
#[test]
fn the_description_is_handed_over() {
    chat_without_project(async |t| {
        t.user("zoe")
            .says("set up staging, production for shop on render. Use cloudflare for DNS. Connect stripe.")
            .await;
        for answer in [
            "https://code.example/shop.git",
            "api",
            "none",
            "./api",
            "shop.example",
            "none",
            "none",
            "+491701234567",
            "yes",
        ] {
            t.never_mind_the_rest();
            t.user("zoe").says(answer).await;
        }
        t.bot_says(expect![[r#"
            · I understood «set up staging, production for shop on render. Use cloudflare as the edge. Connect stripe», but I can't do that yet.
              It would create shop in staging and production on render, cloudflare in front for DNS, with stripe connected, and deploy it once.
              Nothing was done, and nothing is lost: keep this as infra-chat.project.yaml.
              | project: shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   api:
              |     start: ./api
              |     health: { path: /health, timeout_s: 60 }
              | connections:
              |   stripe: { provider: stripe, secret: stripe-key }
              | environments:
              |   staging:
              |     platform: render
              |   production:
              |     platform: render
              |     production: true
              | # Said too, and not part of a description yet:
              | # dns: cloudflare
              | # domain of staging: shop.example
              | # texts: +491701234567
              > set up staging, production for shop on render. Use cloudflare as the edge. Connect stripe
        "#]]);
        t.user("zoe").says("status").await;
        t.whispers(
            "zoe",
            expect![[r#"
                ✗ There is no project yet.
                  Next: set up staging and production, or, with a description: infra-chat project import FILE
                  > status
            "#]],
        );
    });
}

/// Whoever may not take a project in hears so before they answer anything, and gets what an admin needs.
#[test]
fn a_deployer_puts_it_together() {
    chat_without_project(async |t| {
        t.user("sam").says("set up staging").await;
        t.whispers(
            "sam",
            expect![[r#"
                ✗ I don't know you: terminal:sam belongs to nobody.
                  An admin can change that: infra-chat user add NAME --role deployer --identity terminal:sam
                  > set up staging
            "#]],
        );
        t.user("ana").says("set up staging for shop on local").await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging
              project: shop
              platform: local
              Taking a project in is for admins: one of them takes in what comes of this.
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              6 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up staging for shop on local
        "#]]);
        for answer in ["https://code.example/shop.git", "api", "none", "./api", "none", "none", "none"] {
            t.user("ana").says(answer).await;
        }
        t.never_mind_the_rest();
        // Somebody else's word is no answer to that.
        t.user("zoe").says("yes").await;
        t.never_mind_the_rest();
        t.user("ana").says("yes").await;
        t.bot_says(expect![[r#"
            · «set up staging for shop on local» is put together.
              Nothing was done. An admin takes it in: save this as infra-chat.project.yaml, then `infra-chat project import infra-chat.project.yaml`.
              | project: shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   api:
              |     start: ./api
              |     health: { path: /health, timeout_s: 60 }
              | environments:
              |   staging:
              |     edge: { api: "127.0.0.1:8000" }
              > set up staging for shop on local
        "#]]);
        t.effects(expect![[r#""#]]);
    });
}
