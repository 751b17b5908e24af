//! What is told of samples, and what of faults.

use std::sync::Arc;

use adapters::prometheus::Sources;
use adapters::prometheus::sim::{SimFault, SimPrometheus};
use engine::clock::ManualClock;
use engine::model::{EnvironmentKey, Queries, ServiceName};
use engine::ports::{PortError, Seen, Signals};

use crate::{source, sum};

/// When the tests play: a multiple of every step.
const START_S: i64 = 1_800_000_000;
const EVERY_S: u32 = 15;

struct Scene {
    server: SimPrometheus,
    environment: EnvironmentKey,
    api: ServiceName,
    queries: Queries,
}

impl Scene {
    async fn new() -> Self {
        let server = SimPrometheus::start().await.unwrap();
        Self {
            server,
            environment: "shop/production".parse().unwrap(),
            api: "api".parse().unwrap(),
            queries: Queries {
                requests: r#"requests{env="$environment", service="$service"}"#.to_owned(),
                errors: "errors".to_owned(),
                latency: Some("buckets".to_owned()),
                release_label: "release".to_owned(),
                every_s: EVERY_S,
            },
        }
    }

    /// Samples every 15 s from `from` to `to` (seconds after the start), taken 4 s after each full quarter: so many requests and
    /// failures a second since the start.
    fn samples(&self, release: &str, instance: &str, (from, to): (i64, i64), rate: f64, failing: f64) {
        let labels = [("release", release), ("instance", instance)];
        let mut at = from + 4;
        while at < to {
            let (second, past) = ((START_S + at) as f64, at as f64);
            let requests = r#"requests{env="production", service="api"}"#;
            self.server.sample(requests, &labels, second, past * rate);
            self.server.sample("errors", &labels, second, past * failing);
            for (bound, share) in [("0.05", 0.4), ("0.3", 0.8), ("+Inf", 1.0)] {
                let labels = [("release", release), ("instance", instance), ("le", bound)];
                self.server.sample("buckets", &labels, second, past * rate * share);
            }
            at += i64::from(EVERY_S);
        }
    }

    /// A source whose clock says this.
    fn source(&self, now: i64, token: Option<&str>) -> Sources {
        source(&self.server.base(), token, Arc::new(ManualClock::at((START_S + now) * 1_000)))
    }

    async fn seen(&self, now: i64, after: i64) -> Result<Seen, PortError> {
        self.source(now, None).seen(&self.environment, &self.api, Some(&self.queries), START_S + after).await
    }

    async fn says(&self, now: i64, after: i64) -> String {
        match self.seen(now, after).await {
            Ok(seen) => format!("{} to {}", seen.from_s - START_S, seen.until_s - START_S),
            Err(error) => error.to_string().replace(&self.server.base(), "there"),
        }
    }
}

#[tokio::test]
async fn both_versions_are_told_in_the_same_seconds_and_every_second_once() {
    let scene = Scene::new().await;
    scene.samples("3", "a", (0, 300), 9.0, 0.2);
    scene.samples("4", "b", (0, 300), 1.0, 0.2);
    let seen = scene.seen(200, 59).await.unwrap();
    assert_eq!((seen.from_s - START_S, seen.until_s - START_S), (60, 179));
    assert_eq!(sum(&seen, 3), (9 * 120, 24, 9 * 120));
    assert_eq!(sum(&seen, 4), (120, 24, 120));
    for second in &seen.seconds {
        assert_eq!((second.by[&3].counts.requests, second.by[&4].counts.requests), (9, 1));
        assert_eq!((second.by[&3].counts.lanes, second.by[&4].counts.lanes), (9, 1));
    }
    // The 300 ms bound lies between 200 and 500 ms of the common buckets.
    let latency = &seen.seconds[14].by[&4].latency;
    assert_eq!((latency[5], latency[8], latency.iter().sum::<u64>()), (6, 6, 15), "{latency:?}");
    let again = scene.seen(230, 119).await.unwrap();
    assert_eq!(again.seconds[0], seen.seconds[60]);
    // A stage that begins in the middle of a row leaves what is older than its beginning out.
    assert_eq!(scene.says(200, 61).await, "90 to 179");
    assert_eq!(scene.says(200, 195).await, "196 to 195");
}

#[tokio::test]
async fn holes_are_not_time_that_was_watched() {
    let scene = Scene::new().await;
    scene.samples("3", "a", (0, 120), 9.0, 0.0);
    scene.samples("3", "a", (180, 400), 9.0, 0.0);
    assert_eq!(scene.says(300, 59).await, "60 to 119");
    assert_eq!(scene.says(300, 119).await, "195 to 284", "what came after the hole is told on its own");
}

