//! What a project that is being put together would find where the program runs: its code, and addresses nobody has.

use super::Engine;
use crate::model::Source;
use crate::ports::PortError;

impl Engine {
    /// Whether there is code to be read at a repository's address. What can't be told just now counts as there.
    pub async fn repository_is_there(&self, repository: &str) -> bool {
        let source = Source { repository: repository.to_owned(), path: ".".to_owned(), credentials: None };
        !matches!(self.ports().code.default_branch(&source).await, Err(PortError::Fail { .. }))
    }

    /// Whether an address like `127.0.0.1:8000` could be given to a service.
    pub async fn address_is_free(&self, address: &str) -> bool {
        self.ports().edge.is_free(address).await
    }
}
