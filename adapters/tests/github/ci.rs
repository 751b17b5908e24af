//! What continuous integration says of a commit.

use adapters::github::sim::SimSuite;
use engine::ports::CiState;

use crate::stage::{Place, fails};

/// Name and state.
type Statuses<'s> = &'s [(&'s str, &'s str)];
/// Name, status and conclusion.
type Runs<'r> = &'r [(&'r str, &'r str, &'r str)];

async fn of(statuses: Statuses<'_>, runs: Runs<'_>) -> (CiState, String) {
    let place = Place::start().await;
    let sha = place.shop(|shop| {
        let sha = shop.commit_add("one");
        let statuses =
            statuses.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect();
        shop.statuses.insert(sha.clone(), statuses);
        let run = |(name, status, conclusion): &(&str, &str, &str)| {
            let conclusion = (!conclusion.is_empty()).then(|| (*conclusion).to_owned());
            ((*name).to_owned(), (*status).to_owned(), conclusion)
        };
        shop.runs.insert(sha.clone(), runs.iter().map(run).collect());
        sha
    });
    let ci = place.github.ci(&place.shop, &sha).await.unwrap();
    let is_described = |(_, status, conclusion): &(&str, &str, &str)| {
        !matches!(*status, "thinking") && !matches!(*conclusion, "stale" | "startup_failure" | "odd")
    };
    // Words of tomorrow are in no description.
    if runs.iter().all(is_described) {
        place.end();
    }
    let report = ci.report();
    (report.state, report.says)
}

#[tokio::test]
async fn what_is_said_is_read() {
    use CiState::{Failing, Passing, Pending, Unknown};
    let done = "completed";
    let cases: [(Statuses<'_>, Runs<'_>, CiState, &str); 14] = [
        (&[], &[], Unknown, "unknown: nothing was checked"),
        (&[("ci/a", "success")], &[], Passing, "passing, 1 check"),
        (&[], &[("build", done, "success")], Passing, "passing, 1 check"),
        (&[("ci/a", "success")], &[("build", done, "failure")], Failing, "failing: build (failure)"),
        (
            &[("ci/a", "error"), ("ci/b", "failure")],
            &[("build", done, "success")],
            Failing,
            "failing: ci/a (error), ci/b (failure)",
        ),
        (&[("ci/a", "pending")], &[("build", done, "success")], Pending, "pending: ci/a (pending)"),
        (&[("ci/a", "success")], &[("build", "in_progress", "")], Pending, "pending: build (in_progress)"),
        (&[("ci/a", "pending")], &[("build", done, "cancelled")], Failing, "failing: build (cancelled)"),
        (
            &[],
            &[("docs", done, "skipped"), ("lint", done, "neutral")],
            Unknown,
            "unknown: nothing was checked",
        ),
        (&[], &[("docs", done, "skipped"), ("lint", done, "success")], Passing, "passing, 1 check"),
        (
            &[],
            &[("a", done, "stale"), ("b", done, "startup_failure")],
            Failing,
            "failing: a (stale), b (startup_failure)",
        ),
        (&[("ci/a", "success")], &[("a", done, "odd")], Unknown, "unknown: a (odd)"),
        (&[("ci/a", "success")], &[("a", "thinking", "")], Unknown, "unknown: a (thinking)"),
        (&[("ci/a", "success")], &[("a", done, "")], Unknown, "unknown: a (completed)"),
    ];
    for (statuses, runs, state, says) in cases {
        assert_eq!(of(statuses, runs).await, (state, says.to_owned()), "{statuses:?} {runs:?}");
    }
}

#[tokio::test]
async fn a_failure_behind_pages_is_found_and_too_many_are_unknown() {
    let place = Place::start().await;
    let sha = place.shop(|shop| {
        let sha = shop.commit_add("one");
        let mut runs: Vec<_> = (0..230)
            .map(|n| (format!("run {n}"), "completed".to_owned(), Some("success".to_owned())))
            .collect();
        runs[229].2 = Some("timed_out".to_owned());
        shop.runs.insert(sha.clone(), runs);
        sha
    });
    assert_eq!(place.github.ci(&place.shop, &sha).await.unwrap().says(), "failing: run 229 (timed_out)");
    place.shop(|shop| {
        let mut many: Vec<_> = (0..7)
            .map(|n| (format!("run {n}"), "completed".to_owned(), Some("failure".to_owned())))
            .collect();
        many[0].0 = format!("one\nline {}", "long ".repeat(20));
        shop.runs.insert(sha.clone(), many);
    });
    let says = place.github.ci(&place.shop, &sha).await.unwrap().says();
    assert!(
        says.starts_with("failing: one line long") && says.ends_with("run 4 (failure) and 2 more"),
        "{says}"
    );
    assert!(!says.contains('\n') && says.len() < 250, "{says}");
    place.shop(|shop| {
        let all = (0..1_001).map(|n| (format!("status {n}"), "success".to_owned())).collect();
        shop.statuses.insert(sha.clone(), all);
        shop.runs.clear();
    });
    let ci = place.github.ci(&place.shop, &sha).await.unwrap();
    assert_eq!(
        (ci.state, ci.is_cut, ci.says().as_str()),
        (CiState::Unknown, true, "unknown: there are more checks than were read")
    );
    place.end();
}

#[tokio::test]
async fn half_of_it_passes_nothing() {
    let place = Place::start().await;
    let sha = place.shop(|shop| {
        let sha = shop.commit_add("one");
        shop.statuses.insert(sha.clone(), vec![("ci/a".to_owned(), "success".to_owned())]);
        sha
    });
    place.server.with(|github| {
        github.tokens.values_mut().for_each(|token| token.denied = ["check-runs".to_owned()].into());
    });
    let (what, hint) = fails(place.github.ci(&place.shop, &sha).await);
    assert!(what.contains("not accessible") && hint.contains("may read that"), "{what} {hint}");
    fails(place.github.ci(&place.shop, "main").await);
    fails(place.github.ci(&place.shop, &"e".repeat(40)).await);
    place.end();
}

/// A job that waits for another has no check run yet: the suite says that more is to come.
#[tokio::test]
async fn what_is_still_to_come_is_not_passed() {
    let place = Place::start().await;
    let sha = place.shop(|shop| shop.commit_add("one"));
    let asked = async |app: &str, status: &str, conclusion: Option<&str>, runs: u32| {
        place.shop(|shop| {
            let run = ("build".to_owned(), "completed".to_owned(), Some("success".to_owned()));
            shop.runs.insert(sha.clone(), vec![run]);
            let (app, status) = (app.to_owned(), status.to_owned());
            let suite = SimSuite { app, status, conclusion: conclusion.map(str::to_owned), runs };
            shop.suites.insert(sha.clone(), vec![suite]);
        });
        place.github.ci(&place.shop, &sha).await.unwrap().says()
    };
    assert_eq!(
        asked("github-actions", "in_progress", None, 1).await,
        "pending: github-actions (in_progress)"
    );
    assert_eq!(asked("github-actions", "queued", None, 0).await, "pending: github-actions (queued)");
    assert_eq!(asked("github-actions", "completed", Some("success"), 1).await, "passing, 1 check");
    // A workflow that can't be read has no runs at all.
    let broken = asked("github-actions", "completed", Some("startup_failure"), 0).await;
    assert_eq!(broken, "failing: github-actions (startup_failure)");
    // Every app that may make checks has a suite for each push, and most never make any.
    assert_eq!(asked("some-app", "queued", None, 0).await, "passing, 1 check");
    assert_eq!(asked("some-app", "in_progress", None, 2).await, "pending: some-app (in_progress)");
    place.end();
}
