//! Environments made like others: shown whole, with what they wait for, and nothing of the other one's that is secret.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good};

#[test]
fn an_environment_is_made_like_another_and_deployed() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy qa").await;
        t.whispers("ana", expect![[r#"
            ✗ I don't know `qa`. Environments: staging, production. Services: api, web, cron. `create environment qa` makes one.
              [deploy staging] [deploy production] [create environment qa]
        "#]]);
        t.user("ana").says("create environment qa").await;
        t.whispers("ana", expect![[r#"
            ✗ You are a deployer, and create environment needs an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: ana is a deployer, no rule permits create environment
              > create environment qa
        "#]]);
        t.user("zoe").says("create qa from staging").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: qa
              from: staging
              production: no
              | qa:
              |   edge: { api: "127.0.0.1:8200", web: "127.0.0.1:8201" }
              Does not come along:
                staging's addresses
                other words for staging: stg
                the values of staging's secrets, its data and its releases
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment qa from staging
        "#]]);
        t.crash_and_restart().await;
        t.never_mind_the_rest();
        t.user("zoe").says("no, port of api in qa is 9001").await;
        t.never_mind_the_rest();
        t.user("zoe").says("yes").await;
        t.user("ana").says("status qa").await;
        t.bot_says(expect![[r#"
            ✓ qa is there, like staging.
              Nothing runs there yet.
              Next: deploy qa
              [dry run deploy qa]

            · qa: nothing is deployed
              > status in qa
        "#]]);
        t.user("ana").says("deploy qa ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to qa · succeeded in 0 ms"]);
        t.never_mind_the_rest();
        t.user("zoe").says("create environment qa from staging").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ Qa is there already.
              Next: status qa
              > create environment qa from staging
        "#]],
        );
    });
}

/// What is not said is asked for or follows from the likest; production's own rules hold where it is production.
#[test]
fn what_is_not_said_is_shown_and_can_be_corrected() {
    chat(async |t| {
        t.user("zoe").says("create environment").await;
        for said in ["production", "9lives", "stg", "status", "live-eu"] {
            t.user("zoe").says(said).await;
        }
        t.bot_says(expect![[r#"
            ? What is the new environment called?
              from: staging
              A short name like `qa`.
              Last question; then I show the whole before anything is done.
              [Never mind]
              > create environment

            ? «production» is there already. What is the new environment called?
              A short name like `qa`.
              Last question; then I show the whole before anything is done.
              [So far] [Never mind]
              > create environment

            ? «9lives» is no name of an environment: letters, digits and `-`, beginning with a letter. What is the new environment called?
              A short name like `qa`.
              Last question; then I show the whole before anything is done.
              [So far] [Never mind]
              > create environment

            ? «stg» is there already. What is the new environment called?
              A short name like `qa`.
              Last question; then I show the whole before anything is done.
              [So far] [Never mind]
              > create environment

            · staging: nothing is deployed
              > status in staging

            · production: nothing is deployed
              > status in production

            ? Still open: What is the new environment called?
              [Never mind]

            ? Is that right?
              environment: live-eu
              from: staging
              production: yes
              | live-eu:
              |   production: true
              |   edge: { api: "127.0.0.1:8200", web: "127.0.0.1:8201" }
              Does not come along:
                staging's addresses
                other words for staging: stg
                the values of staging's secrets, its data and its releases
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment live-eu
        "#]]);
        for said in ["no, production is yes", "no, from is production", "no, environment is staging"] {
            t.user("zoe").says(said).await;
        }
        t.bot_says(expect![[r#"
            · Corrected: production is yes.

            ? Is that right?
              environment: live-eu
              from: staging
              production: yes
              | live-eu:
              |   production: true
              |   edge: { api: "127.0.0.1:8200", web: "127.0.0.1:8201" }
              Does not come along:
                staging's addresses
                other words for staging: stg
                the values of staging's secrets, its data and its releases
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment live-eu

            · Corrected: from is production.

            ? Is that right?
              environment: live-eu
              from: production
              production: yes
              | live-eu:
              |   production: true
              |   edge: { api: "127.0.0.1:8200", web: "127.0.0.1:8201" }
              |   services:
              |     api: { replicas: 2 }
              |   policy: { allowed_refs: [main, "v*"], max_replicas: 4 }
              Does not come along:
                production's addresses
                other words for production: prod
                the values of production's secrets, its data and its releases
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment live-eu from production

            ? Not corrected: for environment, «staging» is there already. Is that right?
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment live-eu from production
        "#]]);
        t.user("zoe").says("never mind").await;
        t.bot_says(expect![[r#"
            · Never mind then: `create environment live-eu from production` is dropped.
              > create environment live-eu from production
        "#]]);
    });
}

/// What was made here at random is made anew; what somebody gave is named and never copied, and so are accounts.
#[test]
fn what_it_waits_for_is_named_and_nothing_secret_is_copied() {
    let project = Project::usual()
        .with(
            "{ COMPANY_NAME: Invoice Perfect }",
            "{ SESSION_SECRET: { secret: session-secret }, SMTP_PASSWORD: { secret: smtp-password } }",
        )
        .with(
            "environments:",
            "connections: { stripe: { provider: stripe, secret: stripe-key } }\nenvironments:",
        )
        .with(
            "aliases: [stg]",
            "aliases: [stg]\n    services: { api: { variables: { APP_URL: \"https://staging.example.com\", LEVEL: debug } } }",
        );
    chat_about(&project, async |t| {
        t.makes_secrets(&project).await;
        t.sets_secret("staging", "smtp-password", "given-by-zoe-123").await.unwrap();
        t.release("v1.0.0", good());
        t.user("zoe").says("clone staging as qa").await;
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: qa
              from: staging
              production: no
              | qa:
              |   edge: { api: "127.0.0.1:8200", web: "127.0.0.1:8201" }
              |   services:
              |     api: { variables: { APP_URL: "https://staging.example.com", LEVEL: debug } }
              Speaks of staging still; then, `set NAME=VALUE in qa` changes it:
                api: APP_URL=https://staging.example.com
              Does not come along:
                staging's addresses
                other words for staging: stg
                the values of staging's secrets, its data and its releases
              Secrets made anew, at random, as in staging:
                session-secret
              To be given before the first deploy:
                infra-chat secret set invoice-perfect/qa/smtp-password
              To be connected:
                connect stripe to qa
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment qa from staging

            ✓ qa is there, like staging.
              Nothing runs there yet.
              Secrets made anew, at random, as in staging:
                session-secret
              To be given before the first deploy:
                infra-chat secret set invoice-perfect/qa/smtp-password
              To be connected:
                connect stripe to qa
              Next: deploy qa
              [dry run deploy qa]
        "#]]);
        t.user("ana").says("deploy qa ref v1.0.0").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Api needs the secret `smtp-password` for SMTP_PASSWORD, and qa has none by that name.
              Next: infra-chat secret set invoice-perfect/qa/smtp-password
              > deploy v1.0.0 to qa
        "#]],
        );
        t.sets_secret("qa", "smtp-password", "another-one-123").await.unwrap();
        t.user("ana").says("deploy qa ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to qa · succeeded in 0 ms"]);
        t.never_mind_the_rest();
    });
}

/// On Railway each service that is reached there is asked a domain of its own.
#[test]
fn on_railway_domains_are_asked_for() {
    let project = Project::usual()
        .with("https://code.example/invoice-perfect.git", "https://github.com/acme/invoice-perfect")
        .with("postgres: { kind: database }", "postgres: { kind: database, url: { secret: database-url } }")
        .with(
            "environments:",
            "connections: { railway: { provider: railway, secret: railway-key } }\nenvironments:",
        )
        .with(
            "edge: { api: \"127.0.0.1:7401\", web: \"127.0.0.1:7400\" }",
            "platform: railway\n    edge: { api: api.staging.example.com, web: staging.example.com }",
        );
    chat_about(&project, async |t| {
        t.user("zoe").says("create environment prod-eu from staging").await;
        for answer in ["api.staging.example.com", "eu.example.com"] {
            t.user("zoe").says(answer).await;
        }
        t.bot_says(expect![[r#"
            ? Which domain leads to api in prod-eu?
              environment: prod-eu
              from: staging
              production: yes
              Like `app.example.com`, or `none`.
                1. none (default)
              One more after this; then I show the whole before anything is done.
              [none] [Never mind]
              > create environment prod-eu from staging

            ? Which domain leads to web in prod-eu?
              Noted, domain of api in prod-eu: api.staging.example.com
              Like `app.example.com`, or `none`.
                1. none (default)
              Last question; then I show the whole before anything is done.
              [none] [So far] [Never mind]
              > create environment prod-eu from staging

            ? Is that right?
              environment: prod-eu
              from: staging
              production: yes
              domain of api in prod-eu: api.staging.example.com
              domain of web in prod-eu: eu.example.com
              It can't be taken in like that: environments.prod-eu.edge.api: environments.staging.edge.api is already reached at `api.staging.example.com`; choose another name.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment prod-eu from staging
        "#]]);
        t.user("zoe").says("no, domain of api in prod-eu is api.eu.example.com").await;
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            · Corrected: domain of api in prod-eu is api.eu.example.com.

            ? Is that right?
              environment: prod-eu
              from: staging
              production: yes
              domain of api in prod-eu: api.eu.example.com
              domain of web in prod-eu: eu.example.com
              | prod-eu:
              |   platform: railway
              |   production: true
              |   edge: { api: api.eu.example.com, web: eu.example.com }
              Does not come along:
                staging's addresses
                other words for staging: stg
                the values of staging's secrets, its data and its releases
              To be given before the first deploy:
                infra-chat secret set invoice-perfect/prod-eu/database-url
              To be connected:
                connect railway to prod-eu
              `yes` makes it, to run on railway. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production, domain of api in prod-eu, domain of web in prod-eu.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment prod-eu from staging

            ✓ prod-eu is there, like staging.
              Nothing runs there yet: its first deploy makes it at railway.
              To be given before the first deploy:
                infra-chat secret set invoice-perfect/prod-eu/database-url
              To be connected:
                connect railway to prod-eu
              Next: deploy prod-eu
              [dry run deploy prod-eu]
        "#]]);
    });
}
