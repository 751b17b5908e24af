//! Against a real Prometheus (`.ci/prometheus`), which scrapes an endpoint of this test. Runs where `INFRA_CHAT_TEST_PROMETHEUS` names a
//! server that does so.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine::clock::{Clock, SystemClock};
use engine::model::Queries;
use engine::ports::{Seen, Signals};
use http_body_util::Full;
use hyper::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::{source, sum};

/// How long samples may take to be there.
const PATIENCE: Duration = Duration::from_mins(1);
/// Scrapes of a test's endpoint after which it ends.
const SCRAPES: u64 = 12;

/// A release's numbers grow with each scrape, so that what was counted is known exactly: 90 and 10 requests, of which the canary
/// fails 3, all slower than 100 ms.
fn metrics(scrape: u64) -> String {
    let mut text = String::from("# TYPE shop_requests_total counter\n# TYPE shop_seconds histogram\n");
    for (release, requests, failed) in [(7, 90, 0), (8, 10, 3)] {
        let (good, bad) = ((requests - failed) * scrape, failed * scrape);
        let all = good + bad;
        writeln!(text, "shop_requests_total{{release=\"{release}\",code=\"200\"}} {good}").unwrap();
        if bad > 0 {
            writeln!(text, "shop_requests_total{{release=\"{release}\",code=\"500\"}} {bad}").unwrap();
        }
        writeln!(text, "shop_seconds_bucket{{release=\"{release}\",le=\"0.1\"}} 0").unwrap();
        writeln!(text, "shop_seconds_bucket{{release=\"{release}\",le=\"0.2\"}} {all}").unwrap();
        writeln!(text, "shop_seconds_bucket{{release=\"{release}\",le=\"+Inf\"}} {all}").unwrap();
    }
    text
}

