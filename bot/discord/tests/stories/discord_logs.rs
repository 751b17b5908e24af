//! Who asks for logs that are longer than a message gets all of them: what is cut is attached, to whom they belong.

use discord::limits::EMBEDS_CHARS;
use discord::sim::Message;

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, cards, last_whisper, of_bot};

/// What stands where something was cut.
const CUT: &str = "the whole of it is attached";

impl Chat {
    /// A service of staging that has said a lot, and a secret in the middle of it.
    async fn much_is_said(&mut self) {
        self.release("v1.0.0", good());
        self.deployed("staging", "v1.0.0").await;
        let (staging, api) = (self.key("staging"), "api".parse().unwrap());
        self.world.drift(|it| {
            for number in 1..=150 {
                let text = match number {
                    75 => "connected with password=hunter2secret".to_owned(),
                    _ => format!("request {number} was answered with {}", "x".repeat(60)),
                };
                it.log(&staging, &api, 1, &text);
            }
        });
    }
}

/// It shows how the logs begin, says that more is attached, and has all lines of them in its file.
fn is_whole(message: &Message) {
    let embeds = serde_json::to_string(&message.embeds).unwrap();
    assert!(message.content.contains("Logs of staging"), "{}", message.content);
    assert!(embeds.contains(CUT) && embeds.len() < 2 * EMBEDS_CHARS, "{embeds}");
    assert!(!embeds.contains("request 150 "), "so long that it is cut");
    let [file] = message.files.as_slice() else { panic!("one file: {message:#?}") };
    assert_eq!(message.file_names, ["whole.txt"]);
    for number in (1..=150).filter(|number| *number != 75) {
        assert_eq!(file.matches(&format!("request {number} was answered")).count(), 1, "{number}");
    }
    assert!(file.contains("password=[secret value]") && !file.contains("hunter2secret"), "{file}");
}

#[test]
fn discord_logs_that_are_longer_than_a_message_come_along_as_a_file() {
    chat(async |t| {
        t.much_is_said().await;
        t.user("vera").says("logs api in staging").await;
        is_whole(&of_bot(&t.stage, CHANNEL).pop().unwrap());
        t.never_mind_the_rest();
    });
}

#[test]
fn discord_logs_that_a_command_asks_for_come_to_its_speaker_alone_file_and_all() {
    chat(async |t| {
        t.much_is_said().await;
        let open = of_bot(&t.stage, CHANNEL).iter().filter(|it| it.only_for.is_none()).count();
        t.commands("vera", "logs", &[("environment", "staging"), ("service", "api")]).await;
        t.settles().await;
        let told = last_whisper(t, "vera");
        is_whole(&told);
        assert_eq!((told.channel.as_str(), told.only_for), (CHANNEL, Some(t.stage.sim.user("vera"))));
        let still = of_bot(&t.stage, CHANNEL).iter().filter(|it| it.only_for.is_none()).count();
        assert_eq!(still, open, "nobody else is shown anything");
        t.never_mind_the_rest();
    });
}

#[test]
fn discord_logs_that_are_asked_for_in_a_runs_thread_come_there() {
    chat(async |t| {
        t.much_is_said().await;
        t.user("vera").says_under(1, "logs staging").await;
        is_whole(&of_bot(&t.stage, &cards(t)[0].id).pop().unwrap());
        t.never_mind_the_rest();
    });
}
