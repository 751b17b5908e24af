//! Ending a release. When it was the stable one and a canary has all traffic, the stable service gets the canary's release first, as others speak
//! to it by its name; then traffic returns to it and the canary idles. Each part is looked for before it is done, and the ended release is crossed
//! out last: until then it is still told, so that the engine asks again after whatever came in between.

use engine::model::ServiceName;
use engine::ports::{Permit, PortError, Receipt};

use super::Hosted;
use super::asking::newest;
use super::ledger::{Asked, Which};
use super::look::There;
use super::observe::BOTH;
use super::schedule::was_stopped;
use crate::railway::Phase;

impl Hosted {
    /// Ends a release of a service.
    pub(super) async fn retire(
        &self,
        permit: &Permit,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError> {
        let there = self.there(service).await?;
        if there.slot(Which::Stable).is_none() {
            return Ok(Receipt::new(format!("nothing of {service} is at Railway")));
        }
        let mut summary = format!("ended {service}, release {release}");
        if self.split(service).is_some() {
            let next = there.serves(Which::Canary).filter(|next| *next != release);
            if let Some(next) = next
                && there.ledger.wanted(Which::Stable, release).is_some()
                && self.share(service).await? == 100
            {
                self.promote(permit, service, next).await?;
                summary = format!("{service}, release {next}, has the place of release {release}");
            }
        } else if there.serves(Which::Stable) == Some(release)
            && let Some(before) = before(&there, release)
        {
            // It has another one's place already, so that ending it alone would leave nothing.
            self.go_back(permit, service, before).await?;
            summary = format!("{service} is back at release {before}");
        }
        let there = self.there(service).await?;
        let mut ended = 0;
        for which in BOTH {
            if there.ledger.wanted(which, release).is_some() {
                self.check_unserved(service, &there, which, release).await?;
                ended += self.end_in(permit, &there, which, release).await?;
            }
        }
        // It may have taken another one's place between the look and its end.
        if self.split(service).is_none()
            && ended > 0
            && let Some(before) = before(&there, release)
            && self.there(service).await?.live(Which::Stable).is_none()
        {
            self.go_back(permit, service, before).await?;
            summary = format!("{service} is back at release {before}");
        }
        let there = self.there(service).await?;
        let mut ledger = there.ledger.clone();
        for which in BOTH {
            ledger.end(which, release);
        }
        // What is stable is needed in no second place.
        if self.split(service).is_some()
            && let Some(stable) = there.serves(Which::Stable)
            && there.ledger.wanted(Which::Canary, stable).is_some()
            && self.share(service).await? == 0
        {
            ended += self.end_in(permit, &there, Which::Canary, stable).await?;
            ledger.end(Which::Canary, stable);
        }
        self.save(permit, service, &there, &ledger).await?;
        self.forget();
        Ok(Receipt::new(summary).with("deployments-ended", ended))
    }

    /// Ends every deployment of a service, whoever made it and wherever traffic goes, then its schedule; the ledger last, so that it is
    /// told, and asked for again, until all of it is done.
    pub(super) async fn end_all(&self, permit: &Permit, service: &ServiceName) -> Result<Receipt, PortError> {
        let there = self.there(service).await?;
        let mut ended = 0;
        for which in BOTH {
            let Some(slot) = there.slot(which) else { continue };
            for deployment in &slot.deployments {
                let is_over = match deployment.phase() {
                    Phase::Live | Phase::Asleep => was_stopped(deployment),
                    phase => phase.is_over() && phase != Phase::Crashed,
                };
                if !is_over {
                    self.parts.railway.end(permit, &deployment.id).await?;
                    ended += 1;
                }
            }
            if slot.instance.cron_schedule.is_some() {
                self.parts.railway.ensure_cron(permit, &slot.at, None).await?;
            }
        }
        let mut ledger = there.ledger.clone();
        ledger.end_all();
        if there.slot(Which::Stable).is_some() && ledger != there.ledger {
            self.save(permit, service, &there, &ledger).await?;
        }
        Ok(Receipt::new(format!("ended all of {service}")).with("deployments-ended", ended))
    }

    /// Gives the stable service the release that its canary serves everybody with, and traffic back to it.
    async fn promote(&self, permit: &Permit, service: &ServiceName, release: u32) -> Result<(), PortError> {
        let there = self.there(service).await?;
        let is_last = there
            .ledger
            .asked(Which::Stable)
            .last()
            .is_some_and(|last| last.set.release == release && !last.ended);
        if !is_last && let Some(asked) = there.ledger.wanted(Which::Canary, release) {
            let after = newest(&there, Which::Stable);
            let asked = Asked { after, key: None, again: None, ended: false, ..asked.clone() };
            let mut ledger = there.ledger.clone();
            ledger.ask(Which::Stable, asked);
            self.save(permit, service, &there, &ledger).await?;
        }
        self.bring(permit, service, Which::Stable, release).await?;
        self.wait_live(service, Which::Stable, release).await?;
        self.share_set(permit, service, 0).await.map(|_| ())
    }

    /// People who would get no answer are a reason not to end it, as long as somebody else could answer them.
    async fn check_unserved(
        &self,
        service: &ServiceName,
        there: &There,
        which: Which,
        release: u32,
    ) -> Result<(), PortError> {
        if self.split(service).is_none() || there.serves(which) != Some(release) {
            return Ok(());
        }
        let canary = self.share(service).await?;
        let (mine, other) = match which {
            Which::Stable | Which::Scheduled => (100 - canary, Which::Canary),
            Which::Canary => (canary, Which::Stable),
        };
        if mine == 0 || there.serves(other).is_none() {
            return Ok(());
        }
        Err(PortError::fail(
            format!("{service}, release {release}, still has {mine}% of its traffic"),
            "Move the traffic first.",
        ))
    }

    /// Ends all that runs or is under way of a release in a slot; how many.
    async fn end_in(
        &self,
        permit: &Permit,
        there: &There,
        which: Which,
        release: u32,
    ) -> Result<usize, PortError> {
        let Some(slot) = there.slot(which) else { return Ok(0) };
        let mut ended = 0;
        for (at, deployment) in slot.deployments.iter().enumerate() {
            let is_its =
                there.ledger.of(which, &slot.deployments, at).is_some_and(|of| of.set.release == release);
            let is_over = match deployment.phase() {
                Phase::Live | Phase::Asleep => deployment.is_stopped(),
                phase => phase.is_over() && phase != Phase::Crashed,
            };
            if is_its && !is_over {
                self.parts.railway.end(permit, &deployment.id).await?;
                ended += 1;
            }
        }
        Ok(ended)
    }
}

/// The release that was asked for before another, and that nobody has ended yet.
fn before(there: &There, release: u32) -> Option<u32> {
    let mut newest_first = there.ledger.asked(Which::Stable).iter().rev();
    newest_first.find(|asked| asked.set.release != release && !asked.ended).map(|asked| asked.set.release)
}
