//! For any project: what is exported reads as the same project, and no text whatever makes reading panic.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexmap::IndexMap;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::any_text::{any_text, line, said};
use super::{documented, read};
use crate::model::{
    CanaryUnsaid, Check, CheckDoes, CheckStep, CommandJob, Component, ComponentKind, ComponentName,
    Connection, ConnectionMode, ConnectionName, Environment, EnvironmentPolicy, Expect, FreezeWhen,
    FreezeWindow, Health, Job, Judging, Keep, Limits, LogPattern, Migrations, Override, Person, Project,
    Provider, Queries, QuietHours, Role, Service, Severity, Size, Source, SqlJob, Sticky, Texts, Urgency,
    Variable, WhenLow,
};
use crate::project::{differences, export, import};

fn name<N: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> N {
    text.parse().unwrap()
}

fn variables() -> impl Strategy<Value = BTreeMap<String, Variable>> {
    let variable = prop_oneof![
        4 => any_text().prop_map(Variable::Plain),
        1 => "[a-z][a-z-]{0,5}".prop_map(|text| Variable::Secret(name(&text))),
        1 => Just(Variable::Plain("http://${service.s0.url}:1/${component.c0.url}".to_owned())),
    ];
    btree_map("[A-Za-z_][A-Z0-9_]{0,20}|NO|y|null", variable, 0..4)
}

fn size() -> impl Strategy<Value = Option<Size>> {
    option::of(prop::sample::select(Size::ALL.to_vec()))
}

/// Connections whose mode is left to the environment, or is this one.
fn connections(mode: Option<ConnectionMode>) -> impl Strategy<Value = IndexMap<ConnectionName, Connection>> {
    let connection = (prop::sample::select(Provider::ALL.to_vec()), any::<bool>(), "[a-z][a-z-]{0,5}")
        .prop_map(move |(provider, said, secret)| Connection {
            provider,
            mode: mode.filter(|_| said && provider.has_modes()),
            secret: name(&secret),
        });
    btree_map("stripe|null|[a-z]{1,9}", connection, 0..3)
        .prop_map(|all| all.into_iter().map(|(text, it)| (name(&text), it)).collect())
}

fn limits() -> impl Strategy<Value = Limits> {
    (option::of(16_u32..5000), option::of(32_u32..5000))
        .prop_map(|(memory_mb, open_files)| Limits { memory_mb, open_files })
}

fn source() -> impl Strategy<Value = Source> {
    let repository =
        prop_oneof!["/[a-z# :']{1,9}/x", "https://[a-z]{3}\\.example/[a-z]{3}", "git@[a-z]{3}:a/b"];
    (repository, prop_oneof![Just(".".to_owned()), "[a-z]{1,5}(/[a-z]{1,5})?"])
        .prop_map(|(repository, path)| Source { repository, path, credentials: None })
}

#[expect(clippy::ptr_arg, reason = "proptest asks with what it made")]
fn is_pattern(text: &String) -> bool {
    regex::Regex::new(text).is_ok()
}

/// What a service says about its canaries.
fn on_trial() -> impl Strategy<Value = (Option<Sticky>, BTreeMap<String, Check>, Option<Queries>)> {
    let sticky = "[a-z_]{1,9}".prop_map(|cookie| Sticky { cookie });
    let keep = prop_oneof![
        r"[a-z]{1,3}(\.[0-9])?".prop_map(Keep::Json),
        "[a-z]{1,5}-[a-z]{1,5}".prop_map(Keep::Header)
    ];
    let sent = || said().prop_filter("fills nothing in", |text| !text.contains("${"));
    let headers = btree_map("[a-z]{1,5}", sent(), 0..2);
    let patterns = || btree_map("[a-z]{1,5}", "[a-z.*^$]{1,9}".prop_filter("a pattern", is_pattern), 0..2);
    let expect = (vec(100_u16..600, 0..3), patterns(), option::of("[a-z]{1,9}"), patterns())
        .prop_map(|(status, headers, body, json)| Expect { status, headers, body, json });
    let step = (
        prop::sample::select(vec!["GET", "POST", "DELETE"]),
        "/[a-z?=&#:']{0,8}",
        headers,
        option::of(sent()),
        expect,
        btree_map("[a-z]{1,5}", keep, 0..2),
    )
        .prop_map(|(method, path, headers, body, expect, keep)| CheckStep {
            method: method.to_owned(),
            path,
            headers,
            body,
            expect,
            keep,
        });
    let does = prop_oneof![
        (any::<bool>(), vec(step, 1..3)).prop_map(|(probe, steps)| (probe, CheckDoes::Steps(steps))),
        said().prop_map(|command| (false, CheckDoes::Command(command))),
    ];
    let check = (any::<bool>(), 1_u32..3600, 1_u32..10, does).prop_map(
        |(is_hard, every_s, timeout_s, (probe, does))| Check {
            severity: if is_hard { Severity::Hard } else { Severity::Soft },
            every_s,
            timeout_s,
            probe,
            does,
        },
    );
    let queries = (said(), said(), option::of(said()), "[a-z_]{1,9}", 1_u32..60).prop_map(
        |(requests, errors, latency, release_label, every_s)| Queries {
            requests,
            errors,
            latency,
            release_label,
            every_s,
        },
    );
    (option::of(sticky), btree_map("[a-z]{1,9}", check, 0..2), option::of(queries))
}

