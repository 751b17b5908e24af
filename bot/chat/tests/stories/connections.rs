//! Accounts at providers: seen where people look, and never crossed.

use engine::model::Provider;
use engine::ports::{Account, CiState};
use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, hours};

fn about_stripe() -> Project {
    Project::usual().with(
        "environments:",
        "connections: { stripe: { provider: stripe, secret: stripe-key } }\nenvironments:",
    )
}

#[test]
fn a_connection_is_shown_as_what_is_known_of_it() {
    chat_about(&about_stripe(), async |t| {
        t.user("vera").says("status").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: its secret stripe-key is not set
              > status in staging

            · production: nothing is deployed
              Connections:
                stripe, live: its secret stripe-key is not set
              > status in production
        "#]]);
        t.sets_secret("staging", "stripe-key", "sk_test_51H").await.unwrap();
        t.crash_and_restart().await;
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: not verified yet
              > status in staging
        "#]]);
    });
}

#[test]
fn what_runs_on_this_machine_lacks_no_key_of_those_that_run_others() {
    let project = Project::usual().with(
        "environments:",
        "connections:\n  railway: { provider: railway, secret: railway-key }\n  stripe: { provider: stripe, secret: stripe-key }\nenvironments:",
    );
    chat_about(&project, async |t| {
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: its secret stripe-key is not set
              > status in staging
        "#]]);
    });
}

#[test]
fn a_live_key_does_not_go_where_tests_run_nor_a_test_key_into_production() {
    chat_about(&about_stripe(), async |t| {
        let refused = t.sets_secret("staging", "stripe-key", "sk_live_51H").await.unwrap_err();
        expect!["that is a live key of stripe, and staging holds test connections only"]
            .assert_eq(&refused.to_string());
        let refused = t.sets_secret("production", "stripe-key", "rk_test_51H").await.unwrap_err();
        expect!["that is a test key of stripe, and production holds live connections only"]
            .assert_eq(&refused.to_string());
        t.sets_secret("production", "stripe-key", "rk_live_51H").await.unwrap();
        // What no connection names is nobody's business.
        t.sets_secret("staging", "other", "sk_live_51H").await.unwrap();
        t.user("vera").says("status").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: its secret stripe-key is not set
              > status in staging

            · production: nothing is deployed
              Connections:
                stripe, live: not verified yet
              > status in production
        "#]]);
    });
}

fn account(name: &str) -> Account {
    Account { account: name.to_owned(), says: vec!["test mode".to_owned()], ..Account::default() }
}

