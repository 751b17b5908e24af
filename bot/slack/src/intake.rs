//! What is done with what Slack delivers. Everything that changes something is written down before it is acknowledged, under
//! an identifier that is the same however often and over whichever socket it comes; modals are opened at once, because the
//! right to open one ends after three seconds; secrets are sealed on the spot and written down nowhere.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chat::{
    Card, Desk, Hearing, Listener, Pasted, Place, Recent, Recurring, SecretWish, Spoken, Tone, Troubles,
    holds_secret, view,
};
use engine::control::{Engine, Refusal};
use engine::model::Identity;
use engine::store::{Commit, StoreError, Write};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::blocks::{FORM, SAY};
use crate::forms::{self, Memory};
use crate::home::{self, Homes};
use crate::payload::{Clicked, Commanded, Delivered, Happened, Said, Submitted, seconds};
use crate::refused::Refused;
use crate::settings::Settings;
use crate::web::{Bot, Web, WebError, is_direct};
use crate::workspace::Home;
use crate::{FRONT, absence, edits};

/// What fails while the database is away.
const WRITING: &str = "what Slack delivered can't be written down";
/// Longest time sealing a secret may take: Slack waits three seconds for the answer.
const SEALING: Duration = Duration::from_millis(2_500);
/// Age of a message up to which it is heard, in seconds: a little less than what was heard is remembered.
const HEARD_S: i64 = 23 * 3_600;
/// Longest wait for the direct conversation with somebody, before what they did is acknowledged.
const OPENING: Duration = Duration::from_secs(2);
/// Slack's word for a form that comes too late.
const LATE: &str = "expired_trigger_id";
/// Slack's word for a form that is open already: the same click came twice.
const OPEN_ALREADY: &str = "trigger_exchanged";

/// Takes in what Slack delivers.
pub(crate) struct Intake {
    pub(crate) engine: Engine,
    pub(crate) web: Arc<Web>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) listener: Listener,
    /// Until when everything was heard.
    pub(crate) hearing: Hearing,
    /// What keeps it from hearing or speaking.
    pub(crate) troubles: Troubles,
    /// The end of all that goes on by itself.
    pub(crate) stop: CancellationToken,
    /// Who the bot is; empty until Slack has said so.
    pub(crate) bot: OnceLock<Bot>,
    /// What fails while the database or Slack is away, for the log.
    pub(crate) recurring: Recurring,
    /// What was said lately, by its event.
    pub(crate) recent: Recent<String>,
    /// The App Homes people look at.
    pub(crate) homes: Homes,
    /// Held while a secret is being sealed: a form that comes over both sockets at once is sealed once.
    pub(crate) sealing: tokio::sync::Mutex<()>,
    /// Requests of other workspaces.
    pub(crate) foreign: Refused,
    /// What is being done after the acknowledgement.
    pub(crate) tasks: TaskTracker,
}

/// Who did something that a form answers, and how they are told when there is none.
pub(crate) struct Clicker {
    pub(crate) user: String,
    pub(crate) channel: Option<String>,
    pub(crate) answer_at: Option<String>,
}

/// What goes back with the acknowledgement.
pub(crate) type Answer = Option<Value>;

impl Intake {
    /// Takes in what happened; after this it may be acknowledged. An error means that it must be delivered again.
    pub(crate) async fn take(self: &Arc<Self>, delivered: Delivered) -> Result<Answer, StoreError> {
        let at_ms = self.engine.now_ms();
        // Whoever commands or clicks sees it fail.
        let said_in = match &delivered.happened {
            Happened::Said(said) => Some(conversation(&said.channel)),
            _ => None,
        };
        let taken = self.take_once(delivered).await;
        match &taken {
            Ok(_) => self.recurring.works(FRONT, WRITING, self.engine.now_ms()),
            Err(error) => self.recurring.fails(FRONT, WRITING, error, self.engine.now_ms()),
        }
        if taken.as_ref().is_err_and(StoreError::may_pass)
            && said_in.is_some_and(|said_in| self.hearing.listens(&said_in))
        {
            absence::unwritten(self, at_ms);
        }
        taken
    }

