//! What must hold of every text, and a generator of texts near those of the corpus.

use chat::intent::{Command, MAX_CHARS, Parsed, Vocabulary, parse_with};

/// Whether all rules hold of one text; if not, which does not.
pub(crate) fn check(text: &str, vocabulary: &Vocabulary) -> Result<(), String> {
    let parsed = parse_with(text, vocabulary);
    if parse_with(text, vocabulary) != parsed {
        return Err("two answers to one text".to_owned());
    }
    if parsed.commands.is_empty() != parsed.problem.is_some() {
        return Err(format!("commands must be empty exactly when there is a problem: {parsed:?}"));
    }
    for command in &parsed.commands {
        own_names(command, vocabulary)?;
        reads_back(command, vocabulary)?;
    }
    suggestions_work(&parsed, vocabulary)?;
    refused_does_nothing(text, vocabulary)?;
    told_does_nothing(text, vocabulary)
}

/// The platform that needs no provider: `set up staging on local`.
const EMBEDDED: &str = "local";

/// Every name in a command is the project's own spelling.
fn own_names(command: &Command, vocabulary: &Vocabulary) -> Result<(), String> {
    let names = vocabulary.names();
    let known = |list: &[chat::intent::Named], value: &str| list.iter().any(|named| named.name == value);
    let lists = [
        (&names.environments, command.environments.iter().chain(&command.from).collect::<Vec<_>>()),
        (&names.services, command.services.iter().collect()),
        (&names.components, command.component.iter().collect()),
        (&names.jobs, command.job.iter().collect()),
        (
            &names.providers,
            command
                .provider
                .iter()
                .chain(&command.providers)
                .chain(&command.connections)
                .chain(command.platform.iter().filter(|platform| *platform != EMBEDDED))
                .chain(&command.edge)
                .collect(),
        ),
    ];
    for (list, values) in lists {
        if let Some(value) = values.into_iter().find(|value| !known(list, value)) {
            return Err(format!("`{value}` is no name of the project: {command:?}"));
        }
    }
    match &command.project {
        Some(project) if *project != names.project => Err(format!("`{project}` is not the project")),
        _ => Ok(()),
    }
}

