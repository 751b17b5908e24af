//! Every operation that changes something, in every trouble: done again as the engine would, there is one of everything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use adapters::http::sim::{Fault, When};
use adapters::railway::{Begins, DatabaseWanted, Job, Railway, Restart, Source, Token, Wanted};
use engine::ports::{Permit, PortError, Receipt};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use secrecy::SecretString;

use super::world::{Here, Ids, TOKEN, commit, digest, may};

type Act = for<'a> fn(&'a Railway, &'a Permit, &'a Ids) -> BoxFuture<'a, Result<Receipt, PortError>>;

macro_rules! operations {
    ($($name:literal: |$railway:ident, $permit:ident, $ids:ident| $call:expr;)*) => {
        &[$(($name, (|$railway, $permit, $ids| {
            async move {
                let _ = $ids;
                $call.await.map(|made| made.receipt)
            }
            .boxed()
        }) as Act)),*]
    };
}

fn database(name: &str) -> DatabaseWanted {
    DatabaseWanted { name: name.to_owned(), image: None, password: SecretString::from("hunter2-hunter2") }
}

fn repo(repo: &str) -> Source {
    Source::Repo { repo: repo.to_owned(), branch: "main".to_owned() }
}

fn variables() -> (BTreeMap<String, SecretString>, BTreeSet<String>) {
    let wanted = [("KEEP", "kept-value"), ("CHANGE", "after-value"), ("NEW", "new-value")];
    let wanted = wanted.map(|(name, value)| (name.to_owned(), SecretString::from(value)));
    (BTreeMap::from(wanted), BTreeSet::from(["OLD".to_owned()]))
}

fn job() -> Job {
    Job {
        name: "api-job-backfill".to_owned(),
        source: repo("acme/api"),
        command: "bin/backfill".to_owned(),
        commit: None,
        variables: Some(("api".to_owned(), BTreeSet::from(["KEEP".to_owned()]))),
    }
}

const OPERATIONS: &[(&str, Act)] = operations! {
    "ensure_project": |r, p, i| r.ensure_project(p, "blog", None, "staging");
    "ensure_environment, empty": |r, p, i| r.ensure_environment(p, &i.project, "preview", &Begins::Empty);
    "ensure_environment, like another": |r, p, i| async {
        r.ensure_environment(p, &i.project, "preview", &Begins::Like(i.staging.clone())).await
    };
    "ensure_service from a repository": |r, p, i| async {
        r.ensure_service(p, &i.project, &i.staging, "web", &repo("acme/web")).await
    };
    "ensure_service from an image": |r, p, i| async {
        r.ensure_service(p, &i.project, &i.staging, "mail", &Source::Image("axllent/mailpit:v1".to_owned())).await
    };
    "ensure_service comes from another environment": |r, p, i| async {
        r.ensure_service(p, &i.project, &i.later, "api", &repo("acme/api")).await
    };
    "ensure_service gets its image": |r, p, i| async {
        r.ensure_service(p, &i.project, &i.staging, "worker", &Source::Image("acme/worker:1".to_owned())).await
    };
    "ensure_service gets its repository": |r, p, i| async {
        r.ensure_service(p, &i.project, &i.staging, "worker", &repo("acme/api")).await
    };
    "ensure_volume": |r, p, i| r.ensure_volume(p, &i.api, "/uploads");
    "ensure_postgres": |r, p, i| async { r.ensure_postgres(p, &i.project, &i.staging, &database("Postgres")).await };
    "ensure_redis": |r, p, i| async { r.ensure_redis(p, &i.project, &i.staging, &database("Redis")).await };
    "set_env_vars": |r, p, i| async {
        let (wanted, remove) = variables();
        r.set_env_vars(p, &i.api, &wanted, &remove).await
    };
    "ensure_settings": |r, p, i| async {
        let wanted = Wanted {
            healthcheck_path: Some("/health".to_owned()),
            pre_deploy_command: Some("bin/migrate".to_owned()),
            overlap_seconds: Some(30),
            restart: Some(Restart::Always),
            ..Wanted::default()
        };
        r.ensure_settings(p, &i.api, &wanted).await
    };
    "scale": |r, p, i| r.scale(p, &i.api, 3);
    "ensure_cron": |r, p, i| r.ensure_cron(p, &i.api, Some("0 5 * * *"));
    "deploy": |r, p, i| async { r.deploy(p, &i.api, Some(&commit("c")), Some(&i.now)).await };
    "deploy the same commit again": |r, p, i| async { r.deploy(p, &i.api, Some(&commit("b")), Some(&i.now)).await };
    "redeploy": |r, p, i| r.redeploy(p, &i.api, &i.now, Some(&i.now));
    "rollback": |r, p, i| r.rollback(p, &i.api, &i.before, Some(&i.now));
    "restart": |r, p, i| r.restart(p, &i.now, &i.mark);
    "ensure_service_domain": |r, p, i| r.ensure_service_domain(p, &i.api, Some(8_080));
    "ensure_custom_domain": |r, p, i| r.ensure_custom_domain(p, &i.api, "shop.example.com", Some(8_080));
    "ensure_custom_domain, another port": |r, p, i| r.ensure_custom_domain(p, &i.api, "api.example.com", Some(8_080));
    "run_job": |r, p, i| async { r.run_job(p, &i.project, &i.staging, &job(), None).await };
};

/// What goes wrong.
#[derive(Debug, Clone)]
enum Trouble {
    /// At a call that changes something.
    Write(u32, Fault),
    /// At any call.
    Call(u32, Fault),
    /// The program ends while it waits for that call.
    Killed(u32, Fault),
}

