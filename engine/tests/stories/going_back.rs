//! Going back service by service, and who put live what is live.

use engine::model::{Change, Desired, ReleaseState, RollbackTarget};
use engine::store::{Commit, Write};

use crate::world::changes::*;
use crate::world::{on_both, service};

/// Who put live what is live is known after any number of other runs, and is not who made the release.
#[test]
fn who_put_it_live_is_known_however_many_other_runs_came_after() {
    const OTHERS: usize = 101;
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let back = t.does("ben", "staging", rollback()).await;
        for _ in 0..OTHERS {
            // An hour apart: there is a limit to how many changes an hour may bring.
            t.passes(3_600_000);
            t.does("ana", "staging", clear_cache()).await;
        }
        let live = t.engine().went_live(&t.environment("staging")).await.unwrap().unwrap();
        let (run, plan) = live.by.unwrap();
        assert_eq!((live.release.id.number, run.id, plan.puts_live()), (1, back, Some(1)));
        assert_eq!(run.requester.name, "ben");
        t.does("ana", "staging", deploy("v3")).await;
        let live = t.engine().went_live(&t.environment("staging")).await.unwrap().unwrap();
        assert_eq!((live.release.id.number, live.by.unwrap().0.requester.name.as_str()), (3, "ana"));
    });
}

/// Of two services each goes back by its own order, to the last release in which it was another.
#[test]
fn services_go_back_one_after_the_other() {
    on_both(async |t| {
        for tag in ["v1", "v2", "v3"] {
            t.does("ana", "staging", deploy(tag)).await;
        }
        t.does("ana", "staging", rollback_only(&["api"])).await;
        t.does("ana", "staging", rollback_only(&["web"])).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("api 100% to @2") && picture.contains("web 100% to @2"), "{picture}");
        assert!(picture.contains("cron@3"), "{picture}");
        // Release 2 has the api that is live, so it goes on to the one before.
        t.does("ana", "staging", rollback_only(&["api"])).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("api 100% to @1") && picture.contains("web 100% to @2"), "{picture}");
        let refused = t.tries("ana", "staging", rollback_only(&["api"])).await.unwrap_err();
        assert_eq!(refused.code(), "no-way-back", "{refused}");
    });
}

/// What was deployed alone goes back alone, though another service came in between.
#[test]
fn a_service_goes_back_past_releases_that_left_it_alone() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy_only(&["api"], "v2")).await;
        t.does("ana", "staging", deploy_only(&["web"], "v3")).await;
        let to = |number: u32| Change::Rollback {
            services: vec![service("api")],
            to: RollbackTarget::Release(number),
            taking_back: None,
        };
        let refused = t.tries("ana", "staging", to(2)).await.unwrap_err();
        assert_eq!(refused.code(), "already-live", "{refused}");
        t.does("ana", "staging", rollback_only(&["api"])).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("api 100% to @1") && picture.contains("web 100% to @3"), "{picture}");
    });
}

/// The release in which a service was another may be further back than a plan looks otherwise.
#[test]
fn a_service_goes_back_past_any_number_of_releases_that_left_it_alone() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let store = t.engine().store();
        let live = store.release_get(&t.environment("staging"), 2).await.unwrap().unwrap();
        let mut commit = Commit::at(t.now_ms());
        for number in 3..163 {
            let mut later = live.clone();
            later.id.number = number;
            later.state = if number == 162 { ReleaseState::Live } else { ReleaseState::Superseded };
            commit.writes.push(Write::ReleasePut(Box::new(later)));
        }
        let mut before = live.clone();
        before.state = ReleaseState::Superseded;
        commit.writes.push(Write::ReleasePut(Box::new(before)));
        let desired = store.environment_get(&t.environment("staging")).await.unwrap();
        commit.writes.push(Write::EnvironmentPut {
            environment: t.environment("staging"),
            desired: Desired { live: Some(162), ..desired.value },
            revision: desired.revision + 1,
        });
        store.commit(commit).await.unwrap();
        let plan = t.previews("ana", "staging", rollback_only(&["api"])).await;
        assert_eq!(plan.title, "Roll staging back to release 1 (v1)");
    });
}
