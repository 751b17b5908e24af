//! A user's own folder: what it can add, and how a wrong one is refused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::sync::LazyLock;

use expect_test::{Expect, expect};
use policies::{Actor, Decision, Environment, Facts, Question, Role, RuleError, Rules, decide};

fn shipped() -> Rules {
    static SHIPPED: LazyLock<Rules> = LazyLock::new(|| Rules::shipped().unwrap());
    SHIPPED.clone()
}

fn with_own(text: &str) -> Result<Rules, RuleError> {
    shipped().with_own(&[("mine.cedar".to_owned(), text.to_owned())])
}

#[track_caller]
fn refused(text: &str, expected: &Expect) {
    expected.assert_eq(&with_own(text).unwrap_err().to_string());
}

fn ana_deploys_staging(facts: Facts) -> Question {
    Question {
        actor: Actor { name: "ana".into(), role: Role::Deployer },
        action: "deploy".into(),
        project: "invoice-perfect".into(),
        environment: Some(Environment { name: "staging".into(), production: false }),
        facts,
    }
}

/// The rule file shown in the README, so that what it shows is true.
fn the_readme_example() -> &'static str {
    include_str!("../README.md").split("```cedar\n").nth(1).unwrap().split("```").next().unwrap()
}

#[test]
fn the_folder_in_the_readme_loads_and_each_of_its_rules_speaks() {
    let rules = with_own(the_readme_example()).unwrap();
    let told = |role, action: &str, environment: &str, facts| {
        let question = Question {
            actor: Actor { name: "vera".into(), role },
            action: action.into(),
            environment: Some(Environment {
                name: environment.into(),
                production: environment == "production",
            }),
            ..ana_deploys_staging(facts)
        };
        serde_json::to_string_pretty(&decide(&rules, &question)).unwrap()
    };
    let friday_evening =
        Facts { weekday: 5, minute_of_day: 16 * 60 + 30, approvals_given: 1, ..Facts::default() };
    expect![[r#"
        {
          "decision": "refuse",
          "because": [
            {
              "rule": "no-friday-evenings",
              "say": "It is Friday 16:30 and nobody wants to mend production at the weekend. Deploy on Monday, or break the glass.",
              "evidence": "production yes, dry run no, break glass no, weekday Friday, minute of day 16:30"
            }
          ],
          "say": "It is Friday 16:30 and nobody wants to mend production at the weekend. Deploy on Monday, or break the glass.",
          "earliest_ms": null
        }"#]]
    .assert_eq(&told(Role::Deployer, "deploy", "production", friday_evening));
    expect![[r#"
        {
          "decision": "needs-approval",
          "count": 1,
          "roles": [
            "admin"
          ],
          "because": [
            {
              "rule": "rollback-needs-admin",
              "say": "Going back on production needs an admin here. Ask one to approve.",
              "evidence": "production yes, dry run no, admin approvals given 0"
            }
          ]
        }"#]]
    .assert_eq(&told(Role::Deployer, "rollback", "production", Facts::default()));
    expect![[r#"
        {
          "decision": "allow",
          "because": [
            "vera-restarts-staging"
          ]
        }"#]]
    .assert_eq(&told(Role::Viewer, "restart", "staging", Facts::default()));
}

#[test]
fn own_rules_are_listed_after_the_shipped_ones() {
    let names = with_own(the_readme_example()).unwrap().names();
    let own: Vec<_> = names.iter().filter(|rule| rule.file == "mine.cedar").collect();
    assert_eq!(own.len(), 3);
    assert_eq!(own[0].sentence, "Nothing new goes to production on Friday evenings.");
    assert_eq!(names.len(), shipped().names().len() + 3);
}

#[test]
fn an_own_permit_does_not_lift_a_shipped_forbid() {
    let rules = with_own(r#"@id("ana-may") permit (principal == Person::"ana", action, resource);"#).unwrap();
    let locked = Facts { lock_held_by_other: Some("ben".into()), ..Facts::default() };
    let Decision::Refuse { because, .. } = decide(&rules, &ana_deploys_staging(locked)) else {
        panic!("ana passed a lock")
    };
    assert_eq!(because[0].rule.0, "locked-by-other");
}

#[test]
fn a_rule_that_cannot_be_evaluated_refuses() {
    let rules = with_own(
        r#"@id("overflows") @say("never read")
        forbid (principal, action == Action::"deploy", resource)
        when { context.runs_last_hour * 9223372036854775807 > 10 };"#,
    )
    .unwrap();
    assert!(matches!(decide(&rules, &ana_deploys_staging(Facts::default())), Decision::Allow { .. }));
    let busy = Facts { runs_last_hour: 2, ..Facts::default() };
    let Decision::Refuse { because, say, .. } = decide(&rules, &ana_deploys_staging(busy)) else {
        panic!("passed over")
    };
    expect![
        "Rule overflows could not be evaluated, so nothing it watches goes ahead. Ask an admin to mend it."
    ]
    .assert_eq(&say);
    expect!["integer overflow while attempting to multiply the values `2` and `9223372036854775807`"]
        .assert_eq(&because[0].evidence);
}

#[test]
fn what_does_not_parse_is_shown() {
    refused(
        "// A comment, then\n@id(\"x\")\nforbid (principal, action resource);",
        &expect![[r#"
        the rules were not loaded, 1 fault found; none of the files is in force
          mine.cedar:3:27: unexpected token `resource` (expected `!=`, `)`, `,`, `:`, `<`, `<=`, `==`, `>`, `>=`, `in`, or `is`)"#]],
    );
    refused(
        "@id(\"x\") forbid (principal, action, resource) when { context.weekday == 5 }",
        &expect![[r#"
        the rules were not loaded, 1 fault found; none of the files is in force
          mine.cedar:1:76: unexpected end of input (expected `;` or identifier)"#]],
    );
}

#[test]
fn places_are_counted_as_editors_count() {
    refused(
        "// Zürich, mit Windows-Zeilen\r\n@id(\"ä\") @say(\"Ö\") forbid (principal, action == Action::\"deploy\", resource);\r\n\r\n  @id(\"ü\") @say(\"Ü\") @earliest(\"x\") forbid (principal, action == Action::\"deploy\", resource);",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:4:22: rule ü: @earliest("x") is not a time we know (write "freeze", "rate" or "lock")"#]],
    );
}

#[test]
fn what_does_not_fit_the_schema_is_shown() {
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action == Action::\"deplyo\", resource);",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:2:30: rule x: unrecognized action `Action::"deplyo"` (did you mean `Action::"deploy"`?)"#]],
    );
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action == Action::\"deploy\", resource)\nwhen { context.wekday == 5 };",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:3:8: rule x: attribute `wekday` in context not found (did you mean `weekday`?)"#]],
    );
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal in Role::\"deploier\", action == Action::\"deploy\", resource);",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:2:22: rule x: entity `Role::"deploier"` does not exist (the roles are "viewer", "deployer" and "admin")"#]],
    );
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action == Action::\"deploy\", resource)\nwhen { context.replicas > 5 };",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:3:8: rule x: unable to guarantee safety of access to optional attribute `replicas` in context (try testing for the attribute's presence with `context has replicas && ..`)"#]],
    );
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action == Action::\"deploy\", resource)\nwhen { context.weekday == \"Friday\" };",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:3:8: rule x: the types Long and String are not compatible (both operands to a `==` expression must have compatible types. Types must be exactly equal to be compatible)"#]],
    );
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action == Action::\"deploy\", resource)\nwhen { resource.production };",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:3:8: rule x: attribute `production` on entity type `Project` not found (write `resource is Environment` instead of `resource` in the first line: a project has no such thing)"#]],
    );
}

#[test]
fn wrong_obligations_are_shown_all_at_once() {
    refused(
        r#"@id("a") @say("No.") @needs("approvel")
forbid (principal, action == Action::"deploy", resource);
@id("b") @say("No.") @needs("approval")
  @roles("deployer,viewer,boss")
forbid (principal, action == Action::"deploy", resource);
@id("c") @say("No.") @needs("approval") @count("none")
forbid (principal, action == Action::"deploy", resource);
@id("d") @say("No.") @earliest("tomorrow")
forbid (principal, action == Action::"deploy", resource);
@id("e") @say("{replcas} is too many.")
forbid (principal, action == Action::"deploy", resource);
@id("f") @say("Never { closed.")
forbid (principal, action == Action::"deploy", resource);
@id("g")
forbid (principal, action == Action::"deploy", resource);
@id("h") @needs("approval")
permit (principal == Person::"ana", action == Action::"deploy", resource);
@id("i") @say("No.") @roles("admin")
forbid (principal, action == Action::"deploy", resource);
@id("j") @say("No.") @neds("approval")
forbid (principal, action == Action::"deploy", resource);"#,
        &expect![[r#"
            the rules were not loaded, 11 faults found; none of the files is in force
              mine.cedar:1:22: rule a: @needs("approvel") is not an obligation we know (the only one is @needs("approval"))
              mine.cedar:4:3: rule b: a viewer cannot approve (write @roles("deployer,admin") or @roles("admin"))
              mine.cedar:4:3: rule b: `boss` is not a role (write @roles("deployer,admin") or @roles("admin"))
              mine.cedar:6:41: rule c: `none` is not a number of approvals (write a number from 1 to 9, or "approvals_required")
              mine.cedar:8:22: rule d: @earliest("tomorrow") is not a time we know (write "freeze", "rate" or "lock")
              mine.cedar:10:10: rule e: in @say, `{replcas}` is not a fact (the README of `policies` lists the placeholders)
              mine.cedar:12:10: rule f: in @say, a `{` is never closed (the README of `policies` lists the placeholders)
              mine.cedar:14:1: rule g: a forbid needs @say: the sentence a person reads when it fires (say what, why, and what to do next)
              mine.cedar:16:10: rule h: @needs on a permit does nothing (obligations belong on a forbid)
              mine.cedar:18:22: rule i: @roles says nothing without @needs (add @needs("approval"))
              mine.cedar:20:22: rule j: @neds is not an annotation we know (known are @id, @about, @say, @evidence, @needs, @roles, @count, @earliest)"#]],
    );
}

#[test]
fn names_are_given_once() {
    refused(
        r#"@say("No.") forbid (principal, action == Action::"deploy", resource);
@id("freeze-window") @say("No.") forbid (principal, action == Action::"deploy", resource);
@id("mine") @say("No.") forbid (principal, action == Action::"deploy", resource);
@id("mine") @say("No.") forbid (principal, action == Action::"deploy", resource);
@id("no-permit") @say("No.") forbid (principal, action == Action::"deploy", resource);"#,
        &expect![[r#"
            the rules were not loaded, 4 faults found; none of the files is in force
              mine.cedar:1:1: a rule has no name (put @id("what-it-is-about") above it)
              mine.cedar:2:1: @id("freeze-window") is taken by a rule in freeze.cedar, which is already in force (choose another name)
              mine.cedar:4:1: @id("mine") is taken by a rule in mine.cedar:3:1 (choose another name)
              mine.cedar:5:1: @id("no-permit") is a name that answers use themselves (choose another name)"#]],
    );
}

#[test]
fn rules_that_can_never_match_are_refused() {
    for condition in [
        "false",
        "context.dry_run && !context.dry_run",
        "context.weekday == 8",
        "8 <= context.weekday",
        "context.minute_of_day > 1439",
        "context has replicas && context.replicas > 9 && context.replicas < 5",
        "!(context.weekday >= 2 || context.weekday < 2)",
        "resource is Project && resource is Environment",
        "context has size && context.size == \"small\" && \"large\" == context.size",
    ] {
        let rule = format!(
            "@id(\"x\") @say(\"No.\") forbid (principal, action in Action::\"run\", resource) when {{ {condition} }};"
        );
        let error = with_own(&rule).err().unwrap_or_else(|| panic!("accepted: {condition}"));
        assert!(error.to_string().contains("can never be true"), "{condition}: {error}");
    }
    for condition in
        ["context.weekday == 7", "context.weekday == 8 || context.dry_run", "context.runs_last_hour >= 0"]
    {
        let rule = format!(
            "@id(\"x\") @say(\"No.\") forbid (principal, action in Action::\"run\", resource) when {{ {condition} }};"
        );
        assert!(with_own(&rule).is_ok(), "refused: {condition}");
    }
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal is Project, action, resource);",
        &expect![[r#"
        the rules were not loaded, 1 fault found; none of the files is in force
          mine.cedar:1:1: rule x: no action takes such a person and place, so it can never match"#]],
    );
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action == Action::\"deploy\", resource)\nunless { context.runs_last_hour >= 0 };",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:1:1: rule x: its condition can never be true: no runs_last_hour meets it"#]],
    );
}

#[test]
fn rules_that_match_everything_are_refused() {
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action, resource);",
        &expect![[r#"
        the rules were not loaded, 1 fault found; none of the files is in force
          mine.cedar:1:1: rule x forbids everything to everybody, even `help` (name the actions: `action in Action::"run"`)"#]],
    );
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action, resource) when { context.runs_last_hour >= 0 };",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:1:1: rule x forbids everything to everybody, even `help` (name the actions: `action in Action::"run"`)"#]],
    );
    refused(
        "@id(\"x\")\npermit (principal, action, resource);",
        &expect![[r#"
        the rules were not loaded, 1 fault found; none of the files is in force
          mine.cedar:1:1: rule x permits everything to everybody, even to strangers (name the people: `principal in Role::"deployer"`)"#]],
    );
    assert!(with_own(r#"@id("x") @say("Closed.") forbid (principal, action, resource) unless { principal in Role::"admin" };"#).is_ok());
}

#[test]
fn templates_are_refused() {
    refused(
        "@id(\"x\")\npermit (principal == ?principal, action, resource);",
        &expect![[r#"
            the rules were not loaded, 1 fault found; none of the files is in force
              mine.cedar:2:22: a rule with a blank, which nothing here fills in (write the person or environment instead of `?principal` or `?resource`)"#]],
    );
}

#[test]
fn a_fault_in_a_rule_about_many_actions_is_told_once() {
    refused(
        "@id(\"x\") @say(\"No.\")\nforbid (principal, action in [Action::\"run\", Action::\"steer\"], resource)\n\
         when { context.dry_run > 2 && context.wekday == 1 &&\n  context.wekday == 2 };",
        &expect![[r#"
            the rules were not loaded, 3 faults found; none of the files is in force
              mine.cedar:3:8: rule x: unexpected type: expected Long but saw Bool
              mine.cedar:3:31: rule x: attribute `wekday` in context not found (did you mean `weekday`?)
              mine.cedar:4:3: rule x: attribute `wekday` in context not found (did you mean `weekday`?)"#]],
    );
}

#[test]
fn faults_of_all_files_are_told_together_and_nothing_is_loaded() {
    let files = [
        (
            "a.cedar".to_owned(),
            "@id(\"a\") permit (principal == Person::\"ana\", action, resource);".to_owned(),
        ),
        (
            "b.cedar".to_owned(),
            "@id(\"a\") permit (principal == Person::\"ben\", action, resource);".to_owned(),
        ),
        ("c.cedar".to_owned(), "permit".to_owned()),
    ];
    let error = shipped().with_own(&files).unwrap_err();
    expect![[r#"
        the rules were not loaded, 2 faults found; none of the files is in force
          b.cedar:1:1: @id("a") is taken by a rule in a.cedar:1:1 (choose another name)
          c.cedar:1:7: unexpected end of input (expected `(`)"#]]
    .assert_eq(&error.to_string());
}

#[test]
fn an_empty_folder_and_an_empty_file_change_nothing() {
    let before = shipped().names();
    assert_eq!(shipped().with_own(&[]).unwrap().names(), before);
    assert_eq!(with_own("// nothing yet\n").unwrap().names(), before);
}