/// One operation without trouble: how many calls, which of them change something, and what is there then.
struct Quiet {
    writes: Vec<bool>,
    digest: Vec<String>,
}

async fn quiet(act: Act) -> Quiet {
    let here = Here::start().await;
    let begun = here.server.calls().len();
    let before = here.server.with(|vendor| digest(&vendor.world));
    let receipt = act(&here.railway(), &may(), &here.ids).await.unwrap();
    let calls = here.server.calls().split_off(begun);
    let is_write = |text: &str| text.starts_with("mutation");
    let writes: Vec<bool> =
        calls.iter().map(|call| is_write(call.asked.json()["query"].as_str().unwrap())).collect();
    let count = writes.iter().filter(|is_write| **is_write).count();
    assert_eq!(receipt.facts["writes"], count.to_string());
    let after = here.server.with(|vendor| digest(&vendor.world));
    assert_ne!(before, after, "it does something");
    // Done again it sends nothing that changes anything.
    let again = act(&here.railway(), &may(), &here.ids).await.unwrap();
    assert_eq!(again.facts["writes"], "0");
    assert_eq!(here.server.with(|vendor| digest(&vendor.world)), after);
    here.checked();
    Quiet { writes, digest: after }
}

fn troubles(quiet: &Quiet) -> Vec<Trouble> {
    let mut all = Vec::new();
    let writes = u32::try_from(quiet.writes.iter().filter(|is_write| **is_write).count()).unwrap();
    let faults =
        [Fault::AnswerLost, Fault::BadGateway, Fault::Limited(3), Fault::Broken, Fault::Slow, Fault::Stuck];
    for write in 1..=writes {
        all.extend(faults.iter().map(|fault| Trouble::Write(write, fault.clone())));
    }
    for (call, is_write) in (1..).zip(&quiet.writes) {
        if !is_write {
            all.push(Trouble::Call(call, Fault::BadGateway));
        }
        all.push(Trouble::Killed(call, Fault::Stuck));
        all.push(Trouble::Killed(call, Fault::Slow));
    }
    all
}

/// Where no answer will come, with a client that does not wait for it for long.
async fn play_silent(name: &str, act: Act, quiet: &Quiet, trouble: Trouble) {
    let here = Here::start().await;
    let wait = Some(Duration::from_millis(1_500));
    let railway = here.railway_with(&Token::Account(SecretString::from(TOKEN)), wait);
    play(&here, &railway, name, act, quiet, &trouble).await;
    here.checked();
}

async fn play(here: &Here, railway: &Railway, name: &str, act: Act, quiet: &Quiet, trouble: &Trouble) {
    let begun = here.server.count();
    let permit = may();
    let first = act(railway, &permit, &here.ids);
    match trouble {
        Trouble::Write(write, fault) => {
            here.server.fault(When::Write(*write), fault.clone());
            let error = first.await.unwrap_err();
            match fault {
                Fault::Limited(_) => {
                    assert!(
                        matches!(error, PortError::Retry { after_ms: Some(3_000), .. }),
                        "{name} {trouble:?}: {error:?}"
                    );
                }
                _ => assert!(matches!(error, PortError::Unknown { .. }), "{name} {trouble:?}: {error:?}"),
            }
        }
        Trouble::Call(call, fault) => {
            here.server.fault(When::Call(*call), fault.clone());
            let error = first.await.unwrap_err();
            let at = usize::try_from(*call).unwrap() - 1;
            let is_after_write = at > 0 && quiet.writes[at - 1];
            let is_right = match &error {
                PortError::Retry { .. } => !is_after_write,
                PortError::Unknown { .. } => quiet.writes[..at].contains(&true),
                PortError::Fail { .. } => false,
            };
            assert!(is_right, "{name} {trouble:?}: {error:?}");
        }
        Trouble::Killed(call, fault) => {
            here.server.fault(When::Call(*call), fault.clone());
            let reached = async {
                while here.server.count() < begun + usize::try_from(*call).unwrap() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                () = reached => {}
                ended = first => panic!("{name} {trouble:?} ended: {ended:?}"),
            }
        }
    }
    here.later();
    let again = act(railway, &permit, &here.ids).await;
    assert!(again.is_ok(), "{name} {trouble:?}: {again:?}");
    assert_eq!(here.server.with(|vendor| digest(&vendor.world)), quiet.digest, "{name} {trouble:?}");
}

#[tokio::test]
async fn each_operation_survives_each_trouble() {
    let mut count = 0;
    for (name, act) in OPERATIONS {
        let quiet = quiet(*act).await;
        let troubles = troubles(&quiet);
        count += troubles.len();
        let is_silent = |trouble: &Trouble| matches!(trouble, Trouble::Write(_, Fault::Slow | Fault::Stuck));
        let (silent, told): (Vec<Trouble>, Vec<Trouble>) = troubles.into_iter().partition(is_silent);
        stream::iter(silent)
            .map(|trouble| play_silent(name, *act, &quiet, trouble))
            .buffer_unordered(8)
            .collect::<Vec<()>>()
            .await;
        let here = Here::start().await;
        let railway = here.railway();
        for trouble in told {
            here.reset();
            play(&here, &railway, name, *act, &quiet, &trouble).await;
        }
        here.checked();
    }
    #[expect(clippy::print_stderr, reason = "the count is what the test is for")]
    {
        eprintln!("{} operations, {count} troubles", OPERATIONS.len());
    }
    assert!(count > 300, "only {count} troubles were played");
}
