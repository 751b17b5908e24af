//! The configuration: `infra-chat.toml`, then environment variables, then flags, later ones winning. Everything is
//! checked at the start, and every fault is named at once with its place, its key and how to mend it.

mod discord;
mod fault;
mod layers;
mod meant;
mod place;
mod prometheus;
mod providers;
mod slack;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use engine::model::{Provider, Role};
use engine::store::StoreAddress;
use secrecy::SecretString;

use fault::Collector;
pub(crate) use fault::ConfigFaults;
use layers::Layers;
pub(crate) use meant::{Meant, check as meanings_check};

/// The file that is looked for in the working directory.
pub(crate) const FILE_NAME: &str = "infra-chat.toml";
/// Where `serve` listens unless told otherwise: this machine alone.
const LISTEN: &str = "127.0.0.1:7480";
/// What is logged unless told otherwise.
const LOG: &str = "info";
/// How to mend a filter of log lines.
const LOG_MEND: &str = "write `error`, `warn`, `info`, `debug` or `trace`, or per part: `info,engine=debug`";
/// Most releases whose builds can be kept: each is a folder with everything built.
const BUILDS_KEPT_MAX: u32 = 1_000;
/// Shorter tokens can be guessed.
const API_TOKEN_CHARS_MIN: usize = 16;

/// The keys, as they are written in the file, a dot before those of a table; variables are `INFRA_CHAT_` and the key in
/// capitals, with `_` for the dot.
pub(crate) const KEYS: [&str; 38] = [
    "data_dir",
    "database_url",
    "listen",
    "api_token",
    "rules_dir",
    "artifacts",
    "master_key",
    "master_keys_before",
    "builds_kept",
    "log",
    "log_format",
    "slack.api_base",
    "slack.bot_token",
    "slack.app_token",
    "slack.signing_secret",
    "slack.mode",
    "slack.channels",
    "slack.unknown_people",
    "discord.api_base",
    "discord.token",
    "discord.channels",
    "discord.roles",
    "discord.unknown_people",
    "railway.api_base",
    "cloudflare.api_base",
    "stripe.api_base",
    "sendgrid.api_base",
    "github.api_base",
    "prometheus.url",
    "prometheus.token",
    "texts.link",
    "twilio.api_base",
    "twilio.account_sid",
    "twilio.auth_token",
    "twilio.from",
    "twilio.messaging_service",
    "twilio.public_url",
    "twilio.links",
];

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines, an object a line.
    Json,
}

/// The configuration in force. Its `Debug` shows no secret.
pub(crate) struct Config {
    /// All state is in here.
    pub(crate) data_dir: PathBuf,
    /// The database.
    pub(crate) database: StoreAddress,
    /// Where `serve` listens.
    pub(crate) listen: SocketAddr,
    /// What callers of the HTTP API must show.
    pub(crate) api_token: Option<SecretString>,
    /// The user's own policy rules.
    pub(crate) rules_dir: Option<PathBuf>,
    /// Folder or URL of artifacts.
    pub(crate) artifacts: String,
    /// The key secrets are sealed under, when it does not come from its file.
    pub(crate) master_key: Option<SecretString>,
    /// Keys from before it, which open what they sealed.
    pub(crate) master_keys_before: Vec<SecretString>,
    /// Builds kept per environment; the platform's own number when absent.
    pub(crate) builds_kept: Option<u32>,
    /// What is logged, as a tracing filter.
    pub(crate) log: String,
    /// How.
    pub(crate) log_format: LogFormat,
    /// Slack, when it is connected.
    pub(crate) slack: Option<::slack::Settings>,
    /// Discord, when it is connected.
    pub(crate) discord: Option<::discord::Settings>,
    /// The Prometheus that services may be watched through, when one is connected.
    pub(crate) prometheus: Option<prometheus::Settings>,
    /// Where providers' APIs are that are not at the providers' own addresses.
    pub(crate) api_bases: BTreeMap<Provider, String>,
    /// Twilio, when texts go to real phones.
    pub(crate) twilio: Option<adapters::twilio::Settings>,
    /// Where a text sends people, when its run is shown nowhere with an address.
    pub(crate) texts_link: Option<String>,
    /// What is meant in channels.
    pub(crate) meant: Vec<Meant>,
    /// What simulators stand in for; nothing but in a demonstration.
    pub(crate) stand_ins: StandIns,
}

