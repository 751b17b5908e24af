//! A code host that is asked each thing once: a rehearsal plays the same request again and again.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine::model::Source;
use engine::ports::{CodeHost, Commit, PortError, SourceFile};
use tokio::sync::Mutex;

type Answers<T> = Mutex<BTreeMap<String, T>>;

/// Remembers what another one answered; what could not be answered is asked again.
pub(super) struct Remembered {
    of: Arc<dyn CodeHost>,
    commits: Answers<Commit>,
    branches: Answers<Option<String>>,
    names: Answers<Vec<String>>,
    compared: Answers<Vec<Commit>>,
    files: Answers<Vec<SourceFile>>,
}

impl Remembered {
    pub(super) fn of(of: Arc<dyn CodeHost>) -> Arc<Self> {
        Arc::new(Self {
            of,
            commits: Answers::default(),
            branches: Answers::default(),
            names: Answers::default(),
            compared: Answers::default(),
            files: Answers::default(),
        })
    }
}

/// The answer that is known, or the one that `ask` gets.
async fn once<T: Clone + Send>(
    answers: &Answers<T>,
    source: &Source,
    asked: String,
    ask: impl Future<Output = Result<T, PortError>> + Send,
) -> Result<T, PortError> {
    let asked = format!("{}#{} {asked}", source.repository, source.path);
    let mut answers = answers.lock().await;
    if let Some(known) = answers.get(&asked) {
        return Ok(known.clone());
    }
    let answer = ask.await?;
    answers.insert(asked, answer.clone());
    Ok(answer)
}

#[async_trait]
impl CodeHost for Remembered {
    async fn resolve(&self, source: &Source, reference: Option<&str>) -> Result<Commit, PortError> {
        let asked = reference.map_or_else(String::new, |name| format!("ref {name}"));
        once(&self.commits, source, asked, self.of.resolve(source, reference)).await
    }

    async fn default_branch(&self, source: &Source) -> Result<Option<String>, PortError> {
        once(&self.branches, source, String::new(), self.of.default_branch(source)).await
    }

    async fn references(&self, source: &Source, limit: usize) -> Result<Vec<String>, PortError> {
        once(&self.names, source, limit.to_string(), self.of.references(source, limit)).await
    }

    async fn compare(
        &self,
        source: &Source,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Commit>, PortError> {
        let asked = format!("{from} {to} {limit}");
        once(&self.compared, source, asked, self.of.compare(source, from, to, limit)).await
    }

    async fn files(&self, source: &Source, commit: &str, folder: &str) -> Result<Vec<SourceFile>, PortError> {
        let asked = format!("{commit} {folder}");
        once(&self.files, source, asked, self.of.files(source, commit, folder)).await
    }
}
