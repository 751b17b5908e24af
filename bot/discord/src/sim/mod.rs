//! A small Discord: REST and gateway as far as the front uses them, people who write, click and fill in, limits, and the faults
//! of the real one. It keeps what it is told, and refuses what Discord refuses.

mod api;
mod check;
mod interactions;
mod messages;
mod people;
mod sockets;
mod window;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use engine::clock::{Clock, EpochMs};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

pub use people::{Acked, Press, buttons_of, user_id};

/// The bot's token here.
pub const TOKEN: &str = "MTAwMDAwMDAwMDAwMDAwMDAw.simulated.token";
/// The bot's user here.
pub const BOT_USER: &str = "1000000000000000001";
/// The role that is the bot's own here.
pub const BOT_ROLE: &str = "1000000000000000004";
/// The bot's application here.
pub const APPLICATION: &str = "1000000000000000002";
/// The server here.
pub const GUILD: &str = "1000000000000000003";
/// The channels of the server.
pub const CHANNELS: [&str; 2] = ["1000000000000000010", "1000000000000000011"];

/// A message as the simulator keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its channel or thread.
    pub channel: String,
    /// Its identifier.
    pub id: String,
    /// Who wrote it.
    pub user: String,
    /// For one person alone: its user.
    pub only_for: Option<String>,
    /// The message it replies to.
    pub reply_to: Option<String>,
    /// The text.
    pub content: String,
    /// The embeds.
    pub embeds: Vec<Value>,
    /// Buttons and menus.
    pub components: Vec<Value>,
    /// What is attached.
    pub files: Vec<String>,
    /// What the files are called.
    pub file_names: Vec<String>,
    /// It came with the acknowledgement of an interaction.
    pub instant: bool,
    /// How often it was edited.
    pub edits: u32,
}

/// A call of the bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path, without the interface's own address.
    pub path: String,
    /// Names and values behind the path.
    pub query: Vec<(String, String)>,
    /// The body; of one with files, its JSON.
    pub body: Value,
    /// Whether files came along.
    pub files: bool,
    /// When.
    pub at_ms: EpochMs,
}

/// What goes wrong with the next call of a kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// 429, with this many seconds to wait.
    Limited(f64),
    /// The same for everything.
    LimitedAll(f64),
    /// 429 without a word of Discord's, with this many seconds to wait: a wall in front of it.
    LimitedBarely(u32),
    /// It takes so many milliseconds.
    Slow(u64),
    /// A status with Discord's number.
    Refused(u16, i64),
    /// A server error; nothing was done.
    Broken,
    /// It is done, and the answer is lost.
    AnswerLost,
}

/// A kind of channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A server's own.
    Channel,
    /// A thread in a channel.
    Thread { parent: String },
    /// Between the bot and somebody.
    Direct { user: String },
}

/// An interaction as the simulator keeps it.
pub(crate) struct Interaction {
    token: String,
    user: String,
    channel: String,
    /// The message that was clicked.
    message: Option<String>,
    began: Instant,
    at_ms: EpochMs,
    /// The kind of its acknowledgement.
    acked: Option<u64>,
    /// The message that stands where it was acknowledged.
    original: Option<String>,
    waiting: Option<oneshot::Sender<Value>>,
}

/// A session on the gateway.
pub(crate) struct Session {
    id: String,
    seq: u64,
    intents: u64,
    /// What it was told, to be told again.
    told: Vec<(u64, Value)>,
    socket: Option<mpsc::UnboundedSender<Value>>,
    /// The last number the bot said it has heard.
    heard: u64,
}

/// Options as `name=value`: a value goes on until the next name.
pub fn options_of(text: &str) -> Vec<(&str, &str)> {
    let names: Vec<usize> =
        text.match_indices('=').map(|(at, _)| text[..at].rfind(' ').map_or(0, |space| space + 1)).collect();
    let ends = names.iter().skip(1).copied().chain([text.len()]);
    names.iter().zip(ends).filter_map(|(begin, end)| text[*begin..end].trim().split_once('=')).collect()
}

/// What is inside.
#[derive(Default)]
pub(crate) struct State {
    messages: Vec<Message>,
    versions: Vec<Message>,
    channels: BTreeMap<String, (String, Kind)>,
    users: HashMap<String, String>,
    roles: HashMap<String, Vec<String>>,
    interactions: BTreeMap<String, Interaction>,
    modals: Vec<(String, String, Value)>,
    commands: Vec<Value>,
    calls: Vec<Call>,
    faults: HashMap<String, VecDeque<Fault>>,
    spoke_ms: HashMap<String, VecDeque<EpochMs>>,
    /// When it was called within the last second, but for what carries its own right.
    called_ms: VecDeque<EpochMs>,
    /// Calls refused because a limit was reached.
    limited: usize,
    /// Keeps little.
    forgets: bool,
    session: Option<Session>,
    opened: usize,
    resumed: usize,
    identified: usize,
    content_is_off: bool,
    /// Edits it takes of a message that is older than an hour; as many as there are when absent.
    edits_of_old: Option<u32>,
    /// Permissions the bot was not given, as bits.
    denied: u64,
    /// What channels say otherwise, by channel.
    overwrites: HashMap<String, Value>,
    heartbeat_ms: Option<u64>,
    closed_to: Vec<String>,
    deaf: bool,
    last_id: u64,
}

