//! What is wrong with a description: all of it at once, each fault at its place.

mod sections;

use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};

use super::super::import;
use super::super::limits::FILE_MAX_BYTES;

#[track_caller]
fn check(yaml: &str, says: Expect) {
    let told = match import(yaml, Path::new("/base")) {
        Ok(_) => "no faults".to_owned(),
        Err(faults) => {
            assert!(!faults.faults.is_empty());
            faults.in_file("p.yaml").to_string()
        }
    };
    says.assert_eq(&(told + "\n"));
}

/// A small good description with a few lines changed or added.
fn with(changes: &str) -> String {
    format!("project: shop\nsource: {{ repository: /repo }}\nenvironments: {{ local: {{}} }}\n{changes}")
}

/// The same, with one service and whatever environments are given.
fn with_environments(environments: &str) -> String {
    format!(
        "project: shop\nsource: {{ repository: /repo }}\nservices:\n  api: {{ start: ./api, health: {{ path: /h }} }}\n  \
         cron: {{ start: ./cron, schedule: '0 6 * * *' }}\nenvironments:\n{environments}"
    )
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    check(
        r#"project: 1shop
titel: Shop
source: { repository: ./repo, path: ../elsewhere }
services:
  api:
    start: ./api
    helth: { path: /health }
    health: { path: health, timeout_s: 0 }
    needs: [postgras, wbe]
    replicas: many
    limits: { memory_mb: 1 }
  web:
    health: { path: /health }
    variables: { API_URL: "${service.apo.url}", "1BAD": x, HOME_DIR: "${HOME}", TOKEN: { secrt: a b } }
components:
  postgres: { kind: databse }
  api: { kind: cache }
environments:
  production: { production: yes }
jobs:
  sync: { service: worker }
people:
  - { name: ana, role: boss }
"#,
        expect![[r#"
            p.yaml:1:10 project: `1shop` can't be a project's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter
            p.yaml:2:1 titel: no such key; did you mean `title`?
            p.yaml:3:37 source.path: must be a folder within the repository: not absolute, and without `..`
            p.yaml:7:5 services.api.helth: no such key; did you mean `health`?
            p.yaml:8:21 services.api.health.path: must be a path that begins with `/` and has no blanks, as in `/health`
            p.yaml:8:40 services.api.health.timeout_s: must be a whole number from 1 to 3600, not `0`
            p.yaml:9:13 services.api.needs[0]: there is no service or component `postgras`; did you mean `postgres`?
            p.yaml:9:23 services.api.needs[1]: there is no service or component `wbe`; did you mean `web`?
            p.yaml:10:15 services.api.replicas: must be a whole number from 1 to 64, not `many`
            p.yaml:11:26 services.api.limits.memory_mb: must be a whole number from 16 to 1048576, not `1`
            p.yaml:12:3 services.web: `start` is missing; add `start: "./bin/NAME"`
            p.yaml:14:27 services.web.variables.API_URL: there is no service `apo`; did you mean `api`?
            p.yaml:14:49 services.web.variables.1BAD: can't be a variable's name: use up to 128 letters, digits and `_`, not starting with a digit
            p.yaml:14:70 services.web.variables.HOME_DIR: `${HOME}` is nothing the platform fills in; there are `${service.NAME.url}` and `${component.NAME.url}`
            p.yaml:14:81 services.web.variables.TOKEN: `secret` is missing; add `secret: NAME-OF-THE-SECRET`
            p.yaml:14:90 services.web.variables.TOKEN.secrt: no such key; did you mean `secret`?
            p.yaml:16:21 components.postgres.kind: must be one of `database`, `cache`, `storage`, `mail`, not `databse`
            p.yaml:17:3 components.api: is also the name of a service, so `needs` could mean either; rename one
            p.yaml:19:29 environments.production.production: must be one of `true`, `false`, not `yes`
            p.yaml:21:3 jobs.sync: `command` is missing; add `command: "./bin/NAME job"`
            p.yaml:21:20 jobs.sync.service: there is no service `worker`; there are `api`, `web`
            p.yaml:23:24 people[0].role: must be one of `viewer`, `deployer`, `admin`, not `boss`
        "#]],
    );
}

#[test]
fn what_is_missing_is_named_with_an_example() {
    check(
        "title: Nothing yet\n",
        expect![[r#"
        p.yaml:1:1 `project` is missing; add `project: NAME`
        p.yaml:1:1 `source` is missing; add `source: { repository: "./repository" }`
        p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
        p.yaml:1:1 `environments` is missing; add `environments: { local: {} }`
    "#]],
    );
    check(
        "project: shop\nsource: {}\nservices: {}\nenvironments:\n",
        expect![[r#"
        p.yaml:2:1 source: `repository` is missing; add `repository: "./repository"`
        p.yaml:3:1 services: is empty; add at least one, as in `services: { api: { start: "./api", health: { path: /health } } }`
        p.yaml:4:1 environments: is empty; add at least one, as in `environments: { local: {} }`
    "#]],
    );
    check(
        &with("services:\n  api:\n"),
        expect![[r#"
        p.yaml:5:3 services.api: `start` is missing; add `start: "./bin/NAME"`
        p.yaml:5:3 services.api: `health` is missing; add `health: { path: /health }`, or a `schedule` if it runs at times
    "#]],
    );
    check(
        "- a\n- b\n",
        expect![[r#"
        p.yaml:1:1 must be keys with values (`key: value`), not a list
    "#]],
    );
    check(
        "just text",
        expect![[r#"
        p.yaml:1:1 must be keys with values (`key: value`), not `just text`
    "#]],
    );
    check(
        "",
        expect![[r#"
        p.yaml:1:1 the description is empty; start with `project: NAME`
    "#]],
    );
    check(
        "# only a comment\n",
        expect![[r#"
        p.yaml:1:1 the description is empty; start with `project: NAME`
    "#]],
    );
}

#[test]
fn text_that_is_not_yaml() {
    check(
        "project: shop\nservices:\n\tapi: {}\n",
        expect![[r#"
        p.yaml:3:1 a tab indents this line; YAML wants spaces, two for each level
    "#]],
    );
    check(
        "project: shop\nservices:\n  api:\n  \tstart: x\n",
        expect![[r#"
        p.yaml:4:3 a tab indents this line; YAML wants spaces, two for each level
    "#]],
    );
    check(
        "project: shop\nservices: { api: { start: x }\ntitle: y\n",
        expect![[r#"
        p.yaml:3:1 not readable as YAML (invalid indentation in flow construct); look for a missing `,`, `}` or `]`
    "#]],
    );
    check(
        "project: shop\ntitle: \"Shop\nsource: x\n",
        expect![[r#"
        p.yaml:2:8 not readable as YAML (invalid indentation in quoted scalar); a quote is opened and not closed
    "#]],
    );
    check(
        "project: shop\ntitle: Shop: the best\n",
        expect![[r#"
        p.yaml:2:12 not readable as YAML (mapping values are not allowed in this context); a text with `: ` in it must be in quotes, and keys of one level must begin in the same column
    "#]],
    );
    check(
        "project: shop\n  title: Shop\n",
        expect![[r#"
        p.yaml:2:8 not readable as YAML (mapping values are not allowed in this context); a text with `: ` in it must be in quotes, and keys of one level must begin in the same column
    "#]],
    );
    check(
        "project: *nobody\n",
        expect![[r#"
        p.yaml:1:10 not readable as YAML (while parsing node, found unknown anchor); an alias `*word` needs an anchor `&word` before it, and a text that begins with `*` needs quotes
    "#]],
    );
    check(
        "project: @shop\n",
        expect![[r#"
            p.yaml:1:10 not readable as YAML (unexpected character: `@'); put a text that begins with a special character in quotes
        "#]],
    );
    check(
        "project: shop\n---\nproject: second\n",
        expect![[r#"
        p.yaml:2:1 a second document begins here; a file describes one project
    "#]],
    );
    check(
        "project: !!str shop\n",
        expect![[r#"
        p.yaml:1:10 tags (`!word`) mean nothing in a description; remove it, or put the text in quotes
    "#]],
    );
    check(
        "{a: b}: c\n",
        expect![[r#"
        p.yaml:1:1 a key must be a word; if this begins a text with braces, put the text in quotes
    "#]],
    );
    check(
        "project: sh\u{7}op\n",
        expect![[r#"
            p.yaml:1:1 `source` is missing; add `source: { repository: "./repository" }`
            p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
            p.yaml:1:1 `environments` is missing; add `environments: { local: {} }`
            p.yaml:1:10 project: `shop` can't be a project's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter; it has a character nobody sees, U+0007
        "#]],
    );
}

#[test]
fn keys_written_twice() {
    check(
        &with(
            "services:\n  api: { start: ./a, start: ./b, health: { path: /h } }\n  api: { start: ./c }\nproject: again\n",
        ),
        expect![[r#"
            p.yaml:5:22 services.api.start: stands in line 5 twice; keep one of them
            p.yaml:6:3 services.api: stands in line 5 and again in line 6; keep one of them
            p.yaml:7:1 project: stands in line 1 and again in line 7; keep one of them
        "#]],
    );
}

#[test]
fn files_that_are_too_much() {
    check(
        &"# \n".repeat(FILE_MAX_BYTES),
        expect![[r#"
        p.yaml:1:1 the description has 768 KiB and may have 256; is this the right file?
    "#]],
    );
    check(
        &"[".repeat(1000),
        expect![[r#"
            p.yaml:1:256 values nest deeper than 32 levels here; is a bracket not closed?
        "#]],
    );
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let repeated = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{repeated}]").unwrap();
    }
    check(
        &bomb,
        expect![[r#"
        p.yaml:5:10 up to here there are more than 20000 values (aliases unfolded); make it smaller
    "#]],
    );
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(60_000), vec!["*a"; 5000].join(", "));
    check(
        &long,
        expect![[r#"
        p.yaml:2:85 up to here there are more than 20000 values (aliases unfolded); make it smaller
    "#]],
    );
    check(
        "a: &a [*a]\n",
        expect![[r#"
        p.yaml:1:8 this alias stands inside the value it repeats; write the value out
    "#]],
    );
}

#[test]
fn control_codes_do_not_reach_the_terminal() {
    check(
        "\"pro\\e[2Jject\": x\nproject: \"a\\e[2Jb\"\n",
        expect![[r#"
            p.yaml:1:1 pro [2Jject: no such key; there are `project`, `title`, `source`, `migrations`, `services`, `components`, `connections`, `environments`, `jobs`, `people`
            p.yaml:1:1 `source` is missing; add `source: { repository: "./repository" }`
            p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
            p.yaml:1:1 `environments` is missing; add `environments: { local: {} }`
            p.yaml:2:10 project: `a[2Jb` can't be a project's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter; it has a character nobody sees, U+001B
        "#]],
    );
}

#[test]
fn more_replicas_than_a_platform_runs() {
    check(
        r#"project: shop
source: { repository: ./repo }
services:
  api: { start: ./api, health: { path: /health }, replicas: 65 }
environments:
  staging:
    services:
      api: { replicas: 100 }
"#,
        expect![[r#"
            p.yaml:4:61 services.api.replicas: must be a whole number from 1 to 64, not `65`
            p.yaml:8:24 environments.staging.services.api.replicas: must be a whole number from 1 to 64, not `100`
        "#]],
    );
}

#[test]
fn a_wall_of_faults_is_cut() {
    let mut yaml = String::new();
    for index in 0..60 {
        writeln!(yaml, "wrong{index}: x").unwrap();
    }
    let faults = import(&yaml, Path::new("/base")).unwrap_err();
    assert_eq!(faults.faults.len(), 64);
    let shown = faults.to_string();
    assert_eq!((shown.lines().count(), shown.lines().last()), (51, Some("… and 14 more")));
}
