//! Where people open what a deploy has put live.

use std::net::SocketAddr;

use super::{Engine, Refusal};
use crate::model::{Change, PLATFORM_LOCAL, ServiceName};
use crate::run::{Run, RunState};

impl Engine {
    /// The addresses of the services a deploy has put live, as a browser takes them: `http://127.0.0.1:7400`. Nothing for
    /// any other run, and for what has no address.
    pub(super) async fn opened_at(&self, run: &Run) -> Result<Vec<(ServiceName, String)>, Refusal> {
        let (Change::Deploy { services, .. }, RunState::Succeeded { .. }) = (&run.request.change, &run.state)
        else {
            return Ok(Vec::new());
        };
        let key = run.environment();
        let project = self.described_in(key).await?;
        let environment = project.as_ref().and_then(|it| it.value.environments.get(&key.environment));
        let Some(environment) = environment else { return Ok(Vec::new()) };
        let meant = |name: &ServiceName| services.is_empty() || services.contains(name);
        let edge = environment.edge.iter().filter(|(name, _)| meant(name));
        let opened = |address: &String| match environment.platform.as_str() {
            PLATFORM_LOCAL => in_a_browser(address),
            _ => format!("https://{address}"),
        };
        Ok(edge.map(|(name, address)| (name.clone(), opened(address))).collect())
    }
}

/// An address the edge listens on, as a browser on the same machine takes it.
fn in_a_browser(address: &str) -> String {
    match address.parse::<SocketAddr>() {
        // It listens wherever the machine is reached; here that is this machine itself.
        Ok(at) if at.ip().is_unspecified() => format!("http://localhost:{}", at.port()),
        _ => format!("http://{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::in_a_browser;

    #[test]
    fn an_address_is_opened() {
        assert_eq!(in_a_browser("127.0.0.1:7400"), "http://127.0.0.1:7400");
        assert_eq!(in_a_browser("0.0.0.0:80"), "http://localhost:80");
        assert_eq!(in_a_browser("[::]:8080"), "http://localhost:8080");
    }
}
