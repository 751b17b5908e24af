use engine::control::Decided;
use engine::model::Role;
use engine::ports::Weight;

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

const MINUTE_MS: i64 = 60_000;

async fn live_in_production(t: &Story) {
    t.does("ana", "production", deploy("v1")).await;
}

#[test]
fn a_production_deploy_waits_for_a_second_person() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        t.settle().await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        assert_eq!(t.world.effects(), "");
        assert_eq!(t.approves("ben", &run).await.unwrap(), Decided::Approved);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert_eq!(t.recorded("approval.given").await, ["approval.given by ben"]);
    });
}

#[test]
fn the_requester_a_viewer_and_a_stranger_can_not_approve_and_it_is_recorded() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        for who in ["ana", "vera", "mallory"] {
            let refused = t.approves(who, &run).await.unwrap_err();
            assert_eq!(refused.code(), "not-allowed", "{who}");
        }
        assert_eq!(t.recorded("approval.refused").await.len(), 3);
        t.settle().await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        t.rejects("ana", &run, "changed my mind").await.unwrap();
        assert_eq!(t.outcome(&run).await, "cancelled: rejected");
    });
}

#[test]
fn an_approval_expires() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        t.passes(59 * MINUTE_MS);
        t.settle().await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        t.passes(MINUTE_MS);
        // Nobody has looked yet, and the question is closed all the same.
        assert_eq!(t.approves("ben", &run).await.unwrap_err().code(), "expired");
        t.settle().await;
        assert_eq!(t.outcome(&run).await, "cancelled: expired");
        assert_eq!(t.approves("ben", &run).await.unwrap_err().code(), "expired");
        let again = t.engine().retry(&run, &t.person("ana").await).await.unwrap();
        t.approves("ben", &again.id).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&again.id).await, "succeeded");
    });
}

#[test]
fn a_rejected_run_is_over() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        assert_eq!(t.rejects("zoe", &run, "not on a Friday").await.unwrap(), Decided::Rejected);
        t.settle_all().await;
        assert_eq!(t.reason(&run).await.say, "rejected by zoe: not on a Friday");
        let late = t.approves("ben", &run).await.unwrap_err();
        assert_eq!((late.code(), late.to_string().contains("rejected by zoe")), ("already-decided", true));
        assert_eq!(t.world.effects(), "");
    });
}

#[test]
fn weights_that_changed_after_the_approval_stop_it() {
    on_both(async |t| {
        live_in_production(t).await;
        t.does("ana", "production", deploy("v2")).await;
        let before = t.picture("production").await;
        let run = t.asks("ana", "production", deploy("v3")).await;
        let production = t.environment("production");
        let by_hand = [Weight { release: 2, percent: 60 }, Weight { release: 1, percent: 40 }];
        t.world.drift(|it| it.weights(&production, &service("api"), &by_hand));
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: drifted");
        let evidence = t.reason(&run).await.evidence;
        assert!(evidence.contains(&"was: api: 100% of traffic to release 2".to_owned()), "{evidence:?}");
        assert!(evidence.contains(&"is now: api: 40% of traffic to release 1".to_owned()), "{evidence:?}");
        t.world.drift(|it| it.weights(&production, &service("api"), &[Weight { release: 2, percent: 100 }]));
        assert_eq!(t.picture("production").await, before);
    });
}

#[test]
fn a_tag_that_moved_after_the_approval_stops_it() {
    on_both(async |t| {
        live_in_production(t).await;
        let run = t.asks("ana", "production", deploy("v2")).await;
        t.approves("ben", &run).await.unwrap();
        t.world.drift(|it| it.tag_move("v2", "v3")).unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: drifted");
        let evidence = t.reason(&run).await.evidence;
        assert!(evidence.iter().any(|line| line.starts_with("would now be: api")), "{evidence:?}");
        assert_eq!(t.desired("production").await, "live @1");
    });
}

#[test]
fn a_plan_nobody_had_to_approve_is_made_anew() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", deploy("v2")).await;
        let planned = t.run(&run).await.plan_digest;
        t.world.drift(|it| it.tag_move("v2", "v3")).unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert_ne!(t.run(&run).await.plan_digest, planned);
        assert_eq!(t.recorded("run.replanned").await.len(), 1);
        let live = t.engine().store().release_list(&t.environment("staging"), 1).await.unwrap();
        assert_eq!(live[0].subject, "Faster lists");
    });
}