#[tokio::test]
async fn counters_that_begin_anew_count_and_series_that_come_count_from_zero() {
    let scene = Scene::new().await;
    let requests = r#"requests{env="production", service="api"}"#;
    let old = [("release", "3"), ("instance", "a"), ("status", "200")];
    for (at, value) in [(4, 100.0), (19, 130.0), (34, 10.0), (49, 40.0)] {
        scene.server.sample(requests, &old, (START_S + at) as f64, value);
    }
    // The first failure of an instance makes its series; another instance's has no beginning that was watched.
    for instance in ["a", "new"] {
        let failed = [("release", "3"), ("instance", instance), ("status", "500")];
        for (query, at) in [(requests, 49), ("errors", 49)] {
            scene.server.sample(query, &failed, (START_S + at) as f64, 5.0);
        }
    }
    let seen = scene.seen(80, 14).await.unwrap();
    assert_eq!((seen.from_s - START_S, seen.until_s - START_S), (15, 59));
    assert_eq!(sum(&seen, 3), (30 + 10 + 35, 5, 0));
}

#[tokio::test]
async fn what_is_no_number_is_nothing() {
    let scene = Scene::new().await;
    scene.samples("3", "a", (0, 120), 9.0, 0.0);
    let broken = [("release", "3"), ("instance", "a"), ("status", "500")];
    scene.server.sample("errors", &broken, (START_S + 64) as f64, f64::NAN);
    assert_eq!(scene.says(125, 29).await, "30 to 59");
}

#[tokio::test]
async fn every_fault_is_a_sentence_and_never_an_empty_answer() {
    let scene = Scene::new().await;
    let mut says = vec![scene.says(300, 59).await];
    scene.samples("3", "a", (0, 120), 9.0, 0.0);
    says.push(scene.says(300, 59).await);
    scene.server.fault(Some(SimFault::Refuses(400, "parse error at char 9".to_owned())));
    says.push(scene.says(100, 29).await);
    scene.server.fault(Some(SimFault::Refuses(503, "starting".to_owned())));
    says.push(scene.says(100, 29).await);
    scene.server.fault(Some(SimFault::Babbles));
    says.push(scene.says(100, 29).await);
    scene.server.fault(None);
    says.push(scene.says(100, 29).await);
    scene.server.wants("s3cret-token");
    says.push(scene.says(100, 29).await);
    let knows = scene.source(100, Some("s3cret-token"));
    let seen = knows.seen(&scene.environment, &scene.api, Some(&scene.queries), START_S + 29).await.unwrap();
    assert_eq!(sum(&seen, 3).0, 9 * 45);
    let nobody = source("http://127.0.0.1:9", None, Arc::new(ManualClock::at(START_S * 1_000)));
    let away = nobody.seen(&scene.environment, &scene.api, Some(&scene.queries), START_S + 29).await;
    says.push(away.unwrap_err().to_string());
    let nowhere = Sources { edge: knows.edge.clone(), prometheus: None };
    let none = nowhere.seen(&scene.environment, &scene.api, Some(&scene.queries), START_S).await;
    says.push(none.unwrap_err().to_string());
    assert!(knows.can_see(Some(&scene.queries)).is_ok() && nowhere.can_see(None).is_ok());
    says.push(nowhere.can_see(Some(&scene.queries)).unwrap_err().to_string());
    // People are told how long answers took, whoever counted them.
    assert_eq!(nowhere.latency_bounds_ms(&scene.environment, &scene.api), [1, 2, 5]);
    let edge = knows.seen(&scene.environment, &scene.api, None, START_S).await;
    says.push(edge.unwrap_err().to_string());
    expect_test::expect![[r#"
        Prometheus at there has no fresh samples of api with the label `release`
        the newest samples of api that Prometheus at there has are 180 s old
        Prometheus at there can't answer `requests{env="production", service="api"}`: parse error at char 9
        Prometheus at there answered with status 503 and no values
        Prometheus at there answered with status 200 and no values
        30 to 74
        Prometheus at there lets nobody in with that token (status 401)
        Prometheus at http://127.0.0.1:9 can't be reached
        api is to be watched through Prometheus, and no `prometheus.url` is set
        it is to be watched through Prometheus, and no `prometheus.url` is set
        the edge was asked
    "#]]
    .assert_eq(&format!("{}\n", says.join("\n")));
}
