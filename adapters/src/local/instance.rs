//! One instance over its life: started, asked for its health, started again with growing pauses when it ends, and ended
//! when nobody wants it any more.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::model::Health;
use engine::ports::{Crashes, InstanceSet, InstanceState, PortError};

use super::desired::Slot;
use super::environment::{Environment, Handle, locked};
use super::files::{append_open, file_remove, folder_ensure};
use super::health::{self, Wrong};
use super::leftovers::{self, note_path, note_write};
use super::logs::tail;
use super::machine::Machine;
use super::process::{Found, Launch, Process};

/// How often a starting instance is asked.
const STARTING_EVERY: Duration = Duration::from_millis(250);
/// How often an instance is asked once it was healthy, or took too long to become so.
const SERVING_EVERY: Duration = Duration::from_secs(1);
/// How many checks in a row must fail before a healthy instance is taken out of traffic.
const FAILURES_MAX: u32 = 2;
/// Without a health check, an instance that lives this long is healthy.
const ALIVE_FOR: Duration = Duration::from_secs(1);
/// The pause before the first restart; it doubles each time.
const BACKOFF_FIRST: Duration = Duration::from_millis(250);
/// The longest pause before a restart.
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// How often an instance is started before we call it a crash loop and leave it.
const STARTS_MAX: u32 = 8;
/// An instance that ran this long has proved itself: its starts are counted anew.
const STABLE_AFTER: Duration = Duration::from_mins(1);
/// How long an instance may take to end after being asked to.
const GRACE: Duration = Duration::from_secs(10);
/// How many lines of its output an ended instance is remembered by.
const TAIL_LINES: usize = 12;

/// Why watching a process ended.
enum Watched {
    Stopped,
    Ended(String),
}

impl Machine {
    /// Begins an instance in a slot, with a process that is already there or a new one. Nothing happens when the slot
    /// has one, except that one that was given up is tried again.
    pub(super) fn instance_begin(
        self: &Arc<Self>,
        environment: &Arc<Environment>,
        set: &InstanceSet,
        slot: Slot,
        adopted: Option<Found>,
    ) -> Arc<Handle> {
        let health = set.health.as_ref().map(|health| health.path.clone());
        let handle = Arc::new(Handle::new(slot, health, self.clock.now_ms()));
        if let Some(present) = environment.handle_add(Arc::clone(&handle)) {
            present.revive.notify_waiters();
            return present;
        }
        let adopted = adopted.map(|found| self.instance_adopt(environment, &handle, &found));
        let (machine, environment, set) = (Arc::clone(self), Arc::clone(environment), set.clone());
        let given = Arc::clone(&handle);
        self.spawn(async move { machine.instance_run(&environment, &set, &handle, adopted).await });
        given
    }

    async fn instance_run(
        &self,
        environment: &Environment,
        set: &InstanceSet,
        handle: &Handle,
        adopted: Option<Process>,
    ) {
        let slot = &handle.slot;
        let mut adopted = adopted;
        let mut starts = 0;
        loop {
            let began = Instant::now();
            let process = if let Some(process) = adopted.take() {
                Ok(process)
            } else {
                starts += 1;
                self.instance_start(environment, set, handle).await
            };
            let how = match process {
                Ok(process) => match self.instance_watch(environment, set, handle, process).await {
                    Watched::Stopped => break,
                    Watched::Ended(how) => how,
                },
                Err(PortError::Fail { what, hint }) => format!("{what}. {hint}"),
                Err(error) => error.to_string(),
            };
            if began.elapsed() >= STABLE_AFTER {
                starts = 1;
            }
            let gave_up = starts >= STARTS_MAX;
            self.instance_ended(environment, handle, how, starts, gave_up).await;
            let pause = BACKOFF_FIRST.saturating_mul(1 << starts.min(10)).min(BACKOFF_MAX);
            let again = async {
                if gave_up { handle.revive.notified().await } else { tokio::time::sleep(pause).await }
            };
            tokio::select! {
                () = handle.stop.cancelled() => break,
                () = again => {}
            }
            if gave_up {
                starts = 0;
            }
        }
        self.port_free(handle.status().address.map(|address| address.port()));
        if let Err(error) = file_remove(&note_path(&environment.folder, slot)) {
            tracing::warn!(%error, instance = %slot, "the note of an ended instance stays");
        }
        let marker = self.root_id.instance(&environment.key, slot);
        leftovers::sweep(move |found| found == marker).await;
        environment.handle_remove(slot);
        self.backends_tell(environment, &slot.service, slot.release);
        handle.done.cancel();
    }

