//! People who visit what is deployed to a simulated Railway.

use std::time::Duration;

use reqwest::header::HOST;

/// Between two visits of one name.
const EVERY: Duration = Duration::from_millis(100);
/// What they ask for.
const PATH: &str = "/invoices";

/// Visits all the names, again and again. What answers is asked at one address, which tells them apart.
pub async fn visit(base: String, names: Vec<String>) {
    // Whoever was first has installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        for name in &names {
            // Whether it worked is for the judge to see.
            let _ = client.get(format!("{base}{PATH}")).header(HOST, name).send().await;
        }
    }
}
