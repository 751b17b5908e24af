//! Carrying runs out for as long as the database is ours to host, and again when it is. A host that loses its claim (the
//! database is gone, its server was restarted, the connection was cut) starts nothing more, says so once, keeps services
//! and edge as they are, and goes on by itself when it has the claim back.

use std::time::Duration;

use engine::control::Engine;
use engine::store::{Commit, HostClaim};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::out;

/// Between two tries to claim the database again.
const RETRY: Duration = Duration::from_secs(1);

/// Says when the database's disk is full, and tries it until there is room again: runs then go on at once, and whoever
/// watches [`engine::store::Store::full`] is told.
pub(super) async fn room_await(engine: Engine, stop: CancellationToken) {
    let mut full = engine.store().full();
    loop {
        let room = tokio::select! {
            found = full.wait_for(Option::is_some) => match found {
                Ok(found) => found.as_ref().map(ToString::to_string).unwrap_or_default(),
                Err(_) => return,
            },
            () = stop.cancelled() => return,
        };
        tracing::warn!("the disk of the database is full ({room}): runs wait until some space is freed");
        while full.borrow().is_some() {
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = stop.cancelled() => return,
            }
            // Nothing but a try; how it went, the store tells.
            let _ = engine.store().commit(Commit::at(engine.now_ms())).await;
        }
        tracing::info!("the disk of the database has room again: runs go on");
    }
}

/// Between two looks for secrets that other programs have set.
const SECRETS_LOOK: Duration = Duration::from_secs(2);

/// Has the redactor learn what `infra-chat secret set` sets meanwhile: logs and stories this program shows must not hold it.
pub(super) async fn secrets_learn(engine: Engine, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SECRETS_LOOK) => {}
            () = stop.cancelled() => return,
        }
        if let Err(refusal) = engine.vault().learn_new().await {
            // A lost database is told elsewhere, and one that can't be opened by whoever needs it.
            tracing::debug!(error = %crate::out::causes(&refusal), "can't look for secrets that others have set");
        }
    }
}

/// Whether runs are carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// They are.
    Working,
    /// They wait until the database is ours again; why it is not, in words.
    Waiting(String),
}

/// Tells log and watchers how things stand, when that is news.
fn say(standing: &watch::Sender<Standing>, now: Standing) {
    standing.send_if_modified(|before| {
        if *before == now {
            return false;
        }
        match &now {
            Standing::Working => tracing::info!("the database is ours again: runs go on"),
            Standing::Waiting(why) => {
                tracing::warn!(
                    "runs wait, services stay as they are: {why}; going on by itself when it is back"
                );
            }
        }
        *before = now;
        true
    });
}

/// Carries runs out until told to stop.
pub(super) async fn hold(
    engine: Engine,
    mut claim: HostClaim,
    stop: CancellationToken,
    standing: watch::Sender<Standing>,
) {
    loop {
        let term = stop.child_token();
        let mut work = std::pin::pin!(engine.work(term.clone()));
        let lost = tokio::select! {
            () = &mut work => return,
            lost = claim.lost() => lost,
        };
        say(&standing, Standing::Waiting(out::causes(&lost)));
        term.cancel();
        // Dropped before it is taken again: what is left of it could stand in our own way.
        drop(claim);
        let ((), again) = tokio::join!(work, claimed_again(&engine, &stop, &standing));
        match again {
            Some(again) => claim = again,
            None => return,
        }
        say(&standing, Standing::Working);
    }
}

/// The claim, once it can be had; nothing when told to stop.
async fn claimed_again(
    engine: &Engine,
    stop: &CancellationToken,
    standing: &watch::Sender<Standing>,
) -> Option<HostClaim> {
    loop {
        let claiming = tokio::select! {
            claiming = engine.store().host_claim() => claiming,
            () = stop.cancelled() => return None,
        };
        match claiming {
            Ok(Some(claim)) => return Some(claim),
            Ok(None) => {
                let why = "another infra-chat hosts this database now; end it, or this one".to_owned();
                say(standing, Standing::Waiting(why));
            }
            // Still gone, which has been said.
            Err(error) => tracing::debug!(error = %out::causes(&error), "can't claim the database yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = stop.cancelled() => return None,
        }
    }
}