#[test]
fn a_provider_is_connected_with_a_key_that_was_tried_out() {
    chat(async |t| {
        t.user("ana").says("connect stripe to staging").await;
        t.bot_says(expect![[r#"
            · stripe of staging (test) is added; its secret stripe-key is not set yet.
              In a terminal: `infra-chat secret set invoice-perfect/staging/stripe-key`
              Then say this again: the key is tried out by a call that changes nothing.
              [Enter it safely]
              > connect stripe to staging
        "#]]);
        t.user("ana").says("connect stripe to staging").await;
        t.bot_says(expect![[r#"
            · stripe of staging (test): its secret stripe-key is not set yet.
              In a terminal: `infra-chat secret set invoice-perfect/staging/stripe-key`
              Then say this again: the key is tried out by a call that changes nothing.
              [Enter it safely]
              > connect stripe to staging
        "#]]);
        assert_eq!(t.world().keys().asked(), 0, "without a key nobody is asked");
        t.sets_secret("staging", "stripe-key", "sk_test_51H").await.unwrap();
        t.user("ana").says("connect stripe to staging").await;
        t.bot_says(expect![[r#"
            ✗ stripe of staging (test): the key is not taken: stripe does not take the key.
              Set a new one.
              In a terminal: `infra-chat secret set invoice-perfect/staging/stripe-key`
              [Enter another one safely]
              > connect stripe to staging
        "#]]);
        t.world().keys().add(Provider::Stripe, "sk_test_52H", account("Invoice Perfect (acct_1)"));
        t.sets_secret("staging", "stripe-key", "sk_test_52H").await.unwrap();
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: not verified yet
              > status in staging
        "#]]);
        t.user("ana").says("connect stripe to staging in test mode").await;
        t.bot_says(expect![[r#"
            ✓ stripe of staging (test) is verified just now: Invoice Perfect (acct_1).
              It says:
                test mode
              > connect stripe to staging in test mode
        "#]]);
        t.crash_and_restart().await;
        t.passes(hours(2)).await;
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                stripe, test: verified 2 h ago as Invoice Perfect (acct_1)
              > status in staging
        "#]]);
    });
}

#[test]
fn a_key_that_may_do_too_little_or_too_much_is_said_to_and_a_provider_that_is_away_says_nothing_of_it() {
    chat(async |t| {
        let cloudflare = Account {
            account: "Invoice Perfect's account".to_owned(),
            says: vec!["sees the zone invoice-perfect.example".to_owned()],
            warnings: vec!["it may change members of the account, which nothing here needs".to_owned()],
            missing: vec!["Load Balancers: Edit, to shift traffic".to_owned()],
        };
        t.world().keys().add(Provider::Cloudflare, "cf-key-1", cloudflare);
        t.user("zoe").says("connect cloudflare to staging").await;
        t.never_mind_the_rest();
        t.sets_secret("staging", "cloudflare-key", "cf-key-1").await.unwrap();
        t.user("zoe").says("connect cloudflare to staging").await;
        t.bot_says(expect![[r#"
            ✗ cloudflare of staging is verified just now: Invoice Perfect's account.
              It says:
                sees the zone invoice-perfect.example
              It lacks:
                Load Balancers: Edit, to shift traffic
              Mind:
                it may change members of the account, which nothing here needs
              > connect cloudflare to staging
        "#]]);
        t.world().keys().away(true);
        t.user("zoe").says("connect cloudflare to staging").await;
        t.bot_says(expect![[r#"
            · cloudflare of staging: its secret is set, but not verified: cloudflare can't be reached.
              > connect cloudflare to staging
        "#]]);
        // What was known of it stands.
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                cloudflare: verified just now as Invoice Perfect's account, may do less than is needed
              > status in staging
        "#]]);
        t.world().keys().away(false);
        t.world().keys().revoke(Provider::Cloudflare, "cf-key-1");
        t.user("zoe").says("connect cloudflare to staging").await;
        t.never_mind_the_rest();
        t.user("vera").says("status staging").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              Connections:
                cloudflare: not taken just now: cloudflare does not take the key
              > status in staging
        "#]]);
    });
}

#[test]
fn what_is_missing_is_asked_for_and_test_and_live_are_not_crossed() {
    chat(async |t| {
        t.user("ana").says("connect").await;
        t.bot_says(expect![[r#"
            ? Connect where?
                1. staging
                2. production
              One more after this; then it is done.
              [staging] [production] [Never mind]
              > connect
        "#]]);
        t.user("ana").says("staging").await;
        t.bot_says(expect![[r#"
            ? Which provider?
                1. railway
                2. render
                3. vercel
                4. supabase
                5. cloudflare
                6. stripe
                7. sendgrid
                8. twilio
                9. github
              Then it is done.
              [railway] [render] [vercel] [supabase] [cloudflare] [stripe] [sendgrid] [twilio] [github] [Never mind]
              > connect to staging
        "#]]);
        t.user("ana").says("sendgrid").await;
        t.bot_says(expect![[r#"
            · sendgrid of staging (test) is added; its secret sendgrid-key is not set yet.
              In a terminal: `infra-chat secret set invoice-perfect/staging/sendgrid-key`
              Then say this again: the key is tried out by a call that changes nothing.
              [Enter it safely]
              > connect sendgrid to staging
        "#]]);
        t.user("ana").says("connect stripe to staging in live mode").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Staging holds test connections only: it is not production, and must not reach real customers.
              Next: connect stripe to staging in test mode
              > connect stripe to staging in live mode
        "#]],
        );
        t.user("zoe").says("connect github to staging in test mode").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ Github knows no modes, so there is no test one.
              Next: connect github to staging
              > connect github to staging in test mode
        "#]],
        );
        t.user("zoe").says("connect slack to staging").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ I am connected to slack by my own configuration, for all projects.
              Next: infra-chat doctor
              > connect slack to staging
        "#]],
        );
        t.user("zoe").says("connect render to staging").await;
        t.never_mind_the_rest();
        t.sets_secret("staging", "render-key", "rnd_1234567890").await.unwrap();
        t.user("zoe").says("connect render to staging").await;
        t.bot_says(expect![[r#"
            · render of staging: its secret is set, but not verified: render can't be asked yet.
              > connect render to staging
        "#]]);
    });
}

#[test]
fn who_may_not_connect_is_told_so_and_it_is_recorded() {
    chat(async |t| {
        t.user("vera").says("connect stripe to staging").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and connect on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits connect on staging
              > connect stripe to staging
        "#]]);
        t.user("ana").says("connect stripe to production").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Connections of production are made by an admin.
              Next: ask an admin to connect it
              > connect stripe to production
        "#]],
        );
        t.user("zoe").says("connect stripe to production").await;
        t.bot_says(expect![[r#"
            · stripe of production (live) is added; its secret stripe-key is not set yet.
              In a terminal: `infra-chat secret set invoice-perfect/production/stripe-key`
              Then say this again: the key is tried out by a call that changes nothing.
              [Enter it safely]
              > connect stripe to production
        "#]]);
        t.user("zoe").says("audit production").await;
        t.bot_says(expect![[r#"
            · The record of production, newest last
                #3 2026-11-18 12:00 UTC ana order.refused invoice-perfect/production/stripe: connections of production are made by an admin
                #4 2026-11-18 12:00 UTC zoe connection.added invoice-perfect/production/stripe
              > audit in production
        "#]]);
    });
}

#[test]
fn one_that_is_not_taken_leaves_the_others() {
    chat(async |t| {
        t.user("ana").says("connect stripe to staging").await;
        t.never_mind_the_rest();
        t.sets_secret("staging", "stripe-key", "sk_test_51H").await.unwrap();
        t.user("ana").says("connect stripe to staging; connect sendgrid to staging").await;
        t.bot_says(expect![[r#"
            ✗ stripe of staging (test): the key is not taken: stripe does not take the key.
              Set a new one.
              In a terminal: `infra-chat secret set invoice-perfect/staging/stripe-key`
              [Enter another one safely]
              > connect stripe to staging

            · sendgrid of staging (test) is added; its secret sendgrid-key is not set yet.
              In a terminal: `infra-chat secret set invoice-perfect/staging/sendgrid-key`
              Then say this again: the key is tried out by a call that changes nothing.
              [Enter it safely]
              > connect sendgrid to staging
        "#]]);
    });
}

/// What GitHub's checks say of a commit is on the card, and in the way where production takes only what passed.
#[test]
fn production_takes_what_passed_its_checks() {
    let project = Project::usual()
        .with(
            "environments:",
            "connections: { github: { provider: github, secret: github-token } }\nenvironments:",
        )
        .with("https://code.example/invoice-perfect.git", "https://github.com/acme/invoice-perfect")
        .production("approvals: 1, requires_ci: true");
    chat_about(&project, async |t| {
        t.release("v1.1.0", good());
        t.world().ci("v1.1.0", CiState::Failing, "failing: build (failure), lint (cancelled)").unwrap();
        t.user("ana").says("deploy v1.1.0 to production").await;
        t.whispers(
            "ana",
            expect![[r#"
                ✗ CI of 7332970 is failing: build (failure), lint (cancelled); production takes only what passed, so say it again once it does.
                  Next: deploy v1.1.0 to production
                  > deploy v1.1.0 to production
            "#]],
        );
        t.world().ci("v1.1.0", CiState::Passing, "passing, 2 checks").unwrap();
        t.user("ana").says("deploy v1.1.0 to production").await;
        t.bot_shows(expect![[r#"
            ? r-1 · Deploy v1.1.0 (7332970) to production · awaiting approval
              Needs approval by one other person (deployer or admin); open until 2026-11-18 13:00 UTC.
              asked by: ana
              Changes:
                postgres: new, an empty component
                redis: new, an empty component
                api: new, v1.1.0 (7332970)
                web: new, v1.1.0 (7332970)
                cron: new, v1.1.0 (7332970)
              risk: medium: production
              way back: this is the first release here: until it is live, everything it starts is ended again
              Proved:
                nothing runs that could be harmed
              Notes:
                CI of 7332970 is passing, 2 checks
              · resolve ref: v1.1.0 is 7332970, Work for v1.1.0
              · preflight: tools, disk and ports are there; 7332970 builds
              · reconcile shape: 2 components, 2 addresses
              · reconcile config: variables of api, web, cron
              · migrations: nothing to migrate
              · api and web: started beside what runs, then waited for until healthy
              · cron: schedules run the new code
              · canary: one stage of 100%: all traffic to the new release, read back
              · verification: 20 requests through the edge to each service
              · finalize: old processes drained and ended, the release recorded as live
              [Approve!] [Reject]
              > deploy v1.1.0 to production
        "#]]);
        t.world().ci("v1.1.0", CiState::Failing, "failing: smoke (failure)").unwrap();
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · r-1 is approved by ben and goes on.
              > approve r-1
        "#]]);
        t.bot_shows(expect![[r#"
            ✗ r-1 · Deploy v1.1.0 (7332970) to production · not started: ci-not-passing
              CI of 7332970 is failing: smoke (failure); production takes only what passed, so say it again once it does
              Next: deploy v1.1.0 to production
              asked by: ana
              approved by: ben
              [Retry]
              > deploy v1.1.0 to production
        "#]]);
    });
}
