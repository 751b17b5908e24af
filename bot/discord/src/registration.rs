//! Commands are registered once a session says which application the bot is, and tried again until they are.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::commands;
use crate::intake::Intake;
use crate::web::WebError;

/// First wait after they could not be registered; it doubles with each further one.
const RETRY: Duration = Duration::from_millis(500);
/// Longest such wait.
const RETRY_MAX: Duration = Duration::from_mins(10);
/// What the trouble hinders.
const COMMANDS: &str = "commands";

/// Registers the commands of whichever application the bot is, until told to stop.
pub(crate) async fn keep(intake: Arc<Intake>, stop: CancellationToken) {
    let mut known = intake.application.subscribe();
    loop {
        let application = tokio::select! {
            changed = known.wait_for(|application| !application.is_empty()) => match changed {
                Ok(application) => application.clone(),
                // Nobody says it any more.
                Err(_) => return,
            },
            () = stop.cancelled() => return,
        };
        known.mark_unchanged();
        tokio::select! {
            () = register(&intake, &application) => {}
            () = stop.cancelled() => return,
        }
        tokio::select! {
            changed = known.changed() => if changed.is_err() { return },
            () = stop.cancelled() => return,
        }
    }
}

async fn register(intake: &Intake, application: &str) {
    let mut retry = RETRY;
    loop {
        let error = match intake.web.commands_put(application, commands::all()).await {
            Ok(()) => return intake.troubles.end(COMMANDS),
            Err(error) => error,
        };
        intake.troubles.begin(
            COMMANDS,
            &format!(
                "Discord does not take the commands ({error}); it is tried again, and what is typed is heard all the same. \
                 Was the bot invited with the scope applications.commands?"
            ),
        );
        let wait = match error {
            WebError::Limited { after_ms, .. } => Duration::from_millis(after_ms.max(0) as u64).max(retry),
            WebError::Refused { .. } | WebError::Unanswered { .. } => retry,
        };
        tokio::time::sleep(wait).await;
        retry = (retry * 2).min(RETRY_MAX);
    }
}
