//! Commands, forms, secrets and roles on Discord.

use engine::model::{Actor, Role, User};

use crate::harness::{Chat, chat, good};
use crate::reading;
use crate::stage::{CHANNEL, cards, last_whisper, of_bot};

/// What a secret looks like.
const KEY: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

impl Chat {
    /// Somebody gives a command, which is acknowledged in time.
    pub(crate) async fn commands(
        &mut self,
        person: &str,
        command: &str,
        options: &[(&str, &str)],
    ) -> discord::sim::Acked {
        let body = self.stage.sim.command(person, CHANNEL, command, options);
        let acked = self.stage.sim.interact(&body).await.expect("it is acknowledged");
        self.ticks().await;
        acked
    }
}

impl Chat {
    /// Somebody has another role from now on.
    async fn role(&self, name: &str, role: Role) {
        let user = User { name: name.parse().unwrap(), role };
        self.engine().user_put(&user, &[], &Actor::system()).await.unwrap();
    }
}

#[test]
fn a_secret_in_a_message_is_noticed_deleted_and_kept_nowhere() {
    chat(async |t| {
        let said = t.stage.sim.writes("ana", CHANNEL, None, &format!("use {KEY} from now on"));
        t.stage.sim.tell("MESSAGE_CREATE", &said).await;
        t.stage.sim.tell("MESSAGE_CREATE", &said).await;
        t.settles().await;
        assert!(!t.stage.sim.messages().iter().any(|it| it.content.contains(KEY)), "it is deleted");
        let told = of_bot(&t.stage, CHANNEL);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].content.contains("looks like a secret") && told[0].content.contains("I deleted"));
        assert!(t.engine().store().inbox_list("discord", 10).await.unwrap().is_empty());
        // The form is offered, and what is filled in is sealed.
        let press = t.stage.button("ana", "Enter it safely", false);
        let acked = t.stage.sim.interact(&t.stage.sim.presses("ana", &press)).await.unwrap();
        assert_eq!(acked.kind, 9);
        let filled = [("environment", "staging"), ("name", "STRIPE_KEY"), ("value", KEY)];
        let submitted = t.stage.sim.submits("ana", &filled).unwrap();
        assert_eq!(t.stage.sim.interact(&submitted).await.unwrap().kind, 5);
        t.settles().await;
        assert!(last_whisper(t, "ana").content.contains("is sealed (version 1)"));
        t.stage.sim.tell("INTERACTION_CREATE", &submitted).await;
        t.settles().await;
        let (staging, name) = (t.key("staging"), "STRIPE_KEY".parse().unwrap());
        assert_eq!(t.engine().store().secret_get(&staging, &name).await.unwrap().unwrap().version, 1);
        let calls = format!("{:?}", t.stage.sim.calls());
        assert!(!calls.contains(KEY), "the bot never sends it anywhere");
        t.never_mind_the_rest();
    });
}

#[test]
fn a_secret_in_a_command_goes_nowhere_and_one_nobody_may_set_is_refused() {
    chat(async |t| {
        let acked = t.commands("ana", "infra", &[("more", &format!("set API_KEY={KEY} in staging"))]).await;
        assert_eq!((acked.kind, acked.data["flags"].as_u64()), (4, Some(64)));
        assert!(acked.data["content"].as_str().unwrap().contains("looks like a secret"));
        assert!(t.engine().store().inbox_list("discord", 10).await.unwrap().is_empty());
        t.role("vera", Role::Deployer).await;
        let acked = t.commands("vera", "secret", &[("environment", "staging"), ("name", "API_KEY")]).await;
        assert_eq!(acked.kind, 9);
        t.role("vera", Role::Viewer).await;
        let submitted = t.stage.sim.submits("vera", &[("value", "long enough")]).unwrap();
        t.stage.sim.interact(&submitted).await.unwrap();
        t.settles().await;
        let told = last_whisper(t, "vera").content;
        assert!(told.contains("viewer"), "{told}");
        t.never_mind_the_rest();
    });
}

#[test]
fn an_open_question_can_be_answered_in_a_form() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale staging api").await;
        let press = t.stage.button("ana", "Answer\u{2026}", false);
        assert_eq!(t.stage.sim.interact(&t.stage.sim.presses("ana", &press)).await.unwrap().kind, 9);
        let submitted = t.stage.sim.submits("ana", &[("answer", "3")]).unwrap();
        t.stage.sim.interact(&submitted).await.unwrap();
        t.stage.sim.tell("INTERACTION_CREATE", &submitted).await;
        t.ticks().await;
        t.settles().await;
        t.never_mind_the_rest();
        let runs = t.engine().store().run_recent(10).await.unwrap();
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].request.command, "scale api to 3 in staging");
    });
}

#[test]
fn a_command_is_answered_to_its_speaker_alone_where_the_sign_stood() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let acked = t.commands("ana", "whoami", &[]).await;
        assert_eq!((acked.kind, acked.data["flags"].as_u64()), (5, Some(64)));
        let told = last_whisper(t, "ana");
        assert!(told.content.contains("You are ana") && !told.instant, "{told:?}");
        // What makes a run is shown to everybody, and its speaker is told where.
        t.commands("ana", "deploy", &[("environment", "staging"), ("ref", "v1.0.0")]).await;
        t.settles().await;
        assert!(cards(t)[0].content.contains("succeeded"));
        assert!(last_whisper(t, "ana").content.contains("shown in the channel"));
        let calls = t.stage.sim.calls();
        let finished = calls.iter().filter(|call| call.path.ends_with("/messages/@original")).count();
        assert_eq!(finished, 2, "every sign is replaced once");
        t.never_mind_the_rest();
    });
}

