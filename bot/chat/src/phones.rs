//! Texts that are only shown on this machine, in the terminal's conversations: each conversation has a cursor of its own.

use engine::control::{Engine, Refusal};
use engine::model::{Identity, SMS};
use engine::store::{Commit, StoreError, TextWrite, Write};

use crate::letter::Letter;
use crate::message::Outbound;
use crate::view;

/// Texts shown at once.
const BATCH: i64 = 50;

fn cursor_name(conversation: &str) -> String {
    format!("phones/{conversation}")
}

/// A conversation that is new to it begins with the next text.
pub(crate) async fn begin(engine: &Engine, conversation: &str) -> Result<(), Refusal> {
    let name = cursor_name(conversation);
    if engine.store().text_cursor(&name).await?.is_some() {
        return Ok(());
    }
    let mut commit = Commit::at(engine.now_ms());
    let to = engine.store().phone_head().await?;
    commit.writes.push(Write::Text(TextWrite::CursorPut { name, from: None, to }));
    match engine.store().commit(commit).await {
        Err(StoreError::Conflict) => Ok(()),
        committed => Ok(committed?),
    }
}

/// Puts new texts into the conversation's outbox; true when there were any.
pub(crate) async fn show(engine: &Engine, conversation: &str) -> Result<bool, Refusal> {
    let store = engine.store();
    let name = cursor_name(conversation);
    let Some(cursor) = store.text_cursor(&name).await? else { return Ok(false) };
    let texts = store.phone_after(cursor, BATCH).await?;
    let Some(last) = texts.last().map(|text| text.number) else { return Ok(false) };
    let now_ms = engine.now_ms();
    let mut commit = Commit::at(now_ms);
    for text in texts {
        let identity = Identity { front: SMS.to_owned(), external_id: text.phone.clone() };
        let person = store.identity_get(&identity).await?;
        let person = person.map(|person| person.to_string()).unwrap_or_default();
        let card = view::on_phone(&person, &text.phone, &text.body);
        let turn = format!("{now_ms:016}/text/{:016}", text.number);
        commit.writes.push(Letter::open(Outbound::Say(card)).put(conversation, &turn, now_ms)?);
    }
    let moved = TextWrite::CursorPut { name, from: Some(cursor), to: last };
    commit.writes.push(Write::Text(moved));
    match store.commit(commit).await {
        Err(StoreError::Conflict) => Ok(true),
        committed => Ok(committed.map(|()| true)?),
    }
}
