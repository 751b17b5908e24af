//! The main forms of each action, as people say them and as they are understood. `UPDATE_EXPECT=1` rewrites them.
#![expect(clippy::unwrap_used, reason = "tests")]

use chat::intent::{MAX_CHARS, Names, parse};
use expect_test::{Expect, expect};

#[track_caller]
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
        expect![[]],
    );
    check("Deploy staging.", expect![[]]);
    check("Deploy production with canary 10/50/100.", expect![[]]);
    check("Run migrations on staging.", expect![[]]);
    check("Deploy production and run migrations first.", expect![[]]);
    check(
        "Add timezone column and backfill timezone from address in staging; then do production at 500 users/min.",
        expect![[]],
    );
    check("Rollback production to the previous release.", expect![[]]);
    check("Add Redis to staging and production.", expect![[]]);
    check("Remove Redis from staging.", expect![[]]);
    check("Text me if the canary looks weird or if a rollback triggers.", expect![[]]);
    check(
        "If we see repeated 500s after deploy, rollback and open an incident bundle with logs and diffs.",
        expect![[]],
    );
}

#[test]
fn canary_must_rise_and_end_at_100() {
    check("deploy api to production with canary 50/10/100", expect![[]]);
    check("deploy production with canary 10/50", expect![[]]);
    check("deploy production with canary 10/50/120", expect![[]]);
    check("deploy production with canray 10/50/100", expect![[]]);
}

#[test]
fn what_is_not_ordered_is_not_done() {
    check("don't deploy prod", expect![[]]);
    check("the deploy to prod failed", expect![[]]);
    check("should we roll back?", expect![[]]);
    check("if staging looks good, deploy production", expect![[]]);
    check("he typed \"deploy production\" and left", expect![[]]);
    check("2026-01-02T10:00:00Z deploy production", expect![[]]);
    check("don't deploy prod, deploy staging", expect![[]]);
}

#[test]
fn names_and_verbs_typed_wrong_get_a_suggestion() {
    check("deploy api to produciton", expect![[]]);
    check("delpoy staging", expect![[]]);
    check("deploy banana", expect![[]]);
    check("frobnicate staging", expect![[]]);
}

#[test]
fn several_commands_stand_in_the_order_they_run() {
    check("deploy api to staging and web to production", expect![[]]);
    check("deploy staging, then production", expect![[]]);
    check("scale api to 3 and web to 2 in staging", expect![[]]);
    check("dry run deploy staging then restart api", expect![[]]);
}

#[test]
fn questions_become_the_command_that_answers_them() {
    check("who deployed production?", expect![[]]);
    check("what is deployed in staging?", expect![[]]);
    check("is the api up in production?", expect![[]]);
    check("is it safe to deploy production?", expect![[]]);
    check("what has drifted in staging?", expect![[]]);
    check("what would deploy production change?", expect![[]]);
}

#[test]
fn a_text_too_long_is_not_read() {
    check(&"deploy staging ".repeat(MAX_CHARS / 10), expect![[]]);
}
