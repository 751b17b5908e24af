use expect_test::{Expect, expect};

use super::{documented, read};
use crate::model::{FreezeWhen, ServiceName, Variable};
use crate::project::{Piece, Reference, export, pieces};

#[test]
fn the_documented_description_and_what_its_export_leaves_out() {
    expect![[r#"
        project: invoice-perfect
        title: Invoice Perfect
        source: { repository: /srv/ana/invoice/repository }
        migrations: { path: migrations, component: postgres }
        services:
          api:
            build: rustc -O src/main.rs -o bin/invoice-perfect
            start: ./bin/invoice-perfect api
            health: { path: /health }
            variables:
              COMPANY_NAME: Invoice Perfect
              DATABASE_URL: "${component.postgres.url}"
              SESSION_SECRET: { secret: session-secret }
            needs: [postgres]
            limits: { memory_mb: 256, open_files: 512 }
          web:
            start: ./bin/invoice-perfect web
            health: { path: /health }
            variables: { API_URL: "${service.api.url}" }
            needs: [api]
          cron:
            schedule: "*/15 * * * *"
            start: ./bin/invoice-perfect cron
        components:
          postgres: { kind: database }
          redis: { kind: cache }
          storage: { kind: storage }
        connections:
          stripe: { provider: stripe, secret: stripe-key }
        environments:
          local: {}
          staging:
            edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }
          production:
            production: true
            aliases: [prod, prd, live]
            edge: { api: "127.0.0.1:7501", web: "127.0.0.1:7500" }
            services:
              api: { replicas: 2, variables: { LOG_LEVEL: warn } }
            policy:
              allowed_refs: [main, "v*"]
              runs_per_hour: 12
              max_replicas: 4
              freeze:
                - name: weekend
                  reason: nobody is there to watch
                  weekly: "Fri 16:00 - Mon 08:00"
                  zone: Europe/Berlin
                - { name: holidays, reason: year end, from: "2026-12-24T00:00:00Z", until: "2027-01-02T00:00:00Z" }
        jobs:
          backfillTimezone: { service: api, command: ./bin/invoice-perfect backfill }
          trimNames:
            database: postgres
            rows: "customers WHERE name <> trim(name)"
            key: id
            set: "name = trim(name)"
        people:
          - { name: vera, role: viewer }
          - { name: ana, role: deployer }
    "#]].assert_eq(&export(&read(&documented())));
}

/// Only what must be there.
const SMALLEST: &str = "project: shop
source: { repository: . }
services: { api: { start: ./api, health: { path: /health } } }
environments: { local: , production: { production: true } }
";

#[test]
fn defaults() {
    let shop = read(SMALLEST);
    let api = shop.services.get("api").unwrap();
    assert_eq!((shop.title.as_str(), shop.source.path.as_str()), ("shop", "."));
    assert_eq!((api.replicas, api.health.as_ref().unwrap().timeout_s), (1, 30));
    let (local, production) = (&shop.environments["local"], &shop.environments["production"]);
    assert_eq!(
        (local.platform.as_str(), local.policy.approvals, production.policy.approvals),
        ("local", 0, 1)
    );
    assert!(shop.people.is_empty() && shop.jobs.is_empty() && shop.components.is_empty());
}

#[test]
fn repositories_are_seen_from_the_folder_of_the_description() {
    #[track_caller]
    fn check(given: &str, repository: Expect) {
        let yaml = SMALLEST.replace("repository: .", &format!("repository: \"{given}\""));
        repository.assert_eq(&read(&yaml).source.repository);
    }
    check(".", expect!["/srv/ana/invoice"]);
    check("./repository", expect!["/srv/ana/invoice/repository"]);
    check("../other/./repo", expect!["/srv/ana/other/repo"]);
    check("repository", expect!["/srv/ana/invoice/repository"]);
    check("/srv/repo", expect!["/srv/repo"]);
    check("git@github.com:ana/shop.git", expect!["git@github.com:ana/shop.git"]);
    check("ssh://git@github.com/ana/shop.git", expect!["ssh://git@github.com/ana/shop.git"]);
    check("https://github.com/ana/shop", expect!["https://github.com/ana/shop"]);
}

#[test]
fn a_source_names_the_secret_that_git_logs_in_with() {
    let login = "repository: https://git.example/shop, credentials: secretref://shop/local/git-token";
    let shop = read(&SMALLEST.replace("repository: .", login));
    let secret = shop.source.credentials.as_ref().map(ToString::to_string);
    assert_eq!(secret.as_deref(), Some("secretref://shop/local/git-token"));
    assert_eq!(read(&export(&shop)), shop);
    let own = SMALLEST.replace("start: ./api", &format!("start: ./api, source: {{ {login} }}"));
    assert_eq!(read(&own).services["api"].source, Some(shop.source));
}

#[test]
fn migrations_by_a_tool_of_the_application_come_back_as_they_were() {
    let with = |migrations: &str| {
        format!(
            "{SMALLEST}components: {{ db: {{ kind: database }} }}\nmigrations: {{ path: m, component: db, {migrations} }}\n"
        )
    };
    let shop = read(&with("runner: sequelize, service: api"));
    let runner = shop.migrations.clone().unwrap().runner.unwrap();
    assert_eq!(
        (runner.command.as_str(), runner.table.as_str(), runner.column.as_str(), runner.timeout_s),
        ("npx sequelize-cli db:migrate", "SequelizeMeta", "name", 1_800)
    );
    for migrations in [
        "runner: sequelize, service: api",
        "runner: sequelize, service: api, command: npm run migrate, table: ops.Meta, column: file, timeout_s: 60",
        "runner: command, service: api, command: npx knex migrate:latest, table: knex_migrations",
    ] {
        let shop = read(&with(migrations));
        assert_eq!(read(&export(&shop)), shop, "{migrations}");
        // Long ones are written one key to a line.
        let keys = migrations.split(", ").filter_map(|piece| piece.split_once(": "));
        for (key, _) in keys {
            assert!(export(&shop).contains(&format!("{key}: ")), "{key}: {}", export(&shop));
        }
    }
    assert_eq!(read(&with("runner: sql")).migrations.unwrap().runner, None);
}

#[test]
fn services_start_after_those_they_need() {
    let shop = read(
        "project: shop
source: { repository: /repo }
services:
  web: { start: x, health: { path: /h }, needs: [api] }
  docs: { start: x, health: { path: /h } }
  api: { start: x, health: { path: /h }, needs: [db] }
  db: { start: x, health: { path: /h } }
environments: { local: {} }
",
    );
    let order: Vec<&str> = shop.services.keys().map(ServiceName::as_str).collect();
    assert_eq!(order, ["db", "api", "web", "docs"]);
}

#[test]
fn scalars_are_what_their_key_makes_of_them() {
    let yaml = SMALLEST.replace(
        "health: {",
        "variables: { PORT: 8080, ON: on, FLAG: true, VERSION: 1.10, EMPTY: '', NULL: 'null' }, health: {",
    );
    let shop = read(&yaml);
    let plain: Vec<_> = shop.services["api"].variables.iter().collect();
    let expected = [
        ("EMPTY", ""),
        ("FLAG", "true"),
        ("NULL", "null"),
        ("ON", "on"),
        ("PORT", "8080"),
        ("VERSION", "1.10"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), Variable::Plain(value.to_owned())));
    assert_eq!(plain, expected.iter().map(|(name, value)| (name, value)).collect::<Vec<_>>());
}

