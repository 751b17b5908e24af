//! Interactions: commands, clicks, menus and forms, each acknowledged in the way that fits what follows.

use std::sync::Arc;
use std::time::Duration;

use chat::{Desk, Place, SecretWish, holds_secret, view};
use engine::control::Refusal;
use engine::model::Actor;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::acknowledge::Acknowledgement;
use crate::asked_in;
use crate::buttons::{self, Origin, Press};
use crate::commands;
use crate::forms;
use crate::intake::{Intake, Where, identity, whereabouts};
use crate::limits::CONTENT_CHARS;
use crate::markdown::{clip, escape};
use crate::payload::{Commanded, Interacted, What, answered, id, text};
use crate::places::{self, Kind};
use crate::web::{EPHEMERAL, Message, WebError};

/// Longest time that passes before something is proposed to who types, names alone if need be.
const PROPOSING: Duration = Duration::from_secs(2);
/// Longest time that passes until Discord has said somebody's roles.
const ASKING: Duration = Duration::from_millis(1_500);
/// Kinds of acknowledgements, as Discord numbers them.
pub(crate) const MESSAGE: u8 = 4;
const MESSAGE_LATER: u8 = 5;
const NOTHING_YET: u8 = 6;
const REPLACE: u8 = 7;
pub(crate) const CHOICES: u8 = 8;
const FORM: u8 = 9;
/// What somebody is told who uses what another version showed.
const NO_MORE: &str = "That is none of mine any more, and nothing of it is done: say `/help`.";
/// What stands in a form's identifier before the message whose question it answers.
const ASKED_IN: char = '@';

impl Intake {
    /// Somebody used a command, a component or a form.
    pub(crate) async fn interacted(self: &Arc<Self>, mut interacted: Interacted) {
        // A private answer that came between the two is about a channel: a click on it belongs there.
        let asked_in = match &interacted.what {
            What::Clicked { message, .. } if interacted.guild.is_none() => asked_in::of(message),
            _ => None,
        };
        let known = if let Some(asked_in) = asked_in {
            interacted.channel = asked_in;
            self.places.get(&interacted.channel)
        } else if interacted.guild.is_none() {
            Some(Kind::Direct)
        } else {
            self.place_told(&interacted).or_else(|| self.places.get(&interacted.channel))
        };
        let at = known.map(|kind| whereabouts(&interacted.channel, Some(kind)));
        interacted.asked_in = match &interacted.what {
            What::Clicked { message, .. } => answered(message),
            What::Submitted { custom_id, .. } => {
                custom_id.splitn(4, '/').nth(3).map(|id| id.trim_start_matches(ASKED_IN).to_owned())
            }
            _ => None,
        };
        let taken = match &interacted.what {
            What::Commanded(commanded) => self.commanded(&interacted, commanded, at).await,
            What::Typing { commanded, option } => self.typing(&interacted, commanded, option).await,
            What::Clicked { custom_id, values, message } => {
                match buttons::press(custom_id, values, message) {
                    Some(press) => self.clicked(&interacted, press, message, at).await,
                    None => self.whispered(&interacted, NO_MORE).await,
                }
            }
            What::Submitted { custom_id, filled } => self.submitted(&interacted, custom_id, filled, at).await,
        };
        if let Err(error) = taken {
            tracing::warn!(?interacted, %error, "an interaction is not answered");
        }
    }

    /// What the channel of an interaction is, as it came along; not where that is said of another one.
    fn place_told(&self, interacted: &Interacted) -> Option<Kind> {
        let told = &interacted.place;
        let fits = text(told, "id") == interacted.channel && !places::is_direct(told);
        if fits { self.places.learn(told) } else { None }
    }