/// The simulator. Cheap to clone; it serves until the last one is dropped.
#[derive(Clone)]
pub struct Sim {
    inside: Arc<Inside>,
}

pub(crate) struct Inside {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    api: SocketAddr,
    socket: SocketAddr,
    paced: bool,
    changed: watch::Sender<u64>,
    hang_up: Mutex<CancellationToken>,
    stop: CancellationToken,
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sim({})", self.api_base())
    }
}

impl Sim {
    /// Starts one on free ports of this machine. When `paced`, it answers 429 to the sixth message in a channel within five
    /// seconds, and to the fifty-first call within one, as Discord does.
    pub async fn start(clock: Arc<dyn Clock>, paced: bool) -> std::io::Result<Self> {
        Self::start_at(clock, paced, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same, with the REST interface at this address.
    pub async fn start_at(clock: Arc<dyn Clock>, paced: bool, at: SocketAddr) -> std::io::Result<Self> {
        let api = TcpListener::bind(at).await?;
        let socket = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let inside = Arc::new(Inside {
            state: Mutex::default(),
            clock,
            api: api.local_addr()?,
            socket: socket.local_addr()?,
            paced,
            changed: watch::Sender::new(0),
            hang_up: Mutex::default(),
            stop: CancellationToken::new(),
        });
        for (number, channel) in CHANNELS.iter().enumerate() {
            let name = if number == 0 { "deploys" } else { "elsewhere" };
            let known = ((*channel).to_owned(), (name.to_owned(), Kind::Channel));
            inside.state().channels.extend([known]);
        }
        tokio::spawn(api::serve(api, Arc::downgrade(&inside), inside.stop.clone()));
        tokio::spawn(sockets::serve(socket, Arc::downgrade(&inside), inside.stop.clone()));
        Ok(Self { inside })
    }

    /// What `discord.api_base` must be.
    pub fn api_base(&self) -> String {
        format!("http://{}/api/v10", self.inside.api)
    }

    /// The address of the window on it: a page on which people type and click as on Discord.
    pub fn window(&self) -> String {
        format!("http://{}/", self.inside.api)
    }

    /// What goes wrong with the next call of a kind, as `POST messages`; several in order.
    pub fn fault(&self, kind: &str, fault: Fault) {
        self.inside.state().faults.entry(kind.to_owned()).or_default().push_back(fault);
    }

    /// All calls of the bot so far.
    pub fn calls(&self) -> Vec<Call> {
        self.inside.state().calls.clone()
    }

    /// From now on it keeps no bodies of calls, no older versions of messages, and nothing to be told again.
    pub fn forgets(&self) {
        self.inside.state().forgets = true;
    }

    /// How often it asked to wait because a limit was reached.
    pub fn limited(&self) -> usize {
        self.inside.state().limited
    }

    /// The server has one more channel.
    pub fn opens(&self, channel: &str, name: &str) {
        self.inside.state().channels.insert(channel.to_owned(), (name.to_owned(), Kind::Channel));
    }

    /// Messages as they are now.
    pub fn found(&self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        self.inside.state().messages.iter().filter(|message| wanted(message)).cloned().collect()
    }

    /// All messages, in the order they were written.
    pub fn messages(&self) -> Vec<Message> {
        self.inside.state().messages.clone()
    }

    /// Every version of every message of the bot, in the order they were shown.
    pub fn versions(&self) -> Vec<Message> {
        self.inside.state().versions.clone()
    }

    /// The commands the bot registered.
    pub fn commands(&self) -> Vec<Value> {
        self.inside.state().commands.clone()
    }

    /// The name of a channel or thread, and the channel a thread belongs to.
    pub fn channel(&self, id: &str) -> Option<(String, Option<String>)> {
        let state = self.inside.state();
        let (name, kind) = state.channels.get(id)?;
        let parent = match kind {
            Kind::Thread { parent } => Some(parent.clone()),
            Kind::Channel | Kind::Direct { .. } => None,
        };
        Some((name.clone(), parent))
    }

    /// Who alone reads a channel, when it is between the bot and somebody.
    pub fn reader(&self, channel: &str) -> Option<String> {
        match self.inside.state().channels.get(channel) {
            Some((_, Kind::Direct { user })) => Some(user.clone()),
            _ => None,
        }
    }

    /// Sockets that were ever opened, sessions that were begun, and sessions that were resumed.
    pub fn opened(&self) -> (usize, usize, usize) {
        let state = self.inside.state();
        (state.opened, state.identified, state.resumed)
    }

    /// Whether the bot is connected.
    pub fn is_connected(&self) -> bool {
        let state = self.inside.state();
        let socket = state.session.as_ref().and_then(|session| session.socket.as_ref());
        socket.is_some_and(|socket| !socket.is_closed())
    }

    /// The socket ends, as when a network goes away.
    pub fn hang_up(&self) {
        let mut hang_up = self.inside.hang_up.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *hang_up).cancel();
        if let Some(session) = &mut self.inside.state().session {
            session.socket = None;
        }
    }

    /// Forgets the session: it can't be resumed.
    pub fn forget_session(&self) {
        self.inside.state().session = None;
    }

    /// Asks the bot to connect again.
    pub fn ask_to_reconnect(&self) {
        self.inside.push(serde_json::json!({ "op": 7, "d": null }));
    }

    /// The switch *Message Content Intent* is off, or on.
    pub fn content_off(&self, off: bool) {
        self.inside.state().content_is_off = off;
    }

    /// A message older than an hour is edited this often at most.
    pub fn wears_out(&self, edits: u32) {
        self.inside.state().edits_of_old = Some(edits);
    }

    /// The bot's role on the server has not the permissions of these bits, from now on; it is told so.
    pub async fn denies(&self, bits: u64) {
        self.inside.state().denied = bits;
        let role = serde_json::json!({ "guild_id": GUILD, "role": { "id": BOT_ROLE } });
        self.tell("GUILD_ROLE_UPDATE", &role).await;
    }

    /// A channel says otherwise of somebody or a role, from now on: identifier, kind, what is allowed and denied; the bot is
    /// told so.
    pub async fn overwrites(&self, channel: &str, said: &[(&str, u8, u64, u64)]) {
        let described = {
            let mut state = self.inside.state();
            let said = said.iter().map(|(id, kind, allow, deny)| {
                serde_json::json!({ "id": id, "type": kind, "allow": allow.to_string(), "deny": deny.to_string() })
            });
            let said = said.collect();
            state.overwrites.insert(channel.to_owned(), said);
            state.described(channel).unwrap_or_default()
        };
        self.tell("CHANNEL_UPDATE", &described).await;
    }

    /// How often new sockets want a sign of life, in milliseconds.
    pub fn heartbeat_ms(&self, every_ms: u64) {
        self.inside.state().heartbeat_ms = Some(every_ms);
    }

    /// Somebody takes no direct messages.
    pub fn closed_to_direct(&self, name: &str) {
        self.inside.state().closed_to.push(user_id(name));
    }

    /// No heartbeat is answered any more, or each is again.
    pub fn deaf(&self, deaf: bool) {
        self.inside.state().deaf = deaf;
    }

    /// Gives somebody roles on the server.
    pub fn roles(&self, name: &str, roles: &[&str]) {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        self.inside.state().roles.insert(user_id(name), roles);
    }

    /// Returns once this holds.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let mut changed = self.inside.changed.subscribe();
        while !holds(self) {
            // The simulator itself holds the sender.
            let _ = changed.changed().await;
        }
    }
}