#[test]
fn aliases_repeat_whole_values() {
    let shop = read(
        "project: shop
source: { repository: /repo }
services:
  api: { start: x, health: &health { path: /h, timeout_s: 5 } }
  web: { start: x, health: *health }
environments: { local: {} }
",
    );
    assert_eq!(shop.services["api"].health, shop.services["web"].health);
}

#[test]
fn weekly_windows_count_minutes_from_monday() {
    #[track_caller]
    fn check(weekly: &str, expected: (u32, u32)) {
        let policy = format!("policy: {{ freeze: [ {{ name: a, reason: b, weekly: \"{weekly}\" }} ] }}");
        let shop = read(&SMALLEST.replace("production: true", &format!("production: true, {policy}")));
        let FreezeWhen::Weekly { from_minute, until_minute, zone } =
            &shop.environments["production"].policy.freeze[0].when
        else {
            panic!("not weekly")
        };
        assert_eq!(((*from_minute, *until_minute), zone.as_str()), (expected, "UTC"));
    }
    check("Mon 00:00 - Sun 23:59", (0, 10_079));
    check("Fri 16:00 - Mon 08:00", (6720, 480));
    check("friday 16:00-monday 08:00", (6720, 480));
    check("Sat 00:00 - Sun 24:00", (7200, 0));
}

#[test]
fn references_within_text() {
    let api = || Piece::Url(Reference::Service("api".parse().unwrap()));
    let postgres = Piece::Url(Reference::Component("postgres".parse().unwrap()));
    assert_eq!(pieces("").unwrap(), []);
    assert_eq!(pieces("$5 {}").unwrap(), [Piece::Text("$5 {}")]);
    assert_eq!(pieces("${service.api.url}/v1").unwrap(), [api(), Piece::Text("/v1")]);
    assert_eq!(
        pieces("a=${service.api.url}${component.postgres.url}").unwrap(),
        [Piece::Text("a="), api(), postgres]
    );
    for wrong in ["${}", "${service.api}", "${service.api.url.x}", "${service.1.url}", "x${", "${é"] {
        pieces(wrong).unwrap_err();
    }
}

/// The way back for texts of several lines, long ones, and words that YAML would take for something else.
#[test]
fn exported_text_stays_readable() {
    let yaml = "project: shop
source: { repository: /repo }
services:
  api:
    start: |
      set -e

      make all
    build: 'true'
    health: { path: /health }
    variables:
      A: \"tab\\there\"
      B: 'yes: no'
      C: '1.0'
      D: Grüße
      E: \"one\\ntwo\"
      F: \"one \\ntwo\"
environments: { local: { policy: { freeze: [{ name: a, reason: b, weekly: Sun 23:30 - Mon 00:30 }] } } }
";
    expect![[r#"
        project: shop
        source: { repository: /repo }
        services:
          api:
            build: "true"
            start: |
              set -e

              make all
            health: { path: /health }
            variables:
              A: "tab\there"
              B: "yes: no"
              C: "1.0"
              D: "Grüße"
              E: |-
                one
                two
              F: "one \ntwo"
        environments:
          local:
            policy:
              freeze:
                - { name: a, reason: b, weekly: "Sun 23:30 - Mon 00:30" }
    "#]]
    .assert_eq(&export(&read(yaml)));
}