/// A service that may need those before it.
fn service(index: usize) -> impl Strategy<Value = Service> {
    let served = (1_u32..5, "/[a-z?=&#]{0,8}", 1_u32..100)
        .prop_map(|(replicas, path, timeout_s)| (replicas, Some(Health { path, timeout_s }), None));
    let scheduled = Just((1, None, Some("*/5 1-3 * JAN MON".to_owned())));
    // The first is always served, so that the others may refer to it.
    let how = if index == 0 { served.boxed() } else { prop_oneof![3 => served, 1 => scheduled].boxed() };
    let needs = if index == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop_oneof![Just(vec!["c0".to_owned(), "s0".to_owned()]), Just(vec![])].boxed()
    };
    let rest = (size(), limits(), on_trial());
    (option::of(source()), option::of(said()), said(), how, variables(), needs, rest).prop_map(
        |(source, build, start, (replicas, health, schedule), variables, needs, (size, limits, on_trial))| {
            Service {
                sticky: on_trial.0.filter(|_| schedule.is_none()),
                checks: on_trial.1.into_iter().filter(|_| schedule.is_none()).collect(),
                signals: on_trial.2.filter(|_| schedule.is_none()),
                source,
                build,
                start,
                health,
                schedule,
                variables,
                needs,
                replicas,
                size,
                limits,
            }
        },
    )
}

fn freeze() -> impl Strategy<Value = FreezeWhen> {
    prop_oneof![
        (0_i64..4_000_000_000_000, 1_i64..1_000_000_000)
            .prop_map(|(from_ms, length)| FreezeWhen::Between { from_ms, until_ms: from_ms + length }),
        (
            0_u32..10_080,
            1_u32..10_080,
            prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York"])
        )
            .prop_map(|(from_minute, length, zone)| FreezeWhen::Weekly {
                from_minute,
                until_minute: (from_minute + length) % 10_080,
                zone: zone.to_owned(),
            }),
    ]
}

fn judging() -> impl Strategy<Value = Judging> {
    let numbers =
        (option::of(1_u32..9), option::of(1_u32..9), option::of(1_u32..999), option::of(1_u32..100));
    let when_low = prop::sample::select(vec![WhenLow::Nothing, WhenLow::Ask, WhenLow::RollBack]);
    let patterns = vec(
        (line(), prop::sample::select(vec!["a.b", "(?i)\\boh: no\\b", "[#x]+ \"y\""]), any::<bool>()),
        0..3,
    );
    (numbers, option::of(1_u32..999), option::of(when_low), patterns).prop_map(
        |((health_failures, crashes, crash_window_s, score_min), score_low_s, when_low, patterns)| {
            let pattern = |(index, (name, pattern, critical)): (usize, (String, &str, bool))| LogPattern {
                name: format!("{name} {index}"),
                pattern: pattern.to_owned(),
                critical,
            };
            let log_patterns = patterns.into_iter().enumerate().map(pattern).collect();
            Judging {
                health_failures,
                crashes,
                crash_window_s,
                score_min,
                score_low_s,
                when_low,
                log_patterns,
            }
        },
    )
}

fn policy() -> impl Strategy<Value = EnvironmentPolicy> {
    let windows = (vec((line(), freeze()), 0..3)).prop_map(|windows| {
        let window = |(index, (reason, when)): (usize, (String, FreezeWhen))| FreezeWindow {
            name: format!("w {index}"),
            reason,
            when,
        };
        windows.into_iter().enumerate().map(window).collect::<Vec<_>>()
    });
    let refs = vec(prop::sample::select(vec!["main", "v*", "*", "release/*", "1.0", "true"]), 0..3);
    (
        0_u32..4,
        refs,
        windows,
        option::of(1_u32..99),
        option::of(Just(100_u32)),
        vec(prop::sample::select(Size::ALL.to_vec()), 0..3),
        any::<bool>(),
        option::of(1_u32..999),
        (
            option::of(prop::sample::select(vec![
                CanaryUnsaid::Ask,
                CanaryUnsaid::Off,
                CanaryUnsaid::Stages(vec![5, 100]),
            ])),
            option::of(5_u32..999),
            option::of(1_u32..999),
            any::<bool>(),
            judging(),
        ),
    )
        .prop_map(
            |(
                approvals,
                refs,
                freeze,
                runs_per_hour,
                max_replicas,
                allowed_sizes,
                one_person_team,
                approval_minutes,
                (canary, soak_s, lane_seconds_min, ask_between_stages, judging),
            )| {
                EnvironmentPolicy {
                    approvals,
                    allowed_refs: refs.into_iter().map(str::to_owned).collect(),
                    // Needs a connection; `connections` has it.
                    requires_ci: false,
                    freeze,
                    runs_per_hour,
                    max_replicas,
                    allowed_sizes,
                    one_person_team,
                    approval_minutes,
                    canary,
                    soak_s,
                    ask_between_stages,
                    lane_seconds_min,
                    judging,
                }
            },
        )
}

