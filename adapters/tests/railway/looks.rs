//! Looking, tokens, refusals, pages, variables and logs.

use std::collections::{BTreeMap, BTreeSet};

use adapters::http::sim::{Fault, Said, When};
use adapters::railway::{At, Begins, Bounds, LogOf, Source, Token};
use engine::ports::PortError;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::world::{Here, PROJECT_TOKEN, TOKEN, WORKSPACE_TOKEN, may};

fn account(token: &str) -> Token {
    Token::Account(SecretString::from(token))
}

fn project(token: &str) -> Token {
    Token::Project(SecretString::from(token))
}

#[tokio::test]
async fn each_kind_of_token_is_told_apart() {
    let here = Here::start().await;
    let verified = here.railway_with(&account(TOKEN), None).verify().await.unwrap();
    assert_eq!(verified.account, "Ada");
    assert_eq!(verified.says, ["an account token for the workspaces Acme", "sees 1 project"]);
    assert!(verified.warnings[0].starts_with("An account token may do everything"));
    let verified = here.railway_with(&account(WORKSPACE_TOKEN), None).verify().await.unwrap();
    assert_eq!((verified.account.as_str(), verified.warnings.len(), verified.missing.len()), ("Acme", 0, 0));
    assert_eq!(verified.says[0], "a workspace token for Acme");
    let railway = here.railway_with(&project(PROJECT_TOKEN), None);
    let verified = railway.verify().await.unwrap();
    assert_eq!(verified.account, "project shop, environment staging");
    assert!(verified.missing.iter().any(|line| line.contains("ensure_environment")));
    // And it is as it says.
    railway.environment(&here.ids.project, &here.ids.staging).await.unwrap();
    for error in [
        railway.ensure_project(&may(), "blog", None, "staging").await.unwrap_err(),
        railway.ensure_environment(&may(), &here.ids.project, "x", &Begins::Empty).await.unwrap_err(),
        railway.environment(&here.ids.project, &here.ids.production).await.unwrap_err(),
        here.railway_with(&account("wrong-token"), None).verify().await.unwrap_err(),
        // The right token in the wrong header.
        here.railway_with(&account(PROJECT_TOKEN), None).verify().await.unwrap_err(),
    ] {
        let PortError::Fail { what, hint } = error else { panic!("{error:?}") };
        assert!(
            what.contains("Not Authorized") && hint.contains("Check that the Railway token"),
            "{what} {hint}"
        );
        assert!(![TOKEN, PROJECT_TOKEN, "wrong-token"].iter().any(|token| what.contains(token)));
    }
    assert!(!format!("{railway:?} {:?}", project(PROJECT_TOKEN)).contains(PROJECT_TOKEN));
    here.checked();
}

#[tokio::test]
async fn refusals_with_status_200_are_named_for_what_they_leave_open() {
    let here = Here::start().await;
    let refusals = [
        (json!({ "errors": [{ "message": "You are being ratelimited" }], "data": null }), "retry"),
        (json!({ "errors": [{ "message": "Problem processing request" }], "data": null }), "unknown"),
        (
            json!({ "errors": [{ "message": "Not Authorized" }, { "message": "Internal Server Error" }] }),
            "unknown",
        ),
        (json!({ "errors": [{ "message": "Volume not found" }], "data": null }), "fail"),
        (json!({ "errors": [{ "message": "Invalid path" }], "data": { "volumeCreate": null } }), "fail"),
        (
            json!({ "errors": [{ "message": "odd" }], "data": { "volumeCreate": { "id": "v", "name": "v" } } }),
            "unknown",
        ),
        (json!({ "data": null }), "unknown"),
        (json!({ "data": { "somethingElse": true } }), "ok"),
    ];
    for (body, expected) in refusals {
        here.server.with(|vendor| vendor.world.volumes.clear());
        here.server
            .fault(When::Like("POST", "VolumeCreate".to_owned()), Fault::Instead(Said::ok(body.clone())));
        let error = here.railway().ensure_volume(&may(), &here.ids.api, "/data").await.unwrap_err();
        let kind = match &error {
            PortError::Retry { .. } => "retry",
            PortError::Fail { .. } => "fail",
            PortError::Unknown { .. } => "unknown",
        };
        // What is taken and not to be seen is unknown, too.
        assert_eq!(kind, if expected == "ok" { "unknown" } else { expected }, "{body}: {error}");
    }
    // A limit holds the whole budget, so the next call does not even go out.
    let railway = here.railway();
    here.server.fault(When::Next, Fault::Limited(7));
    let error = railway.projects(None).await.unwrap_err();
    assert!(matches!(error, PortError::Retry { after_ms: Some(7_000), .. }));
    let before = here.server.calls().len();
    assert!(matches!(railway.projects(None).await.unwrap_err(), PortError::Retry { .. }));
    assert_eq!(here.server.calls().len(), before);
}

