//! Messages that people edit or delete. What was sent first counts; what is done here is to see that an edit makes a difference,
//! and to hear a secret in it.

use std::sync::Arc;

use chat::{Edited as Changed, holds_secret};
use engine::store::StoreError;

use crate::FRONT;
use crate::intake::{Intake, is_stale, without_mention};
use crate::payload::Edited;
use crate::workspace::Home;

/// Takes in an edit; after this it may be acknowledged.
pub(crate) async fn edited(intake: &Arc<Intake>, edited: Edited, home: &Home) -> Result<(), StoreError> {
    let event = edited.event();
    let Edited { said, before, deleted, .. } = edited;
    let bot = intake.bot.get().map(|bot| bot.user.as_str()).unwrap_or_default();
    let listens = intake.settings.channels.listens(&said.channel);
    let heard = said.event();
    let secret = !deleted && holds_secret(intake.engine.redactor(), &said.text);
    let known = intake.recent.take(&heard);
    // Nothing of a secret is kept.
    if !deleted && !secret {
        intake.recent.put(&heard, said.text.clone());
    }
    let told = before.is_some();
    let before = before.or(known);
    let (now, named_now) = without_mention(&said.text, bot);
    let was = before.as_deref().map(|before| without_mention(before, bot));
    let named_before = was.as_ref().is_some_and(|(_, named)| *named);
    let addressed = said.direct || said.mention || named_now || named_before;
    if said.user == bot || !(addressed || listens) {
        return Ok(());
    }
    if secret && before.as_deref() != Some(&said.text) {
        return intake.pasted(said, event).await;
    }
    // What people of other workspaces wrote was not heard either.
    if !intake.is_ours(home) {
        return Ok(());
    }
    // What the message said before it was said to the bot was never heard.
    let was_heard = said.direct || listens || named_before;
    let before =
        was.map(|(text, _)| text).filter(|text| was_heard && !holds_secret(intake.engine.redactor(), text));
    // A mention says nothing of what was there before. Of a message that was heard, or may have been, the edit itself is
    // delivered as well.
    if !told && before.is_none() && is_stale(&said) {
        return Ok(());
    }
    if !told && before.is_none() && intake.engine.store().inbox_is_known(FRONT, &heard).await? {
        return Ok(());
    }
    let changed = Changed { before, now: (!deleted).then_some(now) };
    if changed.is_nothing() {
        return Ok(());
    }
    let mut spoken = intake.spoken_in_place(&said, event, String::new());
    // Under a message that is gone nobody sees it.
    spoken.place.mention = deleted.then(|| said.user.clone());
    spoken.overheard = !addressed;
    spoken.edited = Some(changed);
    intake.listener.take(&spoken).await.map(|_| ())
}
