//! What each event does.

use adapters::sim::{Behaviour, Fault, FaultKind};
use engine::control::Refusal;
use engine::model::{Change, MigrateChoice, RunId, RunRequest, User, UserName};

use crate::event::{Death, Event, Turn, Wish};
use crate::life::{Answer, Kept, Life};
use crate::world::changes::*;

fn behaviour(turn: Turn) -> Behaviour {
    match turn {
        Turn::Good => Behaviour::default(),
        Turn::SlowToStart => Behaviour::healthy_after(5_000),
        Turn::SlowToBuild => Behaviour::builds_in(7_000),
        Turn::Unhealthy => Behaviour::never_healthy(),
        Turn::Crashing => Behaviour::crash_loop(),
        Turn::Unbuildable => Behaviour::build_fails(&["no such file"]),
        Turn::Failing => Behaviour::fails_requests(40),
        Turn::MigrationFails => Behaviour::migration_fails("0002"),
    }
}

impl Life<'_> {
    pub(crate) fn arm(&mut self, death: Death) {
        let fault = match death {
            Death::Before(call, nth) => Fault::of(call, FaultKind::CrashBefore).nth(nth),
            Death::After(call, nth) => Fault::of(call, FaultKind::Crash).nth(nth),
            Death::Commits(_) => return,
        };
        self.world.fault(fault);
    }

    pub(crate) async fn change(&self, wish: Wish) -> Change {
        match wish {
            Wish::Deploy { reference } => deploy(reference),
            Wish::DeployOne { reference } => deploy_only(&["api"], reference),
            Wish::DeployNewest => deploy_newest(),
            Wish::Canary { reference } => deploy_canary(reference, &[50, 100], 5),
            Wish::Promote => self.promotion().await,
            Wish::Rollback => rollback(),
            Wish::RollbackOne => rollback_only(&["api"]),
            Wish::RollbackTo { release } => rollback_to(release),
            Wish::Migrate { reference } => migrate(reference),
            Wish::Scale { replicas } => scale(&["api"], replicas),
            Wish::Restart => restart(&[]),
            Wish::SetVariable { value } => set_variable(&[], "GREETING", value),
            Wish::Add => add("redis"),
            Wish::Remove => remove("redis"),
            Wish::Destroy => destroy(),
            Wish::Rotate => rotate("session-secret"),
            Wish::Reconcile => reconcile(),
            Wish::CronOff => cron_disable(),
            Wish::CronOn => cron_enable(),
            Wish::ClearCache => clear_cache(),
        }
    }

    /// A deploy of the very commits staging runs; of the newest where it runs nothing.
    async fn promotion(&self) -> Change {
        let staging = self.place("staging");
        let engine = self.engine();
        let live = engine.store().environment_get(&staging).await.unwrap().value.live;
        let release = match live {
            Some(number) => engine.store().release_get(&staging, number).await.unwrap(),
            None => None,
        };
        let Some(release) = release else { return deploy_newest() };
        Change::Deploy {
            services: Vec::new(),
            reference: Some(release.reference.clone()),
            proved: Some(release.id),
            migrate: MigrateChoice::First,
            canary: engine::model::CanaryChoice::Nothing,
        }
    }

    /// The run meant: mostly one of those it may well be about, sometimes any.
    async fn meant(&self, pick: u8, states: &[&str]) -> Option<RunId> {
        let live = self.engine().store().run_live().await.unwrap();
        let fitting: Vec<RunId> =
            live.into_iter().filter(|run| states.contains(&run.state.as_str())).map(|run| run.id).collect();
        let all = if pick < 200 && !fitting.is_empty() { &fitting } else { &self.runs };
        (!all.is_empty()).then(|| all[all.len() - 1 - usize::from(pick) % all.len().min(4)].clone())
    }

    fn about(&mut self, run: &RunId) {
        let called = self.called(run.as_str());
        if let Some(line) = self.told.last_mut() {
            *line += &format!(" {called}");
        }
    }

    fn answered<T>(who: &str, wanted: &'static str, outcome: Result<T, Refusal>) -> Answer {
        Answer { who: who.to_owned(), wanted, outcome: outcome.map(drop) }
    }

    /// Plays it. What somebody was told, when somebody asked for something.
    pub(crate) async fn plays(&mut self, event: &Event) -> Kept<Option<Answer>> {
        let engine = self.engine();
        match *event {
            Event::Asks { who, place, wish, in_ms, breaks_glass } => {
                self.moment_of_its_own();
                let change = self.change(wish).await;
                let request = RunRequest {
                    environment: self.place(place),
                    command: format!("{wish} {place}"),
                    change,
                    dry_run: false,
                    not_before_ms: in_ms.map(|ms| self.now_ms() + ms),
                    break_glass: breaks_glass.then(|| "customers see errors".to_owned()),
                    conversation: None,
                };
                let asked = engine.request(&request, &self.person(who).await).await;
                self.has_asked(&asked);
                return Ok(Some(Self::answered(who, "request", asked)));
            }
            Event::Retries { who, pick } => {
                self.moment_of_its_own();
                let Some(run) = self.meant(pick, &[]).await else { return Ok(None) };
                self.about(&run);
                let asked = engine.retry(&run, &self.person(who).await).await;
                self.has_asked(&asked);
                return Ok(Some(Self::answered(who, "retry", asked)));
            }
            Event::Approves { who, pick } => {
                let Some(run) = self.meant(pick, &["awaiting-approval"]).await else { return Ok(None) };
                self.about(&run);
                let decided = engine.approve(&run, &self.person(who).await).await;
                return Ok(Some(Self::answered(who, "approve", decided)));
            }
            Event::Rejects { who, pick } => {
                let Some(run) = self.meant(pick, &["awaiting-approval"]).await else { return Ok(None) };
                self.about(&run);
                let decided = engine.reject(&run, &self.person(who).await, Some("not now")).await;
                return Ok(Some(Self::answered(who, "reject", decided)));
            }
            Event::Cancels { who, pick } => {
                let Some(run) = self.meant(pick, &["running", "paused", "queued"]).await else {
                    return Ok(None);
                };
                self.about(&run);
                let steered = engine.cancel(&run, &self.person(who).await, None).await;
                return Ok(Some(Self::answered(who, "cancel", steered)));
            }
            Event::Pauses { who, pick } => {
                let Some(run) = self.meant(pick, &["running"]).await else { return Ok(None) };
                self.about(&run);
                let steered = engine.pause(&run, &self.person(who).await).await;
                return Ok(Some(Self::answered(who, "pause", steered)));
            }
            Event::Resumes { who, pick } => {
                let Some(run) = self.meant(pick, &["paused"]).await else { return Ok(None) };
                self.about(&run);
                let steered = engine.resume(&run, &self.person(who).await).await;
                return Ok(Some(Self::answered(who, "resume", steered)));
            }
            Event::Promotes { who, pick } => {
                let Some(run) = self.meant(pick, &["running", "paused"]).await else { return Ok(None) };
                self.about(&run);
                let steered = engine.promote(&run, &self.person(who).await).await;
                return Ok(Some(Self::answered(who, "promote", steered)));
            }
            Event::TakesBack { who, pick } => {
                let Some(run) = self.meant(pick, &["running", "paused"]).await else { return Ok(None) };
                self.about(&run);
                let steered = engine.canary_back(&run, &self.person(who).await, None).await;
                return Ok(Some(Self::answered(who, "rollback", steered)));
            }
            Event::Locks { who, place, for_ms } => {
                let until_ms = for_ms.map(|ms| self.now_ms() + ms);
                let (place, person) = (self.place(place), self.person(who).await);
                let locked = engine.lock(&place, &person, Some("hands off"), until_ms).await;
                return Ok(Some(Self::answered(who, "lock", locked)));
            }
            Event::Unlocks { who, place, says_why } => {
                let (place, person) = (self.place(place), self.person(who).await);
                let unlocked = engine.unlock(&place, &person, says_why.then_some("it is urgent")).await;
                return Ok(Some(Self::answered(who, "unlock", unlocked)));
            }
            Event::Becomes { who, role } => {
                let (name, zoe) = (who.parse::<UserName>().unwrap(), self.person("zoe").await);
                let changed = match role {
                    Some(role) => engine.user_put(&User { name, role }, &[identity(who)], &zoe).await,
                    None => engine.user_remove(&name, &zoe).await,
                };
                return Ok(Some(Self::answered("zoe", "user-manage", changed)));
            }
            Event::Describes { who } => {
                let taken = engine.project_import(&self.project, &self.person(who).await).await;
                return Ok(Some(Self::answered(who, "project-import", taken)));
            }
            Event::Works => {
                self.works().await?;
            }
            Event::Passes { ms } => self.works_until(self.now_ms() + ms).await?,
            // What a dead replica had is its own until its lease has run out, by the clock: put back by a day, it lasts a day.
            Event::Jumps { ms } if ms < 0 && self.now_ms() < self.leased_until_ms => {}
            Event::Jumps { ms } => self.passes(ms),
            Event::Stalls { replica, call, nth } => {
                if self.replicas.len() > 1
                    && !self.stalls(usize::from(replica) % 2, call, nth).await?
                    && let Some(line) = self.told.last_mut()
                {
                    *line += " (it does not come to that)";
                }
            }
            Event::Wakes => self.wakes().await?,
            Event::Fault { call, kind, nth } => {
                let fault = Fault::of(call, kind);
                self.world.fault(nth.map_or(fault.clone(), |nth| fault.nth(nth)));
                self.faulty = true;
            }
            Event::FaultsEnd => {
                self.world.faults_clear();
                self.faulty = false;
            }
            Event::Dies { at } => {
                if !self.dies(at).await?
                    && let Some(line) = self.told.last_mut()
                {
                    *line += " (it does not come to that)";
                }
            }
            Event::Turns { reference, to } => {
                // A tag may be gone to another commit: it is that commit that turns.
                self.world.behaviour(reference, behaviour(to)).unwrap();
            }
            Event::TagMoves { tag, to } => self.world.drift(|it| it.tag_move(tag, to)).unwrap(),
            Event::Reads { front, dies } => {
                let now_ms = self.now_ms();
                self.fronts[front].reads(engine.store(), now_ms, dies).await?;
            }
        }
        Ok(None)
    }

    fn has_asked(&mut self, asked: &Result<engine::run::Run, Refusal>) {
        if let Ok(run) = asked {
            self.runs.push(run.id.clone());
            self.about(&run.id.clone());
        }
    }
}

fn identity(who: &str) -> engine::model::Identity {
    engine::model::Identity { front: "terminal".to_owned(), external_id: who.to_owned() }
}