    /// Takes a process as it was when it was last asked: one that was healthy gets requests at once, before the edge listens.
    /// If it is not any more, it is taken out as fast as any other.
    fn instance_adopt(&self, environment: &Environment, handle: &Handle, found: &Found) -> Process {
        if let Some(port) = found.port {
            locked(&self.ports).insert(port);
        }
        {
            let mut status = locked(&handle.status);
            status.pid = Some(found.pid);
            status.address = found.port.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
            status.started_ms = i64::try_from(found.started_s).unwrap_or_default() * 1_000;
            status.proved = found.healthy_ms.is_some();
            status.state = match found.healthy_ms {
                Some(latency_ms) => InstanceState::Healthy { latency_ms },
                None => InstanceState::Starting { last: "found running, not asked yet".to_owned() },
            };
        }
        if found.healthy_ms.is_some() {
            self.backends_tell(environment, &handle.slot.service, handle.slot.release);
        }
        Process::Adopted { pid: found.pid, started_s: found.started_s, marker: found.marker.clone() }
    }

    async fn instance_start(
        &self,
        environment: &Environment,
        set: &InstanceSet,
        handle: &Handle,
    ) -> Result<Process, PortError> {
        self.open_check()?;
        let slot = &handle.slot;
        let folder = self.build_folder_check(&set.build)?;
        let mut variables = self.variables(environment, &slot.service, slot.release).await?;
        let log = environment.log_path(&slot.service, slot.release, slot.index);
        folder_ensure(log.parent().unwrap_or(Path::new(".")))?;
        let output = Some(append_open(&log)?);
        let before = handle.status().address.map(|address| address.port());
        let address = self.port_take(before)?;
        variables.insert("PORT".to_owned(), address.port().to_string());
        let marker = self.root_id.instance(&environment.key, slot);
        {
            let mut status = locked(&handle.status);
            status.address = Some(address);
            status.started_ms = self.clock.now_ms();
            status.proved = false;
            status.state = InstanceState::Starting { last: "just started".to_owned() };
            if let Some(crashes) = status.crashes.as_mut() {
                crashes.gave_up = false;
            }
        }
        let (command, limits) = (set.start.clone(), set.limits.clone());
        let launch =
            Launch { command, folder, variables, limits, niceness: 0, marker: marker.clone(), output };
        let process = Process::start(launch)?;
        locked(&handle.status).pid = Some(process.pid());
        let noted =
            note_write(&note_path(&environment.folder, slot), process.pid(), marker, address.port(), None)
                .await;
        if let Err(error) = noted {
            // Without a note a later start might not find it: better no process than a stray.
            process.end(GRACE).await;
            return Err(error);
        }
        tracing::info!(instance = %slot, environment = %environment.key, pid = process.pid(), %address, "started");
        Ok(process)
    }

    async fn instance_watch(
        &self,
        environment: &Environment,
        set: &InstanceSet,
        handle: &Handle,
        mut process: Process,
    ) -> Watched {
        let began = Instant::now();
        let patience =
            set.health.as_ref().map_or(ALIVE_FOR, |health| Duration::from_secs(health.timeout_s.into()));
        let (mut failures, mut unanswered) = (0, 0);
        // How an adopted one is by now is looked at without delay. Nobody has asked it for a while, and the machine may just
        // have come back: until it has answered once it has as long for that as one that was started now.
        let mut at_once = matches!(process, Process::Adopted { .. });
        let mut in_grace = at_once;
        loop {
            let status = handle.status();
            let healthy = matches!(status.state, InstanceState::Healthy { .. });
            let starting = matches!(status.state, InstanceState::Starting { .. });
            let pause =
                if (starting || healthy && failures > 0) && began.elapsed() < patience.max(SERVING_EVERY) {
                    STARTING_EVERY
                } else {
                    SERVING_EVERY
                };
            let look = async {
                tokio::time::sleep(if at_once { Duration::ZERO } else { pause }).await;
                // One that served and falls silent is taken out of traffic as fast as ever.
                let at_most = health::patience(if healthy { 0 } else { unanswered });
                ask(status.address, set.health.as_ref(), began.elapsed(), at_most).await
            };
            let checked = tokio::select! {
                biased;
                () = handle.stop.cancelled() => {
                    process.end(GRACE).await;
                    return Watched::Stopped;
                }
                ending = process.wait() => {
                    process.end_rest().await;
                    return Watched::Ended(ending.how);
                }
                checked = look => checked,
            };
            at_once = false;
            let next = match checked {
                Ok(latency_ms) => {
                    (failures, unanswered) = (0, 0);
                    in_grace = false;
                    InstanceState::Healthy { latency_ms }
                }
                Err(wrong) => {
                    let last = self.redactor.redact(&wrong.says).into_owned();
                    failures += 1;
                    unanswered = if wrong.silent { unanswered + 1 } else { 0 };
                    match status.state {
                        InstanceState::Healthy { .. } if failures < FAILURES_MAX => continue,
                        InstanceState::Starting { .. } if began.elapsed() < patience => {
                            InstanceState::Starting { last }
                        }
                        // Out of traffic as fast as any other, and not told as unhealthy yet.
                        InstanceState::Healthy { .. } if in_grace && began.elapsed() < patience => {
                            InstanceState::Starting { last }
                        }
                        // Not healthy in the time it has for that, or not any more.
                        _ => InstanceState::Unhealthy { last },
                    }
                }
            };
            let changed = healthy != matches!(next, InstanceState::Healthy { .. });
            {
                let mut status = locked(&handle.status);
                status.proved |= matches!(next, InstanceState::Healthy { .. });
                status.state = next;
            }
            if changed {
                self.backends_tell(environment, &handle.slot.service, handle.slot.release);
                self.health_note(environment, handle).await;
            }
        }
    }

