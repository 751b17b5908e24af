//! Asking Railway for a release in a slot. What is asked for is written down first, with the newest deployment as its marker; then variables,
//! settings and the deployment follow, each looked for before it is sent. So whoever is killed in between, and asks again, goes on where it was.

use std::collections::{BTreeMap, BTreeSet};

use engine::model::{PLATFORM_RAILWAY, ServiceName};
use engine::ports::{BuildKey, ConfigSet, InstanceSet, Permit, PortError, Receipt};
use secrecy::SecretString;

use super::ledger::{Asked, Ledger, VARIABLE, Which};
use super::look::There;
use super::observe::{BOTH, given_up};
use super::schedule::refuse_scheduled;
use super::{Hosted, locked};
use crate::railway::{Deployment, Phase, Restart, Wanted};

/// Deployments among which a kept image is looked for.
const KEPT_AMONG: u32 = 100;
/// How long a deployment that makes place may go on with what it has begun, in seconds.
const DRAINING_S: i64 = 10;

impl Hosted {
    /// The whole commit of a build.
    pub(super) async fn commit_of(
        &self,
        service: &ServiceName,
        build: &BuildKey,
    ) -> Result<String, PortError> {
        if let Some((commit, _)) = locked(&self.commits).get(build) {
            return Ok(commit.clone());
        }
        let short = build.0.split('-').next().unwrap_or_default();
        Ok(self.parts.code.resolve(&self.placed(service)?.source, Some(short)).await?.id)
    }

    /// Writes down what is asked for.
    pub(super) async fn save(
        &self,
        permit: &Permit,
        service: &ServiceName,
        there: &There,
        ledger: &Ledger,
    ) -> Result<(), PortError> {
        if *ledger == there.ledger {
            return Ok(());
        }
        let slot = there.slot(Which::Stable).ok_or_else(|| self.missing(service))?;
        let wanted = BTreeMap::from([(VARIABLE.to_owned(), ledger.written()?)]);
        let set = self.parts.railway.set_env_vars(permit, &slot.at, &wanted, &BTreeSet::new()).await;
        self.forget();
        set.map(|_| ())
    }

    fn missing(&self, service: &ServiceName) -> PortError {
        PortError::fail(
            format!("{service} of {} is not set up at Railway", self.place.key),
            "Deploy again: what is missing is made first.",
        )
    }

