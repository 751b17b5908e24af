//! Synthetic checks: requests to one release's own instance, commands beside it, and no secret in what is said.

use std::time::{Duration, Instant};

use engine::model::{Check, CheckDoes, CheckStep, Expect, Keep, Severity};
use engine::ports::{Checked, Platform};

use crate::stage::{Stage, TOKEN};

fn step(request: &str) -> CheckStep {
    let (method, path) = request.split_once(' ').unwrap();
    CheckStep {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: [].into(),
        body: None,
        expect: Expect::default(),
        keep: [].into(),
    }
}

fn check(does: CheckDoes) -> Check {
    Check { severity: Severity::Hard, every_s: 30, timeout_s: 2, probe: false, does }
}

fn login() -> Check {
    let mut session = step("POST /session");
    session.body = Some(r#"{"password":"${variable.TOKEN}"}"#.to_owned());
    session.keep = [("token".to_owned(), Keep::Json("session.token".to_owned()))].into();
    let mut home = step("GET /session");
    home.headers = [("authorization".to_owned(), "Bearer ${kept.token}".to_owned())].into();
    check(CheckDoes::Steps(vec![session, home]))
}

async fn made(stage: &Stage, release: u32, check: &Check) -> Checked {
    let (permit, api) = (stage.permit(), "api".parse().unwrap());
    stage.platform().check(&permit, &stage.environment, &api, release, check).await.unwrap()
}

#[tokio::test]
async fn a_login_is_played_against_each_release_with_its_own_secret() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "good").await;
    stage.deploy("api", 2, 1, "locked").await;
    stage.healthy("api", 1, 1).await;
    stage.healthy("api", 2, 1).await;
    assert_eq!(made(&stage, 1, &login()).await, Checked::passed());
    let locked = made(&stage, 2, &login()).await;
    assert_eq!(locked, Checked::failed("step 1, POST /session: answered 403, expected less than 400"));
    let slow = check(CheckDoes::Steps(vec![step("GET /slow")]));
    let began = Instant::now();
    assert_eq!(made(&stage, 1, &slow).await, Checked::failed("took longer than 2 s"));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_release_without_a_healthy_instance_fails_its_checks() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "sick").await;
    assert_eq!(made(&stage, 1, &login()).await, Checked::failed("no instance is healthy"));
}

#[tokio::test]
async fn a_command_runs_in_the_release_with_its_variables_and_its_secret_stays_in() {
    let stage = Stage::open().await;
    stage.deploy("api", 1, 1, "good").await;
    stage.healthy("api", 1, 1).await;
    let command = |text: &str| check(CheckDoes::Command(text.to_owned()));
    assert_eq!(made(&stage, 1, &command("test \"$RELEASE\" = 1")).await, Checked::passed());
    let failed = made(&stage, 1, &command("echo one; echo \"no $TOKEN here\"; exit 3")).await;
    assert!(failed.says.starts_with("exit code 3: no "), "{failed:?}");
    assert!(!failed.passed && !failed.says.contains(TOKEN), "{failed:?}");
    assert_eq!(made(&stage, 1, &command("yes | head -c 300000; exit 0")).await, Checked::passed());
    let began = Instant::now();
    assert_eq!(made(&stage, 1, &command("sleep 60")).await, Checked::failed("took longer than 2 s"));
    assert!(began.elapsed() < Duration::from_secs(10));
}
