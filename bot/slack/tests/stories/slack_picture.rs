//! The picture that comes with a verdict about a canary.

use adapters::sim::Behaviour;

use crate::harness::{Chat, Project, chat_about, good};
use crate::stage::CHANNEL;

async fn a_verdict(t: &mut Chat) {
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.world.traffic_set(&t.key("staging"), 100);
    t.release("v1.4.0", Behaviour::fails_requests(20));
    t.user("ana").says("deploy v1.4.0 to staging with canary 50/100").await;
    t.settles().await;
    t.never_mind_the_rest();
}

#[test]
fn it_is_in_the_thread_of_the_card_with_words_for_whoever_does_not_see_it() {
    let judged = Project::usual().staging("lane_seconds_min: 10, soak_s: 30");
    chat_about(&judged, async |t| {
        a_verdict(t).await;
        let sim = t.stage.sim.clone();
        let messages = sim.versions();
        let verdict =
            messages.iter().find(|message| message.text.contains("canary at 50% of traffic")).unwrap();
        let pictures: Vec<_> =
            sim.files().into_iter().filter(|file| file.name.starts_with("canary-")).collect();
        let [picture] = pictures.as_slice() else { panic!("{pictures:#?}") };
        assert!(picture.content.contains("PNG\r\n") && picture.content.contains("IHDR"), "{}", picture.name);
        assert_eq!(picture.shared, Some((CHANNEL.to_owned(), verdict.thread.clone().unwrap())));
        assert!(
            verdict
                .blocks
                .iter()
                .any(|block| block.to_string().contains("50% for 2 s: api canary 21 of 100 failed"))
        );
        let asked = sim.calls().into_iter().find(|call| {
            call.method == "files.getUploadURLExternal"
                && call.body["filename"].as_str().is_some_and(|name| name.starts_with("canary-"))
        });
        let says = asked.unwrap().body["alt_txt"].as_str().unwrap().to_owned();
        assert!(says.contains("api canary 21 of 100 failed (21.0%), p95 5 ms"), "{says}");
    });
}
