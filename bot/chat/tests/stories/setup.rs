//! Setting a project up: asked one thing at a time, shown as a whole, taken in where nothing stands in the way, and nothing
//! lost where something does.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, chat_without_project, good, minutes};

/// From an empty database to a project that can be deployed, in one talk.
#[test]
fn a_project_from_nothing() {
    chat_without_project(async |t| {
        t.user("zoe").says("deploy staging").await;
        t.whispers("zoe", expect![[r#"
            ✗ There is no project yet.
              Next: set up staging and production, or, with a description: infra-chat project import FILE
              > deploy staging
        "#]]);
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
        t.bot_says(expect![[r#"
            ? Which platform runs it?
              environment: staging, production
              project: corner-shop
              `local` is the embedded one: processes on this machine.
                1. local (default)
                2. railway
                3. render
                4. vercel
              [local] [railway] [render] [vercel] [Never mind]
              > set up staging, production for corner-shop

            ? Where is its code?
              environment: staging, production
              project: corner-shop
              platform: local
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging, production for corner-shop on local

            ? «shop.git» is no git URL or absolute path without a password. Where is its code?
              environment: staging, production
              project: corner-shop
              platform: local
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging, production for corner-shop on local

            ? «https://…@code.example/shop.git» is no git URL or absolute path without a password. Where is its code?
              environment: staging, production
              project: corner-shop
              platform: local
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging, production for corner-shop on local

            ? Which services is it made of?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              Their names, like `api, web`.
              [Never mind]
              > set up staging, production for corner-shop on local

            ? How is api built?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              A command, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for corner-shop on local

            ? How is api started?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              A command.
              [Never mind]
              > set up staging, production for corner-shop on local

            ? How is web built?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              start of api: ./api --port $PORT
              A command, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for corner-shop on local

            ? How is web started?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              A command.
              [Never mind]
              > set up staging, production for corner-shop on local

            ? Still open: How is web started?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              A command.
              [Never mind]
              > set up staging, production for corner-shop on local

            ? Which components does it need?
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
              [postgres] [redis] [storage] [mail] [none] [Never mind]
              > set up staging, production for corner-shop on local
        "#]]);
        t.crash_and_restart().await;
        for answer in ["1, 2", "none", "0170 1234567", "none"] {
            t.user("zoe").says(answer).await;
        }
        t.bot_says(expect![[r#"
            ? Still open: Which components does it need?
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
              [postgres] [redis] [storage] [mail] [none] [Never mind]
              > set up staging, production for corner-shop on local

            ? Which providers are to be connected?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              components: postgres, redis
              Several at once: `stripe, sendgrid`. Or `none`.
                1. supabase
                2. cloudflare
                3. stripe
                4. sendgrid
                5. twilio
                6. github
                7. slack
                8. discord
              [supabase] [cloudflare] [stripe] [sendgrid] [twilio] [github] [slack] [discord] [none] [Never mind]
              > set up staging, production for corner-shop on local

            ? Who gets text messages?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              components: postgres, redis
              connections: none
              Telephone numbers like `+491701234567`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for corner-shop on local

            ? «0170 1234567» is no telephone number like `+491701234567`. Who gets text messages?
              environment: staging, production
              project: corner-shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              components: postgres, redis
              connections: none
              Telephone numbers like `+491701234567`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for corner-shop on local

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
              `yes` takes it in. Each service listens on $PORT and answers its health path there.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for corner-shop on local
        "#]]);
        t.crash_and_restart().await;
        t.user("zoe").says("yes").await;
        t.user("zoe").says("audit").await;
        t.bot_says(expect![[r#"
            ? Still open: Is that right?
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
              `yes` takes it in. Each service listens on $PORT and answers its health path there.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for corner-shop on local

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
        t.user("zoe").says("set up staging for shop on railway. Use cloudflare for DNS. Connect stripe.").await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging
              project: shop
              platform: railway
              dns: cloudflare
              connections: stripe
              I can't run anything on railway, let cloudflare do DNS and connect stripe yet. I put the description together with you and hand it over at the end, so that nothing you say is lost.
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging for shop on railway. Use cloudflare for DNS. Connect stripe
        "#]]);
        for answer in ["https://code.example/shop.git", "api", "none", "./api"] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("shop.example").await;
        t.bot_says(expect![[r#"
            ? Which components does it need?
              environment: staging
              project: shop
              platform: railway
              dns: cloudflare
              repository: https://code.example/shop.git
              services: api
              build of api: none
              start of api: ./api
              domain of staging: shop.example
              connections: stripe
              I can't run anything on railway, let cloudflare do DNS, connect stripe and point domains at it yet. I put the description together with you and hand it over at the end, so that nothing you say is lost.
              Several at once: `postgres, redis`. Or `none`.
                1. postgres
                2. redis
                3. storage
                4. mail
              [postgres] [redis] [storage] [mail] [none] [Never mind]
              > set up staging for shop on railway. Use cloudflare for DNS. Connect stripe
        "#]]);
        t.user("zoe").says("none").await;
        t.never_mind_the_rest();
        t.user("zoe").says("+49 170 1234567").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: staging
              project: shop
              platform: railway
              dns: cloudflare
              repository: https://code.example/shop.git
              services: api
              build of api: none
              start of api: ./api
              domain of staging: shop.example
              components: none
              connections: stripe
              texts: +491701234567
              I can't run anything on railway, let cloudflare do DNS, connect stripe, point domains at it and send texts yet. `yes` hands the description over; to leave that out, say `no, platform is local`, `no, dns is none`, `no, connections is none` and `no, texts is none`.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on railway. Use cloudflare for DNS. Connect stripe
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
              `yes` takes it in. Each service listens on $PORT and answers its health path there.
              Correct anything by the name it has here: `no, NAME is VALUE`.
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
        t.user("zoe").says("set up staging, production for shop on railway. Use cloudflare for DNS. Connect stripe.").await;
        for answer in
            ["https://code.example/shop.git", "api", "none", "./api", "shop.example", "none", "none", "+491701234567", "yes"]
        {
            t.never_mind_the_rest();
            t.user("zoe").says(answer).await;
        }
        t.bot_says(expect![[r#"
            · I understood «set up staging, production for shop on railway. Use cloudflare for DNS. Connect stripe», but I can't do that yet.
              It would create shop in staging and production on railway, cloudflare in front for DNS, with stripe connected, and deploy it once.
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
              |     platform: railway
              |   production:
              |     platform: railway
              |     production: true
              | # Said too, and not part of a description yet:
              | # dns: cloudflare
              | # domain of staging: shop.example
              | # texts: +491701234567
              > set up staging, production for shop on railway. Use cloudflare for DNS. Connect stripe
        "#]]);
        t.user("zoe").says("status").await;
        t.whispers("zoe", expect![[r#"
            ✗ There is no project yet.
              Next: set up staging and production, or, with a description: infra-chat project import FILE
              > status
        "#]]);
    });
}

/// Whoever may not take a project in hears so before they answer anything, and gets what an admin needs.
#[test]
fn a_deployer_puts_it_together() {
    chat_without_project(async |t| {
        t.user("sam").says("set up staging").await;
        t.whispers("sam", expect![[r#"
            ✗ I don't know you: terminal:sam belongs to nobody.
              An admin can change that: infra-chat user add NAME --role deployer --identity terminal:sam
              > set up staging
        "#]]);
        t.user("ana").says("set up staging for shop on local").await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging
              project: shop
              platform: local
              Taking a project in is for admins: one of them takes in what comes of this.
              A git URL or an absolute path; no password in it.
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

/// The project there is gains what is new, and keeps what nobody was asked about.
#[test]
fn the_project_there_is() {
    chat_about(&Project::usual(), async |t| {
        t.user("zoe").says("set up staging for invoice perfect on local").await;
        for answer in ["ok", "api, worker", "ok", "./api --fast", "none", "./worker", "redis", "none", "none"] {
            t.never_mind_the_rest();
            t.user("zoe").says(answer).await;
        }
        t.bot_says(expect![[r#"
            ? Is that right?
              | project: invoice-perfect
              | title: Invoice Perfect
              | source: { repository: "https://code.example/invoice-perfect.git" }
              | migrations: { path: migrations, component: postgres }
              | services:
              |   api:
              |     build: make
              |     start: ./api --fast
              |     health: { path: /health }
              |     variables: { COMPANY_NAME: Invoice Perfect }
              |     needs: [postgres]
              |   web:
              |     build: make
              |     start: ./web
              |     health: { path: /health }
              |     variables: { API_URL: "${service.api.url}" }
              |     needs: [api]
              |   cron:
              |     schedule: "*/15 * * * *"
              |     build: make
              |     start: ./cron
              |     needs: [postgres]
              |   worker:
              |     start: ./worker
              |     health: { path: /health, timeout_s: 60 }
              | components:
              |   postgres: { kind: database }
              |   redis: { kind: cache }
              | environments:
              |   staging:
              |     aliases: [stg]
              |     edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400", worker: "127.0.0.1:8000" }
              |   production:
              |     production: true
              |     aliases: [prod]
              |     edge: { api: "127.0.0.1:7501", web: "127.0.0.1:7500", worker: "127.0.0.1:8100" }
              |     services:
              |       api: { replicas: 2 }
              |     policy: { allowed_refs: [main, "v*"], max_replicas: 4 }
              | jobs:
              |   backfillTimezone: { service: api, command: ./backfill }
              | people:
              |   - { name: vera, role: viewer }
              |   - { name: ana, role: deployer }
              |   - { name: ben, role: deployer }
              |   - { name: zoe, role: admin }
              Changes:
                services.api.start: ./api → ./api --fast
                services.worker.start: new, ./worker
                services.worker.health.path: new, /health
                services.worker.health.timeout_s: new, 60
                environments.staging.edge.worker: new, 127.0.0.1:8000
                environments.production.edge.worker: new, 127.0.0.1:8100
              `yes` takes it in. Each service listens on $PORT and answers its health path there.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for invoice-perfect on local
        "#]]);
        t.user("zoe").says("no").await;
        t.never_mind_the_rest();
        t.user("zoe").says("start of api is ./api").await;
        t.never_mind_the_rest();
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ✓ invoice-perfect is set up anew: 5 values changed.
              Next: deploy staging
              [dry run deploy staging]
        "#]]);
    });
}

/// One chat is about one project: another one is put together, and goes elsewhere.
#[test]
fn another_project() {
    chat(async |t| {
        t.user("zoe").says("set up staging for shop on local").await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging
              project: shop
              platform: local
              This chat is about invoice-perfect, and a database holds one project for now, so what comes of this needs a data folder of its own.
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging for shop on local
        "#]]);
        for answer in ["https://code.example/shop.git", "app", "none", "./app", "redis", "none", "none", "yes"] {
            t.never_mind_the_rest();
            t.user("zoe").says(answer).await;
        }
        t.bot_says(expect![[r#"
            · «set up staging for shop on local» is put together.
              Nothing was done. To take it in: save this as infra-chat.project.yaml, then `infra-chat --data-dir FOLDER project import infra-chat.project.yaml`.
              | project: shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   app:
              |     start: ./app
              |     health: { path: /health, timeout_s: 60 }
              | components:
              |   redis: { kind: cache }
              | environments:
              |   staging:
              |     edge: { app: "127.0.0.1:8000" }
              > set up staging for shop on local
        "#]]);
    });
}

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
              environment: staging
              project: shop
              platform: local
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging for shop on local

            · Corrected: components is redis.

            ? Where is its code?
              environment: staging
              project: shop
              platform: local
              components: redis
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging for shop on local

            ? Which services is it made of?
              environment: staging
              project: shop
              platform: local
              repository: https://code.example/shop.git
              components: redis
              Their names, like `api, web`.
              [Never mind]
              > set up staging for shop on local

            ? How is api built?
              environment: staging
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              components: redis
              A command, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging for shop on local

            · Corrected: services is app.

            ? How is app built?
              environment: staging
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: app
              components: redis
              A command, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging for shop on local

            · Corrected: dns is cloudflare.

            ? How is app built?
              environment: staging
              project: shop
              platform: local
              dns: cloudflare
              repository: https://code.example/shop.git
              services: app
              components: redis
              I can't let cloudflare do DNS yet. I put the description together with you and hand it over at the end, so that nothing you say is lost.
              A command, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging for shop on local. Use cloudflare for DNS
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

/// It was found right as it was then: one that is another by now is shown again first.
#[test]
fn the_project_changes_meanwhile() {
    chat(async |t| {
        t.user("zoe").says("set up staging for invoice perfect on local").await;
        for answer in ["ok", "api", "ok", "./api --fast", "none", "none", "none"] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.imports(&Project::usual().production("approvals: 2")).await;
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              | project: invoice-perfect
              | title: Invoice Perfect
              | source: { repository: "https://code.example/invoice-perfect.git" }
              | migrations: { path: migrations, component: postgres }
              | services:
              |   api:
              |     build: make
              |     start: ./api --fast
              |     health: { path: /health }
              |     variables: { COMPANY_NAME: Invoice Perfect }
              |     needs: [postgres]
              |   web:
              |     build: make
              |     start: ./web
              |     health: { path: /health }
              |     variables: { API_URL: "${service.api.url}" }
              |     needs: [api]
              |   cron:
              |     schedule: "*/15 * * * *"
              |     build: make
              |     start: ./cron
              |     needs: [postgres]
              | components:
              |   postgres: { kind: database }
              |   redis: { kind: cache }
              | environments:
              |   staging:
              |     aliases: [stg]
              |     edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }
              |   production:
              |     production: true
              |     aliases: [prod]
              |     edge: { api: "127.0.0.1:7501", web: "127.0.0.1:7500" }
              |     services:
              |       api: { replicas: 2 }
              |     policy: { approvals: 2 }
              | jobs:
              |   backfillTimezone: { service: api, command: ./backfill }
              | people:
              |   - { name: vera, role: viewer }
              |   - { name: ana, role: deployer }
              |   - { name: ben, role: deployer }
              |   - { name: zoe, role: admin }
              Changes:
                services.api.start: ./api → ./api --fast
              `yes` takes it in. Each service listens on $PORT and answers its health path there.
              The project has changed meanwhile, so nothing was taken in; this is the whole as it would be now.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for invoice-perfect on local
        "#]]);
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ✓ invoice-perfect is set up anew: 1 value changed.
              Next: deploy staging
              [dry run deploy staging]
        "#]]);
    });
}

/// The story's own sentence: what was said is not asked for, what the project says is offered.
#[test]
fn the_project_there_is_on_a_provider() {
    chat(async |t| {
        t.user("ana").says("Set up staging, production for Invoice Perfect on Railway. Use Cloudflare for DNS and canary. Connect Stripe + SendGrid.").await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging, production
              project: invoice-perfect
              platform: railway
              dns: cloudflare
              connections: stripe, sendgrid
              I can't run anything on railway, let cloudflare do DNS and connect stripe and sendgrid yet. I put the description together with you and hand it over at the end, so that nothing you say is lost.
              A git URL or an absolute path; no password in it.
                1. https://code.example/invoice-perfect.git (default)
              [https://code.example/invoice-perfect.git] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare for DNS. Connect stripe and sendgrid
        "#]]);
        for _ in 0..2 {
            t.user("ana").says("ok").await;
        }
        t.bot_says(expect![[r#"
            ? Which services is it made of?
              environment: staging, production
              project: invoice-perfect
              platform: railway
              dns: cloudflare
              repository: https://code.example/invoice-perfect.git
              connections: stripe, sendgrid
              Their names, like `api, web`.
                1. api, web, cron (default)
              [api, web, cron] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare for DNS. Connect stripe and sendgrid

            ? How is api built?
              environment: staging, production
              project: invoice-perfect
              platform: railway
              dns: cloudflare
              repository: https://code.example/invoice-perfect.git
              services: api, web, cron
              connections: stripe, sendgrid
              A command, or `none`.
                1. make (default)
              [make] [none] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare for DNS. Connect stripe and sendgrid
        "#]]);
        for answer in ["ok", "ok", "ok", "ok", "ok", "ok", "none", "none", "ok", "none"] {
            t.user("ana").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("ana").says("yes").await;
        t.bot_says(expect![[r#"
            · I understood «set up staging, production for invoice-perfect on railway. Use cloudflare for DNS. Connect stripe and sendgrid», but I can't do that yet.
              It would create invoice-perfect in staging and production on railway, cloudflare in front for DNS, with stripe and sendgrid connected, and deploy it once.
              Nothing was done, and nothing is lost: keep this as infra-chat.project.yaml.
              | project: invoice-perfect
              | title: Invoice Perfect
              | source: { repository: "https://code.example/invoice-perfect.git" }
              | migrations: { path: migrations, component: postgres }
              | services:
              |   api:
              |     build: make
              |     start: ./api
              |     health: { path: /health }
              |     variables: { COMPANY_NAME: Invoice Perfect }
              |     needs: [postgres]
              |   web:
              |     build: make
              |     start: ./web
              |     health: { path: /health }
              |     variables: { API_URL: "${service.api.url}" }
              |     needs: [api]
              |   cron:
              |     schedule: "*/15 * * * *"
              |     build: make
              |     start: ./cron
              |     needs: [postgres]
              | components:
              |   postgres: { kind: database }
              |   redis: { kind: cache }
              | connections:
              |   stripe: { provider: stripe, secret: stripe-key }
              |   sendgrid: { provider: sendgrid, secret: sendgrid-key }
              | environments:
              |   staging:
              |     platform: railway
              |     aliases: [stg]
              |     edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }
              |   production:
              |     platform: railway
              |     production: true
              |     aliases: [prod]
              |     edge: { api: "127.0.0.1:7501", web: "127.0.0.1:7500" }
              |     services:
              |       api: { replicas: 2 }
              |     policy: { allowed_refs: [main, "v*"], max_replicas: 4 }
              | jobs:
              |   backfillTimezone: { service: api, command: ./backfill }
              | people:
              |   - { name: vera, role: viewer }
              |   - { name: ana, role: deployer }
              |   - { name: ben, role: deployer }
              |   - { name: zoe, role: admin }
              | # Said too, and not part of a description yet:
              | # dns: cloudflare
              > set up staging, production for invoice-perfect on railway. Use cloudflare for DNS. Connect stripe and sendgrid
        "#]]);
    });
}
