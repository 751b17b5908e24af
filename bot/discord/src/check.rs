//! Whether the settings do: who the bot is with its token, on which servers, and what it may not do there. Nothing is heard
//! or shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::clock::{Clock as _, SystemClock};
use serde_json::Value;

use crate::payload::text;
use crate::permissions::May;
use crate::settings::Settings;
use crate::trouble::token;
use crate::web::{Web, WebError};

/// Discord's number for a channel the bot does not see.
const MISSING_ACCESS: i64 = 50_001;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The token is good.
    Known {
        /// Who the bot is, and where: `infra on Acme`.
        who: String,
        /// What it lacks, each with where that is given.
        missing: Vec<String>,
    },
    /// Discord was asked and says no.
    Refused(String),
    /// It can't be asked now.
    Unreached(String),
}

/// Asks Discord who the bot is, and what it may do.
pub async fn check(settings: &Settings) -> Checked {
    let web = match Web::new(settings, Arc::new(|| SystemClock.now_ms())) {
        Ok(web) => web,
        Err(error) => return Checked::Unreached(format!("the way to Discord can't be prepared: {error}")),
    };
    let bot = match web.who_am_i().await {
        Ok(bot) => bot,
        Err(error @ WebError::Refused { .. }) => return Checked::Refused(token(&error.to_string())),
        Err(error) => return Checked::Unreached(format!("Discord is not reached ({error})")),
    };
    let mut missing = Vec::new();
    if matches!(web.may_read_messages().await, Ok(false)) {
        missing.push("the switch *Message Content Intent* on the bot's page".to_owned());
    }
    let guilds = web.guilds().await.unwrap_or_default();
    let lacking = lacking_on(&web, &guilds, &text(&bot, "id"), settings).await;
    missing.extend(lacking.servers.into_iter().chain(lacking.channels));
    let names: Vec<String> = guilds.iter().map(|guild| text(guild, "name")).collect();
    let on = if names.is_empty() {
        "on no server yet: invite it".to_owned()
    } else {
        format!("on {}", names.join(", "))
    };
    Checked::Known { who: format!("{} {on}", text(&bot, "username")), missing }
}

/// What the bot may not do and will have to, sooner or later.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// On its servers, each with what.
    pub(crate) servers: Vec<String>,
    /// In channels it listens in, and may elsewhere on the server.
    pub(crate) channels: Vec<String>,
}

/// Asks Discord what the bot, of this identifier, may not do.
pub(crate) async fn lacking(web: &Web, bot: &str, settings: &Settings) -> Result<Lacking, WebError> {
    Ok(lacking_on(web, &web.guilds().await?, bot, settings).await)
}

async fn lacking_on(web: &Web, guilds: &[Value], bot: &str, settings: &Settings) -> Lacking {
    let mut lacking = Lacking::default();
    lacking.servers.extend(guilds.iter().filter_map(|guild| {
        let lacks = May::on(guild)?.lacks();
        (!lacks.is_empty()).then(|| format!("on {}: {}", text(guild, "name"), lacks.join(", ")))
    }));
    let mut roles = BTreeMap::new();
    for channel in settings.channels.ids() {
        match web.channel(channel).await {
            Ok(channel) => lacking.channels.extend(within(web, guilds, bot, &channel, &mut roles).await),
            Err(error) if error.code() == Some(MISSING_ACCESS) => {
                lacking.channels.push(format!("in channel {channel}: View Channels"));
            }
            Err(error) => tracing::debug!(channel, %error, "Discord does not say what the bot may do there"),
        }
    }
    lacking
}

/// What the bot may not do in a channel, and may on its server; its `roles` there are asked for once.
async fn within(
    web: &Web,
    guilds: &[Value],
    bot: &str,
    channel: &Value,
    roles: &mut BTreeMap<String, Vec<String>>,
) -> Option<String> {
    let id = text(channel, "guild_id");
    let guild = guilds.iter().find(|guild| text(guild, "id") == id)?;
    if !roles.contains_key(&id) {
        let held = web.roles_of(&id, bot).await;
        // Without them nobody can tell.
        roles.insert(id.clone(), held.ok()?);
    }
    let may = May::on(guild)?;
    let lacks = may.lacks_within(may.within(channel, &id, roles.get(&id)?, bot));
    let place = format!("in #{} on {}", text(channel, "name"), text(guild, "name"));
    (!lacks.is_empty()).then(|| format!("{place}: {}", lacks.join(", ")))
}
