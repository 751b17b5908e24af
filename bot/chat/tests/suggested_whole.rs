//! What is suggested holds all that was said: no button does more than the sentence it stands below, or something else.
//! `UPDATE_EXPECT=1` rewrites it.
#![expect(clippy::needless_raw_string_hashes, reason = "snapshots as they are written")]
#![expect(clippy::unwrap_used, reason = "tests")]

use chat::intent::{Named, Names, parse};
use expect_test::expect;

#[path = "corpus/suggests.rs"]
mod suggests;

use suggests::check;

#[test]
fn a_time_typed_wrong_is_not_left_out() {
    check(
        "deploy staging tomorow",
        expect![[r#"
        I read `tomorow` and am not sure whether you mean `tomorrow`, so I did nothing.
          try: deploy staging tomorrow"#]],
    );
    check(
        "deploy prod in 10 minuts",
        expect![[r#"
        I read `minuts` and am not sure whether you mean `minutes`, so I did nothing.
          try: deploy production in 10 minutes"#]],
    );
    check(
        "deploy api to prod and web to staging tomorow",
        expect![[r#"
        I read `tomorow` and am not sure whether you mean `tomorrow`, so I did nothing.
          try: deploy api to production, then deploy web to staging tomorrow"#]],
    );
    check(
        "deploy produciton v1.4.2 with canary 10/50/100 tonigt",
        expect![[r#"
        I don't know `produciton`. The nearest environment I know: production.
          try: deploy v1.4.2 to production with canary 10/50/100 tonight"#]],
    );
    check(
        "rollback prod to v1.2.3 tomorow",
        expect![[r#"
        I read `tomorow` and am not sure whether you mean `tomorrow`, so I did nothing.
          try: dry run rollback in production to v1.2.3"#]],
    );
    check(
        "deploy prod tmrw",
        expect![[r#"
        I read `tmrw` and am not sure whether you mean `tomorrow`, so I did nothing.
          try: deploy production tomorrow"#]],
    );
    check(
        "deploy prod fridays",
        expect![[r#"
        I don't know what `fridays` means here, so I did nothing. Say it without, or in other words.
          try: dry run deploy production"#]],
    );
}

#[test]
fn a_keyword_typed_wrong_is_not_left_out() {
    check(
        "deploy production with canary1 0/50/100",
        expect![[r#"
        I read `canary1` and am not sure whether you mean `canary`, so I did nothing.
          try: status production
          try: help"#]],
    );
    check(
        "deploy prod skp migrations",
        expect![[r#"
        I read `skp` and am not sure whether you mean `skip`, so I did nothing.
          try: deploy production and skip migrations"#]],
    );
    check(
        "deploy prod dy run",
        expect![[r#"
        I don't know what `dy` means here, so I did nothing. Say it without, or in other words.
          try: dry run deploy production"#]],
    );
    check(
        "deploy prod migrations",
        expect![[r#"
        Migrations with this deploy: run them first, or skip them?
          try: deploy production and run migrations first
          try: deploy production and skip migrations"#]],
    );
}

#[test]
fn a_number_is_not_left_out() {
    check(
        "backfill timezone in production for 100 users",
        expect![[r#"
            I read how many, and not of what, so I did nothing. A backfill takes `batch size 500`, a rate like `500/min`, and `for at most 2h`.
              try: status production
              try: help"#]],
    );
    check(
        "deploy abc12 to production",
        expect![[r#"
        I don't know `abc12`. Environments: local, staging, production. Services: api, web, cron.
          try: dry run deploy production"#]],
    );
    check(
        "deploy production with canary 1.5/50/100",
        expect![[r#"
            I read `1.5/50/100` behind the canary, which may be its steps or a branch, so I did nothing. Steps are whole numbers like `10/50/100`.
              try: status production
              try: help"#]],
    );
    check(
        "deploy staging in 5",
        expect![[r#"
        I don't know `5`. Environments: local, staging, production. Services: api, web, cron.
          try: dry run deploy staging"#]],
    );
    check(
        "deploy production #4711",
        expect![[r#"
        I don't know what `#4711` means here, so I did nothing. Say it without, or in other words.
          try: dry run deploy production"#]],
    );
    check(
        "deploy production INV-42 stuff",
        expect![[r#"
        I don't know what `stuff` means here, so I did nothing. Say it without, or in other words.
          try: deploy production"#]],
    );
}

#[test]
fn no_other_place_is_suggested() {
    check(
        "restart prod every hour",
        expect![[r#"
        `every hour` happens again and again; I start a restart once, at one time.
          try: status production
          try: help"#]],
    );
    check(
        "scaling web to 4 in production",
        expect![[r#"
        I read this as something told, not as an order, so I did nothing.
          try: status production
          try: help"#]],
    );
    check(
        "deploy production, CI permitting",
        expect![[r#"
        I read this as something told, not as an order, so I did nothing.
          try: status production
          try: help"#]],
    );
    check(
        "archive production",
        expect![[r#"
        I can't `archive`. `help` shows what I can do.
          try: help
          try: status production"#]],
    );
    check(
        "if tests pass, deploy production",
        expect![[r#"
        This holds a condition I can't watch, so I did nothing. Say the order when the time has come, or make a rule of it.
          try: deploy production
          try: can I deploy production?
          try: if we see repeated 500s, rollback"#]],
    );
}

/// The environments of a project may be parts of what people call one.
#[test]
fn a_part_of_a_name_offers_those_that_have_it() {
    let environments = ["local", "staging", "prod-eu", "prod-us"].map(Named::environment).into();
    let names = Names { environments, ..Names::sample() };
    let offered =
        |said: &str| parse(said, &names).problem.map(|it| it.suggestions.clone()).unwrap_or_default();
    for prod in ["prod", "production", "prd"] {
        assert_eq!(
            offered(&format!("deploy {prod} with canary 10/50/100")),
            ["deploy prod-eu with canary 10/50/100", "deploy prod-us with canary 10/50/100"]
        );
    }
    assert_eq!(offered("rollback prod"), ["rollback in prod-eu", "rollback in prod-us"]);
    assert_eq!(offered("dry run deploy eu v1.2.0"), ["dry run deploy v1.2.0 to prod-eu"]);
    assert_eq!(
        offered("deploy prod and staging"),
        ["deploy prod-eu and staging", "deploy prod-us and staging"]
    );
}

/// An environment may have a name that people also call themselves by.
#[test]
fn those_who_speak_are_no_place() {
    let mut names = Names::sample();
    names.environments.push(Named::new("us"));
    let read = |said: &str| -> Vec<String> {
        parse(said, &names).commands.iter().map(chat::intent::Command::canonical).collect()
    };
    assert_eq!(read("tell us if a deploy fails"), ["alert me if a deploy fails"]);
    assert_eq!(read("deploy staging for us"), ["deploy staging"]);
    assert_eq!(read("let us deploy staging"), ["deploy staging"]);
    assert_eq!(read("deploy us and staging"), ["deploy us and staging"]);
    assert_eq!(read("show us the status of us"), ["status in us"]);
}

#[test]
fn what_is_left_out_is_not_brought_back() {
    let left_out = [
        ("deploy all environments, prod excluded", "production"),
        ("deploy all environments save prod", "production"),
        ("remove redis from all environments besides production", "production"),
        ("restart everything besides cron on prod", "cron"),
        ("deploy all services to staging, cron excluded", "cron"),
        ("deploy prod. Not the api.", "api"),
    ];
    for (text, left) in left_out {
        let problem = parse(text, &Names::sample()).problem.unwrap();
        for suggested in &problem.suggestions {
            for command in parse(suggested, &Names::sample()).commands {
                let changes = command.action.row().changes;
                let named = command.environments.iter().chain(&command.services).any(|name| name == left);
                assert!(!(changes && named), "{text}: {suggested}");
            }
        }
    }
}

#[test]
fn who_takes_it_back_is_offered_no_button_for_it() {
    for text in [
        "deploy prod. oops",
        "deploy prod. sorry, wrong window",
        "remove redis from staging. oops wrong channel",
    ] {
        let problem = parse(text, &Names::sample()).problem.unwrap();
        let order = text.split('.').next().unwrap();
        let ordered = parse(order, &Names::sample()).commands;
        for suggested in &problem.suggestions {
            assert_ne!(parse(suggested, &Names::sample()).commands, ordered, "{text}: {suggested}");
        }
    }
}

#[test]
fn a_name_within_a_word_is_offered_and_no_other() {
    check(
        "deploy web@previous prod",
        expect![[r#"
            I don't know `web@previous`. Environments: local, staging, production. Services: api, web, cron.
              try: deploy web to production"#]],
    );
    check(
        "lock prod for 2 huors",
        expect![[r#"
            `for 2 huors` is no length of time I know; I expected one like `for 2h` or `until 18:00`.
              try: lock production for 2 hours"#]],
    );
    check(
        "deploy staging and go live",
        expect![[r#"
            I read `live` beside an environment, and not whether it is another one, so I did nothing. Say it without, or with "and" between them.
              try: deploy staging
              try: deploy staging and production"#]],
    );
}
