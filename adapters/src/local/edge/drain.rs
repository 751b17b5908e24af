//! Leaving instances alone: no new request goes to them, open ones are waited for, and what is still open at the limit
//! is cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::backend::Backend;
use super::service::Service;

/// How long cut requests get to notice.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// Drains instances of a release. When it returns, nothing is open to them.
pub(crate) async fn drain(service: &Service, release: u32, addresses: &[SocketAddr], at_most: Duration) {
    let going = service.table_mut().drain_begin(release, addresses);
    // Also when whoever asked for the drain no longer waits for it, the addresses have to become usable again.
    let _ended = DrainEnd { service, release, addresses };
    if timeout(at_most, all_quiet(&going)).await.is_ok() {
        return;
    }
    let open: usize = going.iter().map(|backend| backend.open()).sum();
    tracing::info!(
        service = %service.name, environment = %service.environment, release, open,
        "open requests were cut at the end of the drain"
    );
    for backend in &going {
        backend.cut();
    }
    let _all_noticed = timeout(CUT_GRACE, all_quiet(&going)).await;
}

async fn all_quiet(backends: &[Arc<Backend>]) {
    join_all(backends.iter().map(|backend| backend.quiet())).await;
}

struct DrainEnd<'a> {
    service: &'a Service,
    release: u32,
    addresses: &'a [SocketAddr],
}

impl Drop for DrainEnd<'_> {
    fn drop(&mut self) {
        self.service.table_mut().drain_end(self.release, self.addresses);
    }
}
