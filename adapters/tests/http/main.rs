//! The client against a vendor that keeps notes, and goes wrong.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../spec/mod.rs"]
mod spec;
#[path = "../spec/tests.rs"]
mod spec_tests;

use std::sync::Arc;
use std::time::Duration;

use engine::clock::ManualClock;
use engine::ports::PortError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};

use adapters::http::sim::{Asked, Fault, Said, Server, Simulated, When};
use adapters::http::{
    Api, ApiError, Auth, Budget, Budgets, Call, Effect, Limits, Problem, Quota, Settings, Vendor,
};
use adapters::http::{address_checked, limits_of_fields, limits_of_policy};

const TOKEN: &str = "nt_0123456789abcdef";

static NOTES: Vendor = Vendor {
    name: "Notes",
    api_base: "https://notes.example",
    quota: Quota { calls: 20, per_ms: 60_000 },
    limited_ms: 2_000,
    request_id: "x-request-id",
    problem: |_, _, body| {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        Problem {
            code: body["code"].as_str().map(str::to_owned),
            says: body["message"].as_str().map(str::to_owned),
            is_limit: body["code"] == "busy",
        }
    },
    limits: |headers, now_ms| limits_of_fields(headers, "x-ratelimit", now_ms),
    token_hint: "Set a new token.",
};

/// Keeps notes.
#[derive(Default)]
struct Notes(Vec<Value>);

impl Simulated for Notes {
    fn answer(&mut self, asked: &Asked) -> Said {
        if asked.bearer() != Some(TOKEN) {
            let message = format!("no such token: {}", asked.bearer().unwrap_or_default());
            return Said::with(401, json!({ "code": "denied", "message": message }));
        }
        match asked.method.as_str() {
            "GET" => Said::ok(json!(self.0)).header("x-request-id", "req-1"),
            "POST" if asked.json()["text"] == "secret" => {
                Said::with(422, json!({ "code": "no", "message": "hunter2hunter2 can't be kept\nhere" }))
            }
            "POST" => {
                self.0.push(asked.json());
                Said::with(201, asked.json())
            }
            _ => Said::with(404, json!({ "code": "missing", "message": "there is none" })),
        }
    }
}

struct Here {
    server: Server<Notes>,
    budgets: Budgets,
    clock: Arc<ManualClock>,
}

impl Here {
    async fn start() -> Self {
        let clock = Arc::new(ManualClock::at(1_800_000_000_000));
        let server = Server::start(Notes::default()).await.unwrap();
        Self { server, budgets: Budgets::new(clock.clone()), clock }
    }

    fn api_with(&self, token: &str) -> Api {
        let mut settings = Settings::new(Auth::Bearer(SecretString::from(token))).at(self.server.base());
        settings.answer_wait = Some(Duration::from_millis(300));
        Api::new(&NOTES, &settings, &self.budgets).unwrap()
    }

    fn api(&self) -> Api {
        self.api_with(TOKEN)
    }
}

fn note(text: &str) -> Call {
    Call::post(&["notes"]).json(json!({ "text": text }))
}

#[tokio::test]
async fn what_is_sent_arrives_and_leaves_a_receipt_without_its_words() {
    let here = Here::start().await;
    let api = here.api();
    let answer = api.send(note("buy milk")).await.unwrap();
    let receipt = answer.receipt("noted");
    assert_eq!(receipt.facts["call"], "POST /notes");
    assert_eq!(receipt.facts["sent-sha256"].len(), 64);
    assert!(!serde_json::to_string(&receipt).unwrap().contains("milk"));
    let notes = api.send(Call::get(&["a b/../c", "?x"]).query("q", "é&1")).await.unwrap();
    assert_eq!(notes.receipt("").facts["request-id"], "req-1");
    assert_eq!(notes.json::<Value>().unwrap(), json!([{ "text": "buy milk" }]));
    let asked = here.server.calls().pop().unwrap().asked;
    assert_eq!(asked.path, "/a%20b%2F..%2Fc/%3Fx");
    assert_eq!(asked.segments(), ["a b/../c", "?x"]);
    assert_eq!(asked.query, [("q".to_owned(), "é&1".to_owned())]);
    assert!(asked.headers["user-agent"].starts_with("infra-chat/"));
}

