use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::model::{CanaryChoice, Change, MigrateChoice, ReleaseId, ReleaseState, RollbackTarget};
use engine::ports::BuildKey;
use engine::run::RunState;
use engine::step::StepKind;
use engine::store::{Commit, Write};
use expect_test::expect;

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

#[test]
fn nothing_live_can_not_be_rolled_back() {
    on_both(async |t| {
        let refused = t.tries("ana", "staging", rollback()).await.unwrap_err();
        assert_eq!(refused.code(), "nothing-live");
        t.does("ana", "staging", deploy("v1")).await;
        let refused = t.tries("ana", "staging", rollback()).await.unwrap_err();
        assert_eq!(refused.code(), "no-way-back");
    });
}

#[test]
fn a_rollback_goes_to_the_release_before_and_holds_automatic_deploys() {
    on_both(async |t| {
        t.does("ana", "production", deploy("v2")).await;
        t.does("ana", "production", deploy("v3")).await;
        // In an incident nobody waits for a second person.
        let run = t.asks("ana", "production", rollback()).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        expect![[r#"
            queued
            running
              preflight …
              preflight done: ready, 3 builds are used again, the newest of 2026-11-25 12:00 UTC
              config …
              config done: 3 variables for 3 services
              bring up …
              bring up done: healthy: api 2/2, web 1/1
              traffic …
              traffic done: api: 100% to release 1, web: 100% to release 1
              cron …
              cron done: cron runs at `*/15 * * * *`
              verification …
              verification done: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms
              release …
              release done: recorded
            succeeded
        "#]].assert_eq(&t.told(&run).await);
        expect![[r#"
            api@1 healthy healthy of 2
            api config @1 @2
            api 100% to @1
            cron@1 `*/15 * * * *` on
            cron config @1 @2
            web@1 healthy of 1
            web config @1 @2
            web 100% to @1
        "#]]
        .assert_eq(&t.picture("production").await);
        assert_eq!(t.desired("production").await, "live @1, held: rolled back from release 2 (v3)");
        assert_eq!(t.releases("production").await, "2 failed, 1 live");
        t.does("ana", "production", deploy("v3")).await;
        assert_eq!(t.desired("production").await, "live @3");
    });
}

#[test]
fn a_rollback_of_one_service_is_a_release_of_its_own() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        t.does("ana", "staging", rollback_only(&["api"])).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("api 100% to @1") && picture.contains("web 100% to @2"), "{picture}");
        assert!(picture.contains("cron@2"), "{picture}");
        assert_eq!(t.desired("staging").await, "live @3, held: rolled back from release 2 (v3)");
    });
}

#[test]
fn a_rollback_to_a_number() {
    on_both(async |t| {
        for release in ["v1", "v2", "v3"] {
            t.does("ana", "staging", deploy(release)).await;
        }
        for (number, code) in [(3, "already-live"), (9, "unknown-release")] {
            let refused = t.tries("ana", "staging", rollback_to(number)).await.unwrap_err();
            assert_eq!(refused.code(), code);
        }
        t.does("ana", "staging", rollback_to(1)).await;
        assert_eq!(t.releases("staging").await, "3 failed, 2 superseded, 1 live");
        // What came after it is not "previous".
        assert_eq!(t.tries("ana", "staging", rollback()).await.unwrap_err().code(), "no-way-back");
    });
}

#[test]
fn a_way_back_that_leads_elsewhere_by_its_turn_is_not_gone() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        t.asks("ana", "staging", deploy("v3")).await;
        let run = t.asks("ben", "staging", rollback()).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: changed");
        assert_eq!(t.desired("staging").await, "live @3");
        let ben = t.person("ben").await;
        let refused = t.engine().retry(&run, &ben).await.unwrap_err();
        assert_eq!(refused.code(), "changed");
        // Said anew it is about what is live, and done it is not done again.
        let back = t.does("ben", "staging", rollback()).await;
        assert!(t.desired("staging").await.starts_with("live @2"));
        assert_eq!(t.engine().retry(&back, &ben).await.unwrap_err().code(), "succeeded");
    });
}