#[tokio::test]
async fn lists_are_read_to_their_end_and_no_further() {
    let here = Here::start().await;
    let ids = here.ids.clone();
    here.server.with(|vendor| {
        for number in 0..118 {
            vendor.world.add_service(
                &ids.project,
                &ids.staging,
                &format!("s{number}"),
                None,
                Some("nginx:1"),
            );
        }
    });
    let begun = here.server.calls().len();
    let seen = here.railway().environment(&ids.project, &ids.staging).await.unwrap();
    assert_eq!(seen.services.len(), 120);
    assert_eq!(here.server.calls().len() - begun, 3);
    assert_eq!(here.railway().services(&ids.project).await.unwrap().len(), 120);
    assert_eq!(seen.service("api").unwrap().domains.custom_domains[0].domain, "api.example.com");
    here.server.with(|vendor| {
        for number in 0..1_001 {
            vendor.world.add_project(&format!("p{number}"), "production");
        }
    });
    let error = here.railway().projects(None).await.unwrap_err();
    assert!(error.to_string().contains("has more than 1000"), "{error}");
    here.checked();
}

#[tokio::test]
async fn values_of_variables_are_told_nobody() {
    let here = Here::start().await;
    let at = here.ids.api.clone();
    let railway = here.railway();
    let wanted = BTreeMap::from([("STRIPE_KEY".to_owned(), SecretString::from("zzz-very-secret-zzz"))]);
    let body = json!({ "errors": [{ "message": "can't set zzz-very-secret-zzz here" }], "data": null });
    here.server.fault(When::Like("POST", "VariablesUpsert".to_owned()), Fault::Instead(Said::ok(body)));
    let error = railway.set_env_vars(&may(), &at, &wanted, &BTreeSet::new()).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(told.contains("[secret]") && !told.contains("very-secret"), "{told}");
    let made = railway.set_env_vars(&may(), &at, &wanted, &BTreeSet::new()).await.unwrap();
    let told = format!("{made:?} {:?}", railway.variables(&at).await.unwrap());
    assert!(!told.contains("very-secret") && told.contains("STRIPE_KEY"), "{told}");
    assert!(!made.receipt.facts.contains_key("sent-sha256"), "a short value could be guessed from its hash");
    // Nothing was deployed by it, and nothing replaced.
    let asked =
        here.server.calls().into_iter().rfind(|call| call.asked.json()["operationName"] == "VariablesUpsert");
    let input = asked.unwrap().asked.json()["variables"]["input"].clone();
    assert_eq!((&input["skipDeploys"], &input["replace"]), (&json!(true), &json!(false)));
    assert_eq!(input["variables"].as_object().unwrap().len(), 1);
    let own = BTreeMap::from([("RAILWAY_X".to_owned(), SecretString::from("1"))]);
    let error = railway.set_env_vars(&may(), &at, &own, &BTreeSet::new()).await.unwrap_err();
    assert!(error.to_string().contains("Railway's own"));
    here.checked();
}

#[tokio::test]
async fn a_sealed_variable_is_set_anew_and_said() {
    let here = Here::start().await;
    let at = here.ids.api.clone();
    here.server.with(|vendor| {
        vendor.world.instance(&at.environment, &at.service).unwrap().sealed.insert("KEEP".to_owned());
    });
    let railway = here.railway();
    assert!(!railway.variables(&at).await.unwrap().contains_key("KEEP"));
    let wanted = BTreeMap::from([("KEEP".to_owned(), SecretString::from("kept-value"))]);
    let made = railway.set_env_vars(&may(), &at, &wanted, &BTreeSet::new()).await.unwrap();
    assert_eq!(made.it.sealed, BTreeSet::from(["KEEP".to_owned()]));
    assert_eq!(made.receipt.facts["set-anew-because-sealed"], "KEEP");
    here.checked();
}

