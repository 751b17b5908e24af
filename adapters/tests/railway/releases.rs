//! Deployments on their way, and back.

use adapters::railway::{Deployment, Job, JobState, Phase, Source};
use engine::ports::PortError;
use serde_json::json;

use super::world::{Here, commit, may};

async fn until_over(here: &Here, id: &str) -> (Deployment, Vec<Phase>) {
    let mut phases = Vec::new();
    loop {
        let seen = here.railway().deployment(id).await.unwrap();
        phases.push(seen.phase());
        if seen.phase().is_over() {
            return (seen, phases);
        }
    }
}

#[tokio::test]
async fn a_release_goes_out_and_back() {
    let here = Here::start().await;
    let (railway, ids) = (here.railway(), here.ids.clone());
    let made = railway.deploy(&may(), &ids.api, Some(&commit("c")), Some(&ids.now)).await.unwrap();
    let (live, phases) = until_over(&here, &made.it.id).await;
    assert_eq!(phases, [Phase::Starting, Phase::Live]);
    assert!(live.can_rollback && live.instances.len() == 1);
    assert_eq!(railway.deployment(&ids.now).await.unwrap().phase(), Phase::Gone);
    let back = railway.rollback(&may(), &ids.api, &ids.now, Some(&made.it.id)).await.unwrap();
    assert_ne!(back.it.id, ids.now, "it is a deployment of its own");
    let (live, _) = until_over(&here, &back.it.id).await;
    assert_eq!(live.commit(), Some(commit("b").as_str()));
    // What runs already is not gone back to.
    let again = railway.rollback(&may(), &ids.api, &back.it.id, Some(&back.it.id)).await.unwrap();
    assert_eq!((again.it.id.as_str(), again.receipt.facts["writes"].as_str()), (back.it.id.as_str(), "0"));
    let list = railway.release_list(&ids.api, 10).await.unwrap();
    let commits: Vec<&str> = list.iter().filter_map(|one| one.commit()).map(|commit| &commit[..1]).collect();
    assert_eq!(commits, ["b", "c", "b", "a"]);
    here.checked();
}

#[tokio::test]
async fn a_bad_end_is_told() {
    let here = Here::start().await;
    let (railway, ids) = (here.railway(), here.ids.clone());
    for (letter, end, phase) in [("c", "FAILED", Phase::Failed), ("d", "CRASHED", Phase::Crashed)] {
        here.server.with(|vendor| vendor.world.ends.insert(commit(letter), end.to_owned()));
        let marker = railway.newest(&ids.api).await.unwrap().map(|newest| newest.id);
        let made = railway.deploy(&may(), &ids.api, Some(&commit(letter)), marker.as_deref()).await.unwrap();
        let (over, _) = until_over(&here, &made.it.id).await;
        assert_eq!(over.phase(), phase);
        assert!(!over.phase().is_live());
        // Asked for again by the same step it is still the one that failed, not another try.
        let again = railway.deploy(&may(), &ids.api, Some(&commit(letter)), marker.as_deref()).await.unwrap();
        assert_eq!(again.it.id, made.it.id);
    }
    let mark = railway.deployment(&ids.before).await.unwrap().running_mark();
    let error = railway.restart(&may(), &ids.before, &mark).await.unwrap_err();
    let PortError::Fail { what, .. } = error else { panic!("a removed one can't be restarted") };
    assert!(what.contains("is removed and can't be restarted"));
    here.checked();
}

#[tokio::test]
async fn a_job_runs_once_and_its_end_is_told() {
    let here = Here::start().await;
    let (railway, ids) = (here.railway(), here.ids.clone());
    let job = Job {
        name: "api-job".to_owned(),
        source: Source::Image("acme/api:7".to_owned()),
        command: "bin/backfill".to_owned(),
        commit: None,
        variables: Some(("api".to_owned(), ["KEEP".to_owned()].into())),
    };
    let run = railway.run_job(&may(), &ids.project, &ids.staging, &job, None).await.unwrap();
    assert_eq!(JobState::of(&run.it), JobState::Waiting);
    let (over, _) = until_over(&here, &run.it.id).await;
    assert_eq!(JobState::of(&over), JobState::Done);
    // Only a reference to the other service's variable, not its value.
    let service = run.receipt.facts["service"].clone();
    let variables =
        here.server.with(|vendor| vendor.world.instance(&ids.staging, &service).unwrap().variables.clone());
    assert_eq!(variables["KEEP"], "${{api.KEEP}}");
    // The next run is another deployment of the same service.
    here.server.with(|vendor| vendor.world.ends.insert("acme/api:7".to_owned(), "CRASHED".to_owned()));
    let next = railway.run_job(&may(), &ids.project, &ids.staging, &job, Some(&run.it.id)).await.unwrap();
    assert_ne!(next.it.id, run.it.id);
    let (over, _) = until_over(&here, &next.it.id).await;
    assert_eq!(JobState::of(&over), JobState::Failed);
    assert_eq!(here.server.with(|vendor| vendor.world.services.len()), 3);
    here.checked();
}

#[tokio::test]
async fn scaling_says_where_and_leaves_several_regions_alone() {
    let here = Here::start().await;
    let (railway, at) = (here.railway(), here.ids.api.clone());
    let regions = |regions: serde_json::Value| {
        let at = at.clone();
        here.server.with(move |vendor| {
            let row = vendor.world.instance(&at.environment, &at.service).unwrap();
            row.settings.insert("multiRegionConfig".to_owned(), regions);
        });
    };
    regions(json!({ "europe-west4": { "numReplicas": 1 } }));
    railway.scale(&may(), &at, 2).await.unwrap();
    let seen = here
        .server
        .with(|vendor| vendor.world.instance(&at.environment, &at.service).unwrap().settings.clone());
    assert_eq!(seen["multiRegionConfig"], json!({ "europe-west4": { "numReplicas": 2 } }));
    regions(json!({ "europe-west4": { "numReplicas": 1 }, "us-west2": { "numReplicas": 4 } }));
    let error = railway.scale(&may(), &at, 2).await.unwrap_err();
    assert!(error.to_string().contains("1 in europe-west4, 4 in us-west2"), "{error}");
    assert!(railway.scale(&may(), &at, 0).await.is_err());
    here.checked();
}

#[tokio::test]
async fn a_domain_says_what_records_it_wants() {
    let here = Here::start().await;
    let at = here.ids.api.clone();
    let made = here.railway().ensure_custom_domain(&may(), &at, "shop.example.com", None).await.unwrap().it;
    assert!(!made.is_ready());
    let records: Vec<String> = made
        .records()
        .into_iter()
        .map(|record| format!("{} {} {}", record.kind, record.name, record.is_there))
        .collect();
    assert_eq!(records, ["CNAME shop.example.com false", "TXT _railway-verify.shop.example.com false",]);
    let domains = here.railway().domains(&at).await.unwrap();
    assert!(domains.custom_domains.iter().any(adapters::railway::CustomDomain::is_ready));
    here.checked();
}
