//! What was shown in the room, and what of it somebody has looked at.

use std::sync::{LazyLock, Mutex};

use chat::{Outbound, Tone};
use engine::model::RunId;
use regex::Regex;

use super::text;

static REAL_ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([ri])-([0-9a-f]{4,})\b").unwrap());
static STORY_ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([ri])-([0-9]{1,2})\b").unwrap());

/// What was shown.
#[derive(Default)]
pub(crate) struct Room {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    shown: Vec<Shown>,
    /// Random parts of run identifiers in the order they were first seen.
    ids: Vec<String>,
}

/// Something that was shown.
pub(crate) struct Shown {
    /// As plain text.
    pub(crate) text: String,
    /// The card it draws; empty for a message of its own.
    pub(crate) key: String,
    /// Labels and commands of its buttons.
    pub(crate) buttons: Vec<(String, String)>,
    /// Bad news, or something somebody must do.
    pub(crate) matters: bool,
    /// An edit of a card with a key, or a message of its own.
    pub(crate) update: bool,
    /// For one person alone.
    pub(crate) private: bool,
    /// Who had spoken: private messages are for them alone.
    pub(crate) to: String,
    /// Somebody looked at it.
    pub(crate) seen: bool,
}

impl Shown {
    /// It is a message beside a card that was edited, for what it offered has been decided meanwhile: nobody says anything anew.
    /// A terminal can't edit what stands there, so fronts that can have stories of their own about it.
    fn is_taken_back(&self) -> bool {
        let decided = |line: &str| line.trim_start().starts_with("r-") && line.ends_with(" by now.");
        !self.update && self.text.lines().any(decided)
    }
}

fn rename(text: &str, ids: &[String]) -> String {
    let name = |found: &regex::Captures<'_>| {
        let number = ids.iter().position(|id| *id == found[2]);
        number.map_or_else(|| found[0].to_owned(), |number| format!("{}-{}", &found[1], number + 1))
    };
    REAL_ID.replace_all(text, name).into_owned()
}

impl Room {
    fn with<R>(&self, act: impl FnOnce(&mut Inside) -> R) -> R {
        act(&mut self.inside.lock().unwrap())
    }

    /// Shows something after `to` had spoken.
    pub(crate) fn shows(&self, outbound: &Outbound, to: &str) {
        let card = outbound.card();
        let buttons = card.buttons.iter();
        self.puts(Shown {
            text: text::card(card),
            key: card.key.clone(),
            buttons: buttons.map(|button| (button.label.clone(), button.command.clone())).collect(),
            matters: matches!(card.tone, Tone::Bad | Tone::Ask),
            update: matches!(outbound, Outbound::Update(_)),
            private: card.private,
            to: to.to_owned(),
            seen: false,
        });
    }

    /// Something is shown.
    pub(crate) fn puts(&self, shown: Shown) {
        self.with(|inside| {
            for found in REAL_ID.captures_iter(&shown.text) {
                if !inside.ids.iter().any(|id| *id == found[2]) {
                    inside.ids.push(found[2].to_owned());
                }
            }
            if !shown.is_taken_back() {
                inside.shown.push(shown);
            }
        });
    }

    /// What somebody says, with the identifiers runs really have.
    pub(super) fn with_real_ids(&self, text: &str) -> String {
        self.with(|inside| {
            let real = |found: &regex::Captures<'_>| {
                let number: usize = found[2].parse().unwrap();
                number
                    .checked_sub(1)
                    .and_then(|at| inside.ids.get(at))
                    .map_or_else(|| found[0].to_owned(), |id| format!("{}-{id}", &found[1]))
            };
            STORY_ID.replace_all(text, real).into_owned()
        })
    }

    /// A text with the story's names for runs.
    pub(super) fn with_story_ids(&self, text: &str) -> String {
        self.with(|inside| rename(text, &inside.ids))
    }

    /// The identifier of the n-th run, from 1.
    pub(super) fn run_id(&self, number: usize) -> RunId {
        self.with(|inside| format!("r-{}", inside.ids[number - 1]).parse().unwrap())
    }

    /// Unseen messages, public or to one person; they count as looked at from now on.
    pub(super) fn unseen(&self, to: Option<&str>) -> String {
        self.with(|inside| {
            let mut texts = Vec::new();
            for shown in &mut inside.shown {
                let fits = match to {
                    None => !shown.private,
                    Some(to) => shown.private && shown.to == to,
                };
                if fits && !shown.seen && !shown.update {
                    shown.seen = true;
                    texts.push(rename(&shown.text, &inside.ids));
                }
            }
            texts.join("\n")
        })
    }

    /// The card last shown of the run first seen last.
    pub(super) fn newest_card(&self) -> String {
        let number = self.with(|inside| {
            let runs = inside.shown.iter().filter(|shown| shown.update).map(|shown| shown.key.clone());
            let numbers = runs.filter_map(|key| {
                let id = key.trim_start_matches("r-").to_owned();
                inside.ids.iter().position(|other| *other == id)
            });
            numbers.max().expect("a run was shown") + 1
        });
        self.card_of(number)
    }

    /// The card last shown of a run; all of its earlier ones count as looked at too.
    pub(super) fn card_of(&self, number: usize) -> String {
        self.with(|inside| {
            let key = format!("r-{}", inside.ids[number - 1]);
            let mut newest = None;
            for shown in inside.shown.iter_mut().filter(|shown| shown.update && shown.key == key) {
                shown.seen = true;
                newest = Some(shown.text.clone());
            }
            rename(&newest.expect("the run was shown"), &inside.ids)
        })
    }

    /// The command of a button.
    pub(crate) fn command_of(&self, label: &str, oldest: bool) -> String {
        self.with(|inside| {
            let buttons = inside.shown.iter().flat_map(|shown| &shown.buttons);
            let mut found: Vec<&String> =
                buttons.filter(|(given, _)| given == label).map(|(_, command)| command).collect();
            if !oldest {
                found.reverse();
            }
            (*found.first().unwrap_or_else(|| panic!("no button [{label}] was ever shown"))).clone()
        })
    }

    /// Everything counts as looked at.
    pub(super) fn all_seen(&self) {
        self.with(|inside| {
            for shown in &mut inside.shown {
                shown.seen = true;
            }
        });
    }

    /// Bad news and questions nobody has looked at: of a run, only as its card is now.
    pub(super) fn overlooked(&self) -> Vec<String> {
        self.with(|inside| {
            let last_of = |key: &str| inside.shown.iter().rposition(|it| it.update && it.key == key);
            let matters = |(at, shown): &(usize, &Shown)| {
                let current = !shown.update || last_of(&shown.key) == Some(*at);
                !shown.seen && current && shown.matters
            };
            let overlooked = inside.shown.iter().enumerate().filter(matters);
            overlooked.map(|(_, shown)| rename(&shown.text, &inside.ids)).collect()
        })
    }

    /// All that was shown, for when a story goes wrong.
    pub(super) fn everything(&self) -> String {
        self.with(|inside| inside.shown.iter().map(|shown| rename(&shown.text, &inside.ids)).collect())
    }
}
