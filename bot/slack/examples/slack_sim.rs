//! A Slack to try the bot with, in a browser and in a terminal: no account, no token. The page it names shows what people see;
//! everything can also be typed here:
//!
//! ```text
//! cargo run -p slack --example slack_sim        # says how to start infra-chat beside it
//! ana: deploy staging                           # somebody writes in the channel
//! ana in 3: rollback                            # … in the thread of message 3
//! ben clicks Approve                            # the newest button of that name
//! ana /infra status                             # a command
//! ana fills value=3                             # the form that is open; `answer=…` for a question
//! ana opens home
//! hang up                                       # every socket is lost
//! limit chat.update 30                          # the next call of that method is asked to wait 30 s
//! ```
//!
//! Its one argument is the port to listen on, 7600 unless told otherwise.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use engine::clock::SystemClock;
use slack::sim::{APP_TOKEN, BOT_TOKEN, CHANNEL, Fault, Message, Sim, buttons_of};
use tokio::sync::mpsc;

/// Where it listens unless told otherwise.
const PORT: u16 = 7600;

/// What can be typed.
const TYPED: &str = "`ana: deploy staging`, `ben clicks Approve`, `ana /infra status`, `ana in 3: rollback`, `ana fills answer=3`, \
     `ana opens home`, `hang up`, `limit chat.update 30` (or chat.postMessage): the next such call is asked to wait 30 s";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = match std::env::args().nth(1).map(|port| port.parse()) {
        None => PORT,
        Some(Ok(port)) => port,
        Some(Err(_)) => {
            return say(&format!(
                "slack_sim [PORT]    (7600 unless told otherwise)\n\nTyped there: {TYPED}."
            ));
        }
    };
    let sim = Sim::start_at(Arc::new(SystemClock), true, SocketAddr::from(([127, 0, 0, 1], port))).await?;
    say(&format!(
        "A simulated Slack: open {} in a browser. Beside it, in another terminal:\n\n  \
         export INFRA_CHAT_SLACK_API_BASE={} INFRA_CHAT_SLACK_BOT_TOKEN={BOT_TOKEN}\n  \
         export INFRA_CHAT_SLACK_APP_TOKEN={APP_TOKEN} INFRA_CHAT_SLACK_CHANNELS={CHANNEL}\n  \
         for name in vera ana ben zoe; do infra-chat --as zoe user link $name slack:$name; done\n  infra-chat serve\n\n\
         Then there, or here: {TYPED}.
",
        sim.window(),
        sim.api_base(),
    ))?;
    let (typed, mut lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| typed.send(line))
    });
    let (mut shown, mut typing) = (0, true);
    loop {
        tokio::select! {
            () = sim.until(|sim| sim.versions().len() > shown) => {
                let versions = sim.versions();
                for version in &versions[shown..] {
                    show(&sim, version)?;
                }
                shown = versions.len();
            }
            line = lines.recv(), if typing => match line {
                Some(line) => act(&sim, line.trim()).await?,
                // Nobody types here: the page goes on.
                None => typing = false,
            },
        }
    }
}

async fn act(sim: &Sim, line: &str) -> std::io::Result<()> {
    if line == "hang up" {
        sim.hang_up();
        return Ok(());
    }
    if let Some((method, seconds)) = line.strip_prefix("limit ").and_then(|rest| rest.rsplit_once(' '))
        && let Ok(seconds) = seconds.parse()
    {
        sim.fault(method, Fault::Limited(seconds));
        return Ok(());
    }
    let Some((user, rest)) = line.split_once([' ', ':']) else { return Ok(()) };
    let rest = rest.trim();
    let (kind, payload) = if let Some(command) = rest.strip_prefix("/infra") {
        ("slash_commands", sim.commands(user, CHANNEL, command.trim()))
    } else if rest == "opens home" {
        ("events_api", sim.opens_home(user))
    } else if let Some(label) = rest.strip_prefix("clicks ") {
        match sim.buttons(user, label).first() {
            Some(press) => ("interactive", sim.presses(user, press)),
            None => return say(&format!("{user} sees no button {label}")),
        }
    } else if let Some(filled) = rest.strip_prefix("fills ") {
        let filled: Vec<(&str, &str)> =
            filled.split_whitespace().filter_map(|pair| pair.split_once('=')).collect();
        match sim.submits(user, &filled) {
            Some(payload) => ("interactive", payload),
            None => return say(&format!("{user} sees no form")),
        }
    } else if let Some((number, text)) = rest.strip_prefix("in ").and_then(|rest| rest.split_once(':')) {
        let root = number.trim().parse::<usize>().ok().and_then(|number| sim.messages().get(number).cloned());
        ("events_api", sim.writes(user, CHANNEL, root.as_ref().map(|root| root.ts.as_str()), text.trim()))
    } else {
        ("events_api", sim.writes(user, CHANNEL, None, rest))
    };
    match sim.deliver(kind, &payload, false).await {
        Some(acked) if !acked.payload.is_null() => say(&format!("  → {}", acked.payload)),
        Some(_) => Ok(()),
        None => say("  (not acknowledged within 3 s: is infra-chat connected?)"),
    }?;
    if rest.starts_with("opens home")
        && let Some(home) = sim.home(user)
    {
        say(&format!("{home:#}"))?;
    }
    for (_, modal) in sim
        .modals(user)
        .into_iter()
        .rev()
        .take(1)
        .filter(|_| rest.starts_with("clicks") || rest.starts_with('/'))
    {
        say(&format!("{user} sees the form «{}»", modal["title"]["text"].as_str().unwrap_or_default()))?;
    }
    Ok(())
}

fn show(sim: &Sim, message: &Message) -> std::io::Result<()> {
    let number = sim.messages().iter().position(|one| one.ts == message.ts).unwrap_or_default();
    let edited = if message.edits > 0 { format!(", edited {} times", message.edits) } else { String::new() };
    let thread = if message.thread.is_some() { ", in a thread" } else { "" };
    let only = message.only_for.as_ref().map(|user| format!(", only for {user}")).unwrap_or_default();
    let labels: Vec<String> = buttons_of(&message.blocks)
        .iter()
        .map(|button| format!("[{}]", button["text"]["text"].as_str().unwrap_or_default()))
        .collect();
    let text = message.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    say(&format!("── message {number}{thread}{only}{edited}\n{text}{}", labels.join(" ")))
}

fn say(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}