#[test]
fn a_way_back_that_is_the_same_by_its_turn_is_gone() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        t.world.behaviour("v3", Behaviour::never_healthy()).unwrap();
        t.asks("ana", "staging", deploy("v3")).await;
        let run = t.asks("ben", "staging", rollback()).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert!(t.desired("staging").await.starts_with("live @1"));
    });
}

#[test]
fn a_schema_the_target_can_not_live_with_is_in_the_way() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v3")).await;
        t.world.file("migrations/0004_drop_due.sql", "ALTER TABLE invoices DROP COLUMN due");
        t.world.release("v4", "No due dates", Behaviour::default());
        t.does("ana", "staging", deploy("v4")).await;
        let refused = t.tries("ana", "staging", rollback()).await.unwrap_err();
        assert_eq!(refused.code(), "schema-incompatible");
        assert!(refused.to_string().contains("0004"), "{refused}");
    });
}

#[test]
fn a_target_that_does_not_come_up_leaves_the_live_release_serving() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        let before = t.picture("staging").await;
        t.world.behaviour("v2", Behaviour::never_healthy()).unwrap();
        let run = t.asks("ana", "staging", rollback()).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.picture("staging").await, before);
        assert_eq!(t.desired("staging").await, "live @2");
    });
}

#[test]
fn a_build_that_was_cleaned_up_is_made_anew() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        let releases = t.engine().store().release_list(&t.environment("staging"), 10).await.unwrap();
        for part in releases[1].services.values() {
            t.world.drift(|it| it.build_vanish(&part.build));
        }
        t.does("ana", "staging", rollback()).await;
        assert_eq!(t.releases("staging").await, "2 failed, 1 live");
    });
}

async fn builds_vanish(t: &Story, environment: &str, release: u32) {
    let found = t.engine().store().release_get(&t.environment(environment), release).await.unwrap().unwrap();
    for part in found.services.values() {
        t.world.drift(|it| it.build_vanish(&part.build));
    }
}

#[test]
fn back_and_forth_and_back_again() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        t.does("ana", "staging", rollback()).await;
        // Going forward again, nothing is wrong with the release that served meanwhile.
        t.does("ana", "staging", rollback_to(2)).await;
        assert_eq!(t.releases("staging").await, "2 live, 1 superseded");
        assert_eq!(t.desired("staging").await, "live @2", "a hold is for going back");
        t.does("ana", "staging", rollback()).await;
        assert_eq!(t.releases("staging").await, "2 failed, 1 live");
    });
}

#[test]
fn a_way_back_is_proved_when_its_builds_are_kept_and_it_can_live_with_the_schema() {
    on_both(async |t| {
        assert!(t.previews("ana", "staging", deploy("v2")).await.way_back.proved);
        t.does("ana", "staging", deploy("v2")).await;
        assert!(t.previews("ana", "staging", deploy("v3")).await.way_back.proved);
        t.world.file("migrations/0004_drop_due.sql", "ALTER TABLE invoices DROP COLUMN due");
        t.world.release("v4", "No due dates", Behaviour::default());
        assert!(!t.previews("ana", "staging", deploy("v4")).await.way_back.proved);
        builds_vanish(t, "staging", 1).await;
        let gone = t.previews("ana", "staging", deploy("v3")).await.way_back;
        assert!(!gone.proved && gone.lacks[0].contains("its build is gone"), "{gone:?}");
    });
}

#[test]
fn a_way_back_from_a_rollback_is_not_proved_while_the_code_host_is_silent() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        assert!(t.previews("ana", "staging", rollback()).await.way_back.proved);
        t.world.fault(Fault::of(Call::Files, FaultKind::FailBefore));
        let unread = t.previews("ana", "staging", rollback()).await.way_back;
        assert!(!unread.proved && unread.lacks[0].contains("could not be checked"), "{unread:?}");
        t.world.faults_clear();
    });
}