/// What is somewhere else than its name says, because a simulator stands in for it. No setting leads here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StandIns {
    /// Where requests to all hosts of providers' services go, with their `Host`.
    pub(crate) all_hosts_at: Option<String>,
    /// Repositories, by their addresses, and the folders they are in.
    pub(crate) repositories: BTreeMap<String, PathBuf>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("data_dir", &self.data_dir)
            .field("database", &self.database.shown())
            .field("listen", &self.listen)
            .field("api_token", &self.api_token.as_ref().map(|_| "set"))
            .field("rules_dir", &self.rules_dir)
            .field("artifacts", &self.artifacts)
            .field("master_key", &self.master_key.as_ref().map(|_| "set"))
            .field("master_keys_before", &self.master_keys_before.len())
            .field("builds_kept", &self.builds_kept)
            .field("log", &self.log)
            .field("log_format", &self.log_format)
            .field("slack", &self.slack)
            .field("discord", &self.discord)
            .field("prometheus", &self.prometheus)
            .field("api_bases", &self.api_bases)
            .field("twilio", &self.twilio)
            .field("texts_link", &self.texts_link)
            .field("meant", &self.meant)
            .field("stand_ins", &self.stand_ins)
            .finish()
    }
}

/// What the configuration is read from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// `--config`.
    pub(crate) file: Option<PathBuf>,
    /// `--data-dir`.
    pub(crate) data_dir: Option<PathBuf>,
    /// The working directory: `infra-chat.toml` is looked for here.
    pub(crate) directory: PathBuf,
    /// Where state goes when nobody says; absent when the system has no such place.
    pub(crate) data_dir_default: Option<PathBuf>,
    /// Environment variables.
    pub(crate) variables: Vec<(String, String)>,
}

impl Surroundings {
    /// This process's own.
    pub(crate) fn of_process(file: Option<PathBuf>, data_dir: Option<PathBuf>) -> std::io::Result<Self> {
        let folders = directories::ProjectDirs::from("", "", "infra-chat");
        Ok(Self {
            file,
            data_dir,
            directory: std::env::current_dir()?,
            data_dir_default: folders.map(|folders| folders.data_dir().to_owned()),
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        })
    }
}

/// What people may do whom nobody knows on a front.
fn strangers(layers: &Layers, key: &str, faults: &Collector) -> Option<Role> {
    let role = layers.checked(key, faults, |word| match word {
        "nobody" => Ok(None),
        "viewer" => Ok(Some(Role::Viewer)),
        _ => Err((format!("`{word}` is no way to treat them"), "write `nobody` or `viewer`".to_owned())),
    });
    role.flatten()
}

/// A master key, or what is wrong with it.
fn key_checked(key: &str) -> Result<SecretString, (String, String)> {
    match engine::secrets::MasterKey::from_text("INFRA_CHAT_MASTER_KEY", key) {
        Ok(_) => Ok(SecretString::from(key)),
        Err(_) => {
            Err(("holds no key".to_owned(), "give 32 bytes as 64 hexadecimal digits or in base64".to_owned()))
        }
    }
}

fn is_level(word: &str) -> bool {
    word.eq_ignore_ascii_case("off") || word.parse::<tracing::Level>().is_ok()
}

