//! Each release does what the README's table says of it: built with `rustc`, started, and asked over HTTP, on SQLite.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use expect_test::expect;
use serde_json::json;
use support::{Release, text};

#[test]
fn the_good_releases_become_healthy_and_show_their_pages() {
    for tag in ["v1.0.0", "v1.1.0", "v1.2.0", "v1.6.0"] {
        let release = Release::check_out(tag);
        release.build_cleanly();
        release.migrate_cleanly();
        let api = release.api();
        let web = release.web(&api);
        for service in [&api, &web] {
            let health = service.get("/health");
            assert_eq!(health.status, 200, "{tag}: {}", health.body);
            assert_eq!(health.json()["release"], tag);
        }
        let health = api.get("/health").json();
        assert!(health["components"]["database"]["latency_ms"].as_f64().unwrap() > 0.0, "{health}");
        for path in ["/", "/invoices/7", "/invoices/new", "/customers", "/login", "/static/style.css"] {
            let page = web.get(path);
            assert_eq!(page.status, 200, "{tag} {path}: {}", page.body);
        }
        assert_eq!(web.get("/invoices/999").status, 404);
        let callback = web.get("/oauth/callback");
        assert!(callback.status == 400 && callback.body.contains("not begun here"), "{}", callback.body);
        let failed = (0..50).filter(|_| api.get("/api/invoices").status != 200).count();
        assert_eq!(failed, 0, "{tag}");
    }
}

#[test]
fn v1_3_0_never_becomes_healthy() {
    let release = Release::ready("v1.3.0");
    let api = release.api();
    for _ in 0..3 {
        let health = api.get("/health");
        assert_eq!(health.status, 503);
        let components = &health.json()["components"];
        assert_eq!(components["database"]["status"], "up");
        assert_eq!(components["reminders"]["status"], "down");
        assert!(components["reminders"]["error"].as_str().unwrap().contains("no such table: reminders"));
    }
}

#[test]
fn v1_4_0_is_healthy_and_fails_every_fifth_request() {
    let release = Release::ready("v1.4.0");
    let api = release.api();
    let statuses: Vec<u16> = (0..100).map(|_| api.get("/api/invoices").status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 500).count(), 20);
    assert_eq!(statuses[..5], [200, 200, 200, 200, 500]);
    assert!((0..20).all(|_| api.get("/health").status == 200));

    let web = release.web(&api);
    let failed = (0..50).filter(|_| web.get("/").status == 502).count();
    assert_eq!(failed, 10, "a page is one call to the api");
}

#[test]
fn v1_5_0_has_a_migration_that_fails_and_leaves_nothing() {
    let release = Release::check_out("v1.5.0");
    let migrated = release.migrate();
    assert!(!migrated.status.success());
    let said = text(&migrated.stderr);
    assert!(said.contains("no such column: currency_code"), "{said}");

    // The statement before the failing one is undone with it, and the health check says what is missing.
    release.build_cleanly();
    let health = release.api().get("/health");
    let expected = "missing invoices.currency: run the migrations";
    assert_eq!(health.json()["components"]["database"]["error"], expected, "the column was not left behind");
}

#[test]
fn v1_5_1_does_not_compile() {
    let build = Release::check_out("v1.5.1").build();
    assert!(!build.status.success());
    let said = text(&build.stderr);
    assert!(said.contains("this function takes 2 arguments but 1 argument was supplied"), "{said}");
}

#[test]
fn an_older_release_runs_on_the_schema_of_a_newer_one() {
    let newest = Release::ready("v1.6.0");
    let oldest = Release::ready("v1.0.0");
    let program = |release: &Release| release.source().join("bin/invoice-perfect");
    std::fs::rename(program(&oldest), program(&newest)).unwrap();
    let api = newest.api();
    assert_eq!(api.get("/health").status, 200);
    let session = sign_in(&api);
    let new =
        json!({ "customer_id": 1, "description": "Written by v1.0.0", "amount_cents": 5000 }).to_string();
    assert_eq!(api.ask("POST", "/api/invoices", &[("cookie", &session)], &new).status, 201);
}

