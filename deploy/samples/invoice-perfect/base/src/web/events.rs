//! `/events`: server-sent events that tick, for pages that show they are live, and for proving that whatever stands in
//! front of us passes a stream through as it comes. `?interval_ms=` and `?count=` change pace and length.

use crate::http::{Body, Request, Response};
use crate::json::Json;
use crate::{config, stop, time};
use std::time::Duration;

const DEFAULT_INTERVAL_MS: u64 = 1000;
const MIN_INTERVAL_MS: u64 = 10;
const MAX_INTERVAL_MS: u64 = 10_000;
/// The browser reconnects by itself; a stream without an end would outlive every deployment.
const MAX_TICKS: u64 = 600;
const STOP_POLL: Duration = Duration::from_millis(50);

pub fn stream(request: &Request) -> Response {
    let number = |name: &str| request.query(name).and_then(|text| text.parse::<u64>().ok());
    let interval_ms =
        number("interval_ms").unwrap_or(DEFAULT_INTERVAL_MS).clamp(MIN_INTERVAL_MS, MAX_INTERVAL_MS);
    let ticks = number("count").unwrap_or(MAX_TICKS).min(MAX_TICKS);
    let body = Body::Stream(Box::new(move |send| {
        for tick in 1..=ticks {
            let data = Json::object([
                ("tick", Json::Int(tick as i64)),
                ("at", Json::text(time::timestamp())),
                ("release", Json::text(config::release())),
            ]);
            send(&format!("event: tick\nid: {tick}\ndata: {data}\n\n"))?;
            if tick < ticks && !keep_waiting(Duration::from_millis(interval_ms)) {
                break;
            }
        }
        Ok(())
    }));
    let headers =
        vec![("content-type", "text/event-stream".to_string()), ("cache-control", "no-store".to_string())];
    Response { status: 200, headers, body }
}

/// Waits in short naps; `false` as soon as we are asked to stop.
fn keep_waiting(mut left: Duration) -> bool {
    while !left.is_zero() && !stop::is_draining() {
        let nap = left.min(STOP_POLL);
        std::thread::sleep(nap);
        left -= nap;
    }
    !stop::is_draining()
}
