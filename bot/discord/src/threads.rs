//! Threads of cards. Each is begun when its card is posted; where Discord asks to wait with that, when the card is next drawn or
//! something is said there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::Troubles;

use crate::limits::THREAD_NAME_CHARS;
use crate::markdown::{clip, unescape};
use crate::trouble;
use crate::web::{Web, WebError};

/// The message has a thread already.
const THREAD_IS_THERE: i64 = 160_004;
/// What stands between the parts of a headline: which run, what it does, how far it is.
const BETWEEN_PARTS: &str = " · ";

/// Begins threads.
pub(crate) struct Threads {
    web: Arc<Web>,
    troubles: Troubles,
    /// The names of those Discord asked to wait with, by their message.
    owed: Mutex<HashMap<String, String>>,
}

/// What a thread is called whose card has this headline: the run and what it does, and not how far it is.
fn thread_name(headline: &str) -> String {
    let about: Vec<&str> = headline.split(BETWEEN_PARTS).take(2).collect();
    about.join(BETWEEN_PARTS)
}

impl Threads {
    pub(crate) fn new(web: Arc<Web>, troubles: Troubles) -> Self {
        Self { web, troubles, owed: Mutex::default() }
    }

    /// Begins the thread of a card that was just posted. Answers find out by themselves when there is none.
    pub(crate) async fn begin_of_card(&self, channel: &str, message: &str, headline: &str) {
        let name = thread_name(headline);
        if self.begin(channel, message, &name).await.is_err() {
            self.owed().insert(message.to_owned(), name);
        }
    }

    /// Begins a card's thread with which Discord asked to wait, if there is one.
    pub(crate) async fn begin_owed(&self, channel: &str, message: &str) {
        let name = self.owed().get(message).cloned();
        if let Some(name) = name
            && self.begin(channel, message, &name).await.is_ok()
        {
            self.owed().remove(message);
        }
    }

    /// Begins a thread in which something is to be said and that is not there; false when Discord does not let.
    ///
    /// # Errors
    /// When Discord asks to wait.
    pub(crate) async fn begin_for(&self, channel: &str, message: &str, says: &str) -> Result<bool, WebError> {
        let owed = self.owed().get(message).cloned();
        let first_line = unescape(&says.lines().next().unwrap_or_default().replace("**", ""));
        // A mark before it says how it stands right now.
        let about = first_line.trim_start_matches(|c: char| !c.is_alphanumeric());
        let name = owed.unwrap_or_else(|| thread_name(about));
        let begun = self.begin(channel, message, &name).await?;
        self.owed().remove(message);
        Ok(begun)
    }

    /// True when it is there, false, with the reason in the log, when Discord does not let; an error when it asks to wait.
    async fn begin(&self, channel: &str, message: &str, name: &str) -> Result<bool, WebError> {
        match self.web.thread_begin(channel, message, &clip(name, THREAD_NAME_CHARS).0).await {
            Ok(()) => {
                trouble::thread(&self.troubles, channel);
                Ok(true)
            }
            Err(error) if error.code() == Some(THREAD_IS_THERE) => Ok(true),
            Err(error @ WebError::Limited { .. }) => {
                tracing::debug!(channel, %error, "a thread is begun later");
                Err(error)
            }
            Err(error) => {
                trouble::no_thread(&self.troubles, channel, &error);
                tracing::warn!(channel, %error, "a thread can't be begun: may the bot create public threads?");
                Ok(false)
            }
        }
    }

    fn owed(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
