//! Rehearsals: a request is played by the real engine on a simulated world that begins as things stand, first without trouble and then
//! with each thing that may go wrong. Its database is one of its own, its clock is put forward as soon as nothing can be done; the
//! code is read where it is, and once.

mod code;
mod copy;
mod picture;
mod play;
mod trouble;

use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// After so long no more troubles are played.
const LONGEST: Duration = Duration::from_mins(2);

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
    let began = Instant::now();
    let scene = engine.scene(request, actor).await?;
    let code = Remembered::of(scene.code.clone());
    let copy = Copy { engine, scene: &scene, request, code };
    let planned = Box::pin(copy.play(&Trouble::Nothing)).await?;
    let mut performed = vec![planned.told(&Trouble::Nothing, None)];
    let mut not_played = Vec::new();
    if planned.is_well() {
        let (troubles, left_out) = Trouble::all(&scene, &planned);
        not_played = left_out;
        for trouble in troubles {
            if began.elapsed() > LONGEST {
                not_played
                    .extend(trouble.says().map(|what| format!("{what}: it took too long to come to it")));
                continue;
            }
            performed.push(match Box::pin(copy.play(&trouble)).await {
                Ok(ended) => ended.told(&trouble, Some(&planned)),
                // One that can't be played to its end is told, and the others are played.
                Err(refusal) => Performed {
                    what_if: trouble.says(),
                    became: "not played to its end".to_owned(),
                    at: None,
                    because: Some(refusal.to_string()),
                    took_ms: 0,
                    left: "so nobody knows".to_owned(),
                    well: false,
                },
            });
        }
    }
    let requests_per_s = scene.preview.plan.has_canary().then_some(TRAFFIC_PER_S);
    Ok(Rehearsal { preview: scene.preview, performed, not_played, requests_per_s })
}

impl Ended {
    /// What became of it, beside the one without trouble.
    fn told(&self, trouble: &Trouble, planned: Option<&Self>) -> Performed {
        let (mut left, mut well) = self.left_it(trouble, planned);
        if !self.doubled.is_empty() {
            (left, well) = (format!("{left}; done twice: {}", self.doubled.join(", ")), false);
        }
        if self.unstruck > 0 {
            (left, well) = (format!("{left}; {} of them never came to it", self.unstruck), false);
        }
        Performed {
            what_if: trouble.says(),
            became: self.became.clone(),
            at: self.at.clone(),
            because: self.because.clone(),
            took_ms: self.took_ms,
            left,
            well,
        }
    }

    /// How it left the environment, and whether it should have.
    fn left_it(&self, trouble: &Trouble, planned: Option<&Self>) -> (String, bool) {
        match trouble {
            Trouble::Nothing | Trouble::AnswersLost(_) | Trouble::Killed(_) => {
                let as_planned = planned.is_none_or(|planned| planned.after == self.after);
                let well = self.is_well() && as_planned;
                (if well { "as planned" } else { "not as planned" }.to_owned(), well)
            }
            Trouble::RolledBack(_) => {
                let well = self.is_well() && self.after.code == self.before.code;
                (if well { "with the code it had" } else { "not with the code it had" }.to_owned(), well)
            }
            _ if self.is_well() => ("and live all the same: nothing there notices".to_owned(), false),
            // Somebody is asked, and what is there goes on as it is: that is what should happen.
            _ if self.became == "held" => ("and a person is asked".to_owned(), true),
            _ if self.after.running != self.before.running => ("changed, though it failed".to_owned(), false),
            _ => {
                let stays = self.after.stays(&self.before);
                let stays = if stays.is_empty() {
                    String::new()
                } else {
                    format!(", but for what stays: {}", stays.join(", "))
                };
                let left = self.left.iter().map(|line| format!("; {line}")).collect::<Vec<_>>().concat();
                (format!("as it was{stays}{left}"), true)
            }
        }
    }
}
