//! Components: what an environment has of them, and what can't be left out.

use expect_test::expect;

use super::super::import;
use super::read;
use crate::model::{ComponentKind, EnvironmentName, Project};
use crate::project::export;

const BASE: &str = "project: shop
source: { repository: /repo }
migrations: { path: sql, component: postgres }
services: { api: { start: ./api, health: { path: /h }, needs: [redis], variables: { FILES: \"${component.files.url}\" } } }
components: { postgres: { kind: database }, redis: { kind: cache }, files: { kind: storage } }
jobs: { fill: { database: postgres, rows: t, key: id, set: a = 1 } }
";

fn told(environments: &str) -> String {
    match import(&format!("{BASE}environments:\n{environments}"), std::path::Path::new("/base")) {
        Ok(_) => "no faults".to_owned(),
        Err(faults) => faults.in_file("p.yaml").to_string() + "\n",
    }
}

fn has(project: &Project, environment: &str) -> String {
    let name: EnvironmentName = environment.parse().unwrap();
    project.components_in(&name).keys().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_environment_has_the_projects_but_what_it_does_without_and_its_own() {
    let mut shop = read(&format!(
        "{BASE}environments:
  staging:
    components: {{ valkey: {{ kind: cache }} }}
    without: [redis]
    services: {{ api: {{ variables: {{ CACHE: \"${{component.valkey.url}}\" }} }} }}
  production: {{}}
"
    ));
    assert_eq!(
        (has(&shop, "staging"), has(&shop, "production")),
        ("postgres files valkey".into(), "postgres redis files".into())
    );
    let (_, written) =
        export(&shop).split_once("environments:\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    expect![[r#"
          staging:
            components:
              valkey: { kind: cache }
            without: [redis]
            services:
              api: { variables: { CACHE: "${component.valkey.url}" } }
          production: {}
        jobs:
          fill: { database: postgres, rows: t, key: id, set: "a = 1" }
    "#]]
    .assert_eq(&written);

    // Added and removed again, nothing is left that says so; and what one of its own was is known when it is gone.
    let before = shop.clone();
    let (staging, name) = ("staging".parse().unwrap(), "redis".parse().unwrap());
    let redis = shop.components.get(&name).cloned();
    shop.component_put(&staging, &name, redis.as_ref());
    assert_eq!(has(&shop, "staging"), "postgres redis files valkey");
    shop.component_put(&staging, &name, None);
    assert_eq!(shop, before);
    let valkey = "valkey".parse().unwrap();
    shop.component_put(&staging, &valkey, None);
    assert_eq!(has(&shop, "staging"), "postgres files");
    assert_eq!(shop.component_known(&staging, &valkey).map(|it| it.kind), Some(ComponentKind::Cache));
    let known = shop.component_known(&staging, &valkey).cloned();
    shop.component_put(&staging, &valkey, known.as_ref());
    assert_eq!(shop, before);
}

#[test]
fn what_is_asked_for_can_not_be_left_out() {
    expect![[r#"
        p.yaml:9:14 environments.a.without: `postgres` can't be left out: the migrations change it
        p.yaml:11:14 environments.b.without: `files` can't be left out: `FILES` of api asks for its address
    "#]]
    .assert_eq(&told("  a:\n    without: [postgres, redis]\n  b:\n    without: [files]\n"));
    expect![[r#"
        p.yaml:9:15 environments.a.without[0]: there is no component `valkey`; there are `postgres`, `redis`, `files`
    "#]]
    .assert_eq(&told("  a:\n    without: [valkey]\n"));
    expect![[r#"
        p.yaml:9:19 environments.a.components.redis: is a cache in the project and storage here; give one of them another name
    "#]]
    .assert_eq(&told("  a:\n    components: { redis: { kind: storage } }\n"));
    // What one environment has, another has not.
    expect![[r#"
        p.yaml:11:40 environments.b.services.api.variables.C: there is no component `valkey`; there are `postgres`, `redis`, `files`
    "#]].assert_eq(&told(
        "  a:\n    components: { valkey: { kind: cache } }\n  b:\n    services: { api: { variables: { C: \"${component.valkey.url}\" } } }\n",
    ));
}

#[test]
fn a_name_says_what_it_is() {
    for (name, kind) in [
        ("redis", Some(ComponentKind::Cache)),
        ("redis-2", Some(ComponentKind::Cache)),
        ("Postgres_reports", Some(ComponentKind::Database)),
        ("minio", Some(ComponentKind::Storage)),
        ("rediscover", None),
        ("rabbit", None),
    ] {
        assert_eq!(ComponentKind::of_name(&name.parse().unwrap()), kind, "{name}");
    }
}