fn environment(index: usize) -> impl Strategy<Value = Environment> {
    let over = (option::of(1_u32..9), variables(), size(), option::of(limits())).prop_map(
        |(replicas, variables, size, limits)| Override { replicas, variables, size, limits, schedule: None },
    );
    let held = any::<bool>().prop_flat_map(|production| {
        connections(Some(ConnectionMode::of_environment(production))).prop_map(move |held| (production, held))
    });
    let own = prop::sample::select(vec![None, Some(ComponentKind::Cache), Some(ComponentKind::Storage)]);
    (held, any::<bool>(), any::<bool>(), option::of(over), policy(), option::of(texts()), own).prop_map(
        move |((production, connections), alias, edge, over, policy, texts, own)| Environment {
            platform: "local".to_owned(),
            production,
            aliases: if alias { vec![format!("alias{index}"), format!("Al-{index}")] } else { Vec::new() },
            edge: edge.then(|| (name("s0"), format!("127.0.0.1:{}", 7000 + index))).into_iter().collect(),
            connections,
            components: own.map(|kind| (name("own"), Component { kind, url: None })).into_iter().collect(),
            without: BTreeSet::new(),
            services: over.map(|over| (name("s0"), over)).into_iter().collect(),
            policy,
            texts,
        },
    )
}

fn texts() -> impl Strategy<Value = Texts> {
    let quiet = (0_u32..1440, 1_u32..1440, any::<bool>(), prop::sample::select(Urgency::WORDS.to_vec()));
    let quiet = quiet.prop_map(|(from_minute, lasts, berlin, (_, passes))| QuietHours {
        from_minute,
        until_minute: (from_minute + lasts) % 1440,
        zone: if berlin { "Europe/Berlin".to_owned() } else { "UTC".to_owned() },
        passes,
    });
    (btree_set("[a-z]{1,9}", 1..4), 1_u32..241, option::of(quiet), any::<bool>(), any::<bool>()).prop_map(
        |(people, wait_minutes, quiet, weekly_test, approve)| Texts {
            people: people.iter().map(|text| name(text)).collect(),
            wait_minutes,
            quiet,
            weekly_test,
            approve,
        },
    )
}

fn job() -> impl Strategy<Value = Job> {
    let command = said().prop_map(|command| Job::Command(CommandJob { service: name("s0"), command }));
    let rows = prop::sample::select(vec![
        "users",
        "\"Users\" WHERE a IS NULL -- all of them",
        "users WHERE a = 'it''s: {}'",
    ]);
    let set = prop::sample::select(vec!["a = 'x'", "a = b || ': #', b = NULL", "a = (SELECT 1)"]);
    let sql = (rows, set).prop_map(|(rows, set)| {
        let (rows, key, set) = (rows.to_owned(), "id".to_owned(), set.to_owned());
        Job::Sql(SqlJob { database: name("c0"), rows, key, set })
    });
    prop_oneof![command, sql]
}

fn people(names: BTreeSet<String>) -> Vec<Person> {
    let roles = [Role::Viewer, Role::Deployer, Role::Admin];
    names
        .into_iter()
        .zip(roles.into_iter().cycle())
        .enumerate()
        .map(|(at, (text, role))| {
            let phone = (at % 2 == 0).then(|| format!("+4917139200{at:03}").parse().unwrap());
            Person { name: name(&text), role, phone }
        })
        .collect()
}

