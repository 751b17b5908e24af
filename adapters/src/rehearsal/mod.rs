//! Rehearsals: a request is played by the real engine on a simulated world that begins as things stand, first without trouble and then
//! with each thing that may go wrong. Its database is one of its own, its clock is put forward as soon as nothing can be done; the
//! code is read where it is, and once.

mod code;
mod copy;
mod play;
mod trouble;

use std::sync::Arc;

use async_trait::async_trait;
use engine::control::{Engine, Performed, Refusal, Rehearsal, Rehearses};
use engine::model::{Actor, RunRequest};
use engine::plan::PlanProblem;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use code::Remembered;
use copy::{Copy, TRAFFIC_PER_S};
use play::Ended;
use trouble::Trouble;

/// Plays requests on [`crate::sim::World`], one at a time: each takes a processor for some seconds.
#[derive(Debug, Clone)]
pub struct Rehearsals(Arc<Semaphore>);

impl Default for Rehearsals {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

#[async_trait]
impl Rehearses for Rehearsals {
    async fn rehearse(
        &self,
        engine: &Engine,
        request: &RunRequest,
        actor: &Actor,
    ) -> Result<Rehearsal, Refusal> {
        let gone = || PlanProblem::new("rehearsal-ended", "the rehearsal was ended", "say it again");
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(|_| gone())?;
        let (engine, request, actor) = (engine.clone(), request.clone(), actor.clone());
        let here = Handle::current();
        // Time passes there as fast as it can be worked through: not where others wait for their answers.
        let played = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            here.block_on(play_all(&engine, &request, &actor))
        });
        played.await.map_err(|_| gone())?
    }
}

async fn play_all(engine: &Engine, request: &RunRequest, actor: &Actor) -> Result<Rehearsal, Refusal> {
    let scene = engine.scene(request, actor).await?;
    let code = Remembered::of(scene.code.clone());
    let copy = Copy { engine, scene: &scene, request, code };
    let planned = copy.play(&Trouble::Nothing).await?;
    let mut performed = vec![planned.told(&Trouble::Nothing, None)];
    if planned.is_well() {
        for trouble in Trouble::all(&scene, &planned) {
            let ended = copy.play(&trouble).await?;
            performed.push(ended.told(&trouble, Some(&planned)));
        }
    }
    let requests_per_s = scene.preview.plan.has_canary().then_some(TRAFFIC_PER_S);
    Ok(Rehearsal { preview: scene.preview, performed, requests_per_s })
}

impl Ended {
    /// What became of it, beside the one without trouble.
    fn told(&self, trouble: &Trouble, planned: Option<&Self>) -> Performed {
        let (left, well) = self.left_it(trouble, planned);
        Performed {
            what_if: trouble.says(),
            became: self.became.clone(),
            at: self.at.clone(),
            because: self.because.clone(),
            took_ms: self.took_ms,
            left,
            well: well && self.doubled.is_empty(),
        }
    }

    /// How it left the environment, and whether it should have.
    fn left_it(&self, trouble: &Trouble, planned: Option<&Self>) -> (String, bool) {
        match trouble {
            Trouble::Nothing | Trouble::AnswersLost | Trouble::Killed => {
                let as_planned = planned.is_none_or(|planned| planned.picture == self.picture);
                let well = self.is_well() && as_planned;
                (if well { "as planned" } else { "not as planned" }.to_owned(), well)
            }
            Trouble::RolledBack => {
                let well = self.is_well() && self.picture == self.before;
                (if well { "with the code it had" } else { "not with the code it had" }.to_owned(), well)
            }
            _ if self.is_well() => ("and live all the same: nothing there notices".to_owned(), false),
            _ if !self.left.is_empty() => (self.left.join("; "), false),
            _ if self.picture != self.before => ("changed, though it failed".to_owned(), false),
            _ => {
                let migrations = match self.migrated {
                    0 => String::new(),
                    1 => ", but for one migration that stays".to_owned(),
                    more => format!(", but for {more} migrations that stay"),
                };
                (format!("as it was{migrations}"), true)
            }
        }
    }
}