    async fn take_once(self: &Arc<Self>, delivered: Delivered) -> Result<Answer, StoreError> {
        let Delivered { happened, home } = delivered;
        match happened {
            // A secret is noticed whoever wrote it.
            Happened::Said(said) => self.said(said, &home).await.map(|()| None),
            Happened::Edited(edited) => edits::edited(self, edited, &home).await.map(|()| None),
            happened if !self.is_ours(&home) => {
                self.refuse_foreign(happened, &home).await;
                Ok(None)
            }
            Happened::Commanded(commanded) => self.commanded(commanded).await.map(|()| None),
            Happened::Clicked(clicked) => self.clicked(clicked).await.map(|()| None),
            Happened::Submitted(submitted) => self.submitted(submitted).await,
            Happened::HomeOpened { user } => {
                self.later(|intake| async move { home::show(&intake, &user).await });
                Ok(None)
            }
            Happened::Challenged(challenge) => Ok(Some(json!({ "challenge": challenge }))),
            Happened::Nothing => Ok(None),
        }
    }

    /// Does something after the acknowledgement.
    pub(crate) fn later<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(Arc<Self>) -> F,
    ) {
        self.tasks.spawn(act(Arc::clone(self)));
    }

    async fn said(self: &Arc<Self>, said: Said, home: &Home) -> Result<(), StoreError> {
        let bot = self.bot.get().map(|bot| bot.user.as_str()).unwrap_or_default();
        let (text, at_bot) = without_mention(&said.text, bot);
        let named = said.mention || at_bot;
        let addressed = named || said.direct;
        if said.user == bot
            || !(addressed || (self.settings.channels.listens(&said.channel) && !text.is_empty()))
        {
            return Ok(());
        }
        if is_stale(&said) {
            tracing::warn!(
                channel = said.channel,
                ts = said.ts,
                "a message that is more than a day old is not heard"
            );
            return Ok(());
        }
        let event = said.event();
        if holds_secret(self.engine.redactor(), &said.text) {
            return self.pasted(said, event).await;
        }
        if !self.is_ours(home) {
            // What guests say among themselves is no request.
            if addressed {
                self.record_foreign(&said.user, home).await;
            }
            return Ok(());
        }
        self.recent.put(&said.event(), said.text.clone());
        let mut spoken = self.spoken_in_place(&said, event, text);
        spoken.overheard = !addressed;
        self.listener.take(&spoken).await.map(|_| ())
    }

    /// Somebody wrote a secret into a message.
    pub(crate) async fn pasted(&self, said: Said, event: String) -> Result<(), StoreError> {
        let place = Place {
            to: Some(said.user),
            inside: said.thread.is_some(),
            thread: said.thread,
            erases: Some(said.ts),
            ..Place::default()
        };
        let pasted = Pasted { conversation: conversation(&said.channel), event, place };
        self.listener.take_secret(&pasted).await.map(drop)
    }

    /// Something said to the bot in a message, with where its answer belongs.
    pub(crate) fn spoken_in_place(&self, said: &Said, event: String, text: String) -> Spoken {
        // In a channel an answer belongs under what was said; between two there is nobody to disturb.
        let thread = said.thread.clone().or_else(|| (!said.direct).then(|| said.ts.clone()));
        let place = Place { thread, inside: said.thread.is_some(), ..Place::default() };
        let mut spoken = self.spoken(&said.user, &said.channel, event, text, place);
        if let (true, Some(thread)) = (said.direct, &said.thread) {
            // Between two a question stands by itself, and may be answered by a reply to it.
            spoken.about.asked_in = vec![thread.clone(), String::new()];
        }
        spoken
    }

    /// Something said to the bot.
    fn spoken(&self, user: &str, channel: &str, event: String, text: String, place: Place) -> Spoken {
        Spoken {
            inbound: chat::Inbound {
                identity: identity(user),
                conversation: conversation(channel),
                event: Some(event),
                text,
            },
            about: self.settings.channels.about(channel),
            place,
            overheard: false,
            role: None,
            pressed: None,
            edited: None,
        }
    }

    async fn commanded(self: &Arc<Self>, commanded: Commanded) -> Result<(), StoreError> {
        let Commanded { user, mut channel, text, trigger, at, answer_at } = commanded;
        let text = text.trim().to_owned();
        // First: a value where the name of a secret belongs would stand in its form for all to see.
        if holds_secret(self.engine.redactor(), &text) {
            let place = Place { to: Some(user), answer_at, ..Place::default() };
            let pasted =
                Pasted { conversation: conversation(&channel), event: format!("command/{at}"), place };
            return self.listener.take_secret(&pasted).await.map(drop);
        }
        if let Some(wish) = self.secret_wish(&user, &channel, &text).await {
            let clicker = Clicker { user, channel: Some(channel), answer_at };
            self.later(|intake| async move { intake.secret_form(&trigger, &clicker, &wish).await });
            return Ok(());
        }
        // Commands may be given between any two people; the bot speaks only where it is one of them.
        if is_direct(&channel)
            && let Some(direct) = self.direct(&user).await
        {
            channel = direct;
        }
        let text = if text.is_empty() { "help".to_owned() } else { text };
        let place = Place { to: Some(user.clone()), answer_at, ..Place::default() };
        let spoken = self.spoken(&user, &channel, format!("command/{at}"), text, place);
        self.listener.take(&spoken).await.map(|_| ())
    }

    async fn clicked(self: &Arc<Self>, clicked: Clicked) -> Result<(), StoreError> {
        let place = if clicked.private {
            // Nobody else sees what was clicked on, and it has no thread.
            let (to, answer_at) = (Some(clicked.user.clone()), clicked.answer_at.clone());
            Place {
                to,
                answer_at,
                inside: clicked.thread.is_some(),
                thread: clicked.thread.clone(),
                ..Place::default()
            }
        } else {
            let thread = clicked.thread.clone().or_else(|| clicked.message.clone());
            Place { thread, inside: clicked.thread.is_some(), ..Place::default() }
        };
        let Clicked { user, channel, message, value, at, trigger, action, answer_at, .. } = clicked;
        let clicker = Clicker { user: user.clone(), channel: channel.clone(), answer_at };
        if action == forms::SECRET_BUTTON {
            let at = clicker.channel.clone().unwrap_or_default();
            let wish = self.secret_wish(&user, &at, &value).await.unwrap_or_else(|| SecretWish::bare(None));
            self.later(|intake| async move { intake.secret_form(&trigger, &clicker, &wish).await });
            return Ok(());
        }
        if action == FORM {
            self.later(|intake| async move { intake.question_form(&trigger, &clicker, &value, place).await });
            return Ok(());
        }
        if action.split('/').next() != Some(SAY) || value.is_empty() {
            return Ok(());
        }
        let pressed = message.clone().unwrap_or_else(|| home::PLACE.to_owned());
        let mut spoken = if let Some(channel) = channel {
            let event = format!("click/{channel}/{}/{user}/{at}", message.unwrap_or_default());
            self.spoken(&user, &channel, event, value, place)
        } else {
            // In the App Home there is no conversation: it goes on between the two.
            let Some(direct) = self.direct(&user).await else {
                return Err(StoreError::Corrupt {
                    column: "conversation",
                    source: "Slack opens none".into(),
                });
            };
            let event = format!("click/{}/{user}/{at}", home::PLACE);
            self.spoken(&user, &direct, event, value, Place::default())
        };
        spoken.pressed = Some(pressed);
        self.listener.take(&spoken).await.map(|_| ())
    }

    /// The direct conversation with somebody, if Slack tells it in time.
    async fn direct(&self, user: &str) -> Option<String> {
        match tokio::time::timeout(OPENING, self.web.direct(user)).await {
            Ok(Ok(direct)) => Some(direct),
            Ok(Err(error)) => {
                tracing::warn!(user, %error, "the direct conversation with somebody can't be opened");
                None
            }
            Err(_) => None,
        }
    }

    /// Tells one person alone something that is not the desk's answer.
    pub(crate) async fn tell(&self, trigger: &str, clicker: &Clicker, card: Card) {
        let Clicker { user, channel, answer_at } = clicker;
        let channel = match channel {
            Some(channel) => Some(channel.clone()),
            None => self.direct(user).await,
        };
        let Some(channel) = channel else { return };
        let place = Place { to: Some(user.clone()), answer_at: answer_at.clone(), ..Place::default() };
        if let Err(error) = self.listener.tell(&conversation(&channel), trigger, place, card).await {
            tracing::warn!(user, %error, "somebody can't be told what became of what they did");
        }
    }

    async fn question_form(&self, trigger: &str, clicker: &Clicker, form: &str, place: Place) {
        let (Ok(form), Some(channel)) = (serde_json::from_str(form), clicker.channel.clone()) else { return };
        let form = forms::question(&form, &Memory { channel, place });
        self.open(trigger, clicker, form).await;
    }

    /// Whether somebody wants to set a secret by what they said or clicked there. When the database does not say, it is
    /// taken for something else, and answered once it does.
    async fn secret_wish(&self, user: &str, channel: &str, said: &str) -> Option<SecretWish> {
        let spoken = self.spoken(user, channel, String::new(), said.to_owned(), Place::default());
        let inbound = chat::Inbound { event: None, ..spoken.inbound };
        Desk::new(self.engine.clone()).secret_wish(&inbound, &spoken.about).await.ok().flatten()
    }

    async fn secret_form(&self, trigger: &str, clicker: &Clicker, wish: &SecretWish) {
        let asked = async {
            let actor = self.engine.actor(&identity(&clicker.user)).await?;
            Desk::new(self.engine.clone()).secret_form(wish, &actor).await
        };
        match asked.await {
            Ok(asked) => self.open(trigger, clicker, forms::secret(&asked)).await,
            Err(refusal) => self.tell(trigger, clicker, view::refusal(&refusal)).await,
        }
    }

    async fn open(&self, trigger: &str, clicker: &Clicker, view: Value) {
        let Err(error) = self.web.modal_open(trigger, view).await else { return };
        tracing::warn!(%error, "a form can't be opened");
        let says = match &error {
            WebError::Refused { code, .. } if code == OPEN_ALREADY => return,
            WebError::Refused { code, .. } if code == LATE => {
                "Slack waited too long for the form and did not open it. Nothing was done: click once more."
            }
            _ => "Slack did not open the form. Nothing was done: try once more in a moment.",
        };
        self.tell(trigger, clicker, Card::new(Tone::Bad, says)).await;
    }

    async fn submitted(self: &Arc<Self>, submitted: Submitted) -> Result<Answer, StoreError> {
        match submitted.callback.as_str() {
            forms::SECRET => Ok(Some(self.secret_set(&submitted).await)),
            forms::SAY => {
                let Ok(memory) = serde_json::from_str::<Memory>(&submitted.memory) else { return Ok(None) };
                let answer = submitted.value(forms::ANSWER);
                if holds_secret(self.engine.redactor(), &answer) {
                    let says = "That looks like a secret. Set secrets with /infra secret.";
                    return Ok(Some(forms::fault(forms::ANSWER, says)));
                }
                let event = format!("form/{}", submitted.view);
                let spoken = self.spoken(&submitted.user, &memory.channel, event, answer, memory.place);
                self.listener.take(&spoken).await.map(|_| None)
            }
            _ => Ok(None),
        }
    }

    /// Seals what was filled in. Nothing of it is kept but the seal, and that this form was: a second delivery is done.
    async fn secret_set(&self, submitted: &Submitted) -> Value {
        let name = match submitted.value(forms::NAME).trim().parse() {
            Ok(name) => name,
            Err(error) => return forms::fault(forms::NAME, &format!("{error}")),
        };
        let value = forms::pasted(submitted.value(forms::VALUE));
        if value.is_empty() {
            return forms::fault(forms::VALUE, "There is nothing here.");
        }
        let event = format!("form/{}", submitted.view);
        let sealing = async {
            let _one_at_a_time = self.sealing.lock().await;
            if self.engine.store().inbound_is_known(FRONT, &event).await? {
                return Ok(None);
            }
            let desk = Desk::new(self.engine.clone());
            let environment = desk.secret_place(None, &submitted.value(forms::ENVIRONMENT)).await?;
            let actor = self.engine.actor(&identity(&submitted.user)).await?;
            let version =
                self.engine.secret_set(&environment, &name, SecretString::from(value), &actor).await?;
            let mut commit = Commit::at(self.engine.now_ms());
            let at_ms = commit.now_ms;
            commit.writes.push(Write::InboundPut { front: FRONT.to_owned(), event: event.clone(), at_ms });
            match self.engine.store().commit(commit).await {
                // Another program of the same database took it in the same moment: two versions of one value.
                Ok(()) | Err(StoreError::Conflict) => {
                    let opens = desk.secret_opens(&environment, &name).await?;
                    Ok::<_, Refusal>(Some((desk.secret_said(&environment).await, version, opens)))
                }
                Err(error) => Err(error.into()),
            }
        };
        match tokio::time::timeout(SEALING, sealing).await {
            Ok(Ok(None)) => forms::done("It is sealed."),
            Ok(Ok(Some(((place, restart), version, opens)))) => {
                let verify = opens.map(|connect| format!(" `{connect}` tries it out.")).unwrap_or_default();
                forms::done(&format!(
                    "*{name}* of {place} is sealed (version {version}). Services read it when they start: `{restart}`.{verify}",
                ))
            }
            Ok(Err(refusal)) => forms::fault(forms::NAME, &refusal.to_string()),
            Err(_) => forms::fault(forms::VALUE, "It took too long, and may be sealed or not. Try again."),
        }
    }
}