#[test]
fn the_live_release_is_known_however_many_attempts_failed_since() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", deploy("v3")).await;
        let store = t.engine().store();
        let live = store.release_get(&t.environment("staging"), 2).await.unwrap().unwrap();
        let mut commit = Commit::at(t.now_ms());
        for number in 3..63 {
            let mut attempt = live.clone();
            attempt.id.number = number;
            (attempt.state, attempt.live_ms) = (ReleaseState::Failed, None);
            commit.writes.push(Write::ReleasePut(Box::new(attempt)));
        }
        store.commit(commit).await.unwrap();
        let status = t.engine().status(&t.environment("staging"), &t.person("ana").await).await.unwrap();
        assert_eq!(status.live.unwrap().id.number, 2);
        assert_eq!(t.previews("ana", "staging", deploy("v3")).await.way_back.release, Some(2));
        assert_eq!(t.previews("ana", "staging", rollback_to(1)).await.way_back.release, Some(2));
        t.does("ana", "staging", rollback()).await;
        assert!(t.releases("staging").await.ends_with("2 failed, 1 live"));
    });
}

#[test]
fn a_release_is_found_by_its_ref_however_many_came_after() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let store = t.engine().store();
        let live = store.release_get(&t.environment("staging"), 2).await.unwrap().unwrap();
        let mut commit = Commit::at(t.now_ms());
        for number in 3..163 {
            let mut later = live.clone();
            later.id.number = number;
            later.state = ReleaseState::Superseded;
            commit.writes.push(Write::ReleasePut(Box::new(later)));
        }
        store.commit(commit).await.unwrap();
        let to = |reference: &str| Change::Rollback {
            services: Vec::new(),
            to: RollbackTarget::Reference(reference.to_owned()),
            taking_back: None,
        };
        assert_eq!(t.previews("ana", "staging", to("v1")).await.title, "Roll staging back to release 1 (v1)");
        let refused = t.tries("ana", "staging", to("v9")).await.unwrap_err();
        assert_eq!(refused.code(), "unknown-release");
    });
}

#[test]
fn an_old_release_is_built_again_as_it_was_built_then() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.redescribes(&[("build: make api", "build: just api")]).await.unwrap();
        t.does("ana", "staging", deploy("v3")).await;
        builds_vanish(t, "staging", 1).await;
        let plan = t.previews("ana", "staging", rollback()).await;
        let StepKind::Preflight(preflight) = &plan.steps[0].kind else { panic!("{:?}", plan.steps[0]) };
        let commands: Vec<_> = preflight.builds.iter().map(|build| build.command.as_deref()).collect();
        assert_eq!(commands, [Some("make api"), Some("make web"), None]);
    });
}

#[test]
fn a_way_back_says_how_long_it_took_last_time() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        let run = t.does("ana", "staging", deploy("v3")).await;
        let took = async || t.engine().run_detail(&run).await.unwrap().way_back_took_ms;
        assert_eq!(took().await, None);
        let back = t.does("ana", "staging", rollback()).await;
        assert_eq!(t.engine().run_detail(&back).await.unwrap().way_back_took_ms, None, "not its own time");
        let back = t.run(&back).await;
        assert_eq!(took().await, Some(back.finished_ms.unwrap() - back.started_ms.unwrap()));
        // Nobody rolls back to undo a change of size: what that would take is not known.
        let scaled = t.does("ana", "staging", scale(&["api"], 2)).await;
        assert_eq!(t.engine().run_detail(&scaled).await.unwrap().way_back_took_ms, None);
    });
}

#[test]
fn what_was_taken_back_where_it_was_proved_does_not_go_to_production() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let proved = ReleaseId { environment: t.environment("staging"), number: 2 };
        let change = Change::Deploy {
            services: Vec::new(),
            reference: Some("v2".to_owned()),
            proved: Some(proved),
            migrate: MigrateChoice::First,
            canary: CanaryChoice::Nothing,
        };
        let run = t.asks("ana", "production", change.clone()).await;
        t.does("ana", "staging", rollback()).await;
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: not-proved");
        let RunState::Failed { reason, .. } = t.run(&run).await.state else { panic!("it did not fail") };
        assert_eq!(reason.next, "deploy ref v1 to production", "what staging runs, by its name");
        let refused = t.tries("ana", "production", change).await.unwrap_err();
        assert_eq!((refused.code(), refused.next()), ("not-proved", "deploy ref v1 to production"));
    });
}

