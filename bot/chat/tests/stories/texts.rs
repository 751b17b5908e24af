//! Texts to people on duty: what they say, when they come, and what replying does.

use adapters::sim::{Behaviour, PhoneFault};
use expect_test::expect;

use crate::harness::{Chat, Project, chat_about, good, hours, minutes, seconds};

/// Requests a second to each service.
const TRAFFIC: u32 = 100;

/// Ana and then ben are texted about staging, with so much more in the description.
fn on_duty(more: &str) -> Project {
    on_duty_are("ana, ben", more)
}

fn on_duty_are(people: &str, more: &str) -> Project {
    const PIECE: &str = "    policy: { STAGING_POLICY }";
    let instead = format!("    texts: {{ people: [{people}], wait_minutes: 5{more} }}\n{PIECE}");
    Project::usual().with(PIECE, String::leak(instead)).staging("lane_seconds_min: 10, soak_s: 30")
}

/// v1.0.0 is live in staging, phones are known, and so much traffic comes.
async fn live(t: &mut Chat, traffic: u32) {
    for person in ["ana", "ben"] {
        t.has_phone(person).await;
    }
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.world().traffic_set(&t.key("staging"), traffic);
    t.never_mind_the_rest();
}

/// A fifth of the canary's requests fails.
async fn bad_canary(t: &mut Chat) {
    t.release("v1.4.0", Behaviour::fails_requests(20));
    t.user("ana").says("deploy v1.4.0 to staging with canary").await;
    t.settles().await;
    t.never_mind_the_rest();
}

/// A canary nobody asks for anything waits for a person.
async fn held_canary(t: &mut Chat) {
    t.release("v1.1.0", good());
    t.user("ana").says("deploy v1.1.0 to staging with canary 10/50/100").await;
    t.settles().await;
    t.never_mind_the_rest();
}

