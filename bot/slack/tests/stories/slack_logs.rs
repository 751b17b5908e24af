//! Who asks for logs that are longer than a message gets all of them: what is cut is attached, to whom they belong.

use slack::limits::{BLOCKS, SECTION_CHARS};
use slack::sim::{File, Message};

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, between, of_bot};

/// What stands where something was cut.
const CUT: &str = "comes as a file";

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

/// It shows how the logs begin, and says that more is attached.
fn is_cut(message: &Message) {
    let blocks = serde_json::to_string(&message.blocks).unwrap();
    assert!(message.text.contains("Logs of staging"), "{}", message.text);
    assert!(blocks.contains(CUT), "{blocks}");
    assert!(!blocks.contains("request 150 "), "so long that it is cut");
    assert!(message.blocks.len() <= BLOCKS, "{}", message.blocks.len());
    for text in message.blocks.iter().filter_map(|block| block["text"]["text"].as_str()) {
        assert!(text.chars().count() <= SECTION_CHARS, "{text}");
    }
}

/// One file is there, with all lines in it and nothing of the secret; it is shared there.
fn is_whole(files: &[File], channel: &str, thread: Option<&str>) {
    let [file] = files else { panic!("one file: {}", files.len()) };
    for number in (1..=150).filter(|number| *number != 75) {
        assert_eq!(file.content.matches(&format!("request {number} was answered")).count(), 1, "{number}");
    }
    assert!(file.content.contains("password=[secret value]"), "{}", file.content);
    assert!(!file.content.contains("hunter2secret"), "{}", file.content);
    let (at, under) = file.shared.clone().expect("it is shared");
    assert_eq!(at, channel);
    assert!(thread.is_none_or(|thread| thread == under), "{under}");
}

#[test]
fn slack_logs_that_are_longer_than_a_message_come_along_as_a_file() {
    chat(async |t| {
        t.much_is_said().await;
        t.user("vera").says("logs api in staging").await;
        t.settles().await;
        let shown = of_bot(&t.stage, CHANNEL).pop().unwrap();
        is_cut(&shown);
        is_whole(&t.stage.sim.files(), CHANNEL, shown.thread.as_deref());
        t.never_mind_the_rest();
    });
}

#[test]
fn slack_logs_that_a_command_asks_for_come_to_its_speaker_alone_and_the_file_between_the_two() {
    chat(async |t| {
        t.much_is_said().await;
        let command = t.stage.sim.commands("vera", CHANNEL, "logs api in staging");
        let open = |t: &Chat| of_bot(&t.stage, CHANNEL).iter().filter(|it| it.only_for.is_none()).count();
        let before = open(t);
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.settles().await;
        let mut messages = t.stage.sim.messages().into_iter().rev();
        let told = messages.find(|it| it.only_for.as_deref() == Some("vera")).unwrap();
        is_cut(&told);
        assert_eq!(told.channel, CHANNEL);
        is_whole(&t.stage.sim.files(), &between(&t.stage, "vera"), None);
        assert_eq!(open(t), before, "nobody else is shown anything");
        t.never_mind_the_rest();
    });
}

#[test]
fn slack_logs_that_are_asked_for_in_a_runs_thread_come_there() {
    chat(async |t| {
        t.much_is_said().await;
        t.user("vera").says_under(1, "logs staging").await;
        t.settles().await;
        let root = of_bot(&t.stage, CHANNEL).remove(0).ts;
        let shown = of_bot(&t.stage, CHANNEL).pop().unwrap();
        is_cut(&shown);
        assert_eq!(shown.thread.as_deref(), Some(root.as_str()));
        is_whole(&t.stage.sim.files(), CHANNEL, Some(&root));
        t.never_mind_the_rest();
    });
}
