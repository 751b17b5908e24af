//! Setting up on this machine: code that is there or not, ports that are free or not, and no domains.

use adapters::sim::{Call, Fault, FaultKind};
use expect_test::expect;

use crate::harness::chat_without_project;

/// A path is looked at when it is said; one that leads to no code is no answer, and no correction that stays.
#[test]
fn a_path_without_code() {
    chat_without_project(async |t| {
        let fails = FaultKind::FailBefore;
        t.world.fault(Fault::of(Call::DefaultBranch, fails).about("/srv/nothing"));
        t.user("zoe").says("set up staging for shop on local").await;
        t.never_mind_the_rest();
        t.user("zoe").says("shop").await;
        t.user("zoe").says("/srv/nothing").await;
        t.user("zoe").says("/srv/shop").await;
        t.bot_says(expect![[r#"
            ? «shop» is no git URL like `https://code.example/shop.git`, nor an absolute path like `/srv/shop`. Where is its code?
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              6 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up staging for shop on local

            ? «/srv/nothing» is no git repository that I can read on this machine. Where is its code?
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              6 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up staging for shop on local

            ? Which services is it made of?
              Noted, repository: /srv/shop
              Their names, like `api, web`.
              5 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up staging for shop on local
        "#]]);
        for answer in ["api", "none", "./api", "none", "none", "none"] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("no, repository is /srv/nothing").await;
        t.bot_says(expect![[r#"
            · Corrected: repository is /srv/nothing.

            ? Is that right?
              environment: staging
              project: shop
              platform: local
              repository: /srv/nothing
              services: api
              build of api: none
              start of api: ./api
              components: none
              connections: none
              texts: none
              It can't be taken in like that: repository: /srv/nothing is no git repository that I can read on this machine.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on local
        "#]]);
        t.user("zoe").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// Ports that other programs have are not given away, those that were said are looked at, and nobody is asked for domains.
#[test]
fn ports_that_are_taken() {
    chat_without_project(async |t| {
        t.world.taken("127.0.0.1:8000", true);
        t.world.taken("127.0.0.1:8101", true);
        t.user("zoe").says("set up staging and production for shop on local").await;
        for answer in
            ["https://code.example/shop.git", "api, web", "none", "./api", "none", "./web", "none", "none"]
        {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("none").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              | project: shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   api:
              |     start: ./api
              |     health: { path: /health, timeout_s: 60 }
              |   web:
              |     start: ./web
              |     health: { path: /health, timeout_s: 60 }
              | environments:
              |   staging:
              |     edge: { api: "127.0.0.1:8001", web: "127.0.0.1:8002" }
              |   production:
              |     production: true
              |     edge: { api: "127.0.0.1:8100", web: "127.0.0.1:8102" }
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in staging is 8080` changes one.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, repository, services, build of api, build of web, start of api, start of web, components, connections, texts.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for shop on local
        "#]]);
        t.user("zoe").says("no, port of web in staging is 8000").await;
        t.bot_says(expect![[r#"
            · Corrected: port of web in staging is 8000.

            ? Is that right?
              environment: staging, production
              project: shop
              platform: local
              repository: https://code.example/shop.git
              services: api, web
              build of api: none
              build of web: none
              start of api: ./api
              start of web: ./web
              port of web in staging: 8000
              components: none
              connections: none
              texts: none
              It can't be taken in like that: port of web in staging: 127.0.0.1:8000 can't be had, another program may listen there.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for shop on local
        "#]]);
        t.user("zoe").says("no, port of web in staging is 9000").await;
        t.never_mind_the_rest();
        // Somebody else is quicker.
        t.world.taken("127.0.0.1:8001", true);
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              | project: shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   api:
              |     start: ./api
              |     health: { path: /health, timeout_s: 60 }
              |   web:
              |     start: ./web
              |     health: { path: /health, timeout_s: 60 }
              | environments:
              |   staging:
              |     edge: { api: "127.0.0.1:8002", web: "127.0.0.1:9000" }
              |   production:
              |     production: true
              |     edge: { api: "127.0.0.1:8100", web: "127.0.0.1:8102" }
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in staging is 8080` changes one.
              Something has changed meanwhile, so nothing was taken in; this is the whole as it would be now.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, repository, services, build of api, build of web, start of api, start of web, port of web in staging, components, connections, texts.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging, production for shop on local
        "#]]);
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ✓ shop is set up: 2 services, 2 environments.
              Next: deploy staging
              [dry run deploy staging]
        "#]]);
    });
}

/// What is elsewhere has domains; `local` is this machine whoever runs the others.
#[test]
fn local_beside_a_platform() {
    chat_without_project(async |t| {
        t.user("zoe")
            .says("Set up local, staging, production for Invoice Perfect on Railway. Use Cloudflare for DNS and canary. Connect Stripe + SendGrid.")
            .await;
        t.bot_says(expect![[r#"
            ? Where is its code?
              environment: local, staging, production
              project: invoice-perfect
              platform: railway
              dns: cloudflare
              connections: stripe, sendgrid
              A git URL, or the absolute path of a git repository on this machine; no password in it.
              7 more after this; then I show the whole before anything is done.
              [Never mind]
              > set up local, staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid
        "#]]);
        for answer in ["https://github.com/acme/shop", "api", "none", "./api"] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("staging.example.com").await;
        t.user("zoe").says("so far").await;
        t.bot_says(expect![[r#"
            ? Which domain leads to api in production?
              Noted, domain of api in staging: staging.example.com
              Like `app.example.com`, or `none`.
                1. none (default)
              2 more after this; then I show the whole before anything is done.
              [none] [So far] [Never mind]
              > set up local, staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid

            ? Still open: Which domain leads to api in production?
              environment: local, staging, production
              project: invoice-perfect
              platform: railway
              dns: cloudflare
              repository: https://github.com/acme/shop
              services: api
              build of api: none
              start of api: ./api
              domain of api in staging: staging.example.com
              connections: stripe, sendgrid
              Like `app.example.com`, or `none`.
                1. none (default)
              2 more after this; then I show the whole before anything is done.
              [none] [Never mind]
              > set up local, staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid
        "#]]);
        for answer in ["none", "none", "0170 1234567"] {
            t.user("zoe").says(answer).await;
        }
        t.never_mind_the_rest();
        t.user("zoe").says("+49 (0)170 1234567").await;
        t.never_mind_the_rest();
        t.user("zoe").says("texts is none").await;
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            · Corrected: texts is none.

            ? Is that right?
              | project: invoice-perfect
              | source: { repository: "https://github.com/acme/shop" }
              | services:
              |   api:
              |     start: ./api
              |     health: { path: /health, timeout_s: 60 }
              | connections:
              |   stripe: { provider: stripe, secret: stripe-key }
              |   sendgrid: { provider: sendgrid, secret: sendgrid-key }
              |   railway: { provider: railway, secret: railway-key }
              |   cloudflare: { provider: cloudflare, secret: cloudflare-key }
              | environments:
              |   local:
              |     edge: { api: "127.0.0.1:8000" }
              |   staging:
              |     platform: railway
              |     edge: { api: staging.example.com }
              |   production:
              |     platform: railway
              |     production: true
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in local is 8080` changes one.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, dns, repository, services, build of api, start of api, domain of api in staging, domain of api in production, components, connections, texts.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up local, staging, production for invoice-perfect on railway. Use cloudflare as the edge. Connect stripe and sendgrid

            ✓ invoice-perfect is set up: 1 service, 3 environments.
              To connect, in each environment:
                connect stripe to local
                connect sendgrid to local
                connect railway to staging
                connect cloudflare to staging
              Next: deploy local
              [dry run deploy local]
        "#]]);
    });
}