/// The canonical sentence means the same command.
fn reads_back(command: &Command, vocabulary: &Vocabulary) -> Result<(), String> {
    // Free text is written as it was said: quotation marks, brackets and full stops in it mean something elsewhere.
    let free =
        [&command.value, &command.name, &command.reason, &command.column, &command.topic, &command.actor];
    let plain = |text: &String| {
        // Two colons may make an emoji, and some words a report or a refusal of the whole.
        let tells = |word: &str| {
            let word = word.to_ascii_lowercase();
            word.ends_with("ing")
                || word.ends_with("ed")
                || ["no", "nope", "nah", "not", "never"].contains(&&*word)
        };
        !text.split(' ').any(tells)
            && !text.contains(". ")
            && text.matches(':').count() < 2
            && text.chars().all(|c| c.is_ascii_alphanumeric() || " _-./:%+@,=".contains(c))
    };
    if !free.into_iter().flatten().all(plain) {
        return Ok(());
    }
    let sentence = command.canonical();
    if sentence.chars().count() > MAX_CHARS {
        return Ok(());
    }
    let again = parse_with(&sentence, vocabulary);
    if again.commands == [command.clone()] {
        return Ok(());
    }
    Err(format!("{sentence:?} was written for {} and read as {}", json(command), json(&again)))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What is suggested is understood.
fn suggestions_work(parsed: &Parsed, vocabulary: &Vocabulary) -> Result<(), String> {
    let suggestions = parsed.problem.iter().flat_map(|problem| &problem.suggestions);
    for suggestion in suggestions {
        if let Some(problem) = parse_with(suggestion, vocabulary).problem {
            return Err(format!("{suggestion:?} was suggested and is {problem:?}"));
        }
    }
    Ok(())
}

/// A refusal before a sentence leaves nothing of it that would change the world.
fn refused_does_nothing(text: &str, vocabulary: &Vocabulary) -> Result<(), String> {
    // What follows another sentence, a comma or the like may be an order of its own, after a refusal.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '/' | '%' | '-' | '.');
    let one = text.chars().all(plain)
        && !text.contains(". ")
        && !text.contains("..")
        && !text.contains(" - ")
        && !text.contains("- ")
        && !text.contains("--");
    let joins = ["but", "instead", "just", "then", "so"];
    if !one || text.split(' ').any(|word| joins.contains(&word.to_lowercase().as_str())) {
        return Ok(());
    }
    changes_nothing(&format!("don't {text}"), vocabulary)
}

/// What somebody quotes, and what stands in a code block, changes nothing.
fn told_does_nothing(text: &str, vocabulary: &Vocabulary) -> Result<(), String> {
    let marks = ['"', '`', '>', '\n', '“', '”', '„', '‟', '«', '»', '″'];
    if text.contains(marks) || text.contains("&quot;") || text.contains("&gt;") {
        return Ok(());
    }
    for told in [
        format!("ana said \"{text}\""),
        format!("> {text}"),
        format!("&gt; {text}"),
        format!("```{text}```"),
        format!("he wrote “{text}” and left"),
    ] {
        changes_nothing(&told, vocabulary)?;
    }
    Ok(())
}

fn changes_nothing(text: &str, vocabulary: &Vocabulary) -> Result<(), String> {
    let parsed = parse_with(text, vocabulary);
    match parsed.commands.iter().find(|command| command.action.row().changes) {
        Some(command) => Err(format!("{text:?} became {}", json(command))),
        None => Ok(()),
    }
}

/// A small generator of random numbers (xorshift64*): a seed names the whole run.
pub(crate) struct Random(u64);

impl Random {
    /// A generator; the same seed gives the same numbers.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// Pieces that mean something to the parser.
const PIECES: &[&str] = &[
    " ",
    ",",
    ".",
    "?",
    "!",
    ";",
    ":",
    "\n",
    "\"",
    "'",
    "`",
    "```",
    ">",
    "<",
    "|",
    "=",
    "->",
    "--",
    "- ",
    "+",
    "&",
    "&amp;",
    "~",
    "*",
    "_",
    "<@U1>",
    "@ana",
    ":x:",
    "✅",
    "🚀",
    "é",
    "„",
    "“",
    "ß",
    "\u{200b}",
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "e\u{301}",
    "a\u{300}\u{301}\u{302}",
    "\u{202e}",
    "\u{2066}مرحبا\u{2069}",
    "\u{200d}",
    "👩\u{200d}👩\u{200d}👧",
    "👍🏽",
    "🇩🇪",
    "\u{fffd}",
    "İ",
    "K",
    "ﬁ",
    "日本",
    "\r\n",
    "\t",
    "\u{a0}",
    "<<",
    ">>>",
    "~~",
    "**",
    "<https://x.io|",
    "<#C1|api>",
    "<!here>",
    "&lt;",
    "&amp;amp;",
    "&quot;",
    ":rocket:",
    "- [ ] ",
    "1. ",
    "ERROR ",
    "ana: ",
    "/",
    "%",
    "#",
    "(",
    ")",
    "[",
    "]",
    " not ",
    " and ",
    " then ",
    " but ",
    " except ",
    " to ",
    " in ",
    " if ",
    " don't ",
    " dry run ",
    " canary 10/50/100 ",
    " at 22:00 ",
    " r-3f2a ",
    " v1.4.2 ",
    " production ",
    " staging ",
    " api ",
    " deploy ",
    " rollback ",
    " who ",
    " 5 ",
    " all ",
    " redis ",
    " stripe ",
    " FOO=bar ",
    " because ",
    " 10m ",
    " 500/min ",
    " same ",
    " is ",
    " please ",
];

/// A text in markup, some layers deep.
fn wrapped(text: &str, random: &mut Random) -> String {
    const LAYERS: &[(&str, &str)] = &[
        ("*", "*"),
        ("_", "_"),
        ("~", "~"),
        ("`", "`"),
        ("```", "```"),
        ("\"", "\""),
        ("'", "'"),
        ("“", "”"),
        ("(", ")"),
        ("[", "]"),
        ("<", ">"),
        ("<https://x.io|", ">"),
        ("<@U1> ", ""),
        ("> ", ""),
        ("- ", ""),
    ];
    let mut text = text.to_owned();
    for _ in 0..=random.below(24) {
        let (before, behind) = LAYERS[random.below(LAYERS.len())];
        text = format!("{before}{text}{behind}");
    }
    text
}

/// A text made of those of the corpus by cutting, joining, doubling and mistyping.
pub(crate) fn mutated(texts: &[String], random: &mut Random) -> String {
    let mut text = texts[random.below(texts.len())].clone();
    for _ in 0..=random.below(4) {
        let chars: Vec<char> = text.chars().collect();
        let (from, to) = (random.below(chars.len() + 1), random.below(chars.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        let part = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
        text = match random.below(14) {
            0 => part(0, from) + random.of(PIECES) + &part(from, chars.len()),
            1 => part(0, from) + &part(to, chars.len()),
            2 => part(0, to) + &part(from, chars.len()),
            3 => {
                let other = &texts[random.below(texts.len())];
                format!("{}{}{other}", part(0, to), random.of(PIECES))
            }
            4 => text.to_uppercase(),
            5 => {
                let mut words: Vec<&str> = text.split(' ').collect();
                let (one, other) = (random.below(words.len()), random.below(words.len()));
                words.swap(one, other);
                words.join(" ")
            }
            6 if to + 1 < chars.len() => {
                let mut chars = chars.clone();
                chars.swap(to, to + 1);
                chars.into_iter().collect()
            }
            7 => text.repeat(1 + random.below(3)),
            8 => wrapped(&text, random),
            9 => {
                // Many clauses, of one or of several sentences.
                let joint =
                    random.of(&[", ", " and ", "; ", "\n", " then ", ". ", ", and then ", "\n- ", "? "]);
                let more = (0..=random.below(12)).map(|_| texts[random.below(texts.len())].as_str());
                std::iter::once(text.as_str()).chain(more).collect::<Vec<_>>().join(joint)
            }
            10 => {
                // One very long word, alone or glued to what stands there.
                let long = random.of(PIECES).trim().repeat(1 + random.below(700));
                format!("{}{}{}", part(0, from), long, part(from, chars.len()))
            }
            11 => {
                // Bytes, as a broken client sends them: what is no text any more becomes U+FFFD.
                let mut bytes = text.clone().into_bytes();
                for _ in 0..=random.below(4) {
                    let at = random.below(bytes.len().max(1));
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = random.below(256) as u8;
                    }
                }
                String::from_utf8_lossy(&bytes).into_owned()
            }
            12 => {
                // A sign inside every word.
                let sign = random.of(PIECES);
                text.split(' ').map(|word| format!("{sign}{word}")).collect::<Vec<_>>().join(" ")
            }
            _ => format!("{}{}", random.of(PIECES), text),
        };
        // Longer texts than can be sent are one case, tested elsewhere.
        text = text.chars().take(MAX_CHARS).collect();
    }
    text
}