fn project() -> impl Strategy<Value = Project> {
    let services =
        (1_usize..4).prop_flat_map(|count| (0..count).map(|i| service(i).boxed()).collect::<Vec<_>>());
    let environments =
        (1_usize..4).prop_flat_map(|count| (0..count).map(|i| environment(i).boxed()).collect::<Vec<_>>());
    let kinds = vec(
        prop::sample::select(vec![ComponentKind::Cache, ComponentKind::Storage, ComponentKind::Mail]),
        0..3,
    );
    let jobs = btree_map("[a-zA-Z]{1,9}", job(), 0..3);
    let people = btree_set("[a-z]{1,9}", 0..4).prop_map(people);
    let title = option::of(line());
    (
        "[a-z][a-z0-9-]{0,9}|null|true|no",
        title,
        source(),
        any::<bool>(),
        services,
        (kinds, connections(None)),
        environments,
        jobs,
        people,
    )
        .prop_map(
            |(
                project,
                title,
                source,
                migrated,
                services,
                (kinds, connections),
                environments,
                jobs,
                people,
            )| {
                let left_out: BTreeSet<ComponentName> =
                    kinds.first().map(|_| name("c1")).into_iter().collect();
                Project {
                    title: title.unwrap_or_else(|| project.clone()),
                    project: name(&project),
                    source,
                    migrations: migrated.then(|| Migrations {
                        path: "sql".to_owned(),
                        component: name("c0"),
                        runner: None,
                    }),
                    services: services
                        .into_iter()
                        .enumerate()
                        .map(|(i, it)| (name(&format!("s{i}")), it))
                        .collect(),
                    components: std::iter::once(ComponentKind::Database)
                        .chain(kinds)
                        .enumerate()
                        .map(|(i, kind)| {
                            let url = (kind == ComponentKind::Database && migrated).then(|| name("at"));
                            (name(&format!("c{i}")), Component { kind, url })
                        })
                        .collect(),
                    connections,
                    environments: environments
                        .into_iter()
                        .enumerate()
                        .map(|(i, it)| {
                            let without = if it.production { left_out.clone() } else { BTreeSet::new() };
                            (name(&format!("e{i}")), Environment { without, ..it })
                        })
                        .collect(),
                    jobs: jobs.into_iter().map(|(text, it)| (name(&text), it)).collect::<IndexMap<_, _>>(),
                    people,
                }
            },
        )
}

/// A project with its order, which `==` on its maps does not look at.
fn in_order(project: &Project) -> String {
    serde_json::to_string(project).unwrap()
}

#[track_caller]
fn comes_back(project: &Project) {
    let yaml = export(project);
    let again = import(&yaml, Path::new("/elsewhere")).unwrap_or_else(|faults| panic!("{faults}\n{yaml}"));
    assert_eq!(in_order(&again), in_order(project), "{yaml}");
    assert_eq!(export(&again), yaml);
}

#[test]
fn the_documented_description_comes_back() {
    comes_back(&read(&documented()));
}

/// Half of the usual number, which keeps this in seconds; `PROPTEST_CASES=10000` looks further.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { failure_persistence: None, cases: usual.cases / 2, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_project_comes_back(project in project()) {
        comes_back(&project);
    }

    #[test]
    fn differences_are_empty_exactly_for_equals(a in project(), b in project()) {
        prop_assert_eq!(differences(&a, &a), vec![]);
        prop_assert_eq!(differences(&a, &b).is_empty(), in_order(&a) == in_order(&b));
    }

    #[test]
    fn any_text_is_answered(bytes in vec(any::<u8>(), 0..400)) {
        let _ = import(&String::from_utf8_lossy(&bytes), Path::new("/base"));
    }

    #[test]
    fn any_yaml_like_text_is_answered(text in "([\\-\\[\\]{}:,#&*!|>'\"%@?\t\n ~<$]|[a-z0-9]|project|services|\\$\\{|: |\n  |- ){0,80}") {
        let _ = import(&text, Path::new("/base"));
    }

    #[test]
    fn any_schedule_is_answered(cron in "([0-9]{1,3}|[*/,#?+LW-]|MON|JAN){1,5}( ([0-9]{1,3}|[*/,#?+LW-]|MON|JAN){1,5}){4}") {
        let good = "*/15 * * * *";
        prop_assert!(documented().contains(good));
        let _ = import(&documented().replace(good, &cron), Path::new("/base"));
    }

    /// A good description with one stretch replaced by something else is the likeliest bad one.
    #[test]
    fn any_slip_in_a_good_description_is_answered(at in 0.0..1.0_f64, cut in 0_usize..30, put in "([\\-\\[\\]{}:,#&*!|>'\"\t\n ]|[a-z0-9]){0,4}") {
        let good = documented();
        let characters: Vec<char> = good.chars().collect();
        let from = (at * characters.len() as f64) as usize;
        let until = (from + cut).min(characters.len());
        let slipped: String = characters[..from].iter().copied().chain(put.chars()).chain(characters[until..].iter().copied()).collect();
        if let Ok(project) = import(&slipped, Path::new("/base")) {
            comes_back(&project);
        }
    }
}
