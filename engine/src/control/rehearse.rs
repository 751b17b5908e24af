//! Rehearsals: what a request would come to is played on a copy of how things stand, and nothing real is touched. The engine says how
//! things stand; whoever has a simulated world plays it there, on an engine like this one.

use std::sync::Arc;

use async_trait::async_trait;
use policies::Rules;

use super::{Engine, Preview, Refusal};
use crate::model::{Actor, Change, Release, RunRequest};
use crate::plan::{Facts, Plan};
use crate::ports::{BuildKey, BuildRequest, BuildState, CodeHost, Finding};
use crate::step::StepKind;

/// How things stand where a request is about: all that a copy of it is made from.
pub struct Scene {
    /// What the request comes to, and what the policy says to it.
    pub preview: Preview,
    /// What its plan was made from.
    pub facts: Facts,
    /// Releases of other environments that the request speaks of.
    pub elsewhere: Vec<Release>,
    /// Builds the plan needs that are there, with the commits they are of.
    pub built: Vec<(BuildKey, String)>,
    /// What would be in the way of it: tools, disk, ports.
    pub findings: Vec<Finding>,
    /// The rules that come with the product: what the policy says is in the preview, and the copy's people are its own.
    pub rules: Rules,
    /// Where the code is: only read.
    pub code: Arc<dyn CodeHost>,
}

/// What became of one performance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Performed {
    /// What went wrong on purpose; absent when nothing did.
    pub what_if: Option<String>,
    /// Where the run ended: `succeeded`, `rolled-back`.
    pub became: String,
    /// The step at which it turned, by its title; absent when it went through.
    pub at: Option<String>,
    /// Why, in words; absent when it went through.
    pub because: Option<String>,
    /// How long it took by the copy's clock, in milliseconds: waiting and soaking, not building and starting.
    pub took_ms: i64,
    /// How it left the environment, in words: `as it was before`.
    pub left: String,
    /// It ended as it should.
    pub well: bool,
}

/// All performances of one request.
#[derive(Debug)]
pub struct Rehearsal {
    /// What it comes to.
    pub preview: Preview,
    /// First without trouble, then with all that may go wrong.
    pub performed: Vec<Performed>,
    /// What of it was not played, and why, a sentence each.
    pub not_played: Vec<String>,
    /// Requests a second that came to the copy, where a canary was judged by them.
    pub requests_per_s: Option<u32>,
}

/// Plays a request on a copy.
#[async_trait]
pub trait Rehearses: Send + Sync {
    /// Plays it, with and without trouble.
    async fn rehearse(
        &self,
        engine: &Engine,
        request: &RunRequest,
        actor: &Actor,
    ) -> Result<Rehearsal, Refusal>;
}

impl Engine {
    /// Plays a request on a copy of how things stand, with and without trouble. Nothing real is touched.
    ///
    /// # Errors
    /// What a preview refuses, and why there could be no copy.
    pub async fn rehearse(&self, request: &RunRequest, actor: &Actor) -> Result<Rehearsal, Refusal> {
        let Some(rehearses) = &self.rehearses else {
            return Err(Refusal::standing(
                "no-rehearsals",
                "this program has nowhere to rehearse".to_owned(),
                format!("dry run {}", request.command.trim_start_matches("rehearse ")),
            ));
        };
        rehearses.rehearse(self, request, actor).await
    }

    /// How things stand where a request is about; writes nothing but the record that somebody looked.
    ///
    /// # Errors
    /// Why there is nothing to play: what a preview refuses, and a run that is at work there just now.
    pub async fn scene(&self, request: &RunRequest, actor: &Actor) -> Result<Scene, Refusal> {
        let looked = RunRequest { dry_run: true, ..request.clone() };
        let preview = self.preview(&looked, actor).await?;
        let live = self.store().run_live().await?;
        let at_work =
            |run: &&crate::run::Run| run.environment() == &request.environment && run.state.holds_lock();
        if let Some(run) = live.iter().find(at_work) {
            return Err(Refusal::standing(
                "under-way",
                format!(
                    "{} is at work in {} just now, so that how things stand there changes while it is played",
                    run.id, request.environment.environment
                ),
                format!("status {}", run.id),
            ));
        }
        let facts = self.gather(&looked).await?;
        let elsewhere = match &request.change {
            Change::Deploy { proved: Some(proved), .. } if proved.environment != request.environment => {
                self.store().release_get(&proved.environment, proved.number).await?.into_iter().collect()
            }
            _ => Vec::new(),
        };
        let mut built = Vec::new();
        for wanted in builds(&preview.plan) {
            let look = self.ports().platform.build_look(&wanted.key).await;
            if matches!(look.map_err(Refusal::port("looking at the builds"))?, BuildState::Done { .. }) {
                built.push((wanted.key.clone(), wanted.commit.clone()));
            }
        }
        let shape = preview.plan.steps.iter().find_map(|step| match &step.kind {
            StepKind::Preflight(preflight) => Some(preflight.shape.clone()),
            _ => None,
        });
        let findings = match shape {
            Some(shape) => {
                let looked = self.ports().platform.preflight(&request.environment, &shape).await;
                looked.map_err(Refusal::port("looking whether the platform is ready"))?
            }
            None => Vec::new(),
        };
        let broken = |_| {
            let say = "the rules that come with this program can't be read".to_owned();
            Refusal::standing("no-rules", say, "doctor".to_owned())
        };
        let rules = Rules::shipped().map_err(broken)?;
        Ok(Scene { preview, facts, elsewhere, built, findings, rules, code: Arc::clone(&self.ports().code) })
    }
}

/// The builds a plan needs.
fn builds(plan: &Plan) -> Vec<BuildRequest> {
    let needed = plan.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Preflight(preflight) => Some(preflight.builds.clone()),
        _ => None,
    });
    needed.flatten().collect()
}
