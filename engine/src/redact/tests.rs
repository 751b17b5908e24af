#![expect(clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use expect_test::expect;
use proptest::prelude::*;

use super::*;

fn knowing(secrets: &[(&str, &str)]) -> Redactor {
    let redactor = Redactor::new().unwrap();
    redactor
        .learn(secrets.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))))
        .unwrap();
    redactor
}

#[test]
fn a_known_value_is_replaced_in_every_form_it_travels_in() {
    let value = "p\"w d/é%1\\x";
    let redactor = knowing(&[("db-password", value)]);
    let is_gone = |text: &str| assert_eq!(redactor.redact(text), "[secret db-password]", "{text}");
    is_gone(value);
    is_gone(r#"p\"w d/é%1\\x"#);
    is_gone("p%22w%20d%2F%C3%A9%251%5Cx");
    is_gone("p%22w%20d%2f%c3%a9%251%5cx");
    is_gone("p%22w+d%2F%C3%A9%251%5Cx");
    is_gone(&hex::encode(value));
    is_gone(&hex::encode_upper(value));
    is_gone(&STANDARD.encode(value));
    is_gone(&URL_SAFE_NO_PAD.encode(value));
}

#[test]
fn a_value_inside_longer_base64_is_found_wherever_it_begins() {
    let redactor = knowing(&[("db-password", "correct horse battery")]);
    for user in ["", "u", "us", "use", "user"] {
        let said =
            redactor.redact(&STANDARD.encode(format!("{user}:correct horse battery, and more"))).into_owned();
        assert!(said.contains("[secret db-password]"), "{user}: {said}");
    }
}

#[test]
fn a_value_of_several_lines_is_replaced_line_by_line_too() {
    let key = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\nAwIBAgIUQ2xh\n-----END CERTIFICATE-----\n";
    let redactor = knowing(&[("tls", key)]);
    assert_eq!(redactor.redact(key.trim_end()), "[secret tls]");
    let lines: Vec<_> = key.lines().map(|line| redactor.redact(line).into_owned()).collect();
    assert_eq!(
        lines,
        ["-----BEGIN CERTIFICATE-----", "[secret tls]", "[secret tls]", "-----END CERTIFICATE-----"]
    );
}

#[test]
fn short_values_are_left_and_the_longest_of_several_wins() {
    let redactor = knowing(&[("pin", "12345"), ("old", "hunter2"), ("new", "hunter2-again")]);
    assert_eq!(redactor.redact("12345 hunter2 hunter2-again"), "12345 [secret old] [secret new]");
}

#[test]
fn what_it_wrote_itself_stays_even_if_a_value_looks_like_it() {
    let redactor = knowing(&[("db-password", "password"), ("other", "secret")]);
    let once = redactor.redact("PASSWORD=password and a secret").into_owned();
    assert_eq!(once, "PASSWORD=[secret db-password] and a [secret other]");
    assert_eq!(redactor.redact(&once), once);
}

#[test]
fn a_value_learned_later_is_replaced_from_then_on_and_the_old_one_still() {
    let redactor = knowing(&[("session", "first-value")]);
    redactor.learn([("session".to_owned(), SecretString::from("second-value"))]).unwrap();
    assert_eq!(redactor.redact("first-value second-value"), "[secret session] [secret session]");
    assert_eq!(format!("{redactor:?}"), "Redactor { values: 2, .. }");
}

#[test]
fn secrets_nobody_told_of_are_known_by_their_shape() {
    let redactor = knowing(&[]);
    // Joined here, so that no scanner takes these tests for leaks.
    let lines = [
        ["STRIPE: sk_", "live_4eC39HqLyjWDarjtT1zdp7dc"],
        ["mail SG", ".ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr"],
        ["slack xox", "b-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"],
        ["clone https://gh", "p_16C7e42F292c6912E7710c838347Ae178B4a@github.com/a/b"],
        ["aws AK", "IAIOSFODNN7EXAMPLE done"],
        [
            "jwt eyJ",
            "hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U!",
        ],
        ["postgres://", "app:hunter2@db:5432/app?sslmode=require"],
        ["redis://", ":hunter2@cache:6379"],
        ["Authorization: Bearer ", "mF_9.B5f-4.1JqM-long"],
        ["password", "=hunter2 DB_PASSWORD='x y' --token=abc SESSION_SECRET: longvalue"],
        ["GET /x?api_key", "=abc&page=2"],
        [r#"{"password""#, r#": "hunter2", "client_secret":"abc","user":"ana"}"#],
        [r#"{"password""#, r#":"with \" and \\ in it"} {'api_key': 'abc'}"#],
        [r#"{"body":"{\"api_key\":"#, r#"\"abc\"}"}"#],
    ];
    let said: String =
        lines.iter().map(|parts| redactor.redact(&parts.concat()).into_owned() + "\n").collect();
    expect![[r#"
        STRIPE: [secret stripe-key]
        mail [secret sendgrid-key]
        slack [secret slack-token]
        clone https://[secret github-token]@github.com/a/b
        aws [secret aws-key] done
        jwt [secret web-token]!
        postgres://app:[secret password]@db:5432/app?sslmode=require
        redis://:[secret password]@cache:6379
        Authorization: Bearer [secret authorization]
        password=[secret value] DB_PASSWORD='[secret value]' --token=[secret value] SESSION_SECRET: [secret value]
        GET /x?api_key=[secret value]&page=2
        {"password": "[secret value]", "client_secret":"[secret value]","user":"ana"}
        {"password":"[secret value]"} {'api_key': '[secret value]'}
        {"body":"{\"api_key\":\"[secret value]\"}"}
    "#]].assert_eq(&said);
}

#[test]
fn ordinary_text_and_references_are_left_as_they_are() {
    let redactor = knowing(&[]);
    for text in [
        "deployed api 1.4.2 to production in 34 s",
        r#"{"SESSION_SECRET":{"secret":"session-secret"},"tokens":5,"token":null,"secret":"session-secret"}"#,
        "SESSION_SECRET=secretref://shop/staging/session-secret PASSWORD=${DB_PASSWORD}",
        "http://localhost:8080/health?at=a@b postgres://db:5432/app",
        "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904, bearer of good news",
        "password: wrong",
    ] {
        assert!(
            matches!(redactor.redact(text), Cow::Borrowed(same) if same == text),
            "{}",
            redactor.redact(text)
        );
    }
}

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----";

#[test]
fn a_setting_cut_short_at_the_end_of_a_json_string_breaks_nothing() {
    let redactor = knowing(&[]);
    for json in [
        r#"{"a":"token="}"#,
        r#"["token=","b"]"#,
        r#"{"token=":1}"#,
        r#"{"a":"token=\nb"}"#,
        r#"{"a":"{\"b\":\"token=\"}"}"#,
    ] {
        assert_eq!(redactor.redact(json), json);
    }
    expect![[r#"{"a":"token=\"[secret value]\""} PASSWORD="[secret value]""#]]
        .assert_eq(&redactor.redact(r#"{"a":"token=\"x y\""} PASSWORD="x y""#));
}

#[test]
fn a_private_key_goes_whole_or_line_by_line_or_escaped() {
    let redactor = knowing(&[]);
    assert_eq!(redactor.redact(&format!("a {KEY} b")), "a [secret private-key] b");
    let cut = KEY.split_once("\n-----END").unwrap().0;
    assert_eq!(redactor.redact(cut), "[secret private-key]");
    let json = serde_json::json!({ "a": KEY, "b": cut, "c": 1 }).to_string();
    expect![[r#"{"a":"[secret private-key]","b":"[secret private-key]","c":1}"#]]
        .assert_eq(&redactor.redact(&json));

    let log = format!("before\n{KEY}\nafter\nkey {} tail", KEY.replace('\n', "\\n"));
    let mut lines = redactor.lines();
    let said: Vec<_> = log.lines().map(|line| lines.redact(line).into_owned()).collect();
    expect![[r#"
        before
        [secret private-key]
        [secret private-key]
        [secret private-key]
        [secret private-key]
        [secret private-key]
        after
        key [secret private-key] tail"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn a_private_key_that_never_ends_does_not_hide_a_log_for_good() {
    let redactor = knowing(&[]);
    let mut lines = redactor.lines();
    lines.redact("-----BEGIN PRIVATE KEY-----");
    let hidden = std::iter::repeat_with(|| lines.redact("line").into_owned())
        .take_while(|said| said != "line")
        .count();
    assert!((200..300).contains(&hidden), "{hidden}");
}

#[test]
fn texts_made_to_be_slow_are_not() {
    let redactor = knowing(&[("a", "aaaaaaaaaaaaaaaaaaaaaaab"), ("b", "aaaaaaab")]);
    for piece in [
        "eyJeyJ-AKIAIOSFODNN7EXAMPLE-",
        "a://u:",
        "password ",
        "-----BEGIN PRIVATE KEY-----",
        "aaaaaaa",
        "sk_live_",
        "M.",
        "\\",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        redactor.redact(&text);
    }
}

#[test]
fn an_escape_is_kept_or_taken_whole() {
    let redactor = knowing(&[("path", "/ hidden"), ("word", "nightfall")]);
    for (text, left) in [
        (r"\\/ hidden", r"\\[secret path]"),
        (r"\nightfall", "[secret word]"),
        (r"a \\nightfall", r"a \\[secret word]"),
        (r"\\\/ hidden", r"\\[secret path]"),
    ] {
        let json = format!("{{\"text\":\"{text}\"}}");
        let once = redactor.redact(&json).into_owned();
        assert!(once.contains(left), "{once}");
        assert!(serde_json::from_str::<serde_json::Value>(&once).is_ok(), "{once}");
    }
}

proptest! {
    #[test]
    fn a_known_value_never_survives_and_json_stays_json(
        value in "[ -~é]{6,20}",
        around in prop::collection::vec("[a-z\"'\\\\:=/@ -]{0,8}|password|token=|Bearer |\\PC{0,3}", 0..6),
    ) {
        let redactor = knowing(&[("x", &value)]);
        let text = around.join(&value);
        let once = redactor.redact(&text).into_owned();
        if !"[secret x]".contains(&value) {
            prop_assert!(!once.replace("[secret x]", "\0").contains(&value), "{}", once);
        }

        let json = serde_json::json!({ "password": text, "list": [&text, 1, null] }).to_string();
        let json = redactor.redact(&json).into_owned();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{}", json);
    }
}
