//! People edit and delete what they wrote: what was sent first counts. For fronts on which messages can be edited.

use serde_json::Value;

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, CONVERSATION, ELSEWHERE, ERASES, FRONT, between, mention};

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Written,
    Edited,
    Deleted,
}

impl Chat {
    /// The front tells something of a message, twice, and what comes of it comes.
    pub(crate) async fn is_told(&mut self, what: Told, told: &Value) {
        for _ in 0..2 {
            self.stage.tells(what, told).await;
            self.ticks().await;
            self.settles().await;
        }
    }

    pub(crate) async fn is_written(&mut self, person: &str, channel: &str, text: &str) -> Value {
        let said = self.stage.sim.writes(person, channel, None, text);
        self.is_told(Told::Written, &said).await;
        said
    }

    pub(crate) async fn is_edited(&mut self, said: &Value, text: &str) {
        let edited = self.stage.sim.edits(said, text);
        self.is_told(Told::Edited, &edited).await;
    }

    pub(crate) async fn is_deleted(&mut self, said: &Value) {
        let deleted = self.stage.sim.deletes(said);
        self.is_told(Told::Deleted, &deleted).await;
    }

    /// What is behind a link in it is shown: that is told like an edit, and nobody edited anything.
    pub(crate) async fn is_unfurled(&mut self, said: &Value) {
        let unfurled = self.stage.sim.unfurls(said);
        self.is_told(Told::Edited, &unfurled).await;
    }

    /// What was said in a channel about edits and deletions.
    pub(crate) fn about_edits(&self, channel: &str) -> Vec<String> {
        let said = self.stage.texts_of_bot(channel).into_iter();
        said.filter(|text| text.contains("sent first") || text.contains("You deleted")).collect()
    }
}

#[test]
fn an_order_that_is_edited_stays_what_it_was() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "deploy staging ref v1.0.0").await;
        t.is_edited(&said, "deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 1);
        let told = t.about_edits(CHANNEL);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].contains("What counts: `deploy v1.0.0 to staging`."), "{told:#?}");
        assert!(t.stage.stands_under(&told[0], &said), "it stands under the message");
        // Whoever means it clicks.
        t.user("ana").clicks("deploy v1.0.0 to production").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 2);
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_typo_edited_into_an_order_is_answered_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for (first, then) in [
            ("depploy stagng, or not?", "deploy staging ref v1.0.0"),
            ("good morning", "deploy staging ref v1.0.0"),
            ("good morning", "approve"),
        ] {
            let said = t.is_written("ana", CHANNEL, first).await;
            t.never_mind_the_rest();
            let before = t.about_edits(CHANNEL).len();
            t.is_edited(&said, then).await;
            t.never_mind_the_rest();
            assert_eq!(t.about_edits(CHANNEL).len(), before + 1, "{first}: {then}");
        }
        assert_eq!(t.runs().await, 0);
    });
}

#[test]
fn what_was_said_before_a_restart_is_not_done_by_its_edit() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "lunch?").await;
        let order = t.is_written("ana", CHANNEL, "deploy staging ref v1.0.0").await;
        t.never_mind_the_rest();
        t.crash_and_restart().await;
        t.is_edited(&said, "lunch at twelve?").await;
        assert_eq!(t.about_edits(CHANNEL).len(), 0);
        t.is_edited(&order, "deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(CHANNEL).len()), (1, 1));
    });
}

#[test]
fn an_edit_that_changes_nothing_is_not_spoken_of() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "deploy staging ref v1.0.0").await;
        for text in
            ["deploy staging ref v1.0.0 ", "deploy staging  ref v1.0.0", "please deploy v1.0.0 to staging"]
        {
            t.is_edited(&said, text).await;
        }
        t.is_unfurled(&said).await;
        let chat = t.is_written("ben", CHANNEL, "lunch at tvelve?").await;
        t.is_edited(&chat, "lunch at twelve?").await;
        t.is_unfurled(&chat).await;
        // Where nobody told it to listen, it does not.
        let elsewhere = t.is_written("ben", ELSEWHERE, "hello").await;
        t.is_edited(&elsewhere, "deploy staging").await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(CHANNEL).len()), (1, 0));
        assert!(t.stage.texts_of_bot(ELSEWHERE).is_empty());
    });
}

#[test]
fn a_mention_that_is_edited_in_is_answered_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", ELSEWHERE, "deploy staging ref v1.0.0").await;
        t.is_edited(&said, &format!("{} deploy staging ref v1.0.0", mention())).await;
        t.never_mind_the_rest();
        let told = t.stage.texts_of_bot(ELSEWHERE);
        assert_eq!((t.runs().await, told.len()), (0, 1), "{told:#?}");
        assert!(told[0].contains("send it anew"), "{told:#?}");
    });
}

#[test]
fn an_answer_that_is_edited_is_told_that_it_counts_as_it_was() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let direct = between(&t.stage, "ana");
        t.is_written("ana", &direct, "scale api in staging").await;
        let answer = t.is_written("ana", &direct, "3").await;
        t.is_edited(&answer, "30").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 2);
        let told = t.about_edits(&direct);
        assert!(told.len() == 1 && told[0].contains("sent first"), "{told:#?}");
    });
}

#[test]
fn an_answer_with_a_typo_that_is_edited_is_to_be_sent_anew() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("restart api").await;
        t.never_mind_the_rest();
        let answer = t.is_written("ana", CHANNEL, "stagixx").await;
        t.is_edited(&answer, "staging").await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(CHANNEL).len()), (1, 1));
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_order_that_is_deleted_goes_on_and_that_is_said() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.is_written("ana", CHANNEL, "deploy production ref v1.0.0").await;
        t.is_deleted(&said).await;
        t.never_mind_the_rest();
        let told = t.about_edits(CHANNEL);
        assert!(told.len() == 1 && told[0].contains("deploy v1.0.0 to production"), "{told:#?}");
        let unheard = t.stage.sim.writes("ana", CHANNEL, None, "deploy production ref v1.0.0");
        t.user("ana").clicks("cancel r-1").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(1).is("cancelled").await;
        // What is over, what was no order, and what nobody heard is deleted without a word.
        t.is_deleted(&unheard).await;
        let look = t.is_written("ana", CHANNEL, "status").await;
        t.is_deleted(&look).await;
        let chat = t.is_written("ben", CHANNEL, "good morning").await;
        t.is_deleted(&chat).await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.about_edits(CHANNEL).len()), (1, 1));
    });
}

#[test]
fn a_secret_that_is_edited_in_is_noticed_and_kept_nowhere() {
    chat(async |t| {
        let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        let said = t.is_written("ana", CHANNEL, "the key is in the vault").await;
        t.is_edited(&said, &format!("the key is {secret}")).await;
        let warned = |t: &Chat| t.stage.times_said("looks like a secret");
        assert_eq!(warned(t), 1);
        assert_eq!(t.stage.times_said(secret), usize::from(!ERASES), "it is deleted where that can be");
        // Taking it out again is what was asked for.
        t.is_edited(&said, "the key is in the vault").await;
        t.never_mind_the_rest();
        assert_eq!((warned(t), t.about_edits(CHANNEL).len()), (1, 0));
        assert!(!format!("{:?}", t.stage.sim.calls()).contains(secret), "the bot never sends it anywhere");
        let store = t.engine().store();
        assert!(store.inbox_list(FRONT, 10).await.unwrap().is_empty());
        let talk = store.conversation_get(CONVERSATION).await.unwrap().map(|talk| talk.body);
        assert!(!talk.unwrap_or_default().contains(secret));
    });
}
