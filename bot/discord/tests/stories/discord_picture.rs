//! The picture that comes with a verdict about a canary.

use adapters::sim::Behaviour;

use crate::harness::{Project, chat_about, good};

#[test]
fn it_is_in_the_thread_of_the_card_with_words_for_whoever_does_not_see_it() {
    let judged = Project::usual().staging("lane_seconds_min: 10, soak_s: 30");
    chat_about(&judged, async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.world.traffic_set(&t.key("staging"), 100);
        t.release("v1.4.0", Behaviour::fails_requests(20));
        t.user("ana").says("deploy v1.4.0 to staging with canary 50/100").await;
        t.settles().await;
        t.never_mind_the_rest();
        let call = t
            .stage
            .sim
            .calls()
            .into_iter()
            .rfind(|call| call.body["attachments"][0]["filename"] == "canary.png");
        let call = call.unwrap();
        assert!(call.files && call.method == "POST", "{call:#?}");
        let says = call.body["attachments"][0]["description"].as_str().unwrap();
        assert!(says.contains("api canary 21 of 100 failed (21.0%), p95 5 ms"), "{says}");
        // In the thread of the run's card, which has the identifier of the card's message.
        let thread = call.path.split('/').nth(2).unwrap().to_owned();
        let messages = t.stage.sim.messages();
        assert!(messages.iter().any(|message| message.id == thread), "{thread}");
        let shown =
            messages.iter().find(|message| message.content.contains("canary at 50% of traffic")).unwrap();
        assert!(shown.files[0].contains("PNG\r\n"), "{shown:#?}");
        assert!(
            shown.embeds[0].to_string().contains("50% for 2 s: api canary 21 of 100 failed"),
            "{shown:#?}"
        );
    });
}