#[test]
fn of_twenty_decisions_at_once_one_wins_and_everybody_hears() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        let people = [t.person("ben").await, t.person("zoe").await];
        let deciding = (0..20).map(|click| {
            let (engine, run, who) = (t.engine().clone(), run.clone(), people[click % 2].clone());
            tokio::spawn(async move {
                if click % 3 == 0 {
                    engine.reject(&run, &who, None).await
                } else {
                    engine.approve(&run, &who).await
                }
            })
        });
        let (mut won, mut late, mut done) = (0, 0, 0);
        for decided in futures_util::future::join_all(deciding).await {
            match decided.unwrap() {
                Ok(Decided::Approved | Decided::Rejected) => won += 1,
                // Whoever won has decided it, however often they say so.
                Ok(Decided::Before) => done += 1,
                Ok(other) => panic!("{other:?}"),
                Err(refusal) => {
                    assert_eq!(refusal.code(), "already-decided", "{refusal:?}");
                    late += 1;
                }
            }
        }
        assert_eq!((won, late + done), (1, 19));
        assert!(done > 0);
        assert_eq!(t.recorded("approval.refused").await.len(), late);
        t.settle_all().await;
        assert!(["succeeded", "cancelled"].contains(&t.state(&run).await));
    });
}

#[test]
fn breaking_the_glass_takes_an_admin_and_a_reason() {
    on_both(async |t| {
        let mut request = t.request("production", deploy("v1"));
        request.break_glass = Some("fire".to_owned());
        let refused = t.engine().request(&request, &t.person("zoe").await).await.map(drop).unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
        request.break_glass = Some("the checkout is down for everybody".to_owned());
        let run = t.engine().request(&request, &t.person("zoe").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run.id).await, "succeeded");
    });
}

#[test]
fn the_rules_look_at_the_role_a_requester_has_when_the_run_starts() {
    on_both(async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.becomes("ana", Some(Role::Viewer)).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: refused");
        let run = t.asks("ben", "staging", deploy("v1")).await;
        t.becomes("ben", None).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: refused");
        assert_eq!(t.desired("staging").await, "nothing live");
    });
}

#[test]
fn a_yes_of_those_whose_is_not_asked_for_does_not_count() {
    on_both(async |t| {
        t.restarts_with_rule(
            r#"
            @id("production-needs-an-admin")
            @needs("approval") @roles("admin")
            @say("Production needs an admin here.")
            forbid (principal, action in Action::"ship", resource is Environment)
            when { resource.production && context.admin_approvals_given < 1 }
            unless { context.dry_run };
            "#,
        )
        .await;
        let run = t.asks("ana", "production", deploy("v1")).await;
        let refused = t.approves("ben", &run).await.unwrap_err();
        assert_eq!(refused.code(), "does-not-count");
        assert!(
            refused.to_string().ends_with("you are deployer, and the rules here ask for admin"),
            "{refused}"
        );
        assert!(t.engine().store().vote_list(&run).await.unwrap().is_empty());
        assert_eq!(t.approves("zoe", &run).await.unwrap(), Decided::Approved);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
    });
}

#[test]
fn a_yes_counts_as_long_as_who_gave_it_may_approve() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        assert_eq!(t.approves("ben", &run).await.unwrap(), Decided::Approved);
        t.becomes("ben", Some(Role::Viewer)).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: needs-approval");
        t.becomes("ben", Some(Role::Deployer)).await;
        let two = ("policy: { max_replicas: 4 }", "policy: { approvals: 2 }");
        t.redescribes(&[two]).await.unwrap();
        let run = t.asks("ana", "production", deploy("v1")).await;
        assert_eq!(t.approves("ben", &run).await.unwrap(), Decided::Counted { still: 1 });
        t.becomes("ben", None).await;
        assert_eq!(t.approves("zoe", &run).await.unwrap(), Decided::Counted { still: 1 });
        t.becomes("vera", Some(Role::Deployer)).await;
        assert_eq!(t.approves("vera", &run).await.unwrap(), Decided::Approved);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
    });
}
