//! A Discord to try the bot with, in a browser and in a terminal: no account, no token. The page it names shows what people
//! see; everything can also be typed here:
//!
//! ```text
//! cargo run -p discord --example discord_sim    # says how to start infra-chat beside it
//! ana: deploy staging                           # somebody writes in the channel
//! ana in 3: rollback                            # … in the thread of message 3
//! ana to the bot: whoami                        # … between the two
//! ben clicks Approve                            # the newest button of that name; `Yes` answers "Are you sure?"
//! ana /deploy environment=staging ref=v1.0.0    # a command with options
//! ana types /deploy environment=st              # what is proposed
//! ana fills value=3                             # the form that is open; `answer=…` for a question
//! hang up                                       # the socket is lost, and can be resumed
//! forget                                        # … and cannot
//! limit POST messages 30                        # the next call of that kind is asked to wait 30 s; also: PATCH messages, POST threads
//! ```
//!
//! Its one argument is the port to listen on, 7610 unless told otherwise.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use chat::window::PEOPLE;
use discord::sim::{Acked, CHANNELS, Fault, Message, Press, Sim, TOKEN, buttons_of, options_of};
use engine::clock::SystemClock;
use tokio::sync::mpsc;

/// Where it listens unless told otherwise.
const PORT: u16 = 7610;
/// The channel everybody is in.
const CHANNEL: &str = CHANNELS[0];