async fn endpoint() -> (std::net::SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, scrapes) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&scrapes);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            let answer = service_fn(move |_| {
                let scrape = counted.fetch_add(1, Ordering::SeqCst) + 1;
                let mut response = Response::new(Full::<Bytes>::from(metrics(scrape)));
                let text = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4");
                response.headers_mut().insert(hyper::header::CONTENT_TYPE, text);
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    (address, scrapes)
}

#[tokio::test]
async fn a_real_prometheus_tells_what_its_target_counted() {
    let (Ok(base), Ok(targets)) =
        (std::env::var("INFRA_CHAT_TEST_PROMETHEUS"), std::env::var("INFRA_CHAT_TEST_PROMETHEUS_TARGETS"))
    else {
        return;
    };
    let (address, scrapes) = endpoint().await;
    let file = PathBuf::from(targets).join(format!("{}.json", address.port()));
    std::fs::write(&file, format!(r#"[{{"targets": ["{address}"]}}]"#)).unwrap();
    let label = format!("instance=\"{address}\"");
    let queries = Queries {
        requests: format!("shop_requests_total{{{label}}}"),
        errors: format!("shop_requests_total{{{label}, code=~\"5..\"}}"),
        latency: Some(format!("shop_seconds_bucket{{{label}}}")),
        release_label: "release".to_owned(),
        every_s: 1,
    };
    let source = source(&base, None, Arc::new(SystemClock));
    let (environment, service) = ("shop/production".parse().unwrap(), "api".parse().unwrap());
    let began_s = SystemClock.now_ms().div_euclid(1_000) - 1;
    let (began, mut all) = (Instant::now(), Vec::<Seen>::new());
    let mut after_s = began_s;
    // Every second is asked for once, as a judge does.
    while scrapes.load(Ordering::SeqCst) < SCRAPES || all.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{} scrapes", scrapes.load(Ordering::SeqCst));
        match source.seen(&environment, &service, Some(&queries), after_s).await {
            Ok(seen) if seen.until_s >= seen.from_s => {
                after_s = seen.until_s;
                all.push(seen);
            }
            Ok(_) => {}
            Err(error) => assert!(error.to_string().contains("no fresh samples"), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let total = |release| {
        all.iter().map(|seen| sum(seen, release)).fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2))
    };
    let (stable, canary) = (total(7), total(8));
    let rows = canary.0 / 10;
    assert!(rows >= 3, "{stable:?} {canary:?}");
    assert_eq!(stable, (90 * rows, 0, 90 * rows));
    assert_eq!(canary, (10 * rows, 3 * rows, 10 * rows));
    // All answers are between 100 and 200 ms.
    for seen in &all {
        for served in seen.seconds.iter().flat_map(|second| second.by.values()) {
            let others: u64 =
                served.latency.iter().enumerate().filter(|(at, _)| *at != 7).map(|(_, n)| n).sum();
            assert_eq!(others, 0, "{:?}", served.latency);
        }
    }
    let wrong = Queries { requests: "rate(".to_owned(), ..queries.clone() };
    let refused = source.seen(&environment, &service, Some(&wrong), after_s).await.unwrap_err().to_string();
    assert!(refused.contains("can't answer `") && refused.contains("parse error"), "{refused}");
    // A target that is gone is a hole, not a quiet time.
    std::fs::remove_file(&file).unwrap();
    loop {
        assert!(began.elapsed() < PATIENCE, "the samples stay fresh");
        match source.seen(&environment, &service, Some(&queries), after_s).await {
            Ok(seen) => after_s = after_s.max(seen.until_s),
            Err(error) => {
                assert!(error.to_string().contains("newest samples of api"), "{error}");
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// A way to a server that can be cut.
async fn relay(listener: TcpListener, to: String) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((mut here, _)) = listener.accept().await {
        let to = to.clone();
        open.spawn(async move {
            if let Ok(mut there) = tokio::net::TcpStream::connect(to).await {
                let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
            }
        });
    }
}

/// While it can't be reached nothing is told, and said so; once it is back it is told on, with nothing left out and nothing twice.
#[tokio::test]
async fn a_real_prometheus_that_goes_away_is_told_on_when_it_is_back() {
    let (Ok(base), Ok(targets)) =
        (std::env::var("INFRA_CHAT_TEST_PROMETHEUS"), std::env::var("INFRA_CHAT_TEST_PROMETHEUS_TARGETS"))
    else {
        return;
    };
    let (address, _) = endpoint().await;
    let file = PathBuf::from(targets).join(format!("{}.json", address.port()));
    std::fs::write(&file, format!(r#"[{{"targets": ["{address}"]}}]"#)).unwrap();
    let label = format!("instance=\"{address}\"");
    let queries = Queries {
        requests: format!("shop_requests_total{{{label}}}"),
        errors: format!("shop_requests_total{{{label}, code=~\"5..\"}}"),
        latency: None,
        release_label: "release".to_owned(),
        every_s: 1,
    };
    let server = base.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let source = source(&format!("http://{at}"), None, Arc::new(SystemClock));
    let (environment, service) = ("shop/production".parse().unwrap(), "api".parse().unwrap());
    let began = Instant::now();
    let (mut after_s, mut rows) = (SystemClock.now_ms().div_euclid(1_000) - 1, 0);
    let mut told: Vec<(i64, i64)> = Vec::new();
    let mut way = Some(tokio::spawn(relay(listener, server.clone())));
    let mut cut = None;
    while told.is_empty() || way.is_none() || cut.is_none() || rows < cut.unwrap_or_default() + 6 {
        assert!(began.elapsed() < PATIENCE, "{rows} rows, {told:?}");
        match source.seen(&environment, &service, Some(&queries), after_s).await {
            Ok(seen) if seen.until_s >= seen.from_s => {
                after_s = seen.until_s;
                rows += sum(&seen, 7).0 / 90;
                told.push((seen.from_s, seen.until_s));
            }
            Ok(_) => {}
            Err(error) if way.is_none() => {
                assert_eq!(error.to_string(), format!("Prometheus at http://{at} can't be reached"));
                // Back again, two seconds later.
                tokio::time::sleep(Duration::from_secs(2)).await;
                way = Some(tokio::spawn(relay(TcpListener::bind(at).await.unwrap(), server.clone())));
            }
            Err(error) => assert!(error.to_string().contains("no fresh samples"), "{error}"),
        }
        if rows >= 3 && cut.is_none() {
            cut = Some(rows);
            if let Some(way) = way.take() {
                way.abort();
                assert!(way.await.is_err());
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    std::fs::remove_file(&file).unwrap();
    for (before, after) in told.iter().zip(told.iter().skip(1)) {
        assert_eq!(before.1 + 1, after.0, "nothing is left out: {told:?}");
    }
    let seconds = told[told.len() - 1].1 - told[0].0 + 1;
    assert_eq!(rows, seconds.unsigned_abs(), "and nothing twice: {told:?}");
}
