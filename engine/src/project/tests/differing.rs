use expect_test::{Expect, expect};

use super::{documented, read};
use crate::project::differences;

/// What changes when a piece of the documented description is replaced.
#[track_caller]
fn check(replaced: &str, by: &str, says: Expect) {
    let before = documented();
    assert!(before.contains(replaced), "{replaced}");
    let after = read(&before.replacen(replaced, by, 1));
    let lines: Vec<String> = differences(&read(&before), &after).iter().map(ToString::to_string).collect();
    says.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn nothing_differs_from_itself() {
    assert_eq!(differences(&read(&documented()), &read(&documented())), []);
}

#[test]
fn values_change_defaults_included() {
    check(
        "replicas: 1",
        "replicas: 2",
        expect![[r#"
        services.api.replicas: 1 → 2
    "#]],
    );
    check(
        "title: Invoice Perfect\n",
        "",
        expect![[r#"
        title: Invoice Perfect → invoice-perfect
    "#]],
    );
    check(
        "/health, timeout_s: 30 }",
        "/healthz }",
        expect![[r#"
        services.api.health.path: /health → /healthz
    "#]],
    );
    check(
        "SESSION_SECRET: { secret: session-secret }",
        "SESSION_SECRET: \"\"",
        expect![[r#"
        services.api.variables.SESSION_SECRET: the secret `session-secret` → ""
    "#]],
    );
    check(
        "aliases: [prod, prd, live]",
        "aliases: [prod]",
        expect![[r#"
        environments.production.aliases: prod, prd, live → prod
    "#]],
    );
    check(
        "production: true",
        "production: false",
        expect![[r#"
        environments.production.production: true → false
        environments.production.policy.approvals: 1 → 0
    "#]],
    );
}

#[test]
fn things_come_and_go() {
    check(
        "  cron: { schedule",
        "  mail: { start: ./mail, health: { path: /up } }\n  crond: { schedule",
        expect![[r#"
            services.mail.start: new, ./mail
            services.mail.health.path: new, /up
            services.crond.schedule: new, */15 * * * *
            services.crond.start: new, ./bin/invoice-perfect cron
            services.cron.schedule: removed, was */15 * * * *
            services.cron.start: removed, was ./bin/invoice-perfect cron
        "#]],
    );
    check(
        "local: {}",
        "laptop: {}",
        expect![[r#"
            environments.laptop: new
            environments.local: removed
        "#]],
    );
    check(
        "local: {}",
        "local: { edge: { api: \"127.0.0.1:1\" } }",
        expect![[r#"
        environments.local.edge.api: new, 127.0.0.1:1
    "#]],
    );
    check(
        "name: vera, role: viewer",
        "name: vera, role: admin",
        expect![[r#"
        people.vera.role: viewer → admin
    "#]],
    );
    check(
        "name: weekend, reason: nobody is there to watch",
        "name: weekends, reason: rest",
        expect![[r#"
        environments.production.policy.freeze.weekends.reason: new, rest
        environments.production.policy.freeze.weekends.weekly: new, Fri 16:00 - Mon 08:00
        environments.production.policy.freeze.weekends.zone: new, Europe/Berlin
        environments.production.policy.freeze.weekend.reason: removed, was nobody is there to watch
        environments.production.policy.freeze.weekend.weekly: removed, was Fri 16:00 - Mon 08:00
        environments.production.policy.freeze.weekend.zone: removed, was Europe/Berlin
    "#]],
    );
    check(
        "limits: { memory_mb: 256, open_files: 512 }",
        "limits: { memory_mb: 512 }",
        expect![[r#"
        services.api.limits.memory_mb: 256 → 512
        services.api.limits.open_files: removed, was 512
    "#]],
    );
}

#[test]
fn orders_that_matter() {
    check(
        "  local: {}\n",
        "",
        expect![[r#"
            environments.local: removed
        "#]],
    );
    check(
        "  local: {}\n  staging: { edge: { api: \"127.0.0.1:7401\", web: \"127.0.0.1:7400\" } }\n",
        "  staging: { edge: { api: \"127.0.0.1:7401\", web: \"127.0.0.1:7400\" } }\n  local: {}\n",
        expect![[r#"
            environments: in the order local, staging, production → in the order staging, local, production
        "#]],
    );
}
