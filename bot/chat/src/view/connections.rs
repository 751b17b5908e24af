//! Connections to providers: how far each is, and what comes next.

use engine::control::{Connected, ConnectionState};
use engine::model::{ConnectionHere, EnvironmentKey};
use engine::ports::Account;

use super::time::ago;
use crate::desk::SecretWish;
use crate::message::{Card, Tone};

/// A connection in one line of an environment's status.
pub(crate) fn connection_line(connected: &Connected, now_ms: i64) -> String {
    let connection = &connected.connection;
    let state = match &connected.state {
        ConnectionState::PendingAuth => format!("its secret {} is not set", connection.secret),
        ConnectionState::Configured { .. } => "not verified yet".to_owned(),
        ConnectionState::Verified { account, at_ms } => {
            let lacks = if account.missing.is_empty() { "" } else { ", may do less than is needed" };
            format!("verified {} as {}{lacks}", ago(*at_ms, now_ms), account.account)
        }
        ConnectionState::Refused { why, at_ms, .. } => format!("not taken {}: {why}", ago(*at_ms, now_ms)),
    };
    format!("{}: {state}", called(connection))
}

/// What came of connecting an environment.
pub(crate) fn connected(
    place: &EnvironmentKey,
    connected: &Connected,
    wish: &SecretWish,
    now_ms: i64,
) -> Card {
    let (connection, environment) = (&connected.connection, &place.environment);
    let mode = connection.mode.map(|mode| format!(" ({mode})")).unwrap_or_default();
    let what = format!("{} of {environment}{mode}", named(connection));
    let in_terminal = format!("In a terminal: `infra-chat secret set {place}/{}`", connection.secret);
    match &connected.state {
        ConnectionState::PendingAuth => {
            let headline = if connected.is_new {
                format!("{what} is added; its secret {} is not set yet.", connection.secret)
            } else {
                format!("{what}: its secret {} is not set yet.", connection.secret)
            };
            Card::new(Tone::Plain, headline)
                .text(in_terminal)
                .text("Then say this again: the key is tried out by a call that changes nothing.")
                .button("Enter it safely", wish.said(), false)
        }
        ConnectionState::Configured { why } => {
            let why = why.as_deref().unwrap_or("nobody has asked");
            Card::new(Tone::Plain, format!("{what}: its secret is set, but not verified: {why}."))
        }
        ConnectionState::Verified { account, at_ms } => {
            let Account { account, says, warnings, missing } = account;
            let tone = if missing.is_empty() { Tone::Good } else { Tone::Bad };
            let when = ago(*at_ms, now_ms);
            let card = Card::new(tone, format!("{what} is verified {when}: {account}."));
            card.list("It says", says.clone())
                .list("It lacks", missing.clone())
                .list("Mind", warnings.clone())
        }
        ConnectionState::Refused { why, hint, .. } => {
            let mut card = Card::new(Tone::Bad, format!("{what}: the key is not taken: {why}."));
            if !hint.is_empty() {
                card = card.text(hint.clone());
            }
            card.text(in_terminal).button("Enter another one safely", wish.said(), false)
        }
    }
}

fn called(connection: &ConnectionHere) -> String {
    let mode = connection.mode.map(|mode| format!(", {mode}")).unwrap_or_default();
    format!("{}{mode}", named(connection))
}

/// By its name, and whose it is where the name does not say it.
fn named(connection: &ConnectionHere) -> String {
    let ConnectionHere { name, provider, .. } = connection;
    let of = if name.as_str() == provider.name() { String::new() } else { format!(" at {provider}") };
    format!("{name}{of}")
}