impl Inside {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_changed(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    fn hung_up(&self) -> CancellationToken {
        self.hang_up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a frame that is no event.
    fn push(&self, frame: Value) {
        let state = self.state();
        if let Some(socket) = state.session.as_ref().and_then(|session| session.socket.as_ref()) {
            // It may be gone in this moment.
            let _ = socket.send(frame);
        }
    }
}

impl State {
    /// A fresh identifier: the time, and never the same twice.
    fn id(&mut self, now_ms: EpochMs) -> String {
        let least = crate::snowflake::at(now_ms).parse::<u64>().unwrap_or(0);
        self.last_id = least.max(self.last_id + 1);
        self.last_id.to_string()
    }

    /// What somebody is called.
    fn name(&self, user: &str) -> String {
        self.users.get(user).cloned().unwrap_or_else(|| user.to_owned())
    }

    /// A channel as Discord describes it.
    fn described(&self, id: &str) -> Option<Value> {
        let (name, kind) = self.channels.get(id)?;
        Some(match kind {
            Kind::Channel => serde_json::json!({
                "id": id, "type": 0, "name": name, "guild_id": GUILD,
                "permission_overwrites": self.overwrites.get(id).cloned().unwrap_or_else(|| Value::Array(Vec::new())),
            }),
            Kind::Thread { parent } => serde_json::json!({
                "id": id, "type": 11, "name": name, "guild_id": GUILD, "parent_id": parent, "owner_id": BOT_USER,
                "thread_metadata": { "archived": false, "auto_archive_duration": 1440, "locked": false },
            }),
            Kind::Direct { user } => {
                serde_json::json!({ "id": id, "type": 1, "recipients": [{ "id": user, "username": self.name(user) }] })
            }
        })
    }
}