#[tokio::test]
async fn each_trouble_is_named_for_what_it_leaves_open() {
    let here = Here::start().await;
    let api = here.api();
    let cases = [
        (Fault::Limited(7), "retry 7000", 0),
        (Fault::Broken, "unknown", 0),
        (Fault::Stuck, "unknown", 0),
        (Fault::Slow, "unknown", 1),
        (Fault::AnswerLost, "unknown", 1),
        (Fault::BadGateway, "unknown", 1),
        (Fault::Instead(Said::with(409, json!({ "code": "taken", "message": "it is there" }))), "fail", 0),
        (Fault::Instead(Said::with(403, json!({ "code": "busy" }))), "retry 2000", 0),
    ];
    for (fault, expected, made) in cases {
        here.clock.advance(60_000);
        let before = here.server.with(|notes| notes.0.len());
        here.server.fault(When::Next, fault.clone());
        let error = api.send(note("once")).await.unwrap_err();
        let kind = match error.of_write() {
            PortError::Retry { after_ms, .. } => format!("retry {}", after_ms.unwrap_or_default()),
            PortError::Fail { .. } => "fail".to_owned(),
            PortError::Unknown { .. } => "unknown".to_owned(),
        };
        assert_eq!(kind, expected, "{fault:?}");
        assert_eq!(here.server.with(|notes| notes.0.len()) - before, made, "{fault:?}");
    }
    // A look that gets no answer is only made again.
    here.server.fault(When::Next, Fault::AnswerLost);
    here.clock.advance(60_000);
    let error = api.send(Call::get(&["notes"])).await.unwrap_err();
    assert!(matches!(error.of_read(), PortError::Retry { .. }));
    // Nobody is there at all.
    let settings = Settings::new(Auth::Bearer(SecretString::from(TOKEN))).at("http://127.0.0.1:9");
    let error = Api::new(&NOTES, &settings, &here.budgets).unwrap().send(note("x")).await.unwrap_err();
    assert!(matches!(error, ApiError::Unreached { .. }), "{error}");
    assert!(matches!(error.of_write(), PortError::Retry { .. }));
}

