//! When the faults are over, everything comes to rest: nothing goes on, nothing is held, and what is there is what should be.

use adapters::sim::Behaviour;
use engine::audit::{Exporter, verify};
use engine::model::ServiceName;
use engine::ports::InstanceState;

use crate::event::{PLACES, REFS};
use crate::life::{Broken, Kept, Life};
use crate::world::changes::deploy;

const REST: &str = "all comes to rest";
const AS_WANTED: &str = "what is there is what should be";
/// Longer than any approval is open and any lock was asked for.
const LONG_MS: i64 = 25 * 3_600_000;

impl Life<'_> {
    /// Ends the history, and looks whether all is well.
    pub(crate) async fn rests(&mut self) -> Kept {
        self.world.faults_clear();
        (self.faulty, self.died) = (false, false);
        self.wakes().await?;
        for reference in REFS {
            self.world.behaviour(reference, Behaviour::default()).unwrap();
        }
        self.told.push("all faults are over; zoe tidies up".to_owned());
        let zoe = self.person("zoe").await;
        for place in PLACES {
            let _not_locked = self.engine().unlock(&self.place(place), &zoe, Some("the day is over")).await;
        }
        for run in self.engine().store().run_live().await.unwrap() {
            if run.state.as_str() == "paused" {
                let resumed = self.engine().resume(&run.id, &zoe).await;
                resumed.map_err(|refusal| Broken::new(REST, format!("resuming: {refusal:?}")))?;
            }
        }
        self.works_until(self.now_ms() + LONG_MS).await?;
        // The judge may have held a canary meanwhile.
        for run in self.engine().store().run_live().await.unwrap() {
            let _over = self.engine().cancel(&run.id, &zoe, Some("the day is over")).await;
        }
        self.works_until(self.now_ms() + LONG_MS).await?;
        self.look(None, true).await?;
        self.nothing_is_left().await?;
        let mut left = Vec::new();
        for place in PLACES {
            if let Err(broken) = self.is_as_wanted(place).await {
                if !self.was_said(place).await {
                    return Err(broken);
                }
                left.push(place);
            }
        }
        // Where a run had to leave something standing and said so, the next deploy that goes through clears it away.
        for place in left {
            self.told.push(format!("zoe deploys v1 to {place}, where something was left standing"));
            self.deploys_at_last(place).await?;
            self.is_as_wanted(place).await?;
        }
        self.look(None, true).await?;
        self.all_was_shown().await?;
        self.record_verifies().await
    }

    async fn nothing_is_left(&mut self) -> Kept {
        let sight = self.ground.peek.look(i64::MAX - 1, i64::MAX - 1).await;
        if let Some(row) = sight.runs.iter().find(|row| !row.is_over()) {
            return Err(Broken::new(REST, format!("{} is still {}", self.called(&row.id), row.state)));
        }
        if let Some(lock) = sight.locks.first() {
            return Err(Broken::new(REST, format!("{} still holds {}", lock.holder, lock.place)));
        }
        let leftover = sight.steps.iter().find(|(_, _, state)| state == "running" || state == "undoing");
        if let Some((run, number, state)) = leftover {
            return Err(Broken::new(REST, format!("step {number} of {} is {state}", self.called(run))));
        }
        Ok(())
    }

    /// Whether some run here said that it had to leave something standing.
    async fn was_said(&self, place: &str) -> bool {
        let key = self.place(place);
        let runs = self.engine().store().run_recent(1_000).await.unwrap();
        for run in runs.iter().filter(|run| *run.environment() == key) {
            let reason = run.state.reason();
            if reason.is_some_and(|reason| reason.evidence.iter().any(|line| line.starts_with("Not undone")))
            {
                return true;
            }
            let receipts = self.engine().store().receipt_list(&run.id).await.unwrap();
            let admits = |text: &str| text.contains("could not");
            if receipts.iter().any(|one| one.body["summary"].as_str().is_some_and(admits)) {
                return true;
            }
        }
        false
    }

    /// Compares what the database wants with what the platform and the edge have.
    async fn is_as_wanted(&self, place: &str) -> Kept {
        let key = self.place(place);
        let (engine, ports) = (self.engine(), self.world.ports());
        let store = engine.store();
        let desired = store.environment_get(&key).await.unwrap().value;
        let live = match desired.live {
            Some(number) => store.release_get(&key, number).await.unwrap(),
            None => None,
        };
        let wrong = |what: String| Err(Broken::new(AS_WANTED, format!("{place}: {what}")));
        let observed = ports.platform.observe(&key).await.unwrap();
        let names: Vec<ServiceName> = self.project.services.keys().cloned().collect();
        for name in &names {
            let there = observed.services.get(name);
            let part = live.as_ref().and_then(|live| live.services.get(name));
            let weights = ports.edge.weights(&key, name).await.unwrap();
            let weights: Vec<(u32, u8)> =
                weights.iter().filter(|it| it.percent > 0).map(|it| (it.release, it.percent)).collect();
            let wanted = part.and_then(|part| part.set.as_ref().map(|set| (part.origin, set.replicas)));
            let wanted_sets: Vec<(u32, u32)> = wanted
                .map(|(origin, replicas)| (origin, desired.replicas.get(name).copied().unwrap_or(replicas)))
                .into_iter()
                .collect();
            let healthy = |state: &InstanceState| matches!(state, InstanceState::Healthy { .. });
            let sets: Vec<(u32, u32)> = there
                .into_iter()
                .flat_map(|there| &there.sets)
                .map(|set| {
                    let well = set.instances.iter().filter(|one| healthy(&one.state)).count();
                    (set.release, well as u32)
                })
                .collect();
            if sets != wanted_sets {
                return wrong(format!("{name} has (release, healthy) {sets:?}, wanted {wanted_sets:?}"));
            }
            let wanted_weights: Vec<(u32, u8)> =
                wanted_sets.iter().map(|(origin, _)| (*origin, 100)).collect();
            if weights != wanted_weights {
                return wrong(format!("{name} has weights {weights:?}, wanted {wanted_weights:?}"));
            }
            let schedule = there.and_then(|there| there.schedule.as_ref()).map(|it| (it.release, it.enabled));
            let wanted_schedule = part
                .filter(|part| part.schedule.is_some())
                .map(|part| (part.origin, !desired.cron_disabled.contains(name)));
            if schedule != wanted_schedule {
                return wrong(format!("{name} has schedule {schedule:?}, wanted {wanted_schedule:?}"));
            }
            if let Some(part) = part {
                let config = there.and_then(|there| there.config.get(&part.origin));
                if config != Some(&part.config.fingerprint) {
                    return wrong(format!("{name} has config {config:?} for release {}", part.origin));
                }
            }
        }
        Ok(())
    }

    async fn deploys_at_last(&mut self, place: &str) -> Kept {
        self.moment_of_its_own();
        let zoe = self.person("zoe").await;
        let request = engine::model::RunRequest {
            environment: self.place(place),
            change: deploy("v1"),
            dry_run: false,
            not_before_ms: None,
            break_glass: Some("the end of the history".to_owned()),
            command: format!("deploy v1 {place}"),
            conversation: None,
        };
        let failed = |what: String| Broken::new(REST, format!("the last deploy to {place}: {what}"));
        let run =
            self.engine().request(&request, &zoe).await.map_err(|refusal| failed(format!("{refusal:?}")))?;
        self.runs.push(run.id.clone());
        self.works_until(self.now_ms() + LONG_MS).await?;
        let run = self.engine().store().run_get(&run.id).await.unwrap().unwrap();
        if run.state.as_str() == "succeeded" { Ok(()) } else { Err(failed(format!("{:?}", run.state))) }
    }

    async fn all_was_shown(&mut self) -> Kept {
        let (engine, now_ms) = (self.engine(), self.now_ms());
        for front in &mut self.fronts {
            while front.reads(engine.store(), now_ms, false).await? {}
            front.is_whole(&self.promises.written)?;
            if front.last() != self.promises.written.len() as i64 {
                return Err(Broken::new(
                    "nothing is lost",
                    format!("a front has seen only {}", front.last()),
                ));
            }
        }
        Ok(())
    }

    /// With nothing but the export and the key, as an outsider would.
    async fn record_verifies(&self) -> Kept {
        let (store, key) = (self.ground.store(), self.ground.signing_key().public_key());
        let mut exporter = Exporter::start(Vec::new(), &key).unwrap();
        let checkpoints = store.checkpoint_list().await.unwrap();
        for (event, hash) in store.audit_after(0, 1_000_000).await.unwrap() {
            exporter.event(&event, &hash.parse().unwrap()).unwrap();
            for checkpoint in checkpoints.iter().filter(|checkpoint| checkpoint.seq == event.seq) {
                exporter.checkpoint(checkpoint).unwrap();
            }
        }
        let export = exporter.finish().unwrap();
        let verdict = verify(std::io::BufReader::new(export.as_slice()), Some(&key), &[]).unwrap();
        if verdict.is_intact() || checkpoints.is_empty() {
            return Ok(());
        }
        Err(Broken::new("the record is whole", format!("{verdict}")))
    }
}
