//! The main forms of each action, as people say them and as they are understood. `UPDATE_EXPECT=1` rewrites them.
#![expect(
    clippy::unwrap_used,
    clippy::needless_raw_string_hashes,
    reason = "tests, and snapshots as they are written"
)]

use chat::intent::{MAX_CHARS, Names, parse};
use expect_test::{Expect, expect};

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "snapshots are written in place")]
fn check(said: &str, understood: Expect) {
    let parsed = parse(said, &Names::sample());
    let mut lines: Vec<String> =
        parsed.commands.iter().map(|command| serde_json::to_string(command).unwrap()).collect();
    if !parsed.missing.is_empty() {
        lines.push(format!("missing {}", serde_json::to_string(&parsed.missing).unwrap()));
    }
    if let Some(problem) = parsed.problem {
        lines.push(format!(
            "{}: {}",
            serde_json::to_string(&problem.kind).unwrap().trim_matches('"'),
            problem.message
        ));
        lines.extend(problem.suggestions.iter().map(|suggestion| format!("  try: {suggestion}")));
    }
    understood.assert_eq(&lines.join("\n"));
}

#[test]
fn the_user_stories_are_understood_as_they_stand() {
    check(
        "Set up local, staging, production for Invoice Perfect on Railway. Use Cloudflare for DNS and canary. Connect Stripe + SendGrid.",
        expect![[
            r#"{"action":"setup","project":"invoice-perfect","environments":["local","staging","production"],"platform":"railway","edge":"cloudflare","connections":["stripe","sendgrid"]}"#
        ]],
    );
    check("Deploy staging.", expect![[r#"{"action":"deploy","environments":["staging"]}"#]]);
    check(
        "Deploy production with canary 10/50/100.",
        expect![[r#"{"action":"deploy","environments":["production"],"canary":{"weights":[10,50,100]}}"#]],
    );
    check("Run migrations on staging.", expect![[r#"{"action":"migrate","environments":["staging"]}"#]]);
    check(
        "Deploy production and run migrations first.",
        expect![[r#"{"action":"deploy","environments":["production"],"migrate":"first"}"#]],
    );
    check(
        "Add timezone column and backfill timezone from address in staging; then do production at 500 users/min.",
        expect![[r#"
            {"action":"expand","environments":["staging"],"column":"timezone"}
            {"action":"backfill","environments":["staging"],"job":"backfillTimezone"}
            {"action":"expand","environments":["production"],"column":"timezone"}
            {"action":"backfill","environments":["production"],"job":"backfillTimezone","rate_per_min":500}"#]],
    );
    check(
        "Rollback production to the previous release.",
        expect![[r#"{"action":"rollback","environments":["production"],"to":"previous"}"#]],
    );
    check(
        "Add Redis to staging and production.",
        expect![[
            r#"{"action":"add-component","component":"redis","environments":["staging","production"]}"#
        ]],
    );
    check(
        "Remove Redis from staging.",
        expect![[r#"{"action":"remove-component","component":"redis","environments":["staging"]}"#]],
    );
    check(
        "Text me if the canary looks weird or if a rollback triggers.",
        expect![[r#"{"action":"alert","on":["canary-anomaly","rollback"],"by":["sms"]}"#]],
    );
    check(
        "If we see repeated 500s after deploy, rollback and open an incident bundle with logs and diffs.",
        expect![[r#"{"action":"rule","when":["repeated-5xx"],"then":["rollback","incident"]}"#]],
    );
}

#[test]
fn canary_must_rise_and_end_at_100() {
    check(
        "deploy api to production with canary 50/10/100",
        expect![[r#"
            bad-value: Canary steps must rise; I read 50/10/100.
              try: deploy api to production with canary 10/50/100"#]],
    );
    check(
        "deploy production with canary 10/50",
        expect![[r#"
            bad-value: Canary steps must end at 100; I read 10/50.
              try: deploy production with canary 10/50/100"#]],
    );
    check(
        "deploy production with canary 10/50/120",
        expect![[r#"
            bad-value: Canary steps can't pass 100%; I read 10/50/120.
              try: deploy production with canary 10/50/100"#]],
    );
    check(
        "deploy production with canray 10/50/100",
        expect![[r#"
            ambiguous: I read `canray` and am not sure whether you mean `canary`, so I did nothing.
              try: deploy production with canary 10/50/100"#]],
    );
}

#[test]
fn what_is_not_ordered_is_not_done() {
    check(
        "don't deploy prod",
        expect![[r#"
            not-a-command: Understood: I do nothing.
              try: status production
              try: help"#]],
    );
    check(
        "the deploy to prod failed",
        expect![[r#"
            not-a-command: I read this as something told, not as an order, so I did nothing.
              try: status production
              try: help"#]],
    );
    check(
        "should we roll back?",
        expect![[r#"
            not-a-command: That is a question I can't answer. I can answer what is deployed, who did what, how things are, and what you may do.
              try: status staging
              try: help"#]],
    );
    check(
        "if staging looks good, deploy production",
        expect![[r#"
        ambiguous: This holds a condition I can't watch, so I did nothing. Say the order when the time has come, or make a rule of it.
          try: deploy production
          try: can I deploy staging?
          try: if we see repeated 500s, rollback"#]],
    );
    check(
        "he typed \"deploy production\" and left",
        expect![[r#"
            not-a-command: I read this as something told, not as an order, so I did nothing.
              try: status production
              try: help"#]],
    );
    check(
        "2026-01-02T10:00:00Z deploy production",
        expect![[r#"
            not-a-command: I read this as pasted output, not as an order, so I did nothing.
              try: status production
              try: help"#]],
    );
    check(
        "don't deploy prod, deploy staging",
        expect![[r#"{"action":"deploy","environments":["staging"]}"#]],
    );
}

#[test]
fn names_and_verbs_typed_wrong_get_a_suggestion() {
    check(
        "deploy api to produciton",
        expect![[r#"
        unknown-name: I don't know `produciton`. The nearest environment I know: production.
          try: deploy api to production"#]],
    );
    check(
        "delpoy staging",
        expect![[r#"
        unknown-verb: I don't know `delpoy`; did you mean `deploy`?
          try: deploy staging"#]],
    );
    check(
        "deploy banana",
        expect![[r#"
        unknown-name: I don't know `banana`. Environments: local, staging, production. Services: api, web, cron.
          try: deploy local
          try: deploy staging"#]],
    );
    check(
        "frobnicate staging",
        expect![[r#"
            unknown-verb: I can't `frobnicate`. `help` shows what I can do.
              try: help
              try: status staging"#]],
    );
}

#[test]
fn several_commands_stand_in_the_order_they_run() {
    check(
        "deploy api to staging and web to production",
        expect![[r#"
        {"action":"deploy","environments":["staging"],"services":["api"]}
        {"action":"deploy","environments":["production"],"services":["web"]}"#]],
    );
    check(
        "deploy staging, then production",
        expect![[r#"
        {"action":"deploy","environments":["staging"]}
        {"action":"deploy","environments":["production"]}"#]],
    );
    check(
        "scale api to 3 and web to 2 in staging",
        expect![[r#"
        {"action":"scale","environments":["staging"],"services":["api"],"replicas":3}
        {"action":"scale","environments":["staging"],"services":["web"],"replicas":2}"#]],
    );
    check(
        "dry run deploy staging then restart api",
        expect![[r#"
            ambiguous: The first part is only to be tried, and `restart` can't be; send them apart.
              try: dry run deploy staging"#]],
    );
}

#[test]
fn questions_become_the_command_that_answers_them() {
    check("who deployed production?", expect![[r#"{"action":"audit","environments":["production"]}"#]]);
    check("what is deployed in staging?", expect![[r#"{"action":"releases","environments":["staging"]}"#]]);
    check(
        "is the api up in production?",
        expect![[r#"{"action":"status","environments":["production"],"services":["api"]}"#]],
    );
    check(
        "is it safe to deploy production?",
        expect![[r#"{"action":"can","verb":"deploy","environments":["production"]}"#]],
    );
    check(
        "what has drifted in staging?",
        expect![[r#"{"action":"reconcile","environments":["staging"],"dry_run":true}"#]],
    );
    check(
        "what would deploy production change?",
        expect![[r#"{"action":"deploy","environments":["production"],"dry_run":true}"#]],
    );
}

#[test]
fn a_text_too_long_is_not_read() {
    check(
        &"deploy staging ".repeat(MAX_CHARS / 10),
        expect![[r#"
        not-a-command: That is longer than 4000 characters, so I did not read it. Send the order alone.
          try: help"#]],
    );
}

#[test]
fn more_than_64_commands_are_a_slip() {
    let lines = |count: usize| parse(&"restart api in staging\n".repeat(count), &Names::sample());
    assert_eq!(lines(64).commands.len(), 64);
    let problem = lines(65).problem;
    assert_eq!(problem.map(|problem| problem.kind), Some(chat::intent::ProblemKind::Ambiguous));
    // A list that repeats what stands before it grows faster than its text.
    let repeated = format!("deploy staging{}", "; then production".repeat(70));
    assert!(parse(&repeated, &Names::sample()).commands.is_empty());
}

/// Every way to say the release before is that one, and none is taken for a ref.
#[test]
fn the_release_before_has_many_names() {
    for said in [
        "to the previous release",
        "to the release before",
        "to the one before",
        "to the version before",
        "to the last good one",
        "to the last good release",
        "to the last one that worked",
    ] {
        let parsed = parse(&format!("rollback staging {said}"), &Names::sample());
        assert_eq!(parsed.problem, None, "{said}");
        assert_eq!(parsed.commands[0].to.as_deref(), Some("previous"), "{said}");
    }
}

/// An order that can't wait says what to say when the time has come.
#[test]
fn what_can_not_be_planned_for_later_is_not_done_now() {
    check(
        "rollback staging in 10 minutes",
        expect![[r#"
            bad-value: A rollback can't be planned for later (`in 10 minutes`), and doing it now would be wrong. Say `rollback in staging` when the time has come. What is live by then may be another release. A release by its name can be planned: `deploy v1.2.0 to staging at 22:00`.
              try: dry run rollback in staging"#]],
    );
    check(
        "rollback api in staging at 22:00",
        expect![[r#"
            bad-value: A rollback can't be planned for later (`22:00`), and doing it now would be wrong. Say `rollback api in staging` when the time has come. What is live by then may be another release. A release by its name can be planned: `deploy v1.2.0 to staging at 22:00`.
              try: dry run rollback api in staging
              try: status staging
              try: help"#]],
    );
    check(
        "restart api in staging tonight at 22:00",
        expect![[r#"
        bad-value: A restart can't be planned for later (`tonight at 22:00`), and doing it now would be wrong. Say `restart api in staging` when the time has come.
          try: status staging
          try: help"#]],
    );
}

/// What turns the words round as they are shown is not read: nobody knows what was meant.
#[test]
fn what_reads_as_something_else_is_not_read() {
    check(
        "deploy v1.\u{202e}0.1\u{202c} to staging",
        expect![
            "bad-value: There is a character in that which can't be seen (U+202E), so I did not read it. Type it again."
        ],
    );
    check(
        "lock staging because of \u{2066}a trial\u{2069}",
        expect![
            "bad-value: There is a character in that which can't be seen (U+2066), so I did not read it. Type it again."
        ],
    );
}

#[test]
fn what_is_suggested_is_of_what_was_said() {
    check(
        "restart stagin wbe",
        expect![[r#"
        unknown-name: I don't know `stagin`. The nearest environment I know: staging.
          try: restart web in staging"#]],
    );
    check(
        "deploy production? no, deploy local",
        expect![[r#"
        ambiguous: I read an order, but not what "deploy production" is to change about it, so I did nothing. Say it in one sentence.
          try: deploy local"#]],
    );
    check(
        "connect foo",
        expect![[r#"
        unknown-name: I don't know `foo`. Environments: local, staging, production. Providers: railway, render, vercel, supabase, cloudflare, stripe, sendgrid, twilio, github, slack, discord.
          try: connect railway
          try: connect render"#]],
    );
    check(
        "connect foo to staging",
        expect![[r#"
        unknown-name: I don't know `foo`. Environments: local, staging, production. Providers: railway, render, vercel, supabase, cloudflare, stripe, sendgrid, twilio, github, slack, discord.
          try: connect railway to staging
          try: connect render to staging"#]],
    );
    check(
        "deploy develop to staging",
        expect![[r#"
        unknown-name: I don't know `develop`. Environments: local, staging, production. Services: api, web, cron.
          try: deploy ref develop to staging
          try: deploy api to staging
          try: deploy web to staging"#]],
    );
    check(
        "deploy prod canary y at 10",
        expect![[r#"
        ambiguous: I don't know what `y` means here, so I did nothing. Say it without, or in other words.
          try: deploy production with canary, at 10"#]],
    );
    check(
        "set NAME=`a b <!here>` in stagign",
        expect![[r#"
        bad-value: The value holds a mention, and what stands behind one here is no text to be set, so I did nothing. Write it without the mention.
          try: set LOG_LEVEL=debug for api in staging"#]],
    );
}

#[test]
fn an_order_that_breaks_off_is_asked_about() {
    check(
        "deploy staging at",
        expect![[r#"
        ambiguous: I read `at` and nothing behind it, so I did nothing; I expected a time, like `at 22:00`.
          try: deploy staging at 22:00"#]],
    );
    check(
        "deploy api to staging with",
        expect![[r#"
        ambiguous: I read `with` and nothing behind it, so I did nothing; I expected how, like `with canary 10/50/100`.
          try: deploy api to staging"#]],
    );
    check(
        "restart api in staging by",
        expect![[r#"
        ambiguous: I read `by` and nothing behind it, so I did nothing; I expected more.
          try: restart api in staging"#]],
    );
    check(
        "rollback api in staging to",
        expect![[r#"
        ambiguous: I read `to` and nothing behind it, so I did nothing; I expected a name.
          try: rollback api in staging"#]],
    );
    check(
        "deploy staging without",
        expect![[r#"
        ambiguous: I read `without` and nothing behind it, so I did nothing; I expected more.
          try: deploy staging"#]],
    );
}

#[test]
fn a_value_is_what_stands_between_its_marks() {
    check(
        r#"set GREETING="hello ,world" for web in staging"#,
        expect![[
            r#"{"action":"set-variable","environments":["staging"],"services":["web"],"name":"GREETING","value":"hello ,world"}"#
        ]],
    );
    check(
        r#"set GREETING='say "hi" now' in staging"#,
        expect![[
            r#"{"action":"set-variable","environments":["staging"],"name":"GREETING","value":"say \"hi\" now"}"#
        ]],
    );
    check(
        r#"set NOTE="a `b` c" in staging"#,
        expect![[r#"{"action":"set-variable","environments":["staging"],"name":"NOTE","value":"a `b` c"}"#]],
    );
    check(
        r#""set NAME=foo in staging""#,
        expect![[r#"{"action":"set-variable","environments":["staging"],"name":"NAME","value":"foo"}"#]],
    );
    check(
        r#"set NAME="a <@U1> b" in staging"#,
        expect![[r#"
        bad-value: The value holds a mention, and what stands behind one here is no text to be set, so I did nothing. Write it without the mention.
          try: set LOG_LEVEL=debug for api in staging"#]],
    );
}

#[test]
fn ways_of_an_alert_are_said_in_one_sentence() {
    let written = |said: &str| parse(said, &Names::sample()).commands[0].canonical();
    let sentence = "alert me by email and by sms if the canary looks weird";
    assert_eq!(written("email and text me if the canary looks weird"), sentence);
    assert_eq!(written("email me and by sms if the canary looks weird"), sentence);
    assert_eq!(written(sentence), sentence);
    let sentence = "alert me in chat and by sms if a deploy fails";
    assert_eq!(written("message me in chat and by sms if a deploy fails"), sentence);
    assert_eq!(written(sentence), sentence);
}

#[test]
fn a_click_destroys_nothing_nobody_named() {
    check(
        "delete the api",
        expect![[r#"
        ambiguous: `api` is not an environment; which environment is to be destroyed?
          try: help destroy-environment
          try: status"#]],
    );
    check(
        "delete old releases",
        expect![[r#"
            unknown-name: I don't know the environment `old`. There are: local, staging, production. Destroying one ends all that runs of it, so I did nothing: its name must be said in full.
              try: help destroy-environment
              try: status"#]],
    );
}

#[test]
fn what_a_standing_order_can_not_keep_is_said() {
    check(
        "if we see 500s, deploy staging",
        expect![[r#"
        ambiguous: A rule can't do `deploy staging`, so I kept nothing. It can roll back, open an incident, restart, scale up by one, disable cron, or halt the canary.
          try: deploy staging
          try: if we see repeated 500s, open an incident bundle with logs and diffs"#]],
    );
    check(
        "if staging deploy fails, rollback production",
        expect![[r#"
            ambiguous: A rule acts where it watches, and I read staging and then production, so I kept nothing. Say one rule for each place.
              try: if a deploy fails in staging, rollback
              try: if a deploy fails in production, rollback"#]],
    );
    check(
        "text me when the canary is done",
        expect![[r#"
            bad-value: I can't watch `when the canary is done`, so I kept nothing. I watch for a weird canary, a rollback, a failed deploy, repeated 500s, and something unhealthy.
              try: text me if the canary looks weird"#]],
    );
}