/// Whether Slack tells of a message so late that nobody remembers whether it was heard: an edit delivers it once more under
/// the same identifier, and what was done last week is not to be done again. Both times are Slack's: its clock need not be ours.
pub(crate) fn is_stale(said: &Said) -> bool {
    said.told_s.zip(seconds(&said.ts)).is_some_and(|(told_s, at_s)| told_s.saturating_sub(at_s) > HEARD_S)
}

/// Who somebody is.
pub(crate) fn identity(user: &str) -> Identity {
    Identity { front: FRONT.to_owned(), external_id: user.to_owned() }
}

/// The conversation of a channel.
pub(crate) fn conversation(channel: &str) -> String {
    format!("{FRONT}:{channel}")
}

/// The text without mentions of the bot, `<@U0BOT>` or `<@U0BOT|infra>`; and whether there were any.
pub(crate) fn without_mention(text: &str, bot: &str) -> (String, bool) {
    let (mut rest, mut left, mut any) = (text, String::new(), false);
    let begin = format!("<@{bot}");
    while let Some(place) = rest.find(&begin).filter(|_| !bot.is_empty()) {
        let after = &rest[place + begin.len()..];
        let end = match after.chars().next() {
            Some('>') => Some(1),
            Some('|') => after.find('>').map(|end| end + 1),
            _ => None,
        };
        left.push_str(&rest[..place]);
        if let Some(end) = end {
            any = true;
            left.push(' ');
            rest = &after[end..];
        } else {
            left.push_str(&begin);
            rest = after;
        }
    }
    left.push_str(rest);
    (left.trim().to_owned(), any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_of_the_bot_are_taken_out() {
        let check = |text: &str, left: &str, any: bool| {
            assert_eq!(without_mention(text, "U0BOT"), (left.to_owned(), any), "{text}");
        };
        check("<@U0BOT> deploy staging", "deploy staging", true);
        check("please <@U0BOT|infra>, status", "please  , status", true);
        check("<@U0BOTTLE> status <@U0BOT", "<@U0BOTTLE> status <@U0BOT", false);
        assert_eq!(without_mention("<@> status", ""), ("<@> status".to_owned(), false));
    }
}