#[test]
fn a_canary_taken_back_is_texted_and_the_next_one_follows() {
    chat_about(&on_duty(""), async |t| {
        live(t, TRAFFIC).await;
        bad_canary(t).await;
        t.texts("ana", expect![[r#"
            r-2 staging: canary of api taken back by itself at 50% of traffic: The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds. Score 0/100. Live: release 1 (v1.0.0). Reply CODE if you take it.
        "#]]);
        t.texts("ben", expect![""]);
        t.texts_pass(minutes(4)).await;
        t.texts("ben", expect![""]);
        t.texts_pass(minutes(1)).await;
        t.texts("ben", expect![[r#"
            r-2 staging, 5 min ago: canary of api taken back by itself at 50% of traffic: The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds. Score 0/100. Live: release 1 (v1.0.0). Reply CODE if you take it.
        "#]]);
        let code = t.code("ben", "if you take it");
        t.replies("ben", &code).await;
        t.texts("ben", expect![[r#"
            r-2 staging, 5 min ago: canary of api taken back by itself at 50% of traffic: The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds. Score 0/100. Live: release 1 (v1.0.0). Reply CODE if you take it.
            You have r-2: nobody else is texted about it.
        "#]]);
        t.texts_pass(minutes(30)).await;
        assert_eq!(t.text_count("ana"), 1);
        // A number counts once.
        t.replies("ben", &code).await;
        t.texts("ben", expect![[r#"
            r-2 staging, 5 min ago: canary of api taken back by itself at 50% of traffic: The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds. Score 0/100. Live: release 1 (v1.0.0). Reply CODE if you take it.
            You have r-2: nobody else is texted about it.
            CODE was replied already 30 min ago; nothing more was done.
        "#]]);
    });
}

#[test]
fn a_phone_that_goes_on_and_on_is_not_answered_for_ever() {
    chat_about(&on_duty(""), async |t| {
        live(t, 0).await;
        held_canary(t).await;
        let code = t.code("ana", "to roll back");
        t.replies("ana", &code).await;
        t.settles().await;
        t.run(2).is("rolled-back").await;
        for _ in 0..40 {
            t.replies("ana", &code).await;
        }
        assert_eq!(t.text_count("ana"), 1 + 10, "the alert, and ten answers");
        t.texts_pass(minutes(15)).await;
        t.replies("ana", &code).await;
        assert_eq!(t.text_count("ana"), 1 + 11, "it was not for ever");
        t.never_mind_the_rest();
    });
}

#[test]
fn a_reply_rolls_back() {
    chat_about(&on_duty(""), async |t| {
        live(t, 0).await;
        held_canary(t).await;
        t.texts("ana", expect![[r#"
            r-2 staging: the canary waits for you: api: Not enough data: 0 of the 10 lane-seconds a pass needs could be compared (0 canary requests); it takes about 10 more canary requests, and none has come yet. Score 50/100. Reply CODE to roll back, CODE to promote, CODE if you take it.
        "#]]);
        let code = t.code("ana", "to roll back");
        // What carriers keep for themselves does nothing, and costs nothing.
        for word in ["STOP", "cancel", "End", "QUIT", "YES", "START", "HELP", "INFO", "Unsubscribe"] {
            t.replies("ana", word).await;
        }
        // Neither does a number from another phone, known or not.
        t.replies("ben", &code).await;
        t.replies("stranger", &code).await;
        assert_eq!(t.text_count("stranger"), 0);
        t.run(2).is("paused").await;
        t.replies("ana", &code).await;
        t.settles().await;
        t.run(2).is("rolled-back").await;
        t.texts("ana", expect![[r#"
            r-2 staging: the canary waits for you: api: Not enough data: 0 of the 10 lane-seconds a pass needs could be compared (0 canary requests); it takes about 10 more canary requests, and none has come yet. Score 50/100. Reply CODE to roll back, CODE to promote, CODE if you take it.
            r-2 is rolled back by ana: all traffic goes to the stable release first, then what it brought is ended.
        "#]]);
        t.texts(
            "ben",
            expect![[r#"
            That is none of the numbers I sent you. Reply just a number from a text, or go on in the chat.
        "#]],
        );
        t.never_mind_the_rest();
        // Too late for the other number, and it says what is live.
        let late = t.code("ana", "to promote");
        t.replies("ana", &late).await;
        t.texts("ana", expect![[r#"
            r-2 staging: the canary waits for you: api: Not enough data: 0 of the 10 lane-seconds a pass needs could be compared (0 canary requests); it takes about 10 more canary requests, and none has come yet. Score 50/100. Reply CODE to roll back, CODE to promote, CODE if you take it.
            r-2 is rolled back by ana: all traffic goes to the stable release first, then what it brought is ended.
            CODE came too late. r-2 was rolled back just now. Live in staging: release 1 (v1.0.0). Nothing was done.
        "#]]);
    });
}

#[test]
fn a_reply_promotes_as_far_as_its_person_may() {
    chat_about(&on_duty_are("vera, ana", ""), async |t| {
        t.has_phone("vera").await;
        live(t, 0).await;
        held_canary(t).await;
        let code = t.code("vera", "to promote");
        t.replies("vera", &code).await;
        t.texts("vera", expect![[r#"
            r-2 staging: the canary waits for you: api: Not enough data: 0 of the 10 lane-seconds a pass needs could be compared (0 canary requests); it takes about 10 more canary requests, and none has come yet. Score 50/100. Reply CODE to roll back, CODE to promote, CODE if you take it.
            You are a viewer, and promote on staging needs a deployer or an admin. Ask one of them, or ask an admin to change your role. Nothing was done; go on in the chat.
        "#]]);
        t.run(2).is("paused").await;
        t.texts_pass(minutes(5)).await;
        let code = t.code("ana", "to promote");
        t.replies("ana", &code).await;
        t.texts("ana", expect![[r#"
            r-2 staging, 5 min ago: the canary waits for you: api: Not enough data: 0 of the 10 lane-seconds a pass needs could be compared (0 canary requests); it takes about 10 more canary requests, and none has come yet. Score 50/100. Reply CODE to roll back, CODE to promote, CODE if you take it.
            r-2 is promoted by ana: its canary moves on to the next stage.
        "#]]);
        t.never_mind_the_rest();
        t.user("ana").says("cancel").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}

#[test]
fn guessing_has_an_end() {
    chat_about(&on_duty(""), async |t| {
        live(t, 0).await;
        held_canary(t).await;
        let code = t.code("ana", "to promote");
        // Words are no guesses.
        for _ in 0..3 {
            t.replies("ana", "what is it?").await;
        }
        for guess in 0..20 {
            t.replies("ana", &format!("{}", 200 + guess)).await;
        }
        let told = t.on_phone("ana").pop().unwrap();
        assert!(told.contains("I take no number from this phone for 15 minutes"), "{told}");
        // Not even the right one counts now.
        t.replies("ana", &code).await;
        t.run(2).is("paused").await;
        assert_eq!(t.text_count("ana"), 1 + 3 + 5);
        t.texts_pass(minutes(15)).await;
        t.replies("ana", &code).await;
        t.run(2).is("running").await;
        t.never_mind_the_rest();
        t.user("ana").says("cancel").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_undelivered_text_makes_it_the_next_ones_turn() {
    chat_about(&on_duty(""), async |t| {
        live(t, TRAFFIC).await;
        t.world().phones().out_of_reach(&crate::harness::phone("ana"), true);
        bad_canary(t).await;
        assert_eq!(t.text_count("ben"), 0);
        t.texts_pass(seconds(59)).await;
        assert_eq!(t.text_count("ben"), 1);
    });
}

#[test]
fn whatever_becomes_of_the_answer_it_is_sent_once() {
    for fault in [PhoneFault::LostAnswer, PhoneFault::NeverSent, PhoneFault::Busy] {
        chat_about(&on_duty(""), async |t| {
            live(t, TRAFFIC).await;
            t.world().phones().fault(fault);
            bad_canary(t).await;
            t.crash_and_restart().await;
            t.texts_pass(minutes(2)).await;
            assert_eq!(t.text_count("ana"), 1, "{fault:?}");
            assert_eq!(t.world().phones().faults_unstruck(), []);
        });
    }
}

#[test]
fn a_number_nobody_takes_is_passed_over() {
    chat_about(&on_duty(""), async |t| {
        live(t, TRAFFIC).await;
        t.world().phones().fault(PhoneFault::Refused);
        bad_canary(t).await;
        assert_eq!(t.text_count("ana"), 0);
        assert_eq!(t.text_count("ben"), 1);
    });
}

#[test]
fn at_night_only_what_matters_enough_is_texted() {
    // The story begins at noon UTC.
    let quiet = on_duty(", quiet: \"11:00 - 14:00\", passes: critical");
    chat_about(&quiet, async |t| {
        live(t, TRAFFIC).await;
        bad_canary(t).await;
        t.texts_pass(hours(1)).await;
        t.texts("ana", expect![""]);
        t.texts_pass(hours(1)).await;
        assert_eq!(t.text_count("ana"), 1);
        assert_eq!(t.text_count("ben"), 0);
    });
    let through = on_duty(", quiet: \"11:00 - 14:00\", passes: warning");
    chat_about(&through, async |t| {
        live(t, TRAFFIC).await;
        bad_canary(t).await;
        assert_eq!(t.text_count("ana"), 1);
    });
}

#[test]
fn a_storm_is_folded() {
    chat_about(&on_duty(""), async |t| {
        live(t, 0).await;
        for number in 0..1_000 {
            t.happens(1, &format!("api{number}")).await;
            if number % 100 == 0 {
                t.texts_pass(seconds(1)).await;
            }
        }
        t.texts_pass(minutes(1)).await;
        assert!((1..=5).contains(&t.text_count("ana")), "{}", t.text_count("ana"));
        assert_eq!(t.text_count("ben"), 0);
        let before = t.text_count("ana");
        t.texts_pass(minutes(15)).await;
        t.texts("ana", expect![[r#"
            r-1 staging: a live service keeps ending: api0 ended by itself 3 times. Reply CODE to roll back, CODE if you take it.
            r-1 staging: a live service keeps ending: api76 ended by itself 3 times. And 99 more (r-1). Reply CODE to roll back, CODE if you take it.
            r-1 staging: a live service keeps ending: api101 ended by itself 3 times. And 99 more (r-1). Reply CODE to roll back, CODE if you take it.
            r-1 staging: a live service keeps ending: api201 ended by itself 3 times. And 99 more (r-1). Reply CODE to roll back, CODE if you take it.
            r-1 staging: a live service keeps ending: api301 ended by itself 3 times. And 99 more (r-1). Reply CODE to roll back, CODE if you take it.
            r-1 staging, 14 min ago: a live service keeps ending: api976 ended by itself 3 times. And 598 more (r-1). Reply CODE to roll back, CODE if you take it.
        "#]]);
        assert!(t.text_count("ana") <= before + 1);
        t.never_mind_the_rest();
    });
}

#[test]
fn the_same_again_is_counted_and_not_texted() {
    chat_about(&on_duty(""), async |t| {
        live(t, 0).await;
        for _ in 0..20 {
            t.happens(1, "api").await;
            t.texts_pass(seconds(30)).await;
        }
        // Ben had his turn after five minutes, and what goes on is no news to either.
        assert_eq!((t.text_count("ana"), t.text_count("ben")), (1, 1));
        assert!(t.on_phone("ben")[0].contains("10 times so far"), "{:?}", t.on_phone("ben"));
        t.never_mind_the_rest();
    });
}

#[test]
fn who_asked_for_it_is_told() {
    chat_about(&Project::usual().staging("lane_seconds_min: 10, soak_s: 30"), async |t| {
        live(t, TRAFFIC).await;
        t.user("ben").says("text me if the canary looks weird or if a rollback triggers").await;
        t.user("vera").says("whoami").await;
        t.never_mind_the_rest();
        t.user("zoe").says("tell me if a deploy fails in staging").await;
        t.bot_says(expect![[r#"
            ✓ Alert 2 stands: alert me if a deploy fails in staging
              It takes effect at once.
              [Remove] [All alerts]
              > alert me if a deploy fails in staging
        "#]]);
        t.release("v1.4.0", Behaviour::fails_requests(20));
        t.user("ana").says("deploy v1.4.0 to staging with canary").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ✗ r-2 · canary at 50% of traffic: goes back
              the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,125 canaries (limit: 200).
              50% for 2 s: api canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms
              50% for 2 s: web canary 21 of 100 failed (21.0%), p95 5 ms, and stable 0 of 100 failed (0.0%), p95 5 ms

            ? zoe: r-2 in staging: canary taken back by itself
              the canary of api failed at 50% of traffic. The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds; equal versions would get this far apart less than once in 1,125 canaries (limit: 200).
              You asked for it: alert me if a deploy fails in staging
              [Status]
              > logs of r-2
        "#]]);
        t.never_mind_the_rest();
        t.texts("ana", expect![""]);
        t.texts("ben", expect![[r#"
            r-2 staging: canary of api taken back by itself at 50% of traffic: The canary failed 21 of 100 requests (21%), the stable version 0 of 100 requests (0%) in the same seconds. Score 0/100. Live: release 1 (v1.0.0). Reply CODE if you take it.
        "#]]);
    });
}

#[test]
fn an_approval_is_awaited_by_everybody_else() {
    let project = Project::usual().with(
        "    policy: { PRODUCTION_POLICY }",
        "    texts: { people: [ana, ben] }\n    policy: { PRODUCTION_POLICY }",
    );
    chat_about(&project, async |t| {
        live(t, 0).await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.texts("ana", expect![""]);
        t.texts("ben", expect![[r#"
            r-2 production: ana needs a yes for "deploy v1.0.0 to production". In the chat: approve r-2. Reply CODE if you take it.
        "#]]);
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.texts_pass(minutes(30)).await;
        assert_eq!(t.text_count("ana") + t.text_count("ben"), 1);
    });
}

/// Production of which people on duty approve by text.
fn approved_by_text(people: &'static str, approvals: &str) -> Project {
    Project::usual()
        .production(&format!("approvals: {approvals}, allowed_refs: [main, \"v*\"]"))
        .with("    policy: { PRODUCTION_POLICY }", people)
}

#[test]
fn an_approval_is_given_by_a_reply() {
    let project = approved_by_text(
        "    texts: { people: [vera, ben, zoe], approve: true }\n    policy: { PRODUCTION_POLICY }",
        "2",
    );
    chat_about(&project, async |t| {
        live(t, 0).await;
        for person in ["vera", "zoe"] {
            t.has_phone(person).await;
        }
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        t.texts("vera", expect![[r#"
            r-2 production: ana needs a yes for "deploy v1.0.0 to production". Its plan is in the chat (r-2). Reply CODE to approve, CODE to reject, CODE if you take it.
        "#]]);
        // The number of somebody who may not approve does nothing, and the next one is asked.
        let code = t.code("vera", "to approve");
        assert_eq!(code.len(), 6, "{code}");
        t.replies("vera", &code).await;
        t.run(2).is("awaiting-approval").await;
        t.texts_pass(minutes(5)).await;
        // Neither does a word, another phone, or a part of the number.
        let code = t.code("ben", "to approve");
        for words in ["YES", "yes", "START", "approve", "ok", &code[..4]] {
            t.replies("ben", words).await;
        }
        t.replies("zoe", &code).await;
        assert_eq!(t.decisions().await, 0);
        t.run(2).is("awaiting-approval").await;
        // One of two: the other one is asked at once.
        t.replies("ben", &code).await;
        t.run(2).is("awaiting-approval").await;
        assert_eq!(t.text_count("zoe"), 2);
        let second = t.code("zoe", "to approve");
        t.replies("zoe", &second).await;
        t.settles().await;
        t.run(2).is("succeeded").await;
        t.texts("ben", expect![[r#"
            r-2 production, 5 min ago: ana needs a yes for "deploy v1.0.0 to production". Its plan is in the chat (r-2). Reply CODE to approve, CODE to reject, CODE if you take it.
            That is none of the numbers I sent you. Reply just a number from a text, or go on in the chat.
            That is none of the numbers I sent you. Reply just a number from a text, or go on in the chat.
            That is none of the numbers I sent you. Reply just a number from a text, or go on in the chat.
            Your approval of r-2 counts; 1 more approval is needed.
        "#]]);
        t.texts("zoe", expect![[r#"
            That is none of the numbers I sent you. Reply just a number from a text, or go on in the chat.
            r-2 production, 5 min ago: ana needs a yes for "deploy v1.0.0 to production". Its plan is in the chat (r-2). Reply CODE to approve, CODE to reject, CODE if you take it.
            r-2 is approved by zoe and goes on.
        "#]]);
        t.never_mind_the_rest();
        // It was decided: a no comes too late.
        let late = t.code("zoe", "to reject");
        t.replies("zoe", &late).await;
        t.run(2).is("succeeded").await;
        assert!(t.on_phone("zoe").last().unwrap().contains("came too late"), "{:?}", t.on_phone("zoe"));
    });
}

#[test]
fn an_approval_is_refused_by_a_reply_and_runs_out() {
    let people = "    texts: { people: [ben, zoe], approve: true, wait_minutes: 200 }\n    policy: { PRODUCTION_POLICY }";
    chat_about(&approved_by_text(people, "1, approval_minutes: 240"), async |t| {
        live(t, 0).await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        let code = t.code("ben", "to reject");
        t.replies("ben", &code).await;
        t.run(2).is("cancelled").await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let code = t.code("ben", "to approve");
        t.texts_pass_in_steps(hours(2), minutes(1)).await;
        t.replies("ben", &code).await;
        t.run(3).is("awaiting-approval").await;
        assert!(t.on_phone("ben").last().unwrap().contains("ran out"), "{:?}", t.on_phone("ben"));
        t.user("ana").says("cancel").await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}

#[test]
fn once_a_week_it_is_tried() {
    chat_about(&on_duty(""), async |t| {
        live(t, 0).await;
        // From Wednesday noon until Monday, 10:00.
        t.texts_pass_in_steps(hours(4 * 24 + 21), minutes(30)).await;
        t.texts("ana", expect![""]);
        t.texts_pass_in_steps(hours(2), minutes(30)).await;
        t.texts(
            "ana",
            expect![[r#"
            Weekly test of Infra Chat: texts about staging reach you. Reply CODE if you take it.
        "#]],
        );
        let code = t.code("ben", "if you take it");
        t.replies("ben", &code).await;
        t.texts(
            "ben",
            expect![[r#"
            Weekly test of Infra Chat: texts about staging reach you. Reply CODE if you take it.
            You have this: nobody else is texted about it.
        "#]],
        );
    });
}
