//! The conversations in which something is being handled: in each one thing after the other, in many at once.

use std::collections::HashMap;

use engine::control::Refusal;
use tokio::task::{Id, JoinSet};

/// Conversations handled at once. More would take the time that acknowledging what is heard meanwhile needs.
const AT_ONCE: usize = 16;

/// What is being handled. Dropped, it is cut short, and waits in the database.
#[derive(Debug, Default)]
pub(crate) struct Talks {
    going: JoinSet<Result<(), Refusal>>,
    conversations: HashMap<Id, String>,
}

impl Talks {
    /// Whether something is being handled in a conversation.
    pub(crate) fn goes_on(&self, conversation: &str) -> bool {
        self.conversations.values().any(|one| one == conversation)
    }

    /// Whether no more is to be begun before something ends.
    pub(crate) fn is_full(&self) -> bool {
        self.conversations.len() >= AT_ONCE
    }

    /// Begins to handle something in a conversation where nothing is being handled.
    pub(crate) fn begin(
        &mut self,
        conversation: String,
        handling: impl Future<Output = Result<(), Refusal>> + Send + 'static,
    ) {
        let id = self.going.spawn(handling).id();
        self.conversations.insert(id, conversation);
    }

    /// What came of the next one that ends; nothing when nothing is being handled.
    pub(crate) async fn ended(&mut self) -> Option<Result<(), Refusal>> {
        let (id, ended) = match self.going.join_next_with_id().await? {
            Ok((id, ended)) => (id, ended),
            // It was cut short, and waits.
            Err(cut) => (cut.id(), Ok(())),
        };
        self.conversations.remove(&id);
        Some(ended)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::Talks;

    #[tokio::test]
    async fn one_that_takes_long_holds_no_other_up_and_is_not_begun_twice() {
        let (mut talks, slow) = (Talks::default(), Arc::new(Notify::new()));
        let waits = Arc::clone(&slow);
        talks.begin("slow".to_owned(), async move {
            waits.notified().await;
            Ok(())
        });
        talks.begin("quick".to_owned(), async { Ok(()) });
        assert!(matches!(talks.ended().await, Some(Ok(()))));
        assert!(talks.goes_on("slow") && !talks.goes_on("quick"));
        slow.notify_one();
        assert!(matches!(talks.ended().await, Some(Ok(()))));
        assert!(!talks.goes_on("slow") && talks.ended().await.is_none());
    }

    #[tokio::test]
    async fn one_that_falls_is_over() {
        let mut talks = Talks::default();
        let fall: fn() = || std::panic::resume_unwind(Box::new("the story wants it"));
        talks.begin("falls".to_owned(), async move {
            fall();
            Ok(())
        });
        assert!(matches!(talks.ended().await, Some(Ok(()))));
        assert!(!talks.goes_on("falls"));
    }
}
