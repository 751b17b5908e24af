#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use super::*;

fn project(name: &str, service: &str) -> Project {
    let text = format!(
        "project: {name}\nsource: {{ repository: \"https://code.example/{name}.git\" }}\nservices:\n  {service}:\n    \
         build: make\n    start: ./run\n    health: {{ path: /health, timeout_s: 30 }}\nenvironments:\n  staging:\n    \
         edge: {{ {service}: \"127.0.0.1:7400\" }}\n"
    );
    engine::project::import(&text, Path::new("/projects")).unwrap()
}

fn check(said: &str, project_and_rest: Option<(&str, &str)>) {
    let projects = [project("shop", "api"), project("mall", "web"), project("pay", "shop-front")];
    let expected = match project_and_rest {
        None => Named::Nothing,
        Some((name, "")) => Named::Chosen(name.parse().unwrap()),
        Some((name, rest)) => Named::In { project: name.parse().unwrap(), rest: rest.to_owned() },
    };
    assert_eq!(named(said, &projects), expected, "{said}");
}

#[test]
fn a_project_is_chosen() {
    for said in ["shop", " Shop. ", "project shop", "/project shop", "switch to shop", "use project shop!"] {
        check(said, Some(("shop", "")));
    }
    check("project", None);
    check("project store", None);
}

#[test]
fn a_project_is_named_beside_an_order() {
    check("shop: deploy staging", Some(("shop", "deploy staging")));
    check("MALL : status", Some(("mall", "status")));
    check("status of mall", Some(("mall", "status")));
    check("deploy v1.0 of shop to staging", Some(("shop", "deploy v1.0 to staging")));
    check("deploy shop to staging", Some(("shop", "deploy to staging")));
    check("what is shop's status?", Some(("shop", "what is status?")));
    check("restart api in project shop, then status", Some(("shop", "restart api, then status")));
}

#[test]
fn other_words_name_no_project() {
    check("deploy staging", None);
    check("deploy shop-front to staging", None);
    check("shopping: deploy staging", None);
    check("compare shop with mall", None);
}

/// A service called like another project is the service, unless somebody says that it is the project.
#[test]
fn what_is_something_else_as_well() {
    let projects = [project("shop", "pay"), project("pay", "web")];
    assert_eq!(named("restart pay in staging", &projects), Named::Nothing);
    let rest = "restart in staging".to_owned();
    let pay = "pay".parse().unwrap();
    assert_eq!(named("restart project pay in staging", &projects), Named::In { project: pay, rest });
}
