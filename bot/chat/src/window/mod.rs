//! A developer's window on a simulated front: a page on this machine that shows what people see there, and lets whoever
//! looks type, click and fill in as one of them. Here is what such windows share: the frame, the script that keeps it up to
//! date, and marked text as HTML. What a simulator was told it draws itself.
//!
//! The page's parts are drawn where they are known, by the simulator; the script only puts them in place.

mod marks;

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use marks::{MARKDOWN, MRKDWN, Marks, Pointed};

/// The people a window offers to be: those of the sample project.
pub const PEOPLE: [&str; 4] = ["ana", "ben", "zoe", "vera"];

/// How long a page waits for something new.
const WAITS: Duration = Duration::from_secs(20);

const SCRIPT: &str = include_str!("window.js");
const STYLE: &str = include_str!("window.css");

/// One look: elements of the page with what is in them.
pub type Parts = Vec<(&'static str, String)>;

/// What a page is besides its parts.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What stands on its tab.
    pub title: &'a str,
    /// The class of its body.
    pub class: &'a str,
    /// What stands where one types; nothing where one can't.
    pub hint: Option<&'a str>,
    /// Whether a thread is open beside it.
    pub thread: bool,
}

/// Who looks, and where.
#[derive(Debug, Clone)]
pub struct Looking {
    /// Who.
    pub who: String,
    /// At which place.
    pub place: String,
    /// At which thread beside it.
    pub thread: Option<String>,
    /// What was seen last.
    seen: u64,
}

impl Looking {
    /// As a page asks for it; who says no place looks at this one.
    pub fn of(asked: Vec<(String, String)>, place: &str) -> Self {
        let asked = Given::new(asked);
        let thread = asked.or("thread", "").to_owned();
        Self {
            who: asked.or("as", PEOPLE[0]).to_owned(),
            place: asked.or("in", place).to_owned(),
            thread: Some(thread).filter(|thread| !thread.is_empty()),
            seen: asked.or("seen", "").parse().unwrap_or_default(),
        }
    }