    pub(super) fn config<'l>(
        service: &ServiceName,
        release: u32,
        ledger: &'l Ledger,
    ) -> Result<&'l ConfigSet, PortError> {
        ledger.configs.get(&release).ok_or_else(|| {
            PortError::fail(
                format!("the configuration of {service}, release {release}, is gone"),
                "Deploy or roll back again: it is written anew.",
            )
        })
    }

    /// Makes a release be there.
    pub(super) async fn asks(&self, permit: &Permit, set: &InstanceSet) -> Result<Receipt, PortError> {
        let (service, release) = (&set.service, set.release);
        let there = self.made(permit, service).await?;
        refuse_scheduled(service, &there)?;
        Self::config(service, release, &there.ledger)?;
        let known = BOTH.into_iter().find_map(|which| Some((which, there.ledger.wanted(which, release)?)));
        let which = match known {
            Some((which, _)) => which,
            None => self.free_slot(service, &there).await?,
        };
        if known.is_none_or(|(_, asked)| asked.set != *set) {
            let commit = match set.commit.as_str() {
                "" => self.commit_of(service, &set.build).await?,
                commit => commit.to_owned(),
            };
            let runs = there.live(which).filter(|(_, of)| {
                of.is_some_and(|of| {
                    of.set.release == release && of.commit == commit && of.set.start == set.start
                })
            });
            let again = runs.map(|(live, _)| live.id.clone());
            let mut ledger = there.ledger.clone();
            let after = newest(&there, which);
            ledger.ask(which, Asked { set: set.clone(), commit, after, key: None, again, ended: false });
            self.save(permit, service, &there, &ledger).await?;
        }
        let made = self.bring(permit, service, which, release).await?;
        let summary = format!("Railway deploys {service}, release {release}, as {}", made.id);
        Ok(Receipt::new(summary).with("deployment", made.id))
    }

    /// The slot a new release goes to: the one people are not sent to; where no
    /// release could answer them, the one they are sent to.
    async fn free_slot(&self, service: &ServiceName, there: &There) -> Result<Which, PortError> {
        if self.split(service).is_none() {
            return Ok(Which::Stable);
        }
        let taken = match self.share(service).await? {
            0 => Which::Stable,
            100 => Which::Canary,
            percent => {
                return Err(PortError::fail(
                    format!(
                        "the traffic of {service} is split, {percent}% to its canary: no third release fits"
                    ),
                    "Go on with that release or roll it back first.",
                ));
            }
        };
        // What runs there and is no release of ours makes place for the first one as Railway has it.
        Ok(match (there.serves(taken), taken) {
            (None, taken) => taken,
            (Some(_), Which::Stable) => Which::Canary,
            (Some(_), Which::Canary | Which::Scheduled) => Which::Stable,
        })
    }

    /// Brings about what was asked for last of a release in a slot.
    pub(super) async fn bring(
        &self,
        permit: &Permit,
        service: &ServiceName,
        which: Which,
        release: u32,
    ) -> Result<Deployment, PortError> {
        let brought = self.bring_all(permit, service, which, release).await;
        self.forget();
        brought
    }

    async fn bring_all(
        &self,
        permit: &Permit,
        service: &ServiceName,
        which: Which,
        release: u32,
    ) -> Result<Deployment, PortError> {
        let railway = &self.parts.railway;
        let there = self.there(service).await?;
        let slot = there.slot(which).ok_or_else(|| self.missing(service))?;
        let asked = there.ledger.wanted(which, release).ok_or_else(|| self.missing(service))?;
        if there.made_for(which, asked).is_none() {
            let config = Self::config(service, release, &there.ledger)?;
            let home = self.home_ledger(service, &there).await?;
            let mut variables = self.variables(service, config, &home).await?;
            // To remove one, Railway would deploy by itself; an empty one says as much.
            let seen = railway.variables(&slot.at).await?;
            let configs = there.ledger.configs.values();
            let known = configs.clone().flat_map(|config| config.variables.keys().map(String::as_str));
            let told = configs.flat_map(|config| config.components.as_ref().unwrap_or(&home.components));
            let addresses = told.filter_map(|(_, kind)| kind.variable(PLATFORM_RAILWAY));
            for name in known.chain(addresses).filter(|name| seen.contains_key(*name)) {
                variables.entry(name.to_owned()).or_insert_with(|| SecretString::from(String::new()));
            }
            railway.set_env_vars(permit, &slot.at, &variables, &BTreeSet::new()).await?;
            // A schedule is there before the deployment: what has none runs at once.
            let schedule = there.ledger.schedule.as_ref().filter(|_| which == Which::Scheduled);
            let wanted = Wanted {
                cron_schedule: Some(schedule.map(|schedule| schedule.cron.clone())),
                start_command: Some(asked.set.start.clone()).filter(|start| !start.is_empty()),
                healthcheck_path: asked.set.health.as_ref().map(|health| health.path.clone()),
                draining_seconds: Some(DRAINING_S),
                root_directory: self.placed(service)?.root.clone(),
                restart: Some(if schedule.is_some() { Restart::Never } else { Restart::OnFailure }),
                ..Wanted::default()
            };
            railway.ensure_settings(permit, &slot.at, &wanted).await?;
            railway.scale(permit, &slot.at, asked.set.replicas).await?;
        }
        let marker = asked.after.as_deref();
        let made = match &asked.again {
            None => railway.deploy(permit, &slot.at, Some(&asked.commit), marker).await?,
            Some(again) if railway.deployment(again).await?.phase().is_live() => {
                railway.redeploy(permit, &slot.at, again, marker).await?
            }
            Some(again) => railway.rollback(permit, &slot.at, again, marker).await?,
        };
        Ok(made.it)
    }

    /// What the environment's components are.
    pub(super) async fn home_ledger(
        &self,
        service: &ServiceName,
        there: &There,
    ) -> Result<Ledger, PortError> {
        match self.place.services.keys().next() {
            Some(home) if home != service => Ok(self.there(home).await?.ledger),
            _ => Ok(there.ledger.clone()),
        }
    }

    /// Waits until what was asked for last of a release in a slot runs.
    pub(super) async fn wait_live(
        &self,
        service: &ServiceName,
        which: Which,
        release: u32,
    ) -> Result<(), PortError> {
        let until_ms = self.parts.clock.passed_ms() + self.place.patience_ms;
        loop {
            let there = self.there(service).await?;
            let asked = there.ledger.wanted(which, release).ok_or_else(|| self.missing(service))?;
            let status = match there.made_for(which, asked) {
                Some(made) => match made.phase() {
                    Phase::Live | Phase::Asleep => return Ok(()),
                    // It is run again at its next time.
                    Phase::Crashed if which == Which::Scheduled => return Ok(()),
                    Phase::Failed | Phase::Crashed | Phase::Skipped | Phase::NeedsApproval => {
                        let last = self.tail(made).await.pop().unwrap_or_default();
                        let why = given_up(made);
                        return Err(PortError::fail(
                            format!("{service}, release {release}, does not come up: {why} ({last})"),
                            "Look at its build at railway.com, or deploy again.",
                        ));
                    }
                    Phase::Gone | Phase::Leaving => {
                        return Err(PortError::fail(
                            format!(
                                "{service}, release {release}, was taken away by somebody: deployment {}",
                                made.id
                            ),
                            "Deploy again.",
                        ));
                    }
                    _ => made.status.to_lowercase(),
                },
                None => "not to be seen yet".to_owned(),
            };
            if self.parts.clock.passed_ms() >= until_ms {
                return Err(PortError::retry(format!(
                    "{service}, release {release}, is still not up at Railway ({status})"
                )));
            }
            self.parts.clock.wait_until(self.parts.clock.now_ms() + self.place.poll_ms).await;
        }
    }

    /// Has a release run again where another has its place now: Railway's own way back where its image is kept, else its commit anew.
    pub(super) async fn go_back(
        &self,
        permit: &Permit,
        service: &ServiceName,
        release: u32,
    ) -> Result<(), PortError> {
        let which = Which::Stable;
        let there = self.there(service).await?;
        if there.serves(which) == Some(release) {
            return Ok(());
        }
        let Some(asked) = there.ledger.wanted(which, release) else {
            return Err(PortError::fail(
                format!("{service}, release {release}, is nowhere at Railway"),
                "Start it first.",
            ));
        };
        if there.ledger.asked(which).last() != Some(asked) {
            let asked = Asked {
                after: newest(&there, which),
                again: self.kept_image(&there, which, release).await?,
                key: None,
                ..asked.clone()
            };
            let mut ledger = there.ledger.clone();
            ledger.ask(which, asked);
            self.save(permit, service, &there, &ledger).await?;
        }
        self.bring(permit, service, which, release).await?;
        self.wait_live(service, which, release).await
    }

    /// The deployment of a release in a slot whose image Railway keeps; nothing of one that was never asked for there.
    pub(super) async fn kept_image(
        &self,
        there: &There,
        which: Which,
        release: u32,
    ) -> Result<Option<String>, PortError> {
        let Some(slot) = there.slot(which) else { return Ok(None) };
        if !there.ledger.asked(which).iter().any(|asked| asked.set.release == release) {
            return Ok(None);
        }
        let all = self.parts.railway.release_list(&slot.at, KEPT_AMONG).await?;
        let kept = (0..all.len()).find(|at| {
            let of = there.ledger.of(which, &all, *at);
            all[*at].can_rollback && of.is_some_and(|of| of.set.release == release)
        });
        Ok(kept.map(|at| all[at].id.clone()))
    }
}

/// The newest deployment of a slot: the marker of what comes next.
pub(super) fn newest(there: &There, which: Which) -> Option<String> {
    Some(there.slot(which)?.deployments.first()?.id.clone())
}
