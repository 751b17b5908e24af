//! The faults of each section: services, environments and their policies, the source, and the rest.

use expect_test::expect;

use super::{check, with, with_environments};

#[test]
fn services_that_wait_for_each_other() {
    check(
        &with(
            "services:
  db: { start: x, health: { path: /h } }
  api: { start: x, health: { path: /h }, needs: [db, web] }
  web: { start: x, health: { path: /h }, needs: [edge] }
  edge: { start: x, health: { path: /h }, needs: [api] }
",
        ),
        expect![[r#"
            p.yaml:6:42 services.api.needs: none of these could start first: api → web → edge → api; remove one of these needs
        "#]],
    );
    check(
        &with("services:\n  api: { start: x, health: { path: /h }, needs: [api, api] }\n"),
        expect![[r#"
        p.yaml:5:42 services.api.needs: none of these could start first: api → api; remove one of these needs
        p.yaml:5:55 services.api.needs[1]: `api` is named a second time; remove it
    "#]],
    );
}

#[test]
fn services_with_a_schedule() {
    check(
        &with(
            r#"services:
  a: { start: x, schedule: "*/15 * * *" }
  b: { start: x, schedule: "61 * * * *" }
  c: { start: x, schedule: "@daily" }
  d: { start: x, schedule: "0 6 * * MON-FRI", health: { path: /h }, replicas: 2 }
  e: { start: x, health: { path: /h }, needs: [d], variables: { D: "http://${service.d.url}/x" } }
  f: { start: x }
  g: { start: x, schedule: "*/15 * * * FOO" }
  h: { start: x, schedule: "0 0 30 FEB *" }
  i: { start: x, schedule: "@daily * * * *" }
"#,
        ),
        expect![[r#"
            p.yaml:5:28 services.a.schedule: must be a cron expression of five fields (minute hour day month weekday, UTC), as in `*/15 * * * *`, not `*/15 * * *`
            p.yaml:6:28 services.b.schedule: is not a time (Number out of bounds); cron expressions look like `*/15 * * * *` or `0 6 * * MON-FRI`
            p.yaml:7:28 services.c.schedule: must be a cron expression of five fields (minute hour day month weekday, UTC), as in `*/15 * * * *`, not `@daily`
            p.yaml:8:47 services.d.health: a service with a schedule is not served, so `health` means nothing; remove it
            p.yaml:8:69 services.d.replicas: a service with a schedule is not served, so `replicas` means nothing; remove it
            p.yaml:9:48 services.e.needs[0]: `d` runs on a schedule, so nothing can wait for it to be up; remove it
            p.yaml:9:68 services.e.variables.D: `d` runs on a schedule, so nothing can reach it; name a service that is served
            p.yaml:10:3 services.f: `health` is missing; add `health: { path: /health }`, or a `schedule` if it runs at times
            p.yaml:11:28 services.g.schedule: is not a time (CronPattern contains illegal character 'F' in part 'FOO'); cron expressions look like `*/15 * * * *` or `0 6 * * MON-FRI`
            p.yaml:12:28 services.h.schedule: is not a time (no such day ever comes); cron expressions look like `*/15 * * * *` or `0 6 * * MON-FRI`
            p.yaml:13:28 services.i.schedule: must be a cron expression of five fields (minute hour day month weekday, UTC), as in `*/15 * * * *`, not `@daily * * * *`
        "#]],
    );
}

#[test]
fn variables() {
    check(
        &with(
            r#"services:
  api:
    start: x
    health: { path: /h }
    variables:
      FINE: "$HOME costs 5$ {}"
      OPEN: "${service.api.url"
      OTHER: "${service.api.port}"
      GONE: "${component.redis.url}"
      EMPTY:
      LIST: [a]
      "A B": x
      KEY: { secret: "not a name" }
      BOTH: { secret: key, plain: x }
      NUL: "a\0b"
"#,
        ),
        expect![[r#"
            p.yaml:10:13 services.api.variables.OPEN: `${service.api.url` is nothing the platform fills in; there are `${service.NAME.url}` and `${component.NAME.url}`
            p.yaml:11:14 services.api.variables.OTHER: `${service.api.port}` is nothing the platform fills in; there are `${service.NAME.url}` and `${component.NAME.url}`
            p.yaml:12:13 services.api.variables.GONE: there is no component `redis`; there are none
            p.yaml:13:12 services.api.variables.EMPTY: has no value; write `""` for an empty one, or remove it
            p.yaml:14:13 services.api.variables.LIST: must be a single value, not a list
            p.yaml:15:7 services.api.variables.A B: can't be a variable's name: use up to 128 letters, digits and `_`, not starting with a digit
            p.yaml:16:22 services.api.variables.KEY.secret: `not a name` can't be a secret's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter
            p.yaml:17:28 services.api.variables.BOTH.plain: no such key; there is only `secret`
            p.yaml:18:12 services.api.variables.NUL: holds a NUL character, which no process can be given; remove it
        "#]],
    );
}

#[test]
fn environments() {
    check(
        &with_environments(
            r#"  staging:
    platform: heroku
    aliases: [prod, Production, "two words"]
    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7402", cron: "127.0.0.1:7403" }
    services: { wbe: {}, api: { schedule: "* * * * *" }, cron: { replicas: 2, schedule: never } }
  production:
    production: true
    aliases: [prod]
    edge: { api: "localhost:7401" }
  third:
    edge: { api: "0.0.0.0:7401" }
  fourth:
    edge: { api: "127.0.1:80" }
  fifth:
    edge: { api: 7401 }
  Staging: {}
"#,
        ),
        expect![[r#"
            p.yaml:8:15 environments.staging.platform: must be one of `local`, `railway`, not `heroku`
            p.yaml:9:21 environments.staging.aliases[1]: `Production` already means environments.production (capitals don't count); choose another word
            p.yaml:9:33 environments.staging.aliases[2]: `two words` can't be an environment's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter
            p.yaml:10:36 environments.staging.edge.web: there is no service `web`; there are `api`, `cron`
            p.yaml:10:59 environments.staging.edge.cron: `cron` runs on a schedule, so nothing can reach it; name a service that is served
            p.yaml:11:17 environments.staging.services.wbe: there is no service `wbe`; there are `api`, `cron`
            p.yaml:11:33 environments.staging.services.api.schedule: `api` is served, so it has no schedule; remove this
            p.yaml:11:66 environments.staging.services.cron.replicas: `cron` runs on a schedule, so it has no replicas; remove this
            p.yaml:11:89 environments.staging.services.cron.schedule: must be a cron expression of five fields (minute hour day month weekday, UTC), as in `*/15 * * * *`, not `never`
            p.yaml:14:15 environments.production.aliases[0]: `prod` already means environments.staging (capitals don't count); choose another word
            p.yaml:15:18 environments.production.edge.api: environments.staging.edge.api already listens on `127.0.0.1:7401`; choose another port
            p.yaml:17:18 environments.third.edge.api: environments.staging.edge.api already listens on `127.0.0.1:7401`; choose another port
            p.yaml:19:18 environments.fourth.edge.api: must be host:port with a port from 1 to 65535, as in `127.0.0.1:7401`, not `127.0.1:80`
            p.yaml:21:18 environments.fifth.edge.api: must be host:port with a port from 1 to 65535, as in `127.0.0.1:7401`, not `7401`
            p.yaml:22:3 environments.Staging: `Staging` already means environments.staging (capitals don't count); choose another word
        "#]],
    );
}

#[test]
fn policies() {
    check(
        &with_environments(
            r#"  production:
    services: { api: { replicas: 5 } }
    policy:
      approvals: 11
      allowed_refs: [main, "v*", "a b", "", "-x", "a..b", "**"]
      runs_per_hour: 0
      max_replicas: 4
      one_person_team: maybe
      approval_minutes: 99999999999999
      canary: 50/10/100
      soak_s: 1
      freezes: []
      freeze:
        - { name: weekend, reason: rest, weekly: "Fri 16:00 - Fri 16:00" }
        - { name: weekend, reason: rest, weekly: "Fry 16:00 - Mon 08:00" }
        - { name: a, reason: rest, weekly: "Fri 16:00 - Mon 08:00", zone: Europe/Berln }
        - { name: a, reason: rest, weekly: "Fri 16:00 - Mon 08:00", from: 2026-12-24T00:00:00Z }
        - { name: a, reason: rest, from: 2026-12-24, until: 2026-12-26T00:00:00Z }
        - { name: b, reason: rest, from: 2026-12-24T00:00:00Z, until: 2026-12-23T00:00:00+01:00, zone: UTC }
        - { name: c, reason: rest, weekly: "Friday 16:00 - sun 24:00" }
        - { name: c, reason: rest, weekly: "Sat 00:00 - Sun 24:00" }
        - { reason: rest }
"#,
        ),
        expect![[r#"
            p.yaml:10:18 environments.production.policy.approvals: must be a whole number from 0 to 10, not `11`
            p.yaml:11:34 environments.production.policy.allowed_refs[2]: matches no git ref; write a branch, a tag, or a pattern with `*`, as in `main` or `v*`
            p.yaml:11:41 environments.production.policy.allowed_refs[3]: is blank; give it a value, or remove it
            p.yaml:11:45 environments.production.policy.allowed_refs[4]: matches no git ref; write a branch, a tag, or a pattern with `*`, as in `main` or `v*`
            p.yaml:11:51 environments.production.policy.allowed_refs[5]: matches no git ref; write a branch, a tag, or a pattern with `*`, as in `main` or `v*`
            p.yaml:11:59 environments.production.policy.allowed_refs[6]: matches no git ref; write a branch, a tag, or a pattern with `*`, as in `main` or `v*`
            p.yaml:12:22 environments.production.policy.runs_per_hour: must be a whole number from 1 to 1000, not `0`
            p.yaml:13:21 environments.production.policy.max_replicas: allows 4 replicas, and `api` has 5 here; change one of them
            p.yaml:14:24 environments.production.policy.one_person_team: must be one of `true`, `false`, not `maybe`
            p.yaml:15:25 environments.production.policy.approval_minutes: must be a whole number from 1 to 10080, not `99999999999999`
            p.yaml:16:15 environments.production.policy.canary: must be `ask`, `off`, or percentages that rise to 100 as in `10/50/100`, not `50/10/100`
            p.yaml:17:15 environments.production.policy.soak_s: must be a whole number from 5 to 86400, not `1`
            p.yaml:18:7 environments.production.policy.freezes: no such key; did you mean `freeze`?
            p.yaml:20:50 environments.production.policy.freeze[0].weekly: ends when it begins; to freeze without end use `from` and `until`
            p.yaml:21:50 environments.production.policy.freeze[1].weekly: must be two times of the week, as in `Fri 16:00 - Mon 08:00`, not `Fry 16:00 - Mon 08:00`
            p.yaml:22:75 environments.production.policy.freeze[2].zone: `Europe/Berln` is no time zone of the IANA list; did you mean `Europe/Berlin`?
            p.yaml:23:11 environments.production.policy.freeze[3]: needs either `weekly: "Fri 16:00 - Mon 08:00"` or both `from` and `until`
            p.yaml:24:42 environments.production.policy.freeze[4].from: must be an instant with its zone, as in `2026-12-24T00:00:00Z`, not `2026-12-24`
            p.yaml:25:71 environments.production.policy.freeze[5].until: ends before it begins; `until` must be after `from`
            p.yaml:25:98 environments.production.policy.freeze[5].zone: only weekly windows have a zone; `from` and `until` bring their own (`Z`, `+01:00`)
            p.yaml:27:11 environments.production.policy.freeze[7]: there is another window called `c`; give this one its own name
            p.yaml:28:11 environments.production.policy.freeze[8]: `name` is missing; add `name: weekend`
            p.yaml:28:11 environments.production.policy.freeze[8]: needs either `weekly: "Fri 16:00 - Mon 08:00"` or both `from` and `until`
        "#]],
    );
}

#[test]
fn sources() {
    check(
        "project: shop\nsource: { repository: 'https://ana:hunter2@git.example/shop' }\n",
        expect![[r#"
            p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
            p.yaml:1:1 `environments` is missing; add `environments: { local: {} }`
            p.yaml:2:23 source.repository: holds a login everybody who sees the project would see; take it out, keep it with `infra-chat secret set PROJECT/ENVIRONMENT/git-token`, and add `credentials: secretref://PROJECT/ENVIRONMENT/git-token`
        "#]],
    );
    check(
        "project: shop\nsource: { repository: 'https://hunter2@git.example/shop', credentials: hunter2 }\nenvironments: { staging: {} }\n",
        expect![[r#"
            p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
            p.yaml:2:23 source.repository: holds a login everybody who sees the project would see; take it out, keep it with `infra-chat secret set PROJECT/ENVIRONMENT/git-token`, and add `credentials: secretref://PROJECT/ENVIRONMENT/git-token`
            p.yaml:2:72 source.credentials: `hunter2…` is no reference to a secret: they look like `secretref://project/environment/name`
        "#]],
    );
    check(
        "project: shop\nsource: { repository: /srv/shop, credentials: secretref://bank/production/key }\nenvironments: { staging: {} }\n",
        expect![[r#"
            p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
            p.yaml:2:47 source.credentials: must be a secret of this project: secretref://shop/production/key
            p.yaml:2:47 source.credentials: are for repositories at https://; a folder and ssh need none
        "#]],
    );
    check(
        "project: shop\nsource: { repository: 'http://git.example/shop', credentials: secretref://shop/stagin/key }\nenvironments: { staging: {} }\n",
        expect![[r#"
            p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
            p.yaml:2:63 source.credentials: there is no environment `stagin`; did you mean `staging`?
            p.yaml:2:63 source.credentials: are for repositories at https://; a folder and ssh need none
        "#]],
    );
    check(
        "project: shop\nsource: { repository: --upload-pack=x, path: /etc }\n",
        expect![[r#"
        p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
        p.yaml:1:1 `environments` is missing; add `environments: { local: {} }`
        p.yaml:2:23 source.repository: can't begin with `-`; write `./-…` if the folder is really called that
        p.yaml:2:46 source.path: must be a folder within the repository: not absolute, and without `..`
    "#]],
    );
    check(
        "project: shop\nsource: ./repo\n",
        expect![[r#"
        p.yaml:1:1 `services` is missing; add `services: { api: { start: "./api", health: { path: /health } } }`
        p.yaml:1:1 `environments` is missing; add `environments: { local: {} }`
        p.yaml:2:9 source: must be keys with values (`key: value`), not `./repo`
    "#]],
    );
}

#[test]
fn migrations_jobs_people_and_components() {
    check(
        &with(
            "migrations: { path: ../x, component: redis }
services: { api: { start: x, health: { path: /h } } }
components: { redis: { kind: cache }, api: { kind: mail }, odd: { kind: queue, size: 1 },
  box: { kind: storage, url: { secret: at } }, db: { kind: database, url: 'postgres://x' } }
jobs: { sync: { service: ap, command: '' }, '2nd': { service: api, command: x } }
people: [ { name: ana, role: admin }, { name: ana, role: viewer }, { name: bo }, 7 ]
",
        ),
        expect![[r#"
            p.yaml:4:21 migrations.path: must be a folder within the repository: not absolute, and without `..`
            p.yaml:4:38 migrations.component: must be a component of kind `database`: migrations are SQL
            p.yaml:6:39 components.api: is also the name of a service, so `needs` could mean either; rename one
            p.yaml:6:73 components.odd.kind: must be one of `database`, `cache`, `storage`, `mail`, not `queue`
            p.yaml:6:80 components.odd.size: no such key; there are `kind`, `url`
            p.yaml:7:25 components.box.url: is only for a component of kind `database`; remove it
            p.yaml:7:75 components.db.url: must be keys with values (`key: value`), not `postgres://x`
            p.yaml:8:26 jobs.sync.service: there is no service `ap`; did you mean `api`?
            p.yaml:8:39 jobs.sync.command: is blank; give it a value, or remove it
            p.yaml:8:45 jobs.2nd: `2nd` can't be a job's name: use 1 to 40 letters, digits, `-` or `_`, starting with a letter
            p.yaml:9:39 people[1]: `ana` is named a second time; keep one
            p.yaml:9:68 people[2]: `role` is missing; add `role: deployer`
            p.yaml:9:82 people[3]: must be keys with values (`key: value`), not `7`
        "#]],
    );
    check(
        &with("migrations: { path: x, component: postgres }\nservices: [api]\njobs: none\n"),
        expect![[r#"
            p.yaml:4:35 migrations.component: there is no component `postgres`; there are none
            p.yaml:5:11 services: must be keys with values (`key: value`), not a list
            p.yaml:6:7 jobs: must be keys with values (`key: value`), not `none`
        "#]],
    );
}

#[test]
fn how_canaries_are_judged() {
    check(
        &with_environments(
            r#"  production:
    policy:
      judging:
        health_failures: 0
        score_min: 101
        when_low: panic
        log_pattern: []
        log_patterns:
          - { name: refused, pattern: "payment (refused" }
          - { name: refused, pattern: refused, critical: maybe }
          - { name: all, pattern: ".*" }
          - { name: huge, pattern: "(\\w{500}){500}" }
          - { pattern: x }
"#,
        ),
        expect![[r#"
            p.yaml:10:26 environments.production.policy.judging.health_failures: must be a whole number from 1 to 100, not `0`
            p.yaml:11:20 environments.production.policy.judging.score_min: must be a whole number from 1 to 100, not `101`
            p.yaml:12:19 environments.production.policy.judging.when_low: must be one of `nothing`, `ask`, `roll back`, not `panic`
            p.yaml:13:9 environments.production.policy.judging.log_pattern: no such key; did you mean `log_patterns`?
            p.yaml:15:39 environments.production.policy.judging.log_patterns[0].pattern: is no regular expression: unclosed group
            p.yaml:16:58 environments.production.policy.judging.log_patterns[1].critical: must be one of `true`, `false`, not `maybe`
            p.yaml:17:35 environments.production.policy.judging.log_patterns[2].pattern: recognises every line, also an empty one; write what such a line must hold
            p.yaml:18:36 environments.production.policy.judging.log_patterns[3].pattern: is too large once it is unfolded; repeat less in it
            p.yaml:19:13 environments.production.policy.judging.log_patterns[4]: `name` is missing; add `name: payment refused`
        "#]],
    );
}

#[test]
fn environments_at_a_provider() {
    check(
        &with_environments(
            r#"  staging:
    platform: railway
    edge: { api: "127.0.0.1:7401" }
  production:
    platform: railway
    connections:
      cloudflare: { provider: cloudflare, secret: cloudflare-token }
      cloudflare-too: { provider: cloudflare, secret: cloudflare-token }
    edge: { api: Api.Example.com }
  third:
    platform: railway
    connections: { railway: { provider: railway, secret: railway-token } }
    edge: { api: api.example.com. }
  fourth:
    platform: railway
    connections: { railway: { provider: railway, secret: railway-token } }
    edge: { api: api.example.com }
"#,
        ),
        expect![[r#"
            p.yaml:8:15 environments.staging.platform: railway needs an account; add one: `connections: { railway: { provider: railway, secret: railway-token } }`
            p.yaml:8:15 environments.staging.platform: railway builds what is on GitHub; the repository must be https://github.com/OWNER/NAME, not `/repo`
            p.yaml:9:18 environments.staging.edge.api: must be a name in the DNS, as in `api.example.com`, not `127.0.0.1:7401`
            p.yaml:11:15 environments.production.platform: railway needs an account; add one: `connections: { railway: { provider: railway, secret: railway-token } }`
            p.yaml:11:15 environments.production.platform: railway uses one connection to cloudflare, and there are 2; leave one
            p.yaml:11:15 environments.production.platform: railway builds what is on GitHub; the repository must be https://github.com/OWNER/NAME, not `/repo`
            p.yaml:17:15 environments.third.platform: railway builds what is on GitHub; the repository must be https://github.com/OWNER/NAME, not `/repo`
            p.yaml:19:18 environments.third.edge.api: must be a name in the DNS, as in `api.example.com`, not `api.example.com.`
            p.yaml:21:15 environments.fourth.platform: railway builds what is on GitHub; the repository must be https://github.com/OWNER/NAME, not `/repo`
            p.yaml:23:18 environments.fourth.edge.api: environments.production.edge.api is already reached at `api.example.com`; choose another name
        "#]],
    );
}