#[test]
fn writing_needs_a_session_that_we_signed() {
    let release = Release::ready("v1.6.0");
    let api = release.api();
    let new =
        json!({ "customer_id": 4, "description": "Relay, cleaned", "amount_cents": 10_000 }).to_string();
    assert_eq!(api.ask("POST", "/api/invoices", &[], &new).status, 401);

    let wrong = json!({ "email": "demo@invoice-perfect.example", "password": "guess" }).to_string();
    assert_eq!(api.ask("POST", "/api/session", &[], &wrong).status, 401);

    let session = sign_in(&api);
    let forged = session.replace(".1", ".2");
    assert_ne!(forged, session);
    assert_eq!(api.ask("POST", "/api/invoices", &[("cookie", &forged)], &new).status, 401);

    let created = api.ask("POST", "/api/invoices", &[("cookie", &session)], &new);
    assert_eq!(created.status, 201, "{}", created.body);
    let path = format!("/api/invoices/{}", created.json()["id"]);
    let invoice = api.get(&path).json()["invoice"].clone();
    assert_eq!((&invoice["total_cents"], &invoice["currency"]), (&json!(12_000), &json!("EUR")));

    assert_eq!(api.ask("POST", &format!("{path}/payment"), &[("cookie", &session)], "").status, 200);
    assert_eq!(api.get(&path).json()["invoice"]["status"], "paid");
}

#[test]
fn cron_marks_what_is_overdue_and_a_dry_run_only_counts_it() {
    let release = Release::ready("v1.6.0");
    let overdue = |arguments: &[&str]| {
        let output = release.run(arguments);
        assert!(output.status.success());
        let log = String::from_utf8(output.stdout).unwrap();
        let line = log.lines().find(|line| line.contains("mark overdue")).unwrap().to_owned();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["count"].clone()
    };
    assert_eq!(overdue(&["cron", "--dry-run"]), 3);
    assert_eq!(overdue(&["cron"]), 3);
    assert_eq!(overdue(&["cron"]), 0, "a second run finds nothing to do");
}

#[test]
fn backfills_go_batch_by_batch_and_can_be_repeated() {
    let release = Release::ready("v1.6.0");
    let batch = |job: &str, options: &[&str]| {
        let output = release.run(&[&["backfill", "--job", job], options].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    expect![[r#"
        {"type":"sample","key":1,"before":null,"after":"Europe/London"}
        {"type":"sample","key":2,"before":null,"after":"Europe/Berlin"}
        {"type":"batch","rows":2,"cursor":2,"done":false,"remaining":3}
    "#]]
    .assert_eq(&batch("backfillTimezone", &["--batch", "2", "--dry-run"]));
    let first = batch("backfillTimezone", &["--batch", "2"]);
    expect![[r#"
        {"type":"batch","rows":2,"cursor":2,"done":false,"remaining":3}
    "#]]
    .assert_eq(&first);
    release.sql("UPDATE customers SET country = 'XX' WHERE id = 4");
    expect![[r#"
        {"type":"quarantined","key":4,"code":"unknown-country"}
        {"type":"batch","rows":2,"cursor":5,"done":true,"remaining":0}
    "#]]
    .assert_eq(&batch("backfillTimezone", &["--batch", "3", "--cursor", "2"]));
    // Once more from the beginning: what is filled is left alone, and the bad row is said again.
    expect![[r#"
        {"type":"quarantined","key":4,"code":"unknown-country"}
        {"type":"batch","rows":0,"cursor":4,"done":true,"remaining":0}
    "#]]
    .assert_eq(&batch("backfillTimezone", &["--batch", "100"]));
    expect![[r#"
        {"type":"batch","rows":6,"cursor":6,"done":true,"remaining":0}
    "#]]
    .assert_eq(&batch("backfillInvoiceTotals", &["--batch", "100"]));
    let wrong = release.run(&["backfill", "--job", "no-such-job", "--batch", "1"]);
    assert_eq!(wrong.status.code(), Some(1));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("there is no job \"no-such-job\" in this release"), "{said}");
    assert_eq!(release.run(&["backfill"]).status.code(), Some(1));
    assert_eq!(release.run(&["dance"]).status.code(), Some(2));
}

#[test]
fn a_missing_setting_is_named_and_a_secret_is_never_shown() {
    let release = Release::ready("v1.6.0");
    let said = |name: &str, value: &str| {
        let output = release.command(&["api"]).env("PORT", "1").env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        log["message"].as_str().unwrap().to_owned()
    };
    expect!["DATABASE_URL is not set: it is the database, as sqlite:///path/app.db"]
        .assert_eq(&said("DATABASE_URL", ""));
    expect!["SESSION_SECRET is too short: it needs 16 bytes at least"]
        .assert_eq(&said("SESSION_SECRET", "hush"));
    expect![[r#"PORT is "front door", which is not a port number"#]].assert_eq(&said("PORT", "front door"));
}

fn sign_in(api: &support::Service) -> String {
    let credentials = json!({ "email": "demo@invoice-perfect.example", "password": "perfect" }).to_string();
    let answer = api.ask("POST", "/api/session", &[], &credentials);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}
