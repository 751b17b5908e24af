//! How fast a record is verified, on one core: `cargo bench -p engine --bench audit`.
//!
//! One JSON object a line: what was measured, the figure, the limit, and the floor, which is what hashing the same bytes in a
//! chain takes and nothing else. It fails below the limit; with `-- --print` it only prints.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use engine::audit::{AuditEvent, Checkpoint, Exporter, GENESIS, SigningKey, canonical_bytes, link, verify};
use engine::model::{Actor, Role};
use serde_json::json;
use sha2::{Digest, Sha256};

const EVENTS: i64 = 400_000;
/// A checkpoint after so many: about what a deploy leaves in the record.
const CHECKPOINT_EVERY: i64 = 26;
const PASSES: usize = 7;
const LIMIT_PER_SECOND: f64 = 2_000_000.0;

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        println!(
            "this is no release build, so its times say nothing: run `cargo bench -p engine --bench audit`"
        );
        return ExitCode::SUCCESS;
    }
    let print = std::env::args().any(|argument| argument == "--print");
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::open_or_create(&folder.path().join("audit.key")).unwrap();
    let mut exporter = Exporter::start(Vec::new(), &key.public_key()).unwrap();
    let (mut last, mut bodies, mut anchor) = (GENESIS, Vec::new(), None);
    for seq in 1..=EVENTS {
        let event = event(seq);
        last = link(&last, &event);
        exporter.event(&event, &last).unwrap();
        bodies.push(canonical_bytes(&event));
        if seq % CHECKPOINT_EVERY == 0 || seq == EVENTS {
            let checkpoint = Checkpoint::sign(&key, seq, last, event.at_ms);
            exporter.checkpoint(&checkpoint).unwrap();
            anchor = Some(checkpoint);
        }
    }
    let export = exporter.finish().unwrap();

    let verified = least(|| {
        let verdict = verify(&export[..], Some(&key.public_key()), anchor.as_slice()).unwrap();
        assert!(verdict.is_intact(), "{verdict}");
    });
    let floor = least(|| {
        let chain = |last: [u8; 32], body: &Vec<u8>| {
            Sha256::new_with_prefix(last).chain_update(body).finalize().into()
        };
        black_box(bodies.iter().fold([0; 32], chain));
    });
    let per_second = |took: Duration| (EVENTS as f64 / took.as_secs_f64()).round();
    let bytes = bodies.iter().map(Vec::len).sum::<usize>() as f64 / EVENTS as f64;
    println!(
        "{}",
        json!({
            "bench": "audit-verify", "records": EVENTS, "bytes_per_record": bytes.round(), "checkpoint_every": CHECKPOINT_EVERY,
            "records_per_second": per_second(verified), "limit": LIMIT_PER_SECOND, "floor": per_second(floor),
        })
    );
    if print || per_second(verified) >= LIMIT_PER_SECOND { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The quickest of some passes: whatever else runs can only make one slower.
fn least(mut pass: impl FnMut()) -> Duration {
    let timed = (0..PASSES).map(|_| {
        let started = Instant::now();
        pass();
        started.elapsed()
    });
    timed.min().unwrap()
}

/// As the record of a deploy's step is.
fn event(seq: i64) -> AuditEvent {
    AuditEvent {
        seq,
        at_ms: 1_800_000_000_000 + seq * 250,
        actor: Actor { name: "ana".to_owned(), role: Some(Role::Deployer), front: "slack".to_owned() },
        action: "step.succeeded".to_owned(),
        subject: format!("deploy staging, step {}", seq % 10),
        environment: Some("invoice-perfect/staging".parse().unwrap()),
        run: Some(format!("r-{:08x}", seq / 26).parse().unwrap()),
        data: json!({ "attempt": 1, "step": "services", "receipt": format!("{seq:064x}") }),
    }
}