    async fn commanded(
        self: &Arc<Self>,
        interacted: &Interacted,
        commanded: &Commanded,
        at: Option<Where>,
    ) -> Result<(), WebError> {
        let wishes = commanded.name == commands::SECRET;
        let said = if wishes { Some(secret_words(commanded)) } else { commands::sentence(commanded) };
        let Some(said) = said else {
            return self.whispered(interacted, "That command is none of mine any more: say `/help`.").await;
        };
        if !commands::is_whole(commanded) {
            let says = "I don't know all that is said with that command, and nothing of it is done: it may be of another \
                        version of me. Say `/help`.";
            return self.whispered(interacted, says).await;
        }
        // Also a value where the name of a secret belongs.
        if holds_secret(self.engine.redactor(), &said) {
            let says =
                "That looks like a secret. Nothing of it was kept or done. Set secrets with `/secret`.";
            return self.whispered(interacted, says).await;
        }
        if wishes {
            return self.secret_form(interacted, &said).await;
        }
        let place = |at: &Where| Place {
            to: Some(interacted.user.clone()),
            thread: at.thread.clone(),
            inside: at.thread.is_some(),
            answer_at: Some(right(interacted)),
            awaited: true,
            ..Place::default()
        };
        let shown = Acknowledgement { kind: MESSAGE_LATER, data: Some(json!({ "flags": EPHEMERAL })) };
        self.hear(interacted, at, said, &place, shown).await
    }

