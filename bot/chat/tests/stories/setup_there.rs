//! Setting up where there is a project: that one, or another.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good};

/// The project there is gains what is new, and keeps what nobody was asked about.
#[test]
fn the_project_there_is() {
    chat_about(&Project::usual(), async |t| {
        t.user("zoe").says("set up staging for invoice perfect on local").await;
        for answer in ["ok", "api, worker", "ok", "./api --fast", "none", "./worker", "redis", "none", "none"]
        {
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
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in staging is 8080` changes one.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, repository, services, build of api, build of worker, start of api, start of worker, components, connections, texts.
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

/// A further project is taken in beside the one there is, on ports that it does not have.
#[test]
fn another_project() {
    chat(async |t| {
        t.user("zoe").says("set up staging for shop on local").await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging
              project: shop
              platform: local
              It becomes a project of its own, beside invoice-perfect.
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              6 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up staging for shop on local
        "#]]);
        for answer in ["https://code.example/shop.git", "app", "none", "./app", "redis", "none"] {
            t.never_mind_the_rest();
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("none").await;
        t.bot_says(expect![[r#"
            ? Is that right?
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
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of app in staging is 8080` changes one.
              It becomes a project of its own, beside invoice-perfect.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, repository, services, build of app, start of app, components, connections, texts.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on local
        "#]]);
        t.never_mind_the_rest();
        t.user("zoe").says("no, port of app in staging is 7401").await;
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            · Corrected: port of app in staging is 7401.

            ? Is that right?
              environment: staging
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: app
              build of app: none
              start of app: ./app
              port of app in staging: 7401
              components: redis
              connections: none
              texts: none
              It becomes a project of its own, beside invoice-perfect. It can't be taken in like that: port of app in staging: 127.0.0.1:7401 is invoice-perfect's.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on local

            ? Is that right?
              environment: staging
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: app
              build of app: none
              start of app: ./app
              port of app in staging: 7401
              components: redis
              connections: none
              texts: none
              It becomes a project of its own, beside invoice-perfect. It can't be taken in like that: port of app in staging: 127.0.0.1:7401 is invoice-perfect's.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on local
        "#]]);
        t.user("zoe").says("no, port of app in staging is 8200").await;
        t.never_mind_the_rest();
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ✓ shop is set up: 1 service, 1 environment.
              Next: shop: deploy staging
              [dry run deploy staging]
        "#]]);
        // From now on there are two, and nobody is taken to mean one of them.
        t.release("v1.0.0", good());
        t.user("ana").says("shop: deploy staging ref v1.0.0").await;
        t.settles().await;
        assert_eq!(crate::projects::places(t).await, ["shop/staging"]);
        t.never_mind_the_rest();
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ? Which project?
              There are invoice-perfect and shop. Its name is the answer, and holds here from then on; `project NAME` chooses another.
              [invoice-perfect] [shop]
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
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in staging is 8080` changes one.
              Something has changed meanwhile, so nothing was taken in; this is the whole as it would be now.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, repository, services, build of api, start of api, components, connections, texts.
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
        t.user("zoe").says("Set up staging, production for Invoice Perfect on Railway. Use Cloudflare for DNS and canary. Connect Stripe + SendGrid.").await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: staging, production
              project: invoice-perfect
              platform: railway
              dns: cloudflare
              connections: stripe, sendgrid
              A git URL, or the absolute path of a git repository on this machine; no password in it.
                1. https://code.example/invoice-perfect.git (default)
              7 more after this; then I show the whole before anything is done.
              [https://code.example/invoice-perfect.git] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid
        "#]]);
        for _ in 0..2 {
            t.user("zoe").says("ok").await;
        }
        t.bot_says(expect![[r#"
            ? Which services is it made of?
              Noted, repository: https://code.example/invoice-perfect.git
              Their names, like `api, web`.
                1. api, web, cron (default)
              6 more after this; then I show the whole before anything is done.
              [api, web, cron] [So far] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid

            ? How is api built?
              Noted, services: api, web, cron
              A command, or `none`.
                1. make (default)
              13 more after this; then I show the whole before anything is done.
              [make] [none] [So far] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid
        "#]]);
        for answer in [
            "ok",
            "ok",
            "ok",
            "ok",
            "ok",
            "ok",
            "staging.example.com",
            "none",
            "none",
            "example.com",
            "none",
            "none",
            "ok",
            "none",
        ] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: staging, production
              project: invoice-perfect
              platform: railway
              dns: cloudflare
              repository: https://code.example/invoice-perfect.git
              services: api, web, cron
              build of api: make
              build of web: make
              build of cron: make
              start of api: ./api
              start of web: ./web
              start of cron: ./cron
              domain of api in staging: staging.example.com
              domain of web in staging: none
              domain of cron in staging: none
              domain of api in production: example.com
              domain of web in production: none
              domain of cron in production: none
              components: postgres, redis
              connections: stripe, sendgrid
              texts: none
              It can't be taken in like that: environments.staging.platform: railway builds what is on GitHub; the repository must be https://github.com/OWNER/NAME, not `https://code.example/invoice-perfect.git`; environments.staging.platform: railway has to be told where the database is, for its migrations; give the component a `url`; environments.production.platform: railway builds what is on GitHub; the repository must be https://github.com/OWNER/NAME, not `https://code.example/invoice-perfect.git`; environments.production.platform: railway has to be told where the database is, for its migrations; give the component a `url`.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid
        "#]]);
        t.user("zoe").says("never mind").await;
        t.bot_says(expect![[r#"
            · Never mind then: `set up staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid` is dropped.
              > set up staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid
        "#]]);
    });
}
