//! The adapter on a Twilio that nobody here wrote: the npm package `emulate`.

use std::net::TcpListener as PortFinder;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::twilio::{Links, Sender, Settings, TwilioMessenger, signature};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use engine::clock::SystemClock;
use engine::model::Phone;
use engine::notify::Fate;
use engine::ports::{Messenger, Outgoing};
use secrecy::SecretString;
use tokio::process::{Child, Command};

use crate::npm::{installed, node};

const ACCOUNT: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "twilio_test_auth_token";
const NUMBER: &str = "+15551234567";
/// Looks for something that comes by itself, and between two.
const LOOKS: usize = 150;
const APART: Duration = Duration::from_millis(200);

/// A call it made to us.
#[derive(Debug, Clone)]
struct Called {
    address: String,
    signature: String,
    parameters: Vec<(String, String)>,
}

impl Called {
    fn of(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn is_genuine(&self) -> bool {
        let token = SecretString::from(TOKEN);
        signature::is_genuine(&token, &self.address, &self.parameters, &self.signature)
    }
}

#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<Called>>>);

impl Ear {
    /// Opens at a free port; its address.
    async fn open(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (ear, here) = (self.clone(), base.clone());
        let heard = move |uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let signature = headers.get(signature::HEADER).map(|value| value.to_str().unwrap().to_owned());
            ear.0.lock().unwrap().push(Called {
                address: format!("{here}{uri}"),
                signature: signature.unwrap_or_default(),
                parameters: signature::form(&body),
            });
            ([("content-type", "text/xml")], "<Response/>")
        };
        let router = Router::new().fallback(heard);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        base
    }

    /// The first call that fits, once it came.
    async fn hears(&self, fits: impl Fn(&Called) -> bool) -> Called {
        for _ in 0..LOOKS {
            if let Some(called) = self.0.lock().unwrap().iter().find(|called| fits(called)) {
                return called.clone();
            }
            tokio::time::sleep(APART).await;
        }
        panic!("it never called: {:?}", self.0.lock().unwrap());
    }
}

async fn start(folder: &Path, sms_url: &str) -> (Child, String) {
    // Free a moment ago: it takes no port 0.
    let port = PortFinder::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let seed = folder.join(format!("seed-{port}.json"));
    let seeded = serde_json::json!({ "twilio": {
        "account": { "sid": ACCOUNT, "auth_token": TOKEN, "friendly_name": "Test" },
        "phone_numbers": [{ "phone_number": NUMBER, "friendly_name": "Test", "sms_url": sms_url }],
    }});
    std::fs::write(&seed, seeded.to_string()).unwrap();
    let child = Command::new(node(folder))
        .arg(folder.join("node_modules/emulate/dist/index.js"))
        .args(["start", "--service", "twilio", "--port", &port.to_string(), "--seed"])
        .arg(&seed)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let base = format!("http://127.0.0.1:{port}");
    for _ in 0..LOOKS {
        if reqwest::get(&base).await.is_ok() {
            std::fs::remove_file(&seed).unwrap();
            return (child, base);
        }
        tokio::time::sleep(APART).await;
    }
    panic!("emulate does not start");
}

async fn simulate(base: &str, what: &str, given: &[(&str, &str)]) {
    let call = reqwest::Client::new().post(format!("{base}/_twilio/simulate/{what}"));
    let answer = call.basic_auth(ACCOUNT, Some(TOKEN)).form(given).send().await.unwrap();
    assert!(answer.status().is_success(), "{what}: {}", answer.text().await.unwrap());
}

#[tokio::test]
async fn texts_go_and_come_on_a_twilio_nobody_here_wrote() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(folder) = installed() else { return };
    let ear = Ear::default();
    let here = ear.open().await;
    let (mut child, base) = start(&folder, &format!("{here}/twilio/inbound")).await;
    let settings = Settings {
        api_base: base.clone(),
        account_sid: ACCOUNT.to_owned(),
        auth_token: SecretString::from(TOKEN),
        sender: Sender::Number(NUMBER.parse().unwrap()),
        public_url: Some(here.clone()),
        links: Links::Usual,
    };
    let messenger = TwilioMessenger::new(settings.clone(), Arc::new(SystemClock)).unwrap();
    let to: Phone = "+15550002222".parse().unwrap();
    let made_ms = engine::clock::Clock::now_ms(&SystemClock);
    let text = Outgoing { key: "7/duty/0", to: &to, body: "r-3f2a staging: Reply 4127", made_ms };

    let sent = messenger.send(&text).await.unwrap();
    assert_eq!(sent.fate, Fate::Going);
    assert_eq!(messenger.look(&text).await.unwrap(), std::slice::from_ref(&sent));
    let other = Outgoing { body: "r-3f2a staging: Reply 4128", ..text.clone() };
    assert_eq!(messenger.look(&other).await.unwrap(), []);

    simulate(&base, "message-status", &[("MessageSid", &sent.sent_as), ("Status", "undelivered")]).await;
    let told = ear.hears(|called| called.of("MessageStatus") == "undelivered").await;
    assert_eq!(told.address, format!("{here}/twilio/status?text=7%2Fduty%2F0"));
    assert!(told.is_genuine(), "{told:?}");
    assert_eq!(told.of("MessageSid"), sent.sent_as);
    assert!(matches!(messenger.fate(&sent.sent_as).await.unwrap(), Fate::Lost { .. }));

    simulate(&base, "inbound-message", &[("To", NUMBER), ("From", to.as_str()), ("Body", "4127")]).await;
    let came = ear.hears(|called| called.of("SmsStatus") == "received").await;
    assert_eq!((came.of("From"), came.of("Body")), (to.as_str(), "4127"));
    assert!(came.is_genuine(), "{came:?}");

    let wrong = Settings { auth_token: SecretString::from("wrong"), ..settings };
    let wrong = TwilioMessenger::new(wrong, Arc::new(SystemClock)).unwrap();
    assert!(matches!(wrong.send(&text).await, Err(engine::ports::PortError::Fail { .. })));
    child.kill().await.unwrap();
}