impl Config {
    /// Reads and checks everything.
    pub(crate) fn load(from: &Surroundings) -> Result<Self, ConfigFaults> {
        let faults = Collector::default();
        let layers = Layers::read(from, &faults);
        let data_dir = match (&from.data_dir, layers.path("data_dir", &faults), &from.data_dir_default) {
            (Some(flag), _, _) => from.directory.join(flag),
            (None, Some(path), _) => path,
            (None, None, Some(default)) => default.clone(),
            (None, None, None) => {
                faults.add(
                    "the command line",
                    "data_dir",
                    "this system names no folder for data",
                    "give --data-dir DIR",
                );
                PathBuf::new()
            }
        };
        let database = layers
            .checked("database_url", &faults, |url| {
                StoreAddress::from_url(url).map_err(|why| ("is no address of a database".to_owned(), why))
            })
            .unwrap_or_else(|| StoreAddress::Sqlite(data_dir.join("infra-chat.db")));
        let api_token = layers.checked("api_token", &faults, |token| match token.chars().count() {
            0..API_TOKEN_CHARS_MIN => Err((
                format!("is shorter than {API_TOKEN_CHARS_MIN} characters"),
                "make one with `openssl rand -hex 32`".to_owned(),
            )),
            _ => Ok(SecretString::from(token)),
        });
        let listen = layers.checked("listen", &faults, |address| {
            address.parse::<SocketAddr>().map_err(|_| {
                (format!("`{address}` is no address to listen on"), format!("write it like {LISTEN}"))
            })
        });
        let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7480)));
        let master_key = layers.checked("master_key", &faults, |key| {
            if layers.is_from_file("master_key") {
                return Err((
                    "does not belong in a file".to_owned(),
                    "set INFRA_CHAT_MASTER_KEY, or leave it out: a key file is made".to_owned(),
                ));
            }
            key_checked(key)
        });
        let master_keys_before = layers.checked("master_keys_before", &faults, |keys| {
            if layers.is_from_file("master_keys_before") {
                return Err((
                    "do not belong in a file".to_owned(),
                    "set INFRA_CHAT_MASTER_KEYS_BEFORE".to_owned(),
                ));
            }
            if master_key.is_none() {
                return Err((
                    "are kept beside the key file where there is one".to_owned(),
                    "set INFRA_CHAT_MASTER_KEY too, or leave this out".to_owned(),
                ));
            }
            keys.split(',').map(|key| key_checked(key.trim())).collect::<Result<Vec<_>, _>>()
        });
        let builds_kept = layers.checked("builds_kept", &faults, |text| match text.parse::<u32>() {
            Ok(number @ 1..=BUILDS_KEPT_MAX) => Ok(number),
            _ => Err((
                format!("`{text}` is no number of builds"),
                format!("give a whole number from 1 to {BUILDS_KEPT_MAX}"),
            )),
        });
        let log =
            layers.checked("log", &faults, |filter| match filter.parse::<tracing_subscriber::EnvFilter>() {
                Ok(_) => match filter
                    .split(',')
                    .map(str::trim)
                    .find(|part| !is_level(part) && !part.contains('='))
                {
                    // The library takes any word for the name of a module, and would log nothing.
                    Some(word) => Err((format!("`{word}` is no level of log lines"), LOG_MEND.to_owned())),
                    None => Ok(filter.to_owned()),
                },
                Err(error) => {
                    Err((format!("`{filter}` is no filter of log lines: {error}"), LOG_MEND.to_owned()))
                }
            });
        let log_format = layers.checked("log_format", &faults, |word| match word {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err((format!("`{word}` is no log format"), "write `text` or `json`".to_owned())),
        });
        let artifacts = match layers.checked("artifacts", &faults, |place| Ok(place.to_owned())) {
            Some(url) if url.contains("://") => url,
            Some(_) => layers.path("artifacts", &faults).unwrap_or_default().display().to_string(),
            None => data_dir.join("artifacts").display().to_string(),
        };
        let rules_dir = layers.folder("rules_dir", &faults);
        let slack = slack::read(&layers, &faults);
        let discord = discord::read(&layers, &faults);
        let prometheus = prometheus::read(&layers, &faults);
        let api_bases = providers::read(&layers, &faults);
        let twilio = texts::read(&layers, &faults);
        let texts_link = texts::link(&layers, &faults);
        let mut meant = Vec::new();
        if let Some(slack) = &slack {
            meant.push(meant::read(&layers, "slack.channels", &slack.channels));
        }
        if let Some(discord) = &discord {
            meant.push(meant::read(&layers, "discord.channels", &discord.channels));
        }
        faults.none_or(Self {
            data_dir,
            database,
            listen,
            api_token,
            rules_dir,
            artifacts,
            master_key,
            master_keys_before: master_keys_before.unwrap_or_default(),
            builds_kept,
            log: log.unwrap_or_else(|| LOG.to_owned()),
            log_format: log_format.unwrap_or(LogFormat::Text),
            slack,
            discord,
            prometheus,
            api_bases,
            twilio,
            texts_link,
            meant,
            stand_ins: StandIns::default(),
        })
    }
}
