//! A small Slack: the Web API as far as the front uses it, sockets, clicks, modals, signed calls, and the faults of the real
//! one. It keeps what it is told, and refuses what Slack refuses.

mod api;
mod check;
mod deliver;
mod history;
mod people;
mod sockets;
mod window;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::{Clock, EpochMs};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

pub use deliver::{Acked, signature};
pub use people::{Press, buttons_of};
pub use window::CHANNEL;

/// The bot's token here.
pub const BOT_TOKEN: &str = "xoxb-simulated";
/// The app's token here.
pub const APP_TOKEN: &str = "xapp-simulated";
/// The signing secret here.
pub const SIGNING_SECRET: &str = "simulated-signing-secret";
/// The bot's user here.
pub const BOT_USER: &str = "U0BOT";

/// A message as the simulator keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its channel.
    pub channel: String,
    /// Its identifier.
    pub ts: String,
    /// The root of its thread.
    pub thread: Option<String>,
    /// Who wrote it.
    pub user: String,
    /// For one person alone.
    pub only_for: Option<String>,
    /// The text.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<Value>,
    /// How often it was edited.
    pub edits: u32,
}

/// A file as the simulator keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: String,
    /// The channel and thread it was shared in, once it was.
    pub shared: Option<(String, String)>,
}

/// A call of the bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The method.
    pub method: String,
    /// What was given, fields of forms and queries as text.
    pub body: Value,
    /// When.
    pub at_ms: EpochMs,
}

/// What goes wrong with the next call of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429, with this many seconds to wait.
    Limited(u32),
    /// 429 without a word, not even of what kind it is: a proxy's.
    LimitedBarely(u32),
    /// 200, and no answer of Slack's: a page of something between.
    Page,
    /// 404: nobody is there.
    Nowhere,
    /// `ok: false` with this word.
    Refused(&'static str),
    /// A server error; nothing was done.
    Broken,
    /// It is done, and the answer is lost.
    AnswerLost,
}

/// What is inside.
#[derive(Default)]
pub(crate) struct State {
    messages: Vec<Message>,
    /// Every version of every message of the bot, in order.
    versions: Vec<Message>,
    /// Sockets that were ever opened.
    opened: usize,
    files: BTreeMap<String, File>,
    /// A scope that the app was not given.
    without: Option<&'static str>,
    /// Modals by their identifier, with who sees them.
    modals: BTreeMap<String, (String, Value)>,
    homes: BTreeMap<String, Value>,
    triggers: HashMap<String, (String, EpochMs)>,
    /// Triggers that a form was opened with.
    exchanged: HashSet<String>,
    calls: Vec<Call>,
    faults: HashMap<String, VecDeque<Fault>>,
    sockets: Vec<mpsc::UnboundedSender<String>>,
    waiting: HashMap<String, oneshot::Sender<Value>>,
    answers: Vec<Value>,
    /// The same as messages to whoever is answered.
    told: Vec<Message>,
    /// Faults a form was answered with, by its identifier.
    form_faults: HashMap<String, Value>,
    /// Keeps little.
    forgets: bool,
    /// Calls refused because a limit was reached.
    limited: usize,
    /// When methods that are counted over the workspace were called, within the last minute.
    called_ms: HashMap<String, VecDeque<EpochMs>>,
    numbers: u64,
    last_us: i64,
    /// Last message of each channel, when the pace is kept.
    spoke_ms: HashMap<String, EpochMs>,
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
    /// Ends all sockets that are open.
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
    /// Starts one on free ports of this machine. When `paced`, it answers 429 to a second message in a channel within a
    /// second, as Slack does.
    pub async fn start(clock: Arc<dyn Clock>, paced: bool) -> std::io::Result<Self> {
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_at(clock, paced, here).await
    }

    /// The same, with the Web API at this address.
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
        tokio::spawn(api::serve(api, Arc::downgrade(&inside), inside.stop.clone()));
        tokio::spawn(sockets::serve(socket, Arc::downgrade(&inside), inside.stop.clone()));
        Ok(Self { inside })
    }

    /// What `slack.api_base` must be.
    pub fn api_base(&self) -> String {
        format!("http://{}/api", self.inside.api)
    }

    /// The address of the window on it: a page on which people type and click as on Slack.
    pub fn window(&self) -> String {
        format!("http://{}/", self.inside.api)
    }

    /// What goes wrong with the next call of a method; several in order.
    pub fn fault(&self, method: &str, fault: Fault) {
        self.inside.state().faults.entry(method.to_owned()).or_default().push_back(fault);
    }

    /// All calls of the bot so far.
    pub fn calls(&self) -> Vec<Call> {
        self.inside.state().calls.clone()
    }

    /// From now on it keeps no bodies of calls, but for the channel, and no older versions of messages.
    pub fn forgets(&self) {
        self.inside.state().forgets = true;
    }

    /// How often it asked to wait because a limit was reached.
    pub fn limited(&self) -> usize {
        self.inside.state().limited
    }

    /// The texts of messages as they are now.
    pub fn texts(&self, wanted: impl Fn(&Message) -> bool) -> Vec<String> {
        let state = self.inside.state();
        state.messages.iter().filter(|message| wanted(message)).map(|message| message.text.clone()).collect()
    }

    /// All messages, in the order they were written.
    pub fn messages(&self) -> Vec<Message> {
        self.inside.state().messages.clone()
    }

    /// The app was made without a scope.
    pub fn without_scope(&self, scope: &'static str) {
        self.inside.state().without = Some(scope);
    }

    /// All files.
    pub fn files(&self) -> Vec<File> {
        self.inside.state().files.values().cloned().collect()
    }

    /// The modals somebody sees: their identifiers and views.
    pub fn modals(&self, user: &str) -> Vec<(String, Value)> {
        let state = self.inside.state();
        let theirs = state.modals.iter().filter(|(_, (who, _))| who == user);
        theirs.map(|(id, (_, view))| (id.clone(), view.clone())).collect()
    }

    /// Somebody's App Home.
    pub fn home(&self, user: &str) -> Option<Value> {
        self.inside.state().homes.get(user).cloned()
    }

    /// What was answered at addresses that came with commands.
    pub fn answers(&self) -> Vec<Value> {
        self.inside.state().answers.clone()
    }

    /// Sockets that are open.
    pub fn sockets(&self) -> usize {
        self.inside.state().sockets.iter().filter(|socket| !socket.is_closed()).count()
    }

    /// Slack says something on every socket that is no envelope: `disconnect`.
    pub fn announces(&self, message: &Value) {
        for socket in &self.inside.state().sockets {
            // One that is gone hears nothing.
            let _ = socket.send(message.to_string());
        }
    }

    /// Every socket ends, as when a network goes away.
    pub fn hang_up(&self) {
        let mut hang_up = self.inside.hang_up.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *hang_up).cancel();
    }

    /// Every version of every message of the bot, in the order they were shown.
    pub fn versions(&self) -> Vec<Message> {
        self.inside.state().versions.clone()
    }

    /// Sockets that were ever opened.
    pub fn opened(&self) -> usize {
        self.inside.state().opened
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
}

impl State {
    /// A message of the bot looks like this now.
    fn version(&mut self, message: Message) {
        if !self.forgets {
            self.versions.push(message);
        }
    }

    /// A fresh number, for identifiers.
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// A fresh identifier of a message: the time, and never the same twice.
    fn ts(&mut self, now_ms: EpochMs) -> String {
        self.last_us = (now_ms * 1_000).max(self.last_us + 1);
        format!("{}.{:06}", self.last_us / 1_000_000, self.last_us % 1_000_000)
    }
}
