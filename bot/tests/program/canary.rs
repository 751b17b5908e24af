//! A canary with real processes behind the real edge, and real traffic.

use std::fs::File;
use std::path::Path;

use samples::{Load, Page};

use crate::world::World;

/// Requests a second.
const RATE: u32 = 40;
/// Different clients.
const CLIENTS: u32 = 60;

fn load(world: &World) -> Load {
    let page = |service: &str, path: &str| {
        Page::read(&format!("http://{}{path}", world.edge("staging", service))).unwrap()
    };
    Load::start(&[page("api", "/api/invoices"), page("web", "/customers")], RATE, CLIENTS)
}

/// The names of the files in an archive.
fn names_in(archive: &Path) -> Vec<String> {
    let unpacked = flate2::read::GzDecoder::new(File::open(archive).unwrap());
    let mut files = tar::Archive::new(unpacked);
    files.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}

#[test]
fn a_good_release_goes_through_its_stages_and_a_bad_one_comes_back_by_itself() {
    let world = World::with_sample();
    let mut host = world.start(&["--as", "ana", "chat"], &[]);
    host.say("deploy v1.0.0 to staging");
    host.wait_for("succeeded");
    let load = load(&world);

    host.say("deploy v1.1.0 to staging with canary 10/50/100 soak 20s");
    host.wait_for("[done] canary 10%  soaked");
    host.wait_for("[done] canary 50%  soaked");
    host.wait_for("[done] canary 100%  soaked");
    host.say("/wait");
    host.say("status staging");
    host.wait_for("staging: release 2 (v1.1.0");

    host.say("deploy v1.4.0 to staging with canary 10/50/100 soak 60s");
    host.wait_for("rolled back after");
    let said = host.said();
    assert!(said.contains("the canary of api failed at 10% of traffic"), "{said}");
    host.say("incidents staging");
    host.wait_for("was taken back: the canary of api failed");

    let failed: u64 = load.tally().values().map(|answers| answers.failed).sum();
    let asked: u64 = load.tally().values().map(|answers| answers.asked).sum();
    drop(load);
    // The terminal draws the verdict, and the incident can be taken along.
    assert!(said.contains("api: failed requests (s stable, c canary, * both)"), "{said}");
    let said = host.said();
    let (_, rest) = said
        .split_once("was taken back: the canary of api failed")
        .map(|(before, _)| before.rsplit_once("i-").unwrap())
        .unwrap();
    let incident = format!("i-{}", rest.split_whitespace().next().unwrap());
    host.say(&format!("incident {incident}"));
    host.wait_for("What it would have changed: release");
    let archive = world.path("bundle.tar.gz");
    let told =
        world.program(&["--as", "vera", "incident", "export", &incident, archive.to_str().unwrap()]).ended(0);
    assert!(told.err.contains(&format!("files of {incident}")), "{}", told.all());
    let names = names_in(&archive);
    for name in ["incident.md", "manifest.json", "chart.svg", "metrics.json", "observed.json", "logs/api.log"]
    {
        assert!(names.contains(&format!("{incident}/{name}")), "{names:?}");
    }
    let unpacked = std::process::Command::new("sh")
        .args(["-c", "tar xzf bundle.tar.gz && cd i-* && sha256sum -c --quiet SHA256SUMS"])
        .current_dir(archive.parent().unwrap())
        .output()
        .unwrap();
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    world.program(&["incident", "export", "i-ffff"]).ended(2).says("there is no incident i-ffff");
    // A fifth of a tenth, for as long as it took to see it.
    assert!(failed > 0 && failed * 20 < asked, "{failed} of {asked} failed");
    host.say("/quit");
    host.end().ended(0);
}

/// What the edge counted must outlive the program: without a past of the stable version a canary this bad took twice as long, or was held.
#[test]
fn a_bad_canary_right_after_a_kill_is_compared_with_what_the_stable_version_did_before() {
    let world = World::with_sample();
    let mut host = world.start(&["--as", "ana", "chat"], &[]);
    host.say("deploy v1.0.0 to staging");
    host.wait_for("succeeded");
    let load = load(&world);
    let kept = |_: &_| std::fs::read_to_string(world.path("data/edge.past.json")).unwrap_or_default();
    host.wait_until(kept, |kept| {
        load.tally().values().map(|one| one.asked).sum::<u64>() > 600 && kept.contains("[[")
    });
    let before = kept(&host);
    let first_s = before.split_once("[[").unwrap().1.split_once(',').unwrap().0.to_owned();
    host.wait_until(kept, |kept| kept != before);
    host.signal("KILL");
    host.end();

    let mut host = world.start(&["--as", "ana", "chat"], &[]);
    host.say("deploy v1.4.0 to staging with canary 10/50/100 soak 60s");
    host.wait_for("rolled back after");
    let said = host.said();
    assert!(said.contains("the canary of api failed at 10% of traffic"), "{said}");
    // What the killed program had seen is still told, and goes on being kept.
    assert!(kept(&host).contains(&format!("[[{first_s},")), "{first_s} is not in {}", kept(&host));
    drop(load);
    host.say("/quit");
    host.end().ended(0);
}

/// Without traffic it is held after twice its soak. That is said once, and again to whoever comes back.
#[test]
fn a_held_canary_is_told_once_and_shown_again_after_a_restart() {
    const HELD: &str = "held, a person has to say";
    let world = World::with_sample();
    let told = world.chat(&[
        "deploy v1.0.0 to staging",
        "/wait",
        "deploy v1.1.0 to staging with canary 10/50/100 soak 5s",
        "/wait",
    ]);
    assert_eq!(told.out.matches(HELD).count(), 1, "{}", told.all());
    let mut host = world.start(&["--as", "ana", "chat"], &[]);
    let said = host.wait_for("type: promote");
    assert!(said.contains("paused by the judge") && said.contains("Not enough data"), "{said}");
    host.say("/quit");
    host.end().ended(0);
}
