//! The program on a Slack that nobody here wrote: the npm package `emulate`. Messages, edits, threads, files, forms and signed
//! events are its own; it knows no clicks and commands, so those are signed and sent here. It refuses what a scope is missing for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slack::sim::{SIGNING_SECRET, signature};

use crate::npm::{installed, node};
use crate::world::{Running, World, free_port, http};

const BOT: &str = "U0INFRA00";
const BOT_TOKEN: &str = "xoxb-emulated";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/emulated.mjs");
/// How long something may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(3);

/// It, and where the program hears it.
struct Emulated {
    address: String,
    hears: String,
    channel: String,
    _node: Running,
}

impl Emulated {
    /// Starts it with ana, ben, and a bot that has the scopes our manifest asks for.
    fn start(world: &World) -> Option<Self> {
        let folder = installed()?;
        let (port, hears) = (free_port(), format!("127.0.0.1:{}", free_port()));
        let of_bot: Vec<&str> = slack::SCOPES.to_vec();
        let of_people = ["chat:write", "channels:history", "channels:read", "users:read", "files:read"];
        let person = |name: &str| json!({ "name": name, "real_name": name });
        let token =
            |name: &str| json!({ "token": format!("xoxp-{name}"), "user": name, "scopes": of_people });
        let seed = json!({ "slack": {
            "team": { "name": "Invoices", "domain": "invoices" },
            "users": [person("ana"), person("ben")],
            "channels": [{ "name": "deploys" }],
            "oauth_apps": [{
                "client_id": "1.2", "client_secret": "unused", "app_id": "A0INFRA00", "name": "infra", "redirect_uris": [],
                "scopes": of_bot, "bot_id": "B0INFRA00", "bot_user_id": BOT, "bot_name": "infra",
            }],
            "tokens": [token("ana"), token("ben"), {
                "token": BOT_TOKEN, "type": "bot", "user_id": BOT, "bot_id": "B0INFRA00", "app_id": "A0INFRA00",
                "scopes": of_bot,
            }],
            "signing_secret": SIGNING_SECRET,
            "strict_scopes": true,
        }});
        let file = world.path("slack.json");
        std::fs::write(&file, seed.to_string()).unwrap();
        let events = format!("http://{hears}/slack/events");
        let (folder, file) = (folder.to_str().unwrap().to_owned(), file.to_str().unwrap().to_owned());
        let node = node(folder.as_ref());
        let arguments = [SCRIPT, &folder, &port.to_string(), &events, &file];
        let mut node = world.start_program(node.to_str().unwrap(), &arguments, &[]);
        node.wait_for("ready");
        let mut slack =
            Self { address: format!("127.0.0.1:{port}"), hears, channel: String::new(), _node: node };
        slack.channel = slack.identifier("ana", "conversations.list", "channels", "deploys");
        Some(slack)
    }

