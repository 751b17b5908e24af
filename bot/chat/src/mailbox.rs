//! The reporter of a front whose messages go through the outbox.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::control::{Engine, Refusal};
use tokio_util::sync::CancellationToken;

use crate::message::{Front, FrontError, Outbound};
use crate::recurring::Recurring;
use crate::reporter::{Follow, Reporter};
use crate::troubles::Troubles;

/// Wait after the database failed.
const TROUBLE: Duration = Duration::from_secs(1);
/// What fails then.
const READING: &str = "what was shown can't be read, trying again";
/// What a trouble hinders: drawing cards.
const DRAWING: &str = "drawing";

/// A front as the reporter sees it: its messages go through the courier.
struct Mailbox(&'static str);

#[async_trait]
impl Front for Mailbox {
    fn name(&self) -> &str {
        self.0
    }

    async fn show(&self, conversation: &str, _: &Outbound) -> Result<(), FrontError> {
        let why = format!("messages for {conversation} go through the outbox");
        Err(FrontError { front: self.0.to_owned(), why })
    }
}

/// What puts the cards of runs that were asked for on a front into the outbox.
pub async fn mailing_reporter(engine: Engine, front: &'static str) -> Result<Reporter, Refusal> {
    Reporter::open(engine, Arc::new(Mailbox(front)), front.to_owned(), Follow::Front).await
}

/// Draws cards once the database says where that stopped, until told to stop. Fails where that can't be read for good.
pub async fn report(
    engine: &Engine,
    front: &'static str,
    troubles: &Troubles,
    stop: &CancellationToken,
) -> Result<(), Refusal> {
    let recurring = Recurring::default();
    loop {
        match mailing_reporter(engine.clone(), front).await {
            Ok(reporter) => {
                reporter.work(stop.clone()).await;
                return Ok(());
            }
            Err(refusal) if !refusal.may_pass() => {
                let why =
                    format!("cards of runs are not drawn on {front}: {refusal}; start infra-chat again");
                troubles.begin(DRAWING, &why);
                return Err(refusal);
            }
            Err(error) => recurring.fails(front, READING, &error, engine.now_ms()),
        }
        tokio::select! {
            () = tokio::time::sleep(TROUBLE) => {}
            () = stop.cancelled() => return Ok(()),
        }
    }
}
