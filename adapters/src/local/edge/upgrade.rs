//! Tunnels: once client and backend have agreed on another protocol, a WebSocket as a rule, the edge only carries bytes.
//! A tunnel counts as an open request of its instance until either side ends it.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use super::backend::Lease;
use super::forward::Visit;

/// Carries bytes both ways as soon as both sides have changed over, until one of them is done or the instance is cut.
pub(crate) fn tunnel(visit: Arc<Visit>, lease: Lease, client_side: OnUpgrade, backend_side: OnUpgrade) {
    let shared = Arc::clone(&visit.shared);
    shared.tasks.spawn(async move {
        let backend_cut = lease.backend().cut_signal();
        tokio::select! {
            () = carry(client_side, backend_side) => {}
            () = backend_cut.cancelled() => {}
            () = visit.shared.cut.cancelled() => {}
        }
        drop(lease);
    });
}

async fn carry(client_side: OnUpgrade, backend_side: OnUpgrade) {
    match tokio::try_join!(client_side, backend_side) {
        Ok((client, backend)) => {
            // An error here is one side hanging up, which is how most tunnels end.
            let _ended = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(backend)).await;
        }
        Err(error) => tracing::debug!(%error, "a change of protocol came to nothing"),
    }
}