#[tokio::test]
async fn a_database_has_its_volume_before_it_starts_and_keeps_its_password() {
    let here = Here::start().await;
    let ids = here.ids.clone();
    let database = |password: &str| adapters::railway::DatabaseWanted {
        name: "Postgres".to_owned(),
        image: None,
        password: SecretString::from(password),
    };
    let railway = here.railway();
    let begun = here.server.calls().len();
    let made = railway
        .ensure_postgres(&may(), &ids.project, &ids.staging, &database("first-password"))
        .await
        .unwrap();
    let writes: Vec<String> = here.server.calls()[begun..]
        .iter()
        .map(|call| call.asked.json())
        .filter(|body| body["query"].as_str().unwrap().starts_with("mutation"))
        .map(|body| body["operationName"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(writes, ["ServiceCreate", "VolumeCreate", "VariablesUpsert", "InstanceUpdate", "Deploy"]);
    railway.ensure_postgres(&may(), &ids.project, &ids.staging, &database("other-password")).await.unwrap();
    let at = adapters::railway::At { service: made.it.service_id, ..ids.api.clone() };
    assert_eq!(railway.variables(&at).await.unwrap()["POSTGRES_PASSWORD"].expose_secret(), "first-password");
    // What is built from code is no database.
    let wanted = adapters::railway::DatabaseWanted { name: "api".to_owned(), ..database("x") };
    let error = railway.ensure_postgres(&may(), &ids.project, &ids.staging, &wanted).await.unwrap_err();
    assert!(error.to_string().contains("is built from code and is no PostgreSQL"));
    here.checked();
}

#[tokio::test]
async fn a_service_comes_into_an_environment_that_was_made_after_it_and_brings_nothing_along() {
    let here = Here::start().await;
    let ids = here.ids.clone();
    let railway = here.railway();
    let empty = railway.ensure_environment(&may(), &ids.project, "empty", &Begins::Empty).await.unwrap().it;
    let source = Source::Repo { repo: "acme/api".to_owned(), branch: "main".to_owned() };
    let come = railway.ensure_service(&may(), &ids.project, &empty.id, "api", &source).await.unwrap();
    assert_eq!(come.it.service_id, ids.api.service, "it is the one the project has");
    assert_eq!(come.it.source.unwrap().repo.as_deref(), Some("acme/api"));
    let at = At { environment: empty.id.clone(), ..ids.api.clone() };
    assert!(railway.variables(&at).await.unwrap().is_empty(), "nothing of staging's");
    let deployed = here.server.with(|vendor| vendor.world.deployments.clone());
    assert_eq!(deployed.iter().filter(|row| row.environment == ids.staging).count(), 2, "as before");
    let like = Begins::Like(ids.staging.clone());
    let like = railway.ensure_environment(&may(), &ids.project, "like", &like).await.unwrap().it;
    let seen = railway.environment(&ids.project, &like.id).await.unwrap();
    assert!(seen.service("api").unwrap().latest_deployment.is_none(), "nothing is deployed yet");
    here.checked();
}

#[tokio::test]
async fn logs_stay_within_their_bounds() {
    let here = Here::start().await;
    let (railway, id) = (here.railway(), here.ids.now.clone());
    here.server.with(|vendor| {
        for number in 0..10 {
            vendor.world.add_line(&id, "deploymentLogs", &format!("line {number}"));
            vendor.world.add_request(&id, &format!("/{number}"), 200 + number, 12);
        }
        vendor.world.add_line(&id, "buildLogs", "built");
    });
    let logs = async |bounds: Bounds| railway.fetch_logs(&id, LogOf::Running, &bounds).await.unwrap();
    let all = logs(Bounds::default()).await;
    assert_eq!((all.lines.len(), all.is_cut), (10, false));
    let newest = logs(Bounds { most: Some(3), ..Bounds::default() }).await;
    assert_eq!((newest.lines[0].message.as_str(), newest.is_cut), ("line 7", true));
    let after = Some(all.lines[4].timestamp);
    let next = logs(Bounds { after, most: Some(2), ..Bounds::default() }).await;
    assert_eq!(next.lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), ["line 4", "line 5"]);
    let found = logs(Bounds { filter: Some("9".to_owned()), ..Bounds::default() }).await;
    assert_eq!(found.lines.len(), 1);
    let built = railway.fetch_logs(&id, LogOf::Build, &Bounds::default()).await.unwrap();
    assert_eq!(built.lines[0].message, "built");
    let requests =
        railway.fetch_requests(&id, &Bounds { after, most: Some(2), ..Bounds::default() }).await.unwrap();
    assert_eq!(requests.lines.iter().map(|request| request.http_status).collect::<Vec<_>>(), [204, 205]);
    let before = Bounds { before: after, most: Some(2), ..Bounds::default() };
    let requests = railway.fetch_requests(&id, &before).await.unwrap();
    assert_eq!(requests.lines.iter().map(|request| request.http_status).collect::<Vec<_>>(), [202, 203]);
    let backwards = Bounds {
        after: Some(all.lines[4].timestamp),
        before: Some(all.lines[1].timestamp),
        ..Bounds::default()
    };
    assert!(railway.fetch_logs(&id, LogOf::Running, &backwards).await.is_err());
    assert!(railway.fetch_requests(&id, &Bounds::default()).await.is_err());
    here.checked();
}