#[test]
fn when_the_right_to_answer_there_has_ended_the_answer_comes_between_the_two() {
    chat(async |t| {
        let body = t.stage.sim.command("ana", CHANNEL, "whoami", &[]);
        t.stage.sim.interact(&body).await.unwrap();
        t.connected().discord.rest().await;
        t.stage.clock.advance(16 * 60_000);
        t.settles().await;
        let told = last_whisper(t, "ana");
        assert!(told.content.contains("You are ana"));
        assert_eq!(told.channel, t.stage.sim.direct("ana"));
        // Who takes no messages from the bot is answered aloud rather than not at all.
        t.stage.sim.closed_to_direct("eve");
        t.user("eve").says("deploy staging").await;
        t.settles().await;
        let said = of_bot(&t.stage, CHANNEL).pop().unwrap();
        assert!(said.content.contains("You have no role") && said.reply_to.is_some(), "{said:?}");
        t.never_mind_the_rest();
    });
}

#[test]
fn what_its_speaker_saw_fail_is_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.hang_up();
        let late =
            t.stage.sim.command("ana", CHANNEL, "deploy", &[("environment", "staging"), ("ref", "v1.0.0")]);
        t.stage.sim.expire(&late);
        assert!(!t.stage.sim.tell("INTERACTION_CREATE", &late).await);
        t.stage.sim.until(discord::sim::Sim::is_connected).await;
        t.user("ana").says("whoami").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 0, "Discord had told her that it failed");
    });
}

#[test]
fn what_is_typed_is_completed_for_who_may_know() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let proposed = async |person: &str, option: &str, text: &str| -> Vec<String> {
            let body = t.stage.sim.types(person, CHANNEL, "deploy", option, text);
            let acked = t.stage.sim.interact(&body).await.unwrap();
            assert_eq!(acked.kind, 8);
            let choices = acked.data["choices"].as_array().unwrap().iter();
            choices.map(|one| one["value"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(proposed("ana", "environment", "prod").await, ["production"]);
        assert_eq!(proposed("ana", "canary", "5/").await, ["5/25/50/100"]);
        assert!(proposed("ana", "ref", "v1").await.contains(&"v1.0.0".to_owned()));
        assert_eq!(proposed("mallory", "ref", "v1").await, ["whoami"], "a stranger sees no refs");
    });
}

#[test]
fn roles_of_the_server_let_people_do_things() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.roles("dora", &["500", "502"]);
        t.stage.sim.roles("vic", &["501"]);
        t.user("dora").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        assert_eq!(t.runs().await, 1);
        t.user("vic").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        assert_eq!(t.runs().await, 1, "who may look may not deploy");
        // Between two Discord does not say the roles: they are asked for.
        let direct = t.stage.sim.direct("dora");
        assert!(t.stage.sim.says("dora", &direct, "whoami").await);
        t.settles().await;
        assert!(reading::read(&of_bot(&t.stage, &direct)[0]).contains("deployer"));
        t.never_mind_the_rest();
    });
}

#[test]
fn a_form_and_a_reply_answer_the_question_they_were_given_to() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale api in staging").await;
        t.user("ana").says("scale web in staging").await;
        t.never_mind_the_rest();
        let press = t.stage.button("ana", "Answer\u{2026}", true);
        t.stage.sim.interact(&t.stage.sim.presses("ana", &press)).await.unwrap();
        let submitted = t.stage.sim.submits("ana", &[("answer", "3")]).unwrap();
        t.stage.sim.interact(&submitted).await.unwrap();
        t.ticks().await;
        t.settles().await;
        let runs = t.engine().store().run_recent(10).await.unwrap();
        assert_eq!(runs[0].request.command, "scale api to 3 in staging");
        t.user("ana").says("scale api in staging").await;
        t.never_mind_the_rest();
        // The newest question is about api, and the message replied to asks about web.
        let asked = |it: &&discord::sim::Message| reading::read(it).contains("> scale web in staging");
        let asked = of_bot(&t.stage, CHANNEL).iter().find(asked).unwrap().id.clone();
        let reply = t.stage.sim.writes("ana", CHANNEL, Some(&asked), "2");
        t.stage.sim.tell("MESSAGE_CREATE", &reply).await;
        t.ticks().await;
        t.settles().await;
        let runs = t.engine().store().run_recent(10).await.unwrap();
        assert_eq!(runs[0].request.command, "scale web to 2 in staging");
        // A reply to what a colleague wrote is none.
        let chat = t.stage.sim.writes("ben", CHANNEL, None, "coffee for how many?");
        t.stage.sim.tell("MESSAGE_CREATE", &chat).await;
        let reply = t.stage.sim.writes("ana", CHANNEL, chat["id"].as_str(), "2");
        t.stage.sim.tell("MESSAGE_CREATE", &reply).await;
        t.ticks().await;
        t.settles().await;
        assert_eq!(t.runs().await, 3);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}