#[test]
fn a_configuration_that_is_tidied_away_while_a_rollback_waits_is_written_anew() {
    on_both(async |t| {
        t.restarts_with_rule(
            r#"
            @id("going-back-needs-an-admin")
            @needs("approval") @roles("admin")
            @say("Going back needs an admin here.")
            forbid (principal, action == Action::"rollback", resource is Environment)
            when { context.admin_approvals_given < 1 }
            unless { context.dry_run };
            "#,
        )
        .await;
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let tidied = |t: &Story, name: &str| {
            let staging = t.environment("staging");
            assert!(t.world.drift(|it| it.config_vanish(&staging, &service(name), 1)));
        };
        let run = t.asks("ana", "staging", rollback()).await;
        let planned = t.run(&run).await.plan_digest;
        t.passes(30 * 60_000);
        tidied(t, "api");
        t.approves("zoe", &run).await.unwrap();
        // Its build is gone, too; while it is made, more is tidied away.
        let builds: Vec<BuildKey> = {
            let (_, releases) =
                t.engine().releases(&t.environment("staging"), &t.person("ana").await, 9).await.unwrap();
            releases[1].services.values().map(|part| part.build.clone()).collect()
        };
        assert!(t.world.drift(|it| builds.iter().filter(|key| it.build_vanish(key)).count()) > 0);
        t.world.behaviour("v1", Behaviour::builds_in(30_000)).unwrap();
        t.settle().await;
        assert_eq!(t.state(&run).await, "running", "{}", t.told(&run).await);
        tidied(t, "web");
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        assert_eq!(t.run(&run).await.plan_digest, planned, "what was approved is what ran");
        let picture = t.picture("staging").await;
        for name in ["api", "web", "cron"] {
            assert!(picture.contains(&format!("{name} config @1 @2")), "{picture}");
        }
    });
}

#[test]
fn a_rollback_that_is_taken_back_leaves_the_configurations_there_were() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let before = t.picture("staging").await;
        t.world.behaviour("v1", Behaviour::never_healthy()).unwrap();
        let run = t.asks("ana", "staging", rollback()).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.picture("staging").await, before);
    });
}

/// The same way back is gone once, however many ask for it in the same moment; another one is another one.
#[test]
fn one_rollback_at_a_time() {
    on_both(async |t| {
        for tag in ["v1", "v2", "v3"] {
            t.does("ana", "staging", deploy(tag)).await;
        }
        let (first, second) =
            tokio::join!(t.tries("ana", "staging", rollback()), t.tries("ben", "staging", rollback()));
        let (run, refused) = match (first, second) {
            (Ok(run), Err(refused)) | (Err(refused), Ok(run)) => (run, refused),
            other => panic!("one of them is first: {other:?}"),
        };
        assert_eq!(refused.code(), "rolling-back");
        assert!(refused.to_string().contains(run.as_str()), "{refused}");
        let named = rollback_to(2);
        assert_eq!(t.tries("ben", "staging", named).await.unwrap_err().code(), "rolling-back");
        let further = t.tries("ben", "staging", rollback_to(1)).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert_eq!(t.outcome(&further).await, "succeeded");
    });
}

/// The words a plan gives for its way back lead there, also past a release that worked and was gone back over.
#[test]
fn a_way_back_is_said_so_that_it_leads_there() {
    on_both(async |t| {
        for tag in ["v1", "v2", "v3"] {
            t.does("ana", "staging", deploy(tag)).await;
        }
        let say = async || t.previews("ana", "staging", deploy("v3")).await.way_back.say;
        assert!(say().await.starts_with("rollback staging goes to release 3"), "{}", say().await);
        t.does("ana", "staging", rollback_to(1)).await;
        assert!(
            say().await.starts_with("rollback staging to release 1 goes to release 1"),
            "{}",
            say().await
        );
    });
}
