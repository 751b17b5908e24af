//! YAML text into a tree that knows where each value stands. Bounded in size and depth; aliases are unfolded here.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::fault::{Faults, Place, ProjectFault};
use super::limits::{DEPTH_MAX, FILE_MAX_BYTES, VALUES_MAX};

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) value: Value,
}

/// What stands there. Scalars stay as written: what they mean depends on the key they belong to.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in order, keys as often as they were written.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) at: Place,
    pub(super) text: String,
}

impl Node {
    /// The value under a key, when this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.text == key).map(|(_, node)| node)
    }

    /// The entries of a mapping; nothing for other values.
    pub(super) fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is this text.
    pub(super) fn is_text(&self, text: &str) -> bool {
        matches!(&self.value, Value::Text(own) if own == text)
    }

    /// What it counts against [`VALUES_MAX`].
    fn weight(&self) -> usize {
        match &self.value {
            Value::Null => 1,
            Value::Text(text) => weight_of(text),
            Value::List(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Value::Map(entries) => {
                1 + entries.iter().map(|(key, node)| weight_of(&key.text) + node.weight()).sum::<usize>()
            }
        }
    }
}

/// Reads one document. What makes the text unreadable ends here; keys written twice are reported and reading goes on.
pub(super) fn read(text: &str, faults: &Faults) -> Result<Node, ProjectFault> {
    if text.len() > FILE_MAX_BYTES {
        let says = format!(
            "the description has {} KiB and may have {}; is this the right file?",
            text.len() / 1024,
            FILE_MAX_BYTES / 1024
        );
        return Err(ProjectFault::new(Place::START, "", says));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| not_yaml(text, &error))?;
        builder.take(event, place(&span.start))?;
    }
    let root = builder.root.ok_or_else(|| {
        ProjectFault::new(Place::START, "", "the description is empty; start with `project: NAME`")
    })?;
    report_repeated_keys(&root, "", faults);
    Ok(root)
}

/// Joins a path and a key for people to read.
pub(super) fn join(path: &str, key: &str) -> String {
    const KEY_SHOWN_MAX: usize = 60;
    let key: String = key.chars().take(KEY_SHOWN_MAX).collect();
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// Long texts count more than once, so that aliases can't unfold one of them thousands of times.
fn weight_of(text: &str) -> usize {
    const BYTES_A_VALUE: usize = 64;
    1 + text.len() / BYTES_A_VALUE
}

fn place(marker: &Marker) -> Place {
    Place { line: marker.line().max(1), column: marker.col() + 1 }
}

/// A collection that is still open, with the anchor it goes by (0 for none).
enum Open {
    List { at: Place, anchor: usize, items: Vec<Node> },
    Map { at: Place, anchor: usize, entries: Vec<(Key, Node)>, key: Option<Key> },
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    values: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), ProjectFault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.is_some(), at)?;
                let nothing =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                // A key called `null` is a word like any other.
                let is_key = matches!(self.open.last(), Some(Open::Map { key: None, .. }));
                let value = if nothing && !is_key { Value::Null } else { Value::Text(text.into_owned()) };
                let node = Node { at, value };
                self.count(node.weight(), at)?;
                self.put(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.is_some(), at)?;
                self.push(Open::List { at, anchor, items: Vec::new() }, at)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.is_some(), at)?;
                self.push(Open::Map { at, anchor, entries: Vec::new(), key: None }, at)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { at, anchor, items }) => {
                    self.put(Node { at, value: Value::List(items) }, anchor)
                }
                Some(Open::Map { at, anchor, entries, .. }) => {
                    self.put(Node { at, value: Value::Map(entries) }, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let mut node = self.anchors.get(&anchor).cloned().ok_or_else(|| {
                    ProjectFault::new(
                        at,
                        "",
                        "this alias stands inside the value it repeats; write the value out",
                    )
                })?;
                self.count(node.weight(), at)?;
                if matches!(node.value, Value::Null | Value::Text(_)) {
                    node.at = at;
                }
                self.put(node, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(ProjectFault::new(at, "", "a second document begins here; a file describes one project"))
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, more: usize, at: Place) -> Result<(), ProjectFault> {
        self.values = self.values.saturating_add(more);
        if self.values > VALUES_MAX {
            let says = format!(
                "up to here there are more than {VALUES_MAX} values (aliases unfolded); make it smaller"
            );
            return Err(ProjectFault::new(at, "", says));
        }
        Ok(())
    }

    fn push(&mut self, open: Open, at: Place) -> Result<(), ProjectFault> {
        self.count(1, at)?;
        if let Some(Open::Map { key: None, .. }) = self.open.last() {
            return Err(not_a_key(at));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep(at));
        }
        self.open.push(open);
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), ProjectFault> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => match node.value {
                    Value::Text(text) => *key = Some(Key { at: node.at, text }),
                    _ => return Err(not_a_key(node.at)),
                },
            },
        }
        Ok(())
    }
}