    async fn typing(
        &self,
        interacted: &Interacted,
        commanded: &Commanded,
        option: &str,
    ) -> Result<(), WebError> {
        let engine = self.engine.with_strangers(self.role(&interacted.roles));
        let desk = chat::Desk::new(engine.clone());
        let who = identity(&interacted.user);
        match self.actor(interacted).await {
            // Names are not for everybody.
            Ok(actor) if actor.role.is_none() => {
                let choices = json!([{ "name": "I don't know you here: say /whoami", "value": "whoami" }]);
                let shown = Some(json!({ "choices": choices }));
                return self.acknowledge(interacted, CHOICES, shown).await.map(|_| ());
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "who types can't be told");
                let shown = Some(json!({ "choices": [] }));
                return self.acknowledge(interacted, CHOICES, shown).await.map(|_| ());
            }
        }
        let known =
            tokio::time::timeout(PROPOSING, chat::known(&engine, &desk, &self.references, &who)).await;
        let choices = match known {
            Ok(Ok(known)) => commands::proposals(commanded, option, &known),
            _ => json!([]),
        };
        self.acknowledge(interacted, CHOICES, Some(json!({ "choices": choices }))).await.map(|_| ())
    }

    async fn clicked(
        self: &Arc<Self>,
        interacted: &Interacted,
        press: Press,
        message: &Value,
        at: Option<Where>,
    ) -> Result<(), WebError> {
        let origin = origin_of(message, at.as_ref());
        match press {
            Press::Secret(said) => self.secret_form(interacted, &said).await,
            Press::Form(form) => {
                let mut id = format!("{}/{}", forms::SAY, origin.written());
                if let Some(asked_in) = &interacted.asked_in {
                    id = format!("{id}/{ASKED_IN}{asked_in}");
                }
                let form = forms::question(&form, &id);
                self.acknowledge(interacted, FORM, Some(form)).await.map(|_| ())
            }
            Press::Ask { command, label } => {
                let (components, embeds) = buttons::confirm(&label, &command, &origin);
                let asks = tokio::time::timeout(PROPOSING, chat::asks_before(&self.engine, &command)).await;
                // Asked late is worse than asked in short: three seconds are all there are.
                let asks = asks.ok().flatten().unwrap_or_else(|| "Are you sure?".to_owned());
                let asks = clip(&escape(&asks), CONTENT_CHARS).0;
                let asks = asked_in::of(message).map_or(asks.clone(), |place| asked_in::named(&asks, &place));
                let asked = json!({
                    "flags": EPHEMERAL, "content": asks, "embeds": embeds, "components": components,
                });
                self.acknowledge(interacted, MESSAGE, Some(asked)).await.map(|_| ())
            }
            Press::No => {
                let gone = json!({ "content": "Not now, then.", "embeds": [], "components": [] });
                self.acknowledge(interacted, REPLACE, Some(gone)).await.map(|_| ())
            }
            Press::Yes { command, origin } => {
                let says = format!("Said: {}", clip(&escape(&command), 1_000).0);
                let heard = json!({ "content": says, "embeds": [], "components": [] });
                let shown = Acknowledgement { kind: REPLACE, data: Some(heard) };
                self.click_said(interacted, at, origin, command, shown).await
            }
            Press::Say(command) => {
                let shown = Acknowledgement { kind: NOTHING_YET, data: None };
                self.click_said(interacted, at, origin, command, shown).await
            }
        }
    }

    async fn click_said(
        self: &Arc<Self>,
        interacted: &Interacted,
        at: Option<Where>,
        origin: Origin,
        command: String,
        shown: Acknowledgement,
    ) -> Result<(), WebError> {
        let place = |at: &Where| Place {
            to: origin.private.then(|| interacted.user.clone()),
            thread: at.thread.clone().or_else(|| origin.thread.clone()).filter(|_| !at.direct),
            inside: (origin.inside || at.thread.is_some()) && !at.direct,
            answer_at: Some(right(interacted)),
            ..Place::default()
        };
        self.hear(interacted, at, command, &place, shown).await
    }

    async fn submitted(
        self: &Arc<Self>,
        interacted: &Interacted,
        custom_id: &str,
        filled: &[(String, String)],
        at: Option<Where>,
    ) -> Result<(), WebError> {
        let field = |name: &str| {
            let found = filled.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        if custom_id.split('/').next() == Some(forms::SECRET) {
            let project = custom_id.split_once('/').map(|(_, project)| project.to_owned());
            let sealed =
                Sealing { project, environment: field(forms::ENVIRONMENT), name: field(forms::NAME) };
            return self.secret_set(interacted, sealed, SecretString::from(field(forms::VALUE))).await;
        }
        let Some(origin) = origin_of_form(custom_id) else {
            return self.whispered(interacted, NO_MORE).await;
        };
        let answer = field(forms::ANSWER);
        if answer.trim().is_empty() {
            return self.whispered(interacted, "Nothing was filled in, and nothing is done.").await;
        }
        if holds_secret(self.engine.redactor(), &answer) {
            let says =
                "That looks like a secret. Nothing of it was kept or done. Set secrets with `/secret`.";
            return self.whispered(interacted, says).await;
        }
        let heard = format!("Said: {}", clip(&escape(&answer), 1_000).0);
        let shown = json!({ "flags": EPHEMERAL, "content": heard, "allowed_mentions": { "parse": [] } });
        let shown = Acknowledgement { kind: MESSAGE, data: Some(shown) };
        self.click_said(interacted, at, origin, answer, shown).await
    }

    /// Opens the form for a secret, with what was said of it filled in.
    async fn secret_form(&self, interacted: &Interacted, said: &str) -> Result<(), WebError> {
        let asked = async {
            let actor = self.actor(interacted).await?;
            let desk = Desk::new(self.engine.clone());
            let roles = &interacted.roles;
            let at = whereabouts(&interacted.channel, self.places.get(&interacted.channel));
            let spoken = self.spoken(&interacted.user, roles, &at, String::new(), said.to_owned());
            let inbound = chat::Inbound { event: None, ..spoken.inbound };
            let wish = desk.secret_wish(&inbound, &spoken.about).await?;
            desk.secret_form(&wish.unwrap_or_else(|| SecretWish::bare(None)), &actor).await
        };
        match asked.await {
            Ok(asked) => self.acknowledge(interacted, FORM, Some(forms::secret(&asked))).await.map(|_| ()),
            Err(refusal) => {
                let says = view::plain(&view::refusal(&refusal));
                self.whispered(interacted, &clip(&escape(&says), CONTENT_CHARS).0).await
            }
        }
    }

    /// Who somebody is, in the time there is: between two, Discord has to be asked for their roles.
    async fn actor(&self, interacted: &Interacted) -> Result<Actor, Refusal> {
        let who = identity(&interacted.user);
        let by_roles = |roles: &[String]| self.engine.with_strangers(self.role(roles));
        let actor = by_roles(&interacted.roles).actor(&who).await?;
        if actor.role.is_some() || interacted.guild.is_some() {
            return Ok(actor);
        }
        match tokio::time::timeout(ASKING, self.roles_anywhere(&interacted.user)).await {
            Ok(roles) => by_roles(&roles).actor(&who).await,
            Err(_) => Ok(actor),
        }
    }

    /// Seals what was filled in. Nothing of it is kept but the seal, and that this form was: a second delivery is done.
    async fn secret_set(
        &self,
        interacted: &Interacted,
        sealing: Sealing,
        value: SecretString,
    ) -> Result<(), WebError> {
        if !self.acknowledge(interacted, MESSAGE_LATER, Some(json!({ "flags": EPHEMERAL }))).await? {
            return Ok(());
        }
        let says = match self.seal(interacted, &sealing, value).await {
            Ok(None) => return Ok(()),
            Ok(Some(says)) => says,
            Err(refusal) => format!("{refusal}. {}", refusal.next()),
        };
        // What was filled in for a name or an environment may be longer than a message.
        let message = Message { content: clip(&says, CONTENT_CHARS).0, ..Message::default() };
        self.web.interaction_finish(&interacted.application, &interacted.token, &message).await
    }

    async fn seal(
        &self,
        interacted: &Interacted,
        sealing: &Sealing,
        value: SecretString,
    ) -> Result<Option<String>, Refusal> {
        let not_found =
            |say: String| Refusal::NotFound { say, next: "Nothing was kept: try again.".to_owned() };
        let name = sealing.name.trim().parse().map_err(|error| not_found(format!("{error}")))?;
        if value.expose_secret().trim().is_empty() {
            return Err(not_found("There is no value".to_owned()));
        }
        let desk = Desk::new(self.engine.clone());
        let environment = desk.secret_place(sealing.project.as_deref(), &sealing.environment).await?;
        let roles = match interacted.guild {
            Some(_) => interacted.roles.clone(),
            None => self.roles_anywhere(&interacted.user).await,
        };
        if !self.is_first(format!("interaction/{}", interacted.id)).await? {
            return Ok(None);
        }
        let engine = self.engine.with_strangers(self.role(&roles));
        let actor = engine.actor(&identity(&interacted.user)).await?;
        let version = engine.secret_set(&environment, &name, value, &actor).await?;
        let (place, restart) = desk.secret_said(&environment).await;
        let opens = desk.secret_opens(&environment, &name).await?;
        let verify = opens.map(|connect| format!(" `{connect}` tries it out.")).unwrap_or_default();
        Ok(Some(format!(
            "**{}** of {place} is sealed (version {version}). Services read it when they start: `{restart}`.{verify}",
            escape(&name.to_string())
        )))
    }
}

