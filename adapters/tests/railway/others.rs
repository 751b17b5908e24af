//! Somebody else changes something between a look and a write.

use std::collections::{BTreeMap, BTreeSet};

use adapters::railway::sim::World;
use adapters::railway::{Begins, Source};
use engine::ports::PortError;
use secrecy::SecretString;

use super::world::{Here, commit, may};

fn failed(error: PortError) -> String {
    match error {
        PortError::Fail { what, hint } => format!("{what} | {hint}"),
        other => panic!("not a failure: {other:?}"),
    }
}

impl Here {
    /// Somebody else, just before an operation.
    fn meanwhile(&self, operation: &'static str, does: impl FnOnce(&mut World) + Send + 'static) {
        self.server.with(|vendor| vendor.meanwhile(operation, does));
    }
}

#[tokio::test]
async fn a_second_project_of_the_same_name_is_told_and_never_chosen() {
    let here = Here::start().await;
    here.meanwhile("ProjectCreate", |world| {
        world.add_project("blog", "production");
    });
    let railway = here.railway();
    for _ in 0..2 {
        let error = railway.ensure_project(&may(), "blog", None, "staging").await.unwrap_err();
        assert!(failed(error).starts_with("Railway has 2 projects named blog"));
    }
    assert_eq!(here.server.with(|vendor| vendor.world.projects.len()), 3);
    here.checked();
}

#[tokio::test]
async fn what_somebody_made_meanwhile_is_taken() {
    let here = Here::start().await;
    let (railway, ids, permit) = (here.railway(), here.ids.clone(), may());
    let project = ids.project.clone();
    here.meanwhile("EnvironmentCreate", move |world| {
        world.add_environment(&project, "preview");
    });
    let made = railway.ensure_environment(&permit, &ids.project, "preview", &Begins::Empty).await.unwrap();
    assert_eq!(made.receipt.facts["writes"], "0");
    let other = ids.clone();
    here.meanwhile("ServiceCreate", move |world| {
        world.add_service(&other.project, &other.staging, "web", Some("acme/web"), None);
    });
    let source = Source::Repo { repo: "acme/web".to_owned(), branch: "main".to_owned() };
    let made = railway.ensure_service(&permit, &ids.project, &ids.staging, "web", &source).await.unwrap();
    assert_eq!(made.it.service_name, "web");
    assert_eq!(here.server.with(|vendor| vendor.world.services.len()), 3);
    // Of another source it is not what was wanted.
    let other = ids.clone();
    here.meanwhile("ServiceCreate", move |world| {
        world.add_service(&other.project, &other.staging, "site", Some("other/site"), None);
    });
    let error =
        railway.ensure_service(&permit, &ids.project, &ids.staging, "site", &source).await.unwrap_err();
    assert!(failed(error).contains("made from other/site, not from acme/web"));
    here.checked();
}

#[tokio::test]
async fn a_variable_somebody_added_stays_and_ours_wins_over_theirs() {
    let here = Here::start().await;
    let at = here.ids.api.clone();
    here.meanwhile("VariablesUpsert", move |world| {
        let row = world.instance(&at.environment, &at.service).unwrap();
        row.variables.insert("THEIRS".to_owned(), "1".to_owned());
        row.variables.insert("CHANGE".to_owned(), "theirs".to_owned());
        row.variables.remove("KEEP");
    });
    let wanted = [("CHANGE", "ours"), ("KEEP", "kept-value")];
    let wanted: BTreeMap<String, SecretString> =
        wanted.map(|(name, value)| (name.to_owned(), SecretString::from(value))).into();
    let at = here.ids.api.clone();
    let set =
        async || here.railway().set_env_vars(&may(), &at, &wanted, &BTreeSet::new()).await.unwrap().it.set;
    // Only what was different is sent, so what was taken away meanwhile is found by the next look.
    assert_eq!(set().await, BTreeSet::from(["CHANGE".to_owned()]));
    assert_eq!(set().await, BTreeSet::from(["KEEP".to_owned()]));
    let there = here
        .server
        .with(|vendor| vendor.world.instance(&at.environment, &at.service).unwrap().variables.clone());
    assert_eq!(there["THEIRS"], "1");
    assert_eq!((there["CHANGE"].as_str(), there["KEEP"].as_str()), ("ours", "kept-value"));
    here.checked();
}