    /// Waits until there is anything else than what was seen, or the simulator is at its end; not for ever.
    pub async fn waits(&self, changed: &mut watch::Receiver<u64>, stop: &CancellationToken) {
        let new = changed.wait_for(|count| *count + 1 > self.seen);
        tokio::select! {
            _ = tokio::time::timeout(WAITS, new) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// A whole page.
pub fn page(frame: &Frame<'_>, parts: &Parts) -> String {
    let part = |id: &str| parts.iter().find(|(name, _)| *name == id).map_or("", |(_, html)| html.as_str());
    let composer = |id: &str, hint: &str| {
        let hint = escape(hint);
        format!(
            "<form id=\"{id}\" class=\"composer\" action=\"/window/say\"><input name=\"text\" autocomplete=\"off\" \
             placeholder=\"{hint}\" aria-label=\"{hint}\"><button>Send</button></form>"
        )
    };
    let write = frame.hint.map(|hint| composer("write", hint)).unwrap_or_default();
    let beside = if frame.thread {
        format!(
            "<aside><header id=\"thread-head\">{}</header><section id=\"thread\">{}</section>{}</aside>",
            part("thread-head"),
            part("thread"),
            composer("reply", "Reply in the thread"),
        )
    } else {
        String::new()
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\
         <body class=\"{class}\"><nav id=\"side\">{side}</nav><main><header id=\"head\">{head}</header>\
         <section id=\"talk\">{talk}</section>{write}</main>{beside}<div id=\"over\">{over}</div>\
         <dialog id=\"ask\"></dialog><p id=\"told\" role=\"status\"></p><script>{SCRIPT}</script></body></html>",
        title = escape(frame.title),
        class = frame.class,
        side = part("side"),
        head = part("head"),
        talk = part("talk"),
        over = part("over"),
    )
}

/// One look as the script wants it, after so many changes; `seen` is what it names when it asks for the next one.
pub fn look(changes: u64, parts: &Parts) -> Value {
    let seen = changes + 1;
    let parts: serde_json::Map<String, Value> =
        parts.iter().map(|(id, html)| ((*id).to_owned(), json!(html))).collect();
    json!({ "seen": seen, "parts": parts })
}

/// What whoever looks may do as, and where: links, those chosen marked.
pub fn side(title: &str, who: &str, places: &[(String, String)], place: &str) -> String {
    let mut html = format!("<h1>{}</h1><h2>You are</h2>", escape(title));
    let mut link = |href: &str, label: &str, chosen: bool| {
        let class = if chosen { " class=\"chosen\"" } else { "" };
        let _ = write!(html, "<a{class} href=\"{}\">{}</a>", escape(href), escape(label));
    };
    let others = if PEOPLE.contains(&who) { None } else { Some(who) };
    for person in PEOPLE.into_iter().chain(others) {
        link(&address(person, "", None), person, person == who);
    }
    html.push_str("<h2>Where</h2>");
    for (id, label) in places {
        let class = if id == place { " class=\"chosen\"" } else { "" };
        let _ = write!(html, "<a{class} href=\"{}\">{}</a>", escape(&address(who, id, None)), escape(label));
    }
    html
}

/// The address of a page: who looks, where, and at which thread.
pub fn address(who: &str, place: &str, thread: Option<&str>) -> String {
    let plain = |text: &str| text.replace(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)), "");
    let mut address = format!("/?as={}", plain(who));
    if !place.is_empty() {
        let _ = write!(address, "&in={}", plain(place));
    }
    if let Some(thread) = thread {
        let _ = write!(address, "&thread={}", plain(thread));
    }
    address
}

/// A form that does one thing: fields nobody sees, and one button with further attributes.
pub fn act(action: &str, fields: &[(&str, &str)], button: &str, label: &str) -> String {
    let mut html = format!("<form action=\"/window/{action}\">");
    for (name, value) in fields {
        let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    let _ = write!(html, "<button {button}>{}</button></form>", escape(label));
    html
}

/// What a page hands over, by name.
#[derive(Clone)]
pub struct Given(Vec<(String, String)>);

impl Given {
    /// From names and values.
    pub fn new(given: Vec<(String, String)>) -> Self {
        Self(given)
    }

    /// The value of a name; this one when there is none.
    pub fn or<'g>(&'g self, name: &str, other: &'g str) -> &'g str {
        let found = self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty()).unwrap_or(other)
    }

    /// All names and values.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is filled in may be a secret.
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// What a page is told of what was done on it; nothing when that went well.
pub fn told(says: &str) -> Value {
    json!({ "says": says })
}

/// Whether a call comes from a window's own page, and from no other site that a browser of this machine has open: those
/// name themselves as the origin, or reach the simulator under another name.
pub fn is_own(own: &str, host: Option<&str>, origin: Option<&str>) -> bool {
    let port = own.rsplit_once(':').map_or("", |(_, port)| port);
    let names = [own.to_owned(), format!("localhost:{port}")];
    let known = |name: &str| names.iter().any(|own| own == name);
    host.is_some_and(known) && origin.is_none_or(|origin| origin.strip_prefix("http://").is_some_and(known))
}

/// Text as HTML shows it.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sites_do_nothing_here() {
        let own = "127.0.0.1:7600";
        assert!(is_own(own, Some(own), None), "a script on this machine");
        assert!(is_own(own, Some("localhost:7600"), Some("http://localhost:7600")));
        assert!(!is_own(own, Some(own), Some("https://evil.example")));
        assert!(
            !is_own(own, Some("evil.example:7600"), Some("http://evil.example:7600")),
            "another name for it"
        );
        assert!(!is_own(own, None, None));
    }

    #[test]
    fn what_is_shown_is_never_markup() {
        let frame = Frame { title: "<b>", class: "slack", hint: Some("\"><script>"), thread: false };
        let page = page(&frame, &vec![("talk", escape("<script>alert(1)</script>"))]);
        assert_eq!(page.matches("<script>").count(), 1, "its own alone");
        assert_eq!(address("<x>&a=", "C1\"", Some("1.2")), "/?as=xa&in=C1&thread=1.2");
    }
}
