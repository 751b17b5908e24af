//! Setting a project up: asked one thing at a time, shown as a whole, not there yet, and nothing lost.

use expect_test::expect;

use crate::harness::chat;

#[test]
fn a_project_from_nothing() {
    chat(async |t| {
        t.user("ana").says("set up staging and production. Connect stripe.").await;
        for answer in [
            "shop",
            "local",
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
            t.user("ana").says(answer).await;
        }
        t.bot_says(expect![[r#"
            ? What is the project called?
              environment: staging, production
              connections: stripe
              Letters, digits and hyphens.
                1. invoice-perfect (default)
              [invoice-perfect] [Never mind]
              > set up staging, production. Connect stripe

            ? Which platform runs it?
              environment: staging, production
              project: shop
              connections: stripe
              `local` is the embedded one: processes on this machine.
                1. local
                2. railway
                3. render
                4. vercel
              [local] [railway] [render] [vercel] [Never mind]
              > set up staging, production for shop. Connect stripe

            ? Where is its code?
              environment: staging, production
              project: shop
              platform: local
              connections: stripe
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? «shop.git» is no git URL or absolute path without a password. Where is its code?
              environment: staging, production
              project: shop
              platform: local
              connections: stripe
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? «https://…@code.example/shop.git» is no git URL or absolute path without a password. Where is its code?
              environment: staging, production
              project: shop
              platform: local
              connections: stripe
              A git URL or an absolute path; no password in it.
              [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? Which services is it made of?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              connections: stripe
              Their names, like `api, web`.
              [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? How is api built?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              connections: stripe
              A command, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? How is api started?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              connections: stripe
              A command.
              [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? How is web built?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              start of api: ./api --port $PORT
              connections: stripe
              A command, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? How is web started?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              connections: stripe
              A command.
              [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? Still open: How is web started?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              connections: stripe
              A command.
              [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? Which domain leads to staging?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              connections: stripe
              Like `app.example.com`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe
        "#]]);
        t.crash_and_restart().await;
        for answer in
            ["not a domain", "stage.shop.example", "none", "1, 2", "0170 1234567", "+49 170 1234567", "yes"]
        {
            t.user("ana").says(answer).await;
        }
        t.bot_says(expect![[r#"
            ? Still open: Which domain leads to staging?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              connections: stripe
              Like `app.example.com`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? «not a domain» is no domain like `app.example.com`. Which domain leads to staging?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              connections: stripe
              Like `app.example.com`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? Which domain leads to production?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              domain of staging: stage.shop.example
              connections: stripe
              Like `app.example.com`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? Which components does it need?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              domain of staging: stage.shop.example
              domain of production: none
              connections: stripe
              Several at once: `postgres, redis`. Or `none`.
                1. postgres
                2. redis
                3. storage
                4. mail
              [postgres] [redis] [storage] [mail] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? Who gets text messages?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              domain of staging: stage.shop.example
              domain of production: none
              components: postgres, redis
              connections: stripe
              Telephone numbers like `+491701234567`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? «0170 1234567» is no telephone number like `+491701234567`. Who gets text messages?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              domain of staging: stage.shop.example
              domain of production: none
              components: postgres, redis
              connections: stripe
              Telephone numbers like `+491701234567`, or `none`.
                1. none (default)
              [none] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            ? Is that right?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              domain of staging: stage.shop.example
              domain of production: none
              components: postgres, redis
              connections: stripe
              texts: +491701234567
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for shop on local. Connect stripe

            · I understood «set up staging, production for shop on local. Connect stripe», but I can't do that yet.
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: make api
              build of web: none
              start of api: ./api --port $PORT
              start of web: make release
              domain of staging: stage.shop.example
              domain of production: none
              components: postgres, redis
              connections: stripe
              texts: +491701234567
              It would create shop in staging and production on local, with stripe connected, and deploy it once.
              Nothing was done. On the embedded platform it runs today: save this as infra-chat.project.yaml, then `infra-chat project import infra-chat.project.yaml`.
              | project: shop
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
              |   staging: {}
              |   production:
              |     production: true
              > set up staging, production for shop on local. Connect stripe
        "#]]);
        t.effects(expect![[r#""#]]);
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
              connections: stripe, sendgrid
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
              repository: https://code.example/invoice-perfect.git
              services: api, web, cron
              connections: stripe, sendgrid
              A command, or `none`.
                1. make (default)
              [make] [Never mind]
              > set up staging, production for invoice-perfect on railway. Use cloudflare for DNS. Connect stripe and sendgrid
        "#]]);
        for answer in ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "none", "none", "none", "none", "yes"] {
            t.user("ana").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("ana").says("status r-9999").await;
        t.never_mind_the_rest();
    });
}