#[tokio::test]
async fn no_refusal_repeats_a_secret() {
    let here = Here::start().await;
    let call = note("secret").hiding(SecretString::from("hunter2hunter2"));
    let error = here.api().send(call).await.unwrap_err();
    assert_eq!(error.to_string(), "Notes refused to POST /notes: [secret] can't be kept here (no)");
    let error = here.api_with("another-token-entirely").send(note("x")).await.unwrap_err();
    assert!(error.is_denied());
    assert_eq!(error.to_string(), "Notes refused to POST /notes: no such token: [secret] (denied)");
    let PortError::Fail { hint, .. } = error.of_write() else { panic!("it is refused") };
    assert_eq!(hint, "Set a new token.");
    let shown = format!("{:?} {:?}", here.api(), note("secret").hiding(SecretString::from("hunter2hunter2")));
    assert!(!shown.contains(TOKEN) && !shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn runs_share_what_a_token_may_ask_and_looking_leaves_room_for_acting() {
    let here = Here::start().await;
    let (one, other) = (here.api(), here.api());
    for _ in 0..9 {
        one.send(Call::get(&["notes"])).await.unwrap();
        other.send(Call::get(&["notes"])).await.unwrap();
    }
    // 18 of 20 are used: the rest is kept for writes.
    let error = one.send(Call::get(&["notes"])).await.unwrap_err();
    assert_eq!(error, ApiError::Limited { vendor: "Notes", after_ms: 60_000 });
    one.send(note("a")).await.unwrap();
    other.send(note("b")).await.unwrap();
    assert!(matches!(one.send(note("c")).await, Err(ApiError::Limited { .. })));
    assert_eq!(here.server.calls().len(), 20);
    // Another token has a window of its own.
    assert!(here.api_with("another").send(note("d")).await.unwrap_err().is_denied());
    here.clock.advance(60_000);
    one.send(note("c")).await.unwrap();
    // Whoever is told to wait holds all of them.
    here.server.fault(When::Next, Fault::Limited(30));
    assert!(one.send(note("d")).await.is_err());
    here.clock.advance(29_000);
    assert_eq!(
        other.send(note("d")).await.unwrap_err(),
        ApiError::Limited { vendor: "Notes", after_ms: 1_000 }
    );
    here.clock.advance(1_000);
    other.send(note("d")).await.unwrap();
}

#[test]
fn what_answers_say_is_left_counts() {
    let clock = Arc::new(ManualClock::at(0));
    let budget = Budget::new(Quota { calls: 100, per_ms: 60_000 }, clock.clone());
    budget.learn(Limits { limit: Some(100), remaining: 11, reset_ms: 5_000 });
    budget.take(Effect::Read).unwrap();
    assert_eq!(budget.take(Effect::Read), Err(5_000));
    // An answer that was overtaken does not give anything back.
    budget.learn(Limits { limit: Some(100), remaining: 50, reset_ms: 5_000 });
    assert_eq!(budget.take(Effect::Read), Err(5_000));
    clock.advance(5_000);
    budget.take(Effect::Read).unwrap();
}

#[test]
fn headers_of_limits_are_read() {
    let headers = |pairs: &[(&str, &str)]| -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    };
    let now_ms = 1_800_000_000_000;
    let fields = |reset| {
        let given =
            [("x-ratelimit-limit", "600"), ("x-ratelimit-remaining", "599"), ("x-ratelimit-reset", reset)];
        limits_of_fields(&headers(&given), "x-ratelimit", now_ms)
    };
    let left = |reset_ms| Some(Limits { limit: Some(600), remaining: 599, reset_ms });
    assert_eq!(fields("1800000030"), left(30_000));
    assert_eq!(fields("30"), left(30_000));
    assert_eq!(fields("0.5"), left(0));
    assert_eq!(fields("1700000000"), left(0));
    assert_eq!(fields("soon"), None);
    let policy = headers(&[
        ("ratelimit", "\"default\";r=50;t=30, \"burst\";r=3;t=1"),
        ("ratelimit-policy", "\"burst\";q=200;w=1, \"default\";q=1200;w=300"),
    ]);
    assert_eq!(limits_of_policy(&policy), Some(Limits { limit: Some(200), remaining: 3, reset_ms: 1_000 }));
    assert_eq!(limits_of_policy(&headers(&[])), None);
}

#[test]
fn a_token_goes_nowhere_in_the_clear() {
    for good in ["https://api.stripe.com/", "http://127.0.0.1:9", "http://localhost:1/a", "http://[::1]:1"] {
        assert_eq!(address_checked(good).unwrap(), good.trim_end_matches('/'));
    }
    for bad in [
        "http://api.stripe.com",
        "ftp://x",
        "stripe.com",
        "https://a:b@c",
        "https://c?x=1",
        "https://c#x",
        "",
    ] {
        assert!(address_checked(bad).is_err(), "{bad}");
    }
    assert!(!address_checked("https://user:hunter2@c").unwrap_err().to_string().contains("hunter2"));
    let budgets = Budgets::new(Arc::new(ManualClock::at(0)));
    for token in ["", "two\nlines"] {
        let settings = Settings::new(Auth::Bearer(SecretString::from(token)));
        assert!(matches!(Api::new(&NOTES, &settings, &budgets), Err(ApiError::Client { .. })), "{token:?}");
    }
}