/// A secret that is to be sealed, without it.
struct Sealing {
    /// The project its form was about.
    project: Option<String>,
    environment: String,
    name: String,
}

/// The command for the form, as words.
fn secret_words(given: &Commanded) -> String {
    let word = |option: &str| given.option(option).map(|said| said.split_whitespace().collect::<String>());
    let name = word(forms::NAME).map(|name| format!(" {name}")).unwrap_or_default();
    // `PROJECT/ENVIRONMENT` says both.
    let (project, place) = match word(forms::ENVIRONMENT) {
        Some(place) => match place.split_once('/') {
            Some((project, place)) => (format!("{project}: "), format!(" in {place}")),
            None => (String::new(), format!(" in {place}")),
        },
        None => (String::new(), String::new()),
    };
    format!("{project}{}{name}{place}", view::SECRET_FORM)
}

/// Where the form was opened whose answer is said in a conversation; nothing when it is none of ours.
fn origin_of_form(custom_id: &str) -> Option<Origin> {
    let mut parts = custom_id.splitn(4, '/');
    if parts.next() != Some(forms::SAY) {
        return None;
    }
    let origin = Origin::read(parts.next()?, parts.next()?)?;
    let fits = parts.next().is_none_or(|asked_in| asked_in.starts_with(ASKED_IN));
    fits.then_some(origin)
}

/// Where answers to an interaction may go for a while.
fn right(interacted: &Interacted) -> String {
    format!("{}/{}", interacted.application, interacted.token)
}

/// Where the answer to a click on a message belongs: into a run's thread when it shows the run, else to the message.
fn origin_of(message: &Value, at: Option<&Where>) -> Origin {
    let private =
        asked_in::of(message).is_some() || message["flags"].as_u64().unwrap_or(0) & u64::from(EPHEMERAL) != 0;
    if let Some(thread) = at.and_then(|at| at.thread.clone()) {
        return Origin { thread: Some(thread), inside: true, private };
    }
    // What only its reader sees nobody can reply to.
    let Some(id) = id(&message["id"]).filter(|_| !private) else {
        return Origin { private, ..Origin::default() };
    };
    Origin { thread: Some(id), inside: crate::carrier::shows_run(message), private }
}
