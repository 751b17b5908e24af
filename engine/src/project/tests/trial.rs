//! What a service may say about its canaries, and what people are told who say it wrongly.

use std::path::Path;

use expect_test::expect;

use super::read;
use crate::model::{CheckDoes, Keep, Severity};
use crate::project::export;

fn described(service: &str) -> String {
    format!(
        "project: shop\nsource: {{ repository: . }}\nservices:\n  api:\n    start: ./api\n    health: {{ path: /health }}\n    \
         variables: {{ PASSWORD: {{ secret: check }} }}\n{service}environments: {{ local: }}\n"
    )
}

const GOOD: &str = r#"    sticky: { cookie: shop_session }
    checks:
      login:
        probe: true
        steps:
          - request: POST /session
            body: '{"password":"${variable.PASSWORD}"}'
            expect: { status: [200, 201], json: { user.name: "^ana$" } }
            keep: { token: { json: session.token } }
          - { request: GET /, headers: { Authorization: "Bearer ${kept.token}" } }
      dry: { severity: soft, every_s: 60, command: ./api --dry-run }
    signals:
      prometheus:
        requests: 'http_requests_total{service="$service"}'
        errors: 'http_requests_total{service="$service", code=~"5.."}'
        every_s: 5
"#;

#[test]
fn checks_queries_and_a_sticky_cookie_are_read_and_written() {
    let shop = read(&described(GOOD));
    let api = shop.services.get("api").unwrap();
    let (login, dry) = (&api.checks["login"], &api.checks["dry"]);
    assert_eq!((login.severity, login.every_s, login.timeout_s), (Severity::Hard, 30, 3));
    assert!(login.is_probe() && !dry.is_probe());
    let CheckDoes::Steps(steps) = &login.does else { panic!("{login:?}") };
    assert_eq!((steps[0].method.as_str(), steps[0].path.as_str()), ("POST", "/session"));
    assert_eq!(steps[0].keep["token"], Keep::Json("session.token".to_owned()));
    assert_eq!(steps[1].headers.keys().collect::<Vec<_>>(), ["authorization"]);
    assert_eq!(api.sticky.as_ref().unwrap().cookie, "shop_session");
    assert_eq!(api.signals.as_ref().unwrap().release_label, "release");
    let written = export(&shop);
    assert_eq!(read(&written), shop);
    let (_, written) = written.split_once("sticky").unwrap();
    let (written, _) = written.split_once("environments").unwrap();
    expect![[r#"
        : { cookie: shop_session }
            checks:
              login:
                probe: true
                steps:
                  - request: POST /session
                    body: "{\"password\":\"${variable.PASSWORD}\"}"
                    expect: { status: [200, 201], json: { user.name: "^ana$" } }
                    keep: { token: { json: session.token } }
                  - { request: GET /, headers: { authorization: "Bearer ${kept.token}" } }
              dry: { severity: soft, every_s: 60, command: ./api --dry-run }
            signals:
              prometheus:
                requests: "http_requests_total{service=\"$service\"}"
                errors: "http_requests_total{service=\"$service\", code=~\"5..\"}"
                every_s: 5
    "#]]
    .assert_eq(written);
}

#[test]
fn each_fault_has_its_place_and_says_how_to_mend_it() {
    let wrong = r#"    sticky: { cookie: "a=b" }
    checks:
      1st: {}
      both: { steps: [{ request: GET / }], command: x, severity: mild, every_s: 0, timeout_s: 60 }
      probing: { command: x, probe: true }
      login:
        steps:
          - { request: "FETCH /", body: "${variable.PASWORD} ${kept.token} ${else}" }
          - { request: "GET users", headers: { "a b": x }, keep: { token: {} } }
          - { request: GET /, expect: { status: 99, body: "[", jsn: {} } }
      none: { steps: [] }
    signals: { prometheus: { requests: "", release_label: "a-b", every_s: 0 } }
"#;
    let faults = crate::project::import(&described(wrong), Path::new("/srv")).unwrap_err();
    expect![[r#"
        p.yaml:8:23 services.api.sticky.cookie: can't be a cookie's name: use letters, digits, `-` and `_`
        p.yaml:10:7 services.api.checks.1st: can't be the name of a check: use 1 to 40 letters, digits, `-` or `_`, starting with a letter
        p.yaml:10:7 services.api.checks.1st: `steps` is missing; add `steps: [{ request: GET / }]`, or a `command`
        p.yaml:11:44 services.api.checks.both.command: a check has `steps` or a `command`, not both; make it two checks
        p.yaml:11:66 services.api.checks.both.severity: must be one of `hard`, `soft`, not `mild`
        p.yaml:11:81 services.api.checks.both.every_s: must be a whole number from 1 to 3600, not `0`
        p.yaml:11:95 services.api.checks.both.timeout_s: must be a whole number from 1 to 10, not `60`
        p.yaml:12:30 services.api.checks.probing.probe: only requests stand in for traffic, so `probe` means nothing beside a command; remove it
        p.yaml:15:24 services.api.checks.login.steps[0].request: must be a method and a path, as in `POST /session`, not `FETCH /`
        p.yaml:15:41 services.api.checks.login.steps[0].body: `${else}` is nothing a check fills in; there are `${variable.NAME}` and `${kept.NAME}`
        p.yaml:16:24 services.api.checks.login.steps[1].request: must be a method and a path, as in `POST /session`, not `GET users`
        p.yaml:16:48 services.api.checks.login.steps[1].headers.a b: can't be a header's name: use letters, digits and `-`
        p.yaml:16:75 services.api.checks.login.steps[1].keep.token: must say where it is in the answer: `{ json: session.token }` or `{ header: location }`
        p.yaml:17:49 services.api.checks.login.steps[2].expect.status: must be a whole number from 100 to 599, not `99`
        p.yaml:17:59 services.api.checks.login.steps[2].expect.body: `[` is no regular expression; write `\` before a sign that is meant itself
        p.yaml:17:64 services.api.checks.login.steps[2].expect.jsn: no such key; did you mean `json`?
        p.yaml:18:22 services.api.checks.none.steps: must be a list of 1 to 20 steps, as in `[{ request: GET / }]`
        p.yaml:19:16 services.api.signals.prometheus: `errors` is missing; add `errors: 'http_requests_total{service="$service", code=~"5.."}'`
        p.yaml:19:40 services.api.signals.prometheus.requests: is blank; give it a value, or remove it
        p.yaml:19:59 services.api.signals.prometheus.release_label: can't be a label's name: use letters, digits and `_`, not starting with a digit
        p.yaml:19:75 services.api.signals.prometheus.every_s: must be a whole number from 1 to 60, not `0`
    "#]].assert_eq(&format!("{}\n", faults.in_file("p.yaml")));
}

#[test]
fn a_service_with_a_schedule_has_none_of_them() {
    let yaml = "project: shop\nsource: { repository: . }\nservices:\n  api: { start: ./api, health: { path: / } }\n  cron: { start: ./c, schedule: \
                '5 * * * *', checks: {}, sticky: { cookie: a } }\nenvironments: { local: }\n";
    let faults = crate::project::import(yaml, Path::new("/srv")).unwrap_err();
    expect![[r#"
        p.yaml:5:46 services.cron.checks: a service with a schedule is not served, so `checks` means nothing; remove it
        p.yaml:5:58 services.cron.sticky: a service with a schedule is not served, so `sticky` means nothing; remove it
    "#]].assert_eq(&format!("{}\n", faults.in_file("p.yaml")));
}
