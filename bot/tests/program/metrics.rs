//! A canary that is watched through a real Prometheus (`.ci/prometheus`), which goes away in the middle of a stage. Runs where
//! `INFRA_CHAT_TEST_PROMETHEUS` names one that scrapes what is put into `INFRA_CHAT_TEST_PROMETHEUS_TARGETS`.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use samples::{Load, Page};

use crate::world::World;

/// What each release counts between two scrapes.
const REQUESTS: u64 = 50;

/// Counters of releases 1 and 2, which grow with each scrape.
struct Counters {
    address: SocketAddr,
    stable_is_asked: Arc<AtomicBool>,
}

impl Counters {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stable_is_asked = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&stable_is_asked);
        std::thread::spawn(move || {
            let counts = [AtomicU64::new(0), AtomicU64::new(0)];
            for mut stream in listener.incoming().flatten() {
                let mut head = [0; 4_096];
                if !stream.read(&mut head).is_ok_and(|read| read > 0) {
                    continue;
                }
                let mut body = String::from("# TYPE shop_requests_total counter\n");
                for (release, count) in (1..).zip(&counts) {
                    let more = if release == 2 || asked.load(Ordering::SeqCst) { REQUESTS } else { 0 };
                    let count = count.fetch_add(more, Ordering::SeqCst) + more;
                    writeln!(body, "shop_requests_total{{release=\"{release}\",code=\"200\"}} {count}")
                        .unwrap();
                }
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close";
                let _gone = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            }
        });
        Self { address, stable_is_asked }
    }
}

/// A way to a server that can be cut.
struct Way {
    address: SocketAddr,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way =
            Self { address: listener.local_addr().unwrap(), is_cut: Arc::default(), open: Arc::default() };
        let (is_cut, open) = (Arc::clone(&way.is_cut), Arc::clone(&way.open));
        std::thread::spawn(move || {
            for here in listener.incoming().flatten() {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let there = TcpStream::connect(&server).unwrap();
                open.lock().unwrap().push(here.try_clone().unwrap());
                for (mut from, mut to) in [
                    (here.try_clone().unwrap(), there.try_clone().unwrap()),
                    (there.try_clone().unwrap(), here.try_clone().unwrap()),
                ] {
                    std::thread::spawn(move || {
                        let _ended = std::io::copy(&mut from, &mut to);
                        let _gone = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        way
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            // One that has ended is cut already.
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

#[test]
fn while_prometheus_is_away_a_stage_is_held_and_then_it_goes_on() {
    let (Ok(base), Ok(targets)) =
        (std::env::var("INFRA_CHAT_TEST_PROMETHEUS"), std::env::var("INFRA_CHAT_TEST_PROMETHEUS_TARGETS"))
    else {
        return;
    };
    let counters = Counters::start();
    let target = counters.address;
    let file = PathBuf::from(targets).join(format!("{}.json", target.port()));
    std::fs::write(&file, format!(r#"[{{"targets": ["{target}"]}}]"#)).unwrap();
    let way = Way::to(base.trim_start_matches("http://").trim_end_matches('/').to_owned());

    let world = World::with_sample();
    let yaml = world.path("sample/infra-chat.project.yaml");
    let described = std::fs::read_to_string(&yaml).unwrap();
    let signals = format!(
        "    signals: {{ prometheus: {{ requests: 'shop_requests_total{{instance=\"{target}\"}}', \
         errors: 'shop_requests_total{{instance=\"{target}\", code=\"500\"}}', every_s: 1 }} }}\n    needs: [postgres, redis]"
    );
    let described = described.replacen("    needs: [postgres, redis]", &signals, 1);
    std::fs::write(&yaml, described).unwrap();
    world.program(&["--as", "zoe", "project", "import", yaml.to_str().unwrap()]).ended(0);

    // Without a server to ask, the canary is refused before anything is done.
    world.program(&["--as", "ana", "run", "deploy v1.1.0 to staging"]).ended(0);
    world
        .program(&["--as", "ana", "run", "deploy v1.2.0 to staging with canary 50/100 soak 30s"])
        .ended(1)
        .says("A canary of api could not be watched: it is to be watched through Prometheus")
        .says("INFRA_CHAT_PROMETHEUS_URL");

    let url = format!("http://{}", way.address);
    let mut host = world.start(&["--as", "ana", "chat"], &[("INFRA_CHAT_PROMETHEUS_URL", &url)]);
    let web = Page::read(&format!("http://{}/customers", world.edge("staging", "web"))).unwrap();
    let load = Load::start(&[web], 20, 60);
    host.say("deploy v1.2.0 to staging with canary 50/100 soak 30s");
    host.wait_for("[going] canary 50%  soaking, 20 s left");
    way.cut();
    host.wait_for("Nobody can tell how api does for 60 s now");
    host.say("status staging");
    host.wait_for("50% of traffic to release 2");
    assert!(!host.said().contains("[done] canary 50%"), "{}", host.said());

    way.mend();
    host.say("resume");
    host.wait_for("[done] canary 50%  soaked");
    counters.stable_is_asked.store(false, Ordering::SeqCst);
    host.wait_for("[done] canary 100%  soaked");
    host.say("/wait");
    host.say("status staging");
    host.wait_for("staging: release 2 (v1.2.0");
    drop(load);
    std::fs::remove_file(&file).unwrap();
    host.say("/quit");
    host.end().ended(0);
}
