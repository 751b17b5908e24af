//! What keeps a front from hearing or speaking, as long as it does: said once in the log, and to whoever asks how it stands.

use engine::control::{Engine, Notice};

use crate::view;

/// The troubles of one front, each by what it hinders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Troubles {
    engine: Engine,
    front: &'static str,
}

impl Troubles {
    /// The troubles of a front.
    pub fn new(engine: Engine, front: &'static str) -> Self {
        Self { engine, front }
    }

    /// Something is hindered, in words that say what to do; logged when it is news.
    pub fn begin(&self, hinders: &'static str, why: &str) {
        if self.engine.notices().begin(self.front, hinders, why, self.engine.now_ms()) {
            tracing::error!("{why}");
        }
    }

    /// It is not hindered any more; logged when it was.
    pub fn end(&self, hinders: &'static str) {
        if let Some(Notice { says, .. }) = self.engine.notices().end(self.front, hinders) {
            tracing::info!(was = says, "that is over");
        }
    }

    /// All there are now, in words.
    pub fn all(&self) -> Vec<String> {
        let notices = self.engine.notices().all();
        notices.into_iter().filter(|notice| notice.who == self.front).map(|notice| notice.says).collect()
    }
}

/// What keeps the fronts of a program from hearing or speaking, each in words and with since when.
pub fn front_troubles(engine: &Engine) -> Vec<String> {
    let said = |notice: Notice| format!("{} (since {})", notice.says, view::clock(notice.since_ms));
    engine.notices().all().into_iter().map(said).collect()
}