/// What can be typed.
const TYPED: &str = "`ana: deploy staging`, `ben clicks Approve` and then `ben clicks Yes` (the button that answers whether he means \
     it), `ana /status`, `ana in 3: rollback`, `ana types /deploy environment=st`, `ana fills answer=3`, `hang up`, `forget`, \
     `limit POST messages 30` (or PATCH messages, POST threads): the next such call is asked to wait 30 s";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = match std::env::args().nth(1).map(|port| port.parse()) {
        None => PORT,
        Some(Ok(port)) => port,
        Some(Err(_)) => {
            return say(&format!(
                "discord_sim [PORT]    (7610 unless told otherwise)\n\nTyped there: {TYPED}."
            ));
        }
    };
    let sim = Sim::start_at(Arc::new(SystemClock), true, SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let links = PEOPLE
        .map(|name| format!("infra-chat --as zoe user link {name} discord:{}", sim.user(name)))
        .join("\n  ");
    say(&format!(
        "A simulated Discord: open {} in a browser. Beside it, in another terminal:\n\n  \
         export INFRA_CHAT_DISCORD_API_BASE={} INFRA_CHAT_DISCORD_TOKEN={TOKEN}\n  \
         export INFRA_CHAT_DISCORD_CHANNELS={CHANNEL}\n  \
         {links}\n  infra-chat serve\n\n\
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
    match line {
        "hang up" => sim.hang_up(),
        "forget" => {
            sim.hang_up();
            sim.forget_session();
        }
        _ => {
            if let Some((kind, seconds)) = line.strip_prefix("limit ").and_then(|rest| rest.rsplit_once(' '))
                && let Ok(seconds) = seconds.parse()
            {
                sim.fault(kind, Fault::Limited(seconds));
                return Ok(());
            }
            let Some((user, rest)) = line.split_once([' ', ':']) else { return Ok(()) };
            return somebody(sim, user, rest.trim()).await;
        }
    }
    Ok(())
}

async fn somebody(sim: &Sim, user: &str, rest: &str) -> std::io::Result<()> {
    if let Some(label) = rest.strip_prefix("clicks ") {
        let found =
            if label == "Yes" { asked(sim, user) } else { sim.buttons(user, label).into_iter().next() };
        let Some(press) = found else { return say(&format!("{user} sees no button {label}")) };
        return told(sim, user, sim.interact(&sim.presses(user, &press)).await);
    }
    if let Some(filled) = rest.strip_prefix("fills ") {
        let Some(body) = sim.submits(user, &options_of(filled)) else {
            return say(&format!("{user} sees no form"));
        };
        return told(sim, user, sim.interact(&body).await);
    }
    if let Some(typed) = rest.strip_prefix("types /") {
        let (command, options) = typed.split_once(' ').unwrap_or((typed, ""));
        let Some((option, text)) = options_of(options).pop() else {
            return say("types /deploy environment=st");
        };
        return told(sim, user, sim.interact(&sim.types(user, CHANNEL, command, option, text)).await);
    }
    if let Some(command) = rest.strip_prefix('/') {
        let (command, options) = command.split_once(' ').unwrap_or((command, ""));
        let body = sim.command(user, CHANNEL, command, &options_of(options));
        return told(sim, user, sim.interact(&body).await);
    }
    let in_thread = rest.strip_prefix("in ").and_then(|rest| rest.split_once(':'));
    let (channel, text) = match (in_thread, rest.strip_prefix("to the bot:")) {
        (Some((number, text)), _) => {
            let root =
                number.trim().parse::<usize>().ok().and_then(|number| sim.messages().get(number).cloned());
            (root.map_or_else(|| CHANNEL.to_owned(), |root| root.id), text)
        }
        (None, Some(text)) => (sim.direct(user), text),
        (None, None) => (CHANNEL.to_owned(), rest),
    };
    let body = sim.writes(user, &channel, None, text.trim());
    if sim.tell_patiently("MESSAGE_CREATE", &body).await {
        return Ok(());
    }
    say("  (nobody has heard it yet: is infra-chat connected?)")
}

/// The button with which somebody answers whether they mean it.
fn asked(sim: &Sim, user: &str) -> Option<Press> {
    let user = Some(sim.user(user));
    let mut asked = sim.messages().into_iter().rev().filter(|it| it.instant && it.only_for == user);
    let message = asked.find(|message| !message.components.is_empty())?;
    let component = buttons_of(&message.components).into_iter().next()?;
    Some(Press { message, component, values: Vec::new() })
}

fn told(sim: &Sim, user: &str, acked: Option<Acked>) -> std::io::Result<()> {
    let Some(acked) = acked else {
        return say("  (This interaction failed: not acknowledged within 3 s. Is infra-chat connected?)");
    };
    match acked.kind {
        8 => say(&format!("  {}", acked.data["choices"])),
        9 => {
            let form = sim.form(user).unwrap_or_default();
            say(&format!("{user} sees the form «{}»", form["title"].as_str().unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

fn show(sim: &Sim, message: &Message) -> std::io::Result<()> {
    let number = sim.messages().iter().position(|one| one.id == message.id).unwrap_or_default();
    let edited = if message.edits > 0 { format!(", edited {} times", message.edits) } else { String::new() };
    let place = match sim.channel(&message.channel) {
        Some((name, Some(_))) => format!(", in the thread «{name}»"),
        _ => String::new(),
    };
    let reader = message.only_for.clone().or_else(|| sim.reader(&message.channel));
    let only = reader.map(|user| format!(", only for {}", sim.name(&user))).unwrap_or_default();
    let labels: Vec<String> = buttons_of(&message.components)
        .iter()
        .map(|one| format!("[{}]", one["label"].as_str().or(one["placeholder"].as_str()).unwrap_or_default()))
        .collect();
    let mut text = message.content.clone();
    for embed in &message.embeds {
        for part in [&embed["description"], &embed["footer"]["text"]] {
            text.extend(part.as_str().map(|part| format!("\n  │ {}", part.replace('\n', "\n  │ "))));
        }
        for field in embed["fields"].as_array().into_iter().flatten() {
            let part = |key: &str| field[key].as_str().unwrap_or_default();
            text.extend(["\n  │ ", part("name"), ": ", part("value")]);
        }
    }
    say(&format!("── message {number}{place}{only}{edited}\n{text}\n{}", labels.join(" ")))
}

fn say(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}
