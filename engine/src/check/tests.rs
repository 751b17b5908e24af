#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::model::Expect;

fn step(method: &str, path: &str) -> CheckStep {
    CheckStep {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: BTreeMap::new(),
        body: None,
        expect: Expect::default(),
        keep: BTreeMap::new(),
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn answer<'a>(status: u16, headers: &[(&str, &str)], body: &'a str) -> Answered<'a> {
    Answered { status, headers: headers.iter().map(|(name, value)| pair(name, value)).collect(), body }
}

#[test]
fn a_login_carries_its_token_and_its_cookie_on_and_quotes_what_goes_into_json() {
    let variables = BTreeMap::from([pair("PASSWORD", "say \"friend\"\\")]);
    let mut session = Session::new(&variables);
    let mut login = step("POST", "/session");
    login.body = Some(r#"{"password":"${variable.PASSWORD}"}"#.to_owned());
    login.keep = BTreeMap::from([("token".to_owned(), Keep::Json("session.0.token".to_owned()))]);
    login.keep.insert("next".to_owned(), Keep::Header("location".to_owned()));
    login.expect.status = vec![201];
    login.expect.json = BTreeMap::from([pair("user.email", "^ana@"), pair("user.age", "^4.$")]);
    let asked = session.ask(&login).unwrap();
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(sent["password"], "say \"friend\"\\");
    assert_eq!(asked.headers, BTreeMap::from([pair("content-type", "application/json")]));

    let body = r#"{"user":{"email":"ana@x","age":41},"session":[{"token":"t-1"}]}"#;
    let set = [("set-cookie", "sid=s-1; Path=/; HttpOnly"), ("location", "/home")];
    session.take(&login, &answer(201, &set, body)).unwrap();

    let mut home = step("GET", "${kept.next}?v=1");
    home.headers = BTreeMap::from([pair("authorization", "Bearer ${kept.token}")]);
    let asked = session.ask(&home).unwrap();
    assert_eq!(asked.path, "/home?v=1");
    assert_eq!(
        asked.headers,
        BTreeMap::from([pair("authorization", "Bearer t-1"), pair("cookie", "sid=s-1")])
    );
}

#[test]
fn what_is_not_as_expected_is_said_without_a_value() {
    let variables = BTreeMap::new();
    let mut wants = step("GET", "/");
    wants.expect.headers = BTreeMap::from([pair("x-version", "^2$")]);
    wants.expect.body = Some("hello".to_owned());
    wants.expect.json = BTreeMap::from([pair("a.b", "^1$")]);
    let told = |step: &CheckStep, answer: &Answered<'_>| {
        Session::new(&variables).take(step, answer).err().unwrap_or_default()
    };
    let good = r#"{"a":{"b":1},"c":"hello s3cret"}"#;
    let two = [("x-version", "2")];
    let says = [
        told(&wants, &answer(500, &two, good)),
        told(&wants, &answer(200, &[], good)),
        told(&wants, &answer(200, &[("x-version", "s3cret")], good)),
        told(&wants, &answer(200, &two, "s3cret")),
        told(&wants, &answer(200, &two, "hello s3cret")),
        told(&wants, &answer(200, &two, r#"{"c":"hello s3cret"}"#)),
        told(&wants, &answer(200, &two, r#"{"a":{"b":"s3cret"},"c":"hello"}"#)),
        told(&wants, &answer(200, &two, good)),
    ]
    .join("\n");
    expect_test::expect![[r"
        answered 500, expected less than 400
        answered without the header x-version
        answered with another x-version than expected
        answered with another body than expected
        answered with no JSON
        answered without `a.b`
        answered with another `a.b` than expected
    "]]
    .assert_eq(&says);
}

#[test]
fn a_step_that_lacks_something_says_what() {
    let variables = BTreeMap::new();
    let session = Session::new(&variables);
    let says = |path: &str| session.ask(&step("GET", path)).err().unwrap();
    assert_eq!(says("/${variable.TOKEN}"), "needs the variable TOKEN, which is not there");
    assert_eq!(says("/${kept.token}"), "needs what was kept as token, which is not there");
    assert_eq!(says("/${else.token}/"), "asks for ${else.token}, which is nothing");
    assert_eq!(says("/${kept.token"), "asks for ${kept.token, which is nothing");
    assert!(session.ask(&step("GET", "/$5")).is_ok());
}