    /// Calls its Web API as somebody.
    fn calls(&self, who: &str, method: &str, body: &Value) -> Value {
        let token = if who == "infra" { BOT_TOKEN.to_owned() } else { format!("xoxp-{who}") };
        let body = body.to_string();
        // In one piece: HTTP 1.0 knows no other.
        let (status, answer) = http(
            &self.address,
            &format!(
                "POST /api/{method} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        );
        let told: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{status} {answer}"));
        assert_eq!(told["ok"], true, "{method} as {who}: {told}");
        told
    }

    fn identifier(&self, who: &str, method: &str, kind: &str, name: &str) -> String {
        let listed = self.calls(who, method, &json!({}));
        let listed = listed[kind].as_array().unwrap();
        listed.iter().find(|one| one["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    }

    fn user(&self, name: &str) -> String {
        self.identifier("ana", "users.list", "members", name)
    }

    fn says(&self, who: &str, thread: Option<&str>, text: &str) -> String {
        let mut body = json!({ "channel": self.channel, "text": text });
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        self.calls(who, "chat.postMessage", &body)["ts"].as_str().unwrap().to_owned()
    }

    /// What stands in the channel, oldest first; with what is in threads where Slack lists it too.
    fn channel(&self) -> Vec<Value> {
        let told =
            self.calls("ana", "conversations.history", &json!({ "channel": self.channel, "limit": 200 }));
        let mut messages = told["messages"].as_array().unwrap().clone();
        messages.sort_by_key(|message| message["ts"].as_str().unwrap().to_owned());
        messages
    }

    fn thread(&self, ts: &Value) -> Vec<Value> {
        let told = self.calls("ana", "conversations.replies", &json!({ "channel": self.channel, "ts": ts }));
        told["messages"].as_array().unwrap().clone()
    }

    /// The bot's messages in the channel itself that say this.
    fn cards(&self, says: &str) -> Vec<Value> {
        let mut messages = self.channel();
        messages.retain(|one| {
            let is_root = one["thread_ts"].is_null() || one["thread_ts"] == one["ts"];
            is_root && one["user"] == BOT && one["text"].as_str().unwrap().contains(says)
        });
        messages
    }

    /// Delivers a click or a command as Slack does, signed; its status.
    fn delivers(&self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.posts(path, "application/x-www-form-urlencoded", &body.join("&"))
    }

    fn posts(&self, path: &str, kind: &str, body: &str) -> u16 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let at_s = i64::try_from(now.as_secs()).unwrap();
        let signed = signature(SIGNING_SECRET, at_s, body);
        let request = format!(
            "POST /slack/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Slack-Request-Timestamp: {at_s}\r\n\
             X-Slack-Signature: {signed}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        http(&self.hears, &request).0
    }

    /// Somebody clicks a button of a message.
    fn clicks(&self, who: &str, message: &Value, label: &str) {
        let blocks = message["blocks"].as_array().unwrap();
        let buttons = blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
        let button = buttons.into_iter().find(|one| one["text"]["text"] == label);
        let button = button.unwrap_or_else(|| panic!("no button {label} in {message:#}"));
        let payload = json!({
            "type": "block_actions", "user": { "id": self.user(who) }, "trigger_id": self.trigger(who),
            "container": { "type": "message", "message_ts": message["ts"], "channel_id": self.channel },
            "channel": { "id": self.channel }, "message": message, "actions": [button],
        });
        assert_eq!(self.delivers("interactions", &[("payload", &payload.to_string())]), 200);
    }

    fn trigger(&self, who: &str) -> String {
        let asked = json!({ "user_id": self.user(who) });
        self.calls("infra", "views.generateTriggerId", &asked)["trigger_id"].as_str().unwrap().to_owned()
    }

    /// The page on which it shows what it holds.
    fn inspected(&self, tab: &str) -> String {
        http(&self.address, &format!("GET /?tab={tab} HTTP/1.0\r\nHost: x\r\n\r\n")).1
    }
}

/// A form's value as it is written in one.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    value
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Waits until there is something to see.
#[track_caller]
fn until<T>(serve: &Running, what: &str, look: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "{what} never comes\n{}", serve.said());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn deploys_approvals_files_and_forms_on_a_slack_nobody_here_wrote() {
    let world = World::with_sample();
    let Some(slack) = Emulated::start(&world) else { return };
    for name in ["ana", "ben"] {
        let identity = format!("slack:{}", slack.user(name));
        world.program(&["--as", "zoe", "user", "link", name, &identity]).ended(0);
    }
    let api_base = format!("http://{}/api", slack.address);
    let mut serve = world.start(
        &["serve"],
        &[
            ("INFRA_CHAT_LISTEN", &slack.hears),
            ("INFRA_CHAT_SLACK_API_BASE", &api_base),
            ("INFRA_CHAT_SLACK_MODE", "http"),
            ("INFRA_CHAT_SLACK_BOT_TOKEN", BOT_TOKEN),
            ("INFRA_CHAT_SLACK_SIGNING_SECRET", SIGNING_SECRET),
            ("INFRA_CHAT_SLACK_CHANNELS", &slack.channel),
        ],
    );
    serve.wait_for("listens on http://");
    serve.wait_for("slack is connected: @infra");

    // One card a run, edited in place; its end in its thread.
    slack.says("ana", None, "deploy staging ref v1.0.0");
    let card = until(&serve, "the end on the card", || slack.cards("to staging · succeeded").pop());
    assert_eq!(slack.cards("to staging").len(), 1, "one card: {:#?}", slack.channel());
    assert!(card["edited"].is_object() && card["blocks"].is_array(), "{card:#}");
    let end = until(&serve, "the end in the thread", || {
        let is_end =
            |one: &Value| one["ts"] != card["ts"] && one["text"].as_str().unwrap().contains("succeeded in");
        slack.thread(&card["ts"]).into_iter().find(is_end)
    });

    // The files of that run, by the button where its end is told: all of them, in that thread.
    let run = end["text"].as_str().unwrap().split_whitespace().find(|word| word.starts_with("r-")).unwrap();
    let run = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
    slack.clicks("ben", &end, "Files");
    let listed = world.program(&["--as", "vera", "artifacts", run]).ended(0).out;
    let count = listed.lines().count();
    let files = until(&serve, "the files", || {
        let told = slack.calls("ana", "files.list", &json!({ "count": 100 }));
        let files = told["files"].as_array().unwrap().clone();
        (files.len() == count).then_some(files)
    });
    for file in &files {
        let shared = &file["shares"]["public"][&slack.channel][0]["thread_ts"];
        assert_eq!(shared, &card["ts"], "in the run's thread: {file:#}");
    }
    let one = files.iter().find(|file| file["name"] == format!("{run}-plan.json")).unwrap();
    let kept = world.program(&["--as", "vera", "artifacts", run, "plan.json"]).ended(0).out;
    assert_eq!(one["size"], kept.len());

    // Production: whoever asked may not approve, a second person may.
    slack.says("ana", None, &format!("<@{BOT}> deploy production ref v1.0.0"));
    let asks = until(&serve, "the card that asks", || {
        slack.cards("to production").into_iter().find(|card| card.to_string().contains("\"Approve\""))
    });
    slack.clicks("ana", &asks, "Approve");
    let nothing = "No ephemeral messages for this conversation";
    let of_here = format!("messages&channel={}", slack.channel);
    until(&serve, "the answer ana alone sees", || {
        let seen = slack.inspected(&of_here);
        (seen.contains("Ephemeral") && !seen.contains(nothing)).then_some(())
    });
    assert!(slack.cards("to production · succeeded").is_empty());
    slack.clicks("ben", &asks, "Approve");
    slack.clicks("ben", &asks, "Approve");
    until(&serve, "production's end", || slack.cards("to production · succeeded").pop());
    assert_eq!(slack.cards("to production").len(), 1);

    // A form for a secret, and the App Home: it takes both.
    let (ana, trigger) = (slack.user("ana"), slack.trigger("ana"));
    let fields = [
        ("command", "/infra"),
        ("text", "set secret STRIPE_SECRET_KEY in staging"),
        ("user_id", &ana),
        ("channel_id", &slack.channel),
        ("trigger_id", &trigger),
    ];
    assert_eq!(slack.delivers("commands", &fields), 200);
    let opened = |none: &str| (!slack.inspected("views").contains(none)).then_some(());
    until(&serve, "the form", || opened("No modal views have been opened"));
    let looks = json!({
        "type": "event_callback", "event_id": "Ev0HOME",
        "event": { "type": "app_home_opened", "tab": "home", "user": ana, "channel": "D0" },
    });
    assert_eq!(slack.posts("events", "application/json", &looks.to_string()), 200);
    until(&serve, "the App Home", || opened("No App Home views have been published"));

    // Nothing went wrong on the way.
    serve.signal("TERM");
    let told = serve.end().ended(0);
    for trouble in [" ERROR ", "missing_scope", "invalid_", "not_in_channel", "channel_not_found"] {
        assert!(!told.all().contains(trouble), "{trouble}: {}", told.all());
    }
}