#[tokio::test]
async fn a_service_that_was_removed_meanwhile_is_an_error_with_a_reason() {
    let here = Here::start().await;
    let at = here.ids.api.clone();
    here.meanwhile("InstanceUpdate", move |world| world.instances.retain(|row| row.service != at.service));
    let error = here.railway().ensure_cron(&may(), &here.ids.api, Some("0 5 * * *")).await.unwrap_err();
    assert!(
        failed(error)
            .starts_with("Railway refused to change a service's settings: ServiceInstance not found")
    );
    let error = here.railway().ensure_cron(&may(), &here.ids.api, Some("0 5 * * *")).await.unwrap_err();
    assert!(failed(error).contains("Somebody may have removed it"));
    here.checked();
}

#[tokio::test]
async fn another_deployment_meanwhile_is_not_taken_for_ours() {
    let here = Here::start().await;
    let (ids, railway) = (here.ids.clone(), here.railway());
    let other = ids.clone();
    here.meanwhile("Deploy", move |world| {
        world.add_deployment(&other.staging, &other.api.service, Some(&commit("d")));
    });
    let made = railway.deploy(&may(), &ids.api, Some(&commit("c")), Some(&ids.now)).await.unwrap();
    assert_eq!(made.it.commit(), Some(commit("c").as_str()));
    // A roll-back finds its own among others, too.
    let other = ids.clone();
    here.meanwhile("Rollback", move |world| {
        world.add_deployment(&other.staging, &other.api.service, Some(&commit("e")));
    });
    let marker = made.it.id;
    let back = railway.rollback(&may(), &ids.api, &ids.before, Some(&marker)).await.unwrap();
    assert_eq!(back.it.commit(), Some(commit("a").as_str()));
    assert_eq!(here.server.with(|vendor| vendor.world.deployments.len()), 6);
    here.checked();
}

#[tokio::test]
async fn a_marker_that_is_no_longer_listed_makes_no_old_deployment_ours() {
    let here = Here::start().await;
    let ids = here.ids.clone();
    here.server.with(|vendor| vendor.world.deployments.retain(|row| row.id != ids.now));
    let writes = here.server.writes();
    let deployed = here.railway().deploy(&may(), &ids.api, Some(&commit("a")), Some(&ids.now)).await;
    assert!(failed(deployed.unwrap_err()).contains("is no longer listed"));
    assert_eq!(here.server.writes(), writes);
    here.checked();
}

#[tokio::test]
async fn an_image_that_is_gone_can_not_be_gone_back_to() {
    let here = Here::start().await;
    let ids = here.ids.clone();
    let drop_image = |id: String| {
        move |world: &mut World| {
            for row in world.deployments.iter_mut().filter(|row| row.id == id) {
                row.is_kept = false;
            }
        }
    };
    here.meanwhile("Rollback", drop_image(ids.before.clone()));
    let error = here.railway().rollback(&may(), &ids.api, &ids.before, Some(&ids.now)).await.unwrap_err();
    assert!(failed(error).contains("no longer available"));
    let writes = here.server.writes();
    let error = here.railway().rollback(&may(), &ids.api, &ids.before, Some(&ids.now)).await.unwrap_err();
    assert!(failed(error).contains("its image is no longer kept"));
    assert_eq!(here.server.writes(), writes, "nothing is asked for that can't be");
    here.checked();
}

#[tokio::test]
async fn a_domain_somebody_else_has_is_left_alone() {
    let here = Here::start().await;
    let (at, worker) = (here.ids.api.clone(), here.ids.worker.clone());
    here.meanwhile("CustomDomainCreate", move |world| {
        let mut row = world.domains[0].clone();
        (row.domain, row.service) = ("shop.example.com".to_owned(), worker.service);
        world.domains.push(row);
    });
    for _ in 0..2 {
        let error =
            here.railway().ensure_custom_domain(&may(), &at, "shop.example.com", None).await.unwrap_err();
        assert!(failed(error).starts_with("Railway does not give us the domain shop.example.com"));
    }
    assert_eq!(here.server.with(|vendor| vendor.world.domains.len()), 2);
    here.checked();
}

#[tokio::test]
async fn a_volume_elsewhere_or_in_trouble_is_never_built_upon() {
    let here = Here::start().await;
    let (railway, at) = (here.railway(), here.ids.api.clone());
    railway.ensure_volume(&may(), &at, "/uploads").await.unwrap();
    let error = railway.ensure_volume(&may(), &at, "/data").await.unwrap_err();
    assert!(failed(error).contains("has a volume at /uploads, not at /data"));
    here.server.with(|vendor| vendor.world.volumes[0].state = "DELETING".to_owned());
    let error = railway.ensure_volume(&may(), &at, "/uploads").await.unwrap_err();
    assert!(failed(error).contains("is deleting"));
    assert_eq!(here.server.with(|vendor| vendor.world.volumes.len()), 1);
    here.checked();
}
