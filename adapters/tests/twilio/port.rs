//! The port on the simulator: sent once, found again, refused with words, told of by signed calls.

use std::sync::Arc;

use adapters::twilio::sim::{self, ACCOUNT, Fault, NUMBER, SimTwilio, TOKEN};
use adapters::twilio::{Links, Sender, Settings, Twilio, TwilioMessenger, signature};
use engine::clock::{Clock, ManualClock};
use engine::model::Phone;
use engine::notify::Fate;
use engine::ports::{Messenger, Outgoing, PortError};
use secrecy::SecretString;

const NOW_MS: i64 = 1_795_003_200_000;

struct Stage {
    clock: Arc<ManualClock>,
    sim: SimTwilio,
    messenger: TwilioMessenger,
    to: Phone,
}

pub(crate) fn settings(api_base: &str) -> Settings {
    Settings {
        api_base: api_base.to_owned(),
        account_sid: ACCOUNT.to_owned(),
        auth_token: SecretString::from(TOKEN),
        sender: Sender::Number(NUMBER.parse().unwrap()),
        public_url: Some("https://infra.example".to_owned()),
        links: Links::Usual,
    }
}

impl Stage {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let sim = SimTwilio::open(clock.clone()).await.unwrap();
        let messenger = TwilioMessenger::new(settings(&sim.api_base()), clock.clone()).unwrap();
        Self { clock, sim, messenger, to: "+491713920001".parse().unwrap() }
    }

    fn text<'a>(&'a self, key: &'a str, body: &'a str) -> Outgoing<'a> {
        Outgoing { key, to: &self.to, body, made_ms: NOW_MS }
    }

    /// Everything was as Twilio describes it.
    fn end(self) {
        let calls = self.sim.calls();
        assert!(!calls.is_empty());
        assert_eq!(super::spec::faults(&calls), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_account_says_what_it_has() {
    let stage = Stage::open().await;
    let twilio = Twilio::new(&settings(&stage.sim.api_base())).unwrap();
    assert_eq!(twilio.account().await.unwrap().status, "active");
    let own = twilio.own_number(&NUMBER.parse().unwrap()).await.unwrap().unwrap();
    assert!(own.capabilities.sms);
    assert_eq!(own.sms_url.as_deref(), Some("https://infra.example/twilio/inbound"));
    assert_eq!(twilio.own_number(&stage.to).await.unwrap(), None);
    let wrong =
        Settings { auth_token: SecretString::from("0".repeat(32)), ..settings(&stage.sim.api_base()) };
    let refused = Twilio::new(&wrong).unwrap().account().await.unwrap_err();
    assert!(refused.to_string().contains("twilio.auth_token"), "{refused}");
    stage.end();
}

#[tokio::test]
async fn a_text_is_sent_told_of_and_delivered() {
    let stage = Stage::open().await;
    let sent = stage.messenger.send(&stage.text("7/duty/0", "r-3f2a {staging}: €")).await.unwrap();
    assert_eq!(sent.fate, Fate::Going);
    let records = stage.sim.records();
    assert_eq!((records.len(), records[0].body.as_str()), (1, "r-3f2a {staging}: €"));
    let called = stage.sim.deliver();
    let first = &called[0];
    assert_eq!(first.address, "https://infra.example/twilio/status?text=7%2Fduty%2F0");
    let token = SecretString::from(TOKEN);
    assert!(signature::is_genuine(&token, &first.address, &first.parameters, &first.signature));
    assert_eq!(stage.messenger.fate(&sent.sent_as).await.unwrap(), Fate::Delivered);
    stage.end();
}

#[tokio::test]
async fn one_that_does_not_arrive_says_why() {
    let stage = Stage::open().await;
    stage.sim.out_of_reach(stage.to.as_str());
    let sent = stage.messenger.send(&stage.text("k", "hi")).await.unwrap();
    stage.sim.deliver();
    let Fate::Lost { why } = stage.messenger.fate(&sent.sent_as).await.unwrap() else { panic!("it arrived") };
    assert_eq!(why, "the phone is switched off, or out of reach (Twilio error 30003)");
    stage.end();
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_found_by_its_words() {
    let stage = Stage::open().await;
    stage.sim.fault(Fault::AnswerLost);
    let text = stage.text("k", "r-3f2a Reply 4127");
    assert!(matches!(stage.messenger.send(&text).await, Err(PortError::Unknown { .. })));
    assert_eq!(stage.messenger.look(&text).await.unwrap().len(), 1);
    assert_eq!(stage.messenger.look(&stage.text("k", "r-3f2a Reply 4128")).await.unwrap(), []);
    let later = Outgoing { made_ms: NOW_MS + 600_000, ..text };
    assert_eq!(stage.messenger.look(&later).await.unwrap(), [], "that was an earlier one");
    stage.sim.fault(Fault::Broken);
    stage.clock.advance(1_000);
    let never = stage.text("l", "r-3f2a Reply 5127");
    assert!(matches!(stage.messenger.send(&never).await, Err(PortError::Unknown { .. })));
    assert_eq!(stage.messenger.look(&never).await.unwrap(), []);
    stage.end();
}

#[tokio::test]
async fn it_is_found_among_many() {
    let stage = Stage::open().await;
    for number in 0..120 {
        let body = format!("number {number}");
        stage.messenger.send(&stage.text("k", &body)).await.unwrap();
        stage.clock.advance(1_000);
    }
    assert_eq!(stage.messenger.look(&stage.text("k", "number 3")).await.unwrap().len(), 1);
    stage.end();
}

#[tokio::test]
async fn a_sender_sends_one_a_second() {
    let stage = Stage::open().await;
    stage.messenger.send(&stage.text("k", "one")).await.unwrap();
    stage.clock.advance(400);
    let Err(PortError::Retry { after_ms, .. }) = stage.messenger.send(&stage.text("l", "two")).await else {
        panic!("it was sent")
    };
    assert_eq!(after_ms, Some(600));
    stage.clock.advance(600);
    stage.messenger.send(&stage.text("l", "two")).await.unwrap();
    assert_eq!(stage.sim.records().len(), 2);
    stage.end();
}

#[tokio::test]
async fn limits_and_refusals_are_told_apart() {
    let stage = Stage::open().await;
    stage.sim.fault(Fault::Limited(7));
    let limited = stage.messenger.send(&stage.text("k", "hi")).await;
    assert!(matches!(limited, Err(PortError::Retry { after_ms: Some(7_000), .. })), "{limited:?}");
    stage.clock.advance(1_000);
    stage.sim.fault(Fault::Refused(21_610));
    let Err(PortError::Fail { what, .. }) = stage.messenger.send(&stage.text("k", "hi")).await else {
        panic!("it was taken")
    };
    assert!(what.contains("START"), "{what}");
    let closed = TwilioMessenger::new(settings("http://127.0.0.1:9"), stage.clock.clone()).unwrap();
    assert!(matches!(closed.send(&stage.text("k", "hi")).await, Err(PortError::Retry { .. })));
    let wrong = Settings { auth_token: SecretString::from("wrong"), ..settings(&stage.sim.api_base()) };
    let wrong = TwilioMessenger::new(wrong, stage.clock.clone()).unwrap();
    let Err(PortError::Fail { what, .. }) = wrong.send(&stage.text("k", "hi")).await else { panic!("taken") };
    assert!(what.contains("twilio.auth_token"), "{what}");
    stage.end();
}

#[tokio::test]
async fn a_messaging_service_sends_too() {
    let stage = Stage::open().await;
    let service = "MG00000000000000000000000000000052";
    let by_service =
        Settings { sender: Sender::Service(service.to_owned()), ..settings(&stage.sim.api_base()) };
    let clock: Arc<dyn Clock> = stage.clock.clone();
    let messenger = TwilioMessenger::new(by_service, clock).unwrap();
    messenger.send(&stage.text("k", "hi")).await.unwrap();
    assert_eq!(stage.sim.records()[0].service.as_deref(), Some(service));
    stage.end();
}

#[tokio::test]
async fn links_go_where_carriers_let_them_through() {
    let american: Phone = "+12025550143".parse().unwrap();
    let stage = Stage::open().await;
    assert!(stage.messenger.takes_links(&stage.to));
    assert!(!stage.messenger.takes_links(&american));
    assert!(Links::read("everywhere").unwrap().reach(&american));
    assert!(!Links::read("nowhere").unwrap().reach(&stage.to));
    assert!(Links::read("+49, +43").unwrap().reach(&stage.to));
    assert_eq!(Links::read("germany"), None);
}

#[tokio::test]
async fn what_comes_in_is_signed() {
    let stage = Stage::open().await;
    let called = stage.sim.comes_in("https://infra.example/twilio/inbound", "+491713920001", "4127");
    let token = SecretString::from(TOKEN);
    assert!(signature::is_genuine(&token, &called.address, &called.parameters, &called.signature));
    assert_eq!(sim::NUMBER, NUMBER);
}
