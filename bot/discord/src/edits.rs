//! Messages that people edit or delete. What was sent first counts; what is done here is to see that an edit makes a difference,
//! and to hear a secret in it. Discord tells what a message says now and not what it said before, of a deleted one only that it
//! is gone, and of one whose links it shows the same as of one that was edited: so what was heard lately is remembered.

use std::sync::Arc;

use chat::{Edited, Taken, holds_secret};
use engine::store::StoreError;
use serde_json::Value;

use crate::intake::Intake;
use crate::payload::{self, Said, list, text};

impl Intake {
    /// A message was edited, or is shown otherwise.
    pub(crate) async fn edited(self: &Arc<Self>, body: &Value) -> Result<Option<Taken>, StoreError> {
        let at = text(body, "edited_timestamp");
        let now = text(body, "content");
        // Without the one nobody edited it, and without the other nobody says how it reads now.
        if at.is_empty() || now.is_empty() {
            return Ok(None);
        }
        let heard = payload::heard_as(body);
        let known = self.recent.take(&heard);
        let said = match payload::said(body) {
            Some(said) => said,
            // Not the whole of it came along.
            None if body["author"].is_null() && known.is_some() => {
                Said { text: now, ..known.clone().unwrap_or_default() }
            }
            None => return Ok(None),
        };
        if !holds_secret(self.engine.redactor(), &said.text) {
            self.recent.put(&heard, said.clone());
        }
        let event = format!("edited/{}/{}/{at}", said.channel, said.id);
        self.changed(said, known, false, event).await
    }

    /// Messages were deleted.
    pub(crate) async fn deleted(self: &Arc<Self>, body: &Value) -> Result<Vec<Taken>, StoreError> {
        let channel = text(body, "channel_id");
        let ids = list(&body["ids"]).chain(std::iter::once(&body["id"])).filter_map(Value::as_str);
        let mut taken = Vec::new();
        for id in ids {
            if let Some(said) = self.recent.take(&payload::heard_event(&channel, id)) {
                let event = format!("edited/{channel}/{id}/deleted");
                taken.extend(self.changed(said.clone(), Some(said), true, event).await?);
            }
        }
        Ok(taken)
    }

    async fn changed(
        self: &Arc<Self>,
        mut said: Said,
        before: Option<Said>,
        deleted: bool,
        event: String,
    ) -> Result<Option<Taken>, StoreError> {
        if said.user == self.names.user() {
            return Ok(None);
        }
        let (now, named_now) = self.names.without(&said);
        let was = before.as_ref().map(|before| self.names.without(before));
        let named_before = was.as_ref().is_some_and(|(_, named)| *named);
        let place = self.place_of(&mut said).await;
        let listens = self.settings.channels.listens(&place.channel);
        let addressed = place.direct || named_now || named_before;
        if !(addressed || listens) {
            return Ok(None);
        }
        let same = before.as_ref().is_some_and(|before| before.text == said.text);
        if !deleted && !same && holds_secret(self.engine.redactor(), &said.text) {
            return Ok(Some(Taken::Pasted(Box::new(Self::pasted(&said, &place, event)))));
        }
        // What the message said before it was said to the bot was never heard.
        let was_heard = place.direct || listens || named_before;
        let before = was.map(|(text, _)| text).filter(|_| was_heard);
        let changed = Edited { before, now: (!deleted).then_some(now) };
        if changed.is_nothing() {
            return Ok(None);
        }
        let mut spoken = self.spoken_in_place(&said, &place, event, String::new()).await?;
        // Under a message that is gone nobody sees it.
        spoken.place.mention = deleted.then(|| said.user.clone());
        spoken.overheard = !addressed;
        spoken.edited = Some(changed);
        Ok(Some(Taken::Spoken(Box::new(spoken))))
    }
}