    /// Notes whether an instance is healthy, for a program that adopts it.
    async fn health_note(&self, environment: &Environment, handle: &Handle) {
        let (status, slot) = (handle.status(), &handle.slot);
        let (Some(pid), Some(address)) = (status.pid, status.address) else { return };
        let healthy_ms = match status.state {
            InstanceState::Healthy { latency_ms } => Some(latency_ms),
            _ => None,
        };
        let marker = self.root_id.instance(&environment.key, slot);
        let path = note_path(&environment.folder, slot);
        if let Err(error) = note_write(&path, pid, marker, address.port(), healthy_ms).await {
            // It is then asked before it gets requests.
            tracing::warn!(%error, instance = %slot, "how an instance is can't be noted");
        }
    }

    async fn instance_ended(
        &self,
        environment: &Environment,
        handle: &Handle,
        how: String,
        starts: u32,
        gave_up: bool,
    ) {
        let slot = &handle.slot;
        let log = environment.log_path(&slot.service, slot.release, slot.index);
        let tail = tail(log, TAIL_LINES, &self.redactor).await;
        let now_ms = self.clock.now_ms();
        let crash = Crashes {
            times: 1,
            since_ms: now_ms,
            last_ms: now_ms,
            how: how.clone(),
            line: tail.last().cloned().unwrap_or_default(),
            gave_up,
        };
        let how = if gave_up { format!("{how}; crash loop: gave up after {starts} starts") } else { how };
        tracing::warn!(instance = %slot, environment = %environment.key, how, starts, "an instance ended by itself");
        {
            let mut status = locked(&handle.status);
            status.pid = None;
            status.crashes = Some(crash.after(status.crashes.as_ref()));
            status.state = InstanceState::Exited { how, starts, tail };
        }
        self.backends_tell(environment, &slot.service, slot.release);
    }

    /// Ends instances of one release: no new requests, open ones may finish for `drain`, then the processes are ended.
    pub(super) async fn instances_end(
        self: &Arc<Self>,
        environment: &Arc<Environment>,
        ended: Vec<Arc<Handle>>,
        drain: Duration,
    ) {
        let (machine, environment) = (Arc::clone(self), Arc::clone(environment));
        // A task of its own, so that a caller who goes away doesn't leave a process half stopped.
        let work = self.spawn(async move {
            let Some(first) = ended.first().map(|handle| handle.slot.clone()) else { return };
            let addresses: Vec<SocketAddr> = ended.iter().filter_map(|handle| handle.serving()).collect();
            for handle in &ended {
                handle.drain_begin();
            }
            if !addresses.is_empty() && !drain.is_zero() {
                machine.edge.drain(&environment.key, &first.service, first.release, addresses, drain).await;
            }
            machine.backends_tell(&environment, &first.service, first.release);
            for handle in &ended {
                handle.stop.cancel();
            }
            for handle in &ended {
                handle.done.cancelled().await;
            }
        });
        // It only fails when the runtime is going down, and then the next start tidies up.
        let _ = work.await;
    }
}

async fn ask(
    address: Option<SocketAddr>,
    health: Option<&Health>,
    age: Duration,
    at_most: Duration,
) -> Result<u32, Wrong> {
    match (address, health) {
        (Some(address), Some(health)) => health::check(address, &health.path, at_most).await,
        (None, Some(_)) => Err("its port is not known".to_owned().into()),
        (_, None) if age >= ALIVE_FOR => Ok(0),
        (_, None) => Err("just started".to_owned().into()),
    }
}