fn too_deep(at: Place) -> ProjectFault {
    ProjectFault::new(
        at,
        "",
        format!("values nest deeper than {DEPTH_MAX} levels here; is a bracket not closed?"),
    )
}

fn not_a_key(at: Place) -> ProjectFault {
    ProjectFault::new(
        at,
        "",
        "a key must be a word; if this begins a text with braces, put the text in quotes",
    )
}

fn refuse_tag(tagged: bool, at: Place) -> Result<(), ProjectFault> {
    if tagged {
        let says = "tags (`!word`) mean nothing in a description; remove it, or put the text in quotes";
        return Err(ProjectFault::new(at, "", says));
    }
    Ok(())
}

fn report_repeated_keys(node: &Node, path: &str, faults: &Faults) {
    match &node.value {
        Value::Null | Value::Text(_) => {}
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                report_repeated_keys(item, &format!("{path}[{index}]"), faults);
            }
        }
        Value::Map(entries) => {
            let mut first: HashMap<&str, Place> = HashMap::new();
            for (key, value) in entries {
                let path = join(path, &key.text);
                if let Some(earlier) = first.get(key.text.as_str()) {
                    let says = if earlier.line == key.at.line {
                        format!("stands in line {} twice; keep one of them", key.at.line)
                    } else {
                        format!(
                            "stands in line {} and again in line {}; keep one of them",
                            earlier.line, key.at.line
                        )
                    };
                    faults.push(ProjectFault::new(key.at, path.as_str(), says));
                } else {
                    first.insert(&key.text, key.at);
                }
                report_repeated_keys(value, &path, faults);
            }
        }
    }
}

fn not_yaml(text: &str, error: &ScanError) -> ProjectFault {
    let at = place(error.marker());
    // The scanner notices a tab at the token after it, or a line later; the tab is where to look.
    let tabbed = (at.line.saturating_sub(1)..=at.line).find_map(|line| {
        let content = text.lines().nth(line.checked_sub(1)?)?;
        let indent = content.chars().position(|c| c != ' ')?;
        (content.chars().nth(indent) == Some('\t')).then_some(Place { line, column: indent + 1 })
    });
    if let Some(tab) = tabbed {
        return ProjectFault::new(tab, "", "a tab indents this line; YAML wants spaces, two for each level");
    }
    let info = error.info();
    if info.contains("recursion limit") {
        return too_deep(at);
    }
    let hint = if info.contains("mapping values are not allowed") {
        "; a text with `: ` in it must be in quotes, and keys of one level must begin in the same column"
    } else if info.contains("quoted scalar") {
        "; a quote is opened and not closed"
    } else if info.contains("flow") || info.contains("',' or") {
        "; look for a missing `,`, `}` or `]`"
    } else if info.contains("anchor") {
        "; an alias `*word` needs an anchor `&word` before it, and a text that begins with `*` needs quotes"
    } else if info.contains("unexpected character") {
        "; put a text that begins with a special character in quotes"
    } else {
        "; check the indentation of this line and the one before"
    };
    ProjectFault::new(at, "", format!("not readable as YAML ({info}){hint}"))
}
