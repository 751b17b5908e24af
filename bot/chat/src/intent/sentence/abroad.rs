//! Politeness of other languages beside an English order: "bitte deploy staging", "deploy staging, s'il te plaît".
//!
//! It is taken away where a sentence begins or ends, or between commas, and nowhere else: elsewhere the same word may be a
//! name, a value or part of a reason. A no of another language turns the order round, and so is never taken away.

use std::borrow::Cow;

use super::{Class, Kind, Token, Words};

/// What people say beside an order; the longest that fits is taken.
const PHRASES: &[&[&str]] = &[
    // German
    &["bitte"],
    &["bitte", "schön"],
    &["bitte", "sehr"],
    &["bitteschön"],
    &["danke"],
    &["danke", "schön"],
    &["danke", "schoen"],
    &["danke", "sehr"],
    &["danke", "dir"],
    &["danke", "euch"],
    &["dankeschön"],
    &["dankeschoen"],
    &["vielen", "dank"],
    &["besten", "dank"],
    &["herzlichen", "dank"],
    &["hallo"],
    &["moin"],
    &["servus"],
    &["guten", "morgen"],
    &["guten", "tag"],
    // French
    &["s'il", "te", "plaît"],
    &["s'il", "te", "plait"],
    &["s'il", "vous", "plaît"],
    &["s'il", "vous", "plait"],
    &["sil", "te", "plait"],
    &["sil", "vous", "plait"],
    &["svp"],
    &["stp"],
    &["merci"],
    &["merci", "beaucoup"],
    &["merci", "bien"],
    &["merci", "d'avance"],
    &["bonjour"],
    &["bonsoir"],
    &["salut"],
    // Spanish and Portuguese
    &["por", "favor"],
    &["porfavor"],
    &["porfa"],
    &["gracias"],
    &["muchas", "gracias"],
    &["mil", "gracias"],
    &["hola"],
    &["buenos", "días"],
    &["buenos", "dias"],
    &["obrigado"],
    &["obrigada"],
    &["muito", "obrigado"],
    &["muito", "obrigada"],
    &["se", "faz", "favor"],
    &["olá"],
    &["ola"],
    &["bom", "dia"],
    // Italian
    &["per", "favore"],
    &["per", "piacere"],
    &["per", "cortesia"],
    &["grazie"],
    &["grazie", "mille"],
    &["mille", "grazie"],
    &["tante", "grazie"],
    &["ciao"],
    &["buongiorno"],
    // Dutch and the North
    &["alsjeblieft"],
    &["alstublieft"],
    &["bedankt"],
    &["dank", "je"],
    &["dank", "u"],
    &["dankjewel"],
    &["tack"],
    &["tack", "så", "mycket"],
    &["snälla"],
    &["tak"],
    &["takk"],
    &["kiitos"],
    &["hej"],
    // Slavic languages, Turkish, Japanese
    &["proszę"],
    &["prosze"],
    &["dzięki"],
    &["dzieki"],
    &["dziękuję"],
    &["prosím"],
    &["prosim"],
    &["díky"],
    &["diky"],
    &["děkuji"],
    &["пожалуйста"],
    &["спасибо"],
    &["lütfen"],
    &["lutfen"],
    &["teşekkürler"],
    &["onegai"],
    &["onegaishimasu"],
    &["kudasai"],
    &["arigato"],
    &["arigatou"],
    // English in a hurry
    &["tysm"],
    &["tyvm"],
    &["thxx"],
    &["pretty", "please"],
    &["pretty", "pls"],
];

/// What the phrases begin with.
pub(in crate::intent) const ABROAD: &[&str] = &[
    "bitte",
    "bitteschön",
    "danke",
    "dankeschön",
    "dankeschoen",
    "vielen",
    "besten",
    "herzlichen",
    "hallo",
    "moin",
    "servus",
    "guten",
    "s'il",
    "sil",
    "svp",
    "stp",
    "merci",
    "bonjour",
    "bonsoir",
    "salut",
    "por",
    "porfavor",
    "porfa",
    "gracias",
    "muchas",
    "mil",
    "hola",
    "buenos",
    "obrigado",
    "obrigada",
    "muito",
    "se",
    "olá",
    "ola",
    "bom",
    "per",
    "grazie",
    "mille",
    "tante",
    "ciao",
    "buongiorno",
    "alsjeblieft",
    "alstublieft",
    "bedankt",
    "dank",
    "dankjewel",
    "tack",
    "snälla",
    "tak",
    "takk",
    "kiitos",
    "hej",
    "proszę",
    "prosze",
    "dzięki",
    "dzieki",
    "dziękuję",
    "prosím",
    "prosim",
    "díky",
    "diky",
    "děkuji",
    "пожалуйста",
    "спасибо",
    "lütfen",
    "lutfen",
    "teşekkürler",
    "onegai",
    "onegaishimasu",
    "kudasai",
    "arigato",
    "arigatou",
    "tysm",
    "tyvm",
    "thxx",
    "pretty",
];

/// The no of other languages.
const NO: Words = Words::of(&[
    "nicht", "nein", "kein", "keine", "keinen", "niemals", "nie", "pas", "ne", "non", "jamais", "aucun",
    "aucune", "nunca", "jamás", "jamas", "ningún", "mai", "nessuno", "não", "nao", "niet", "geen", "nooit",
    "inte", "ingen", "aldrig", "ikke", "nigdy", "не", "нет",
]);

/// Little words of other languages that change an order, and what they are in English.
const LITTLE: &[(&str, &[&str])] = &[
    ("and", &["und", "et", "y", "e", "och", "og"]),
    ("or", &["oder", "ou", "o", "oppure", "eller", "lub"]),
    ("with", &["mit", "avec", "con", "com", "met", "med"]),
    ("without", &["ohne", "sans", "sin", "senza", "sem", "zonder", "utan"]),
    ("now", &["jetzt", "sofort", "maintenant", "ahora", "ya", "adesso", "subito", "agora"]),
    ("today", &["heute", "aujourd'hui", "hoy", "oggi", "hoje"]),
    ("tomorrow", &["morgen", "demain", "mañana", "domani", "amanhã"]),
];

/// A word behind these is a name or a value.
const NAMING: Words = Words::of(&[
    "called",
    "named",
    "environment",
    "env",
    "branch",
    "tag",
    "ref",
    "commit",
    "release",
    "version",
    "sha",
    "column",
    "secret",
    "key",
    "variable",
    "var",
    "job",
    "service",
    "component",
    "project",
    "is",
    "as",
    "help",
    "and",
    "or",
    "reason",
    "because",
]);

/// Whether a word nobody knows refuses what it stands beside.
pub(in crate::intent) fn refuses(token: &Token<'_>) -> bool {
    token.among(&NO) && token.name.is_none() && token.quote == 0
}

/// The English word that is likely meant.
pub(in crate::intent) fn in_english(word: &str) -> Option<&'static str> {
    LITTLE.iter().find(|(_, words)| words.contains(&word)).map(|(english, _)| *english)
}

/// How many tokens of politeness begin here.
fn phrase(tokens: &[Token<'_>]) -> usize {
    if !tokens[0].is(Class::ABROAD) {
        return 0;
    }
    let fits = |phrase: &&&[&str]| {
        phrase.len() <= tokens.len()
            && phrase.iter().zip(tokens).all(|(word, token)| {
                token.is_word() && token.low == *word && token.name.is_none() && token.quote == 0
            })
    };
    PHRASES.iter().filter(fits).map(|phrase| phrase.len()).max().unwrap_or(0)
}

/// The sentence without politeness of other languages, and whether it ended with some; `said` are its classes.
pub(super) fn without_politeness<'a, 't>(
    tokens: Cow<'a, [Token<'t>]>,
    said: Class,
) -> (Cow<'a, [Token<'t>]>, bool) {
    if !said.is(Class::ABROAD) {
        return (tokens, false);
    }
    let mut kept: Vec<Token<'t>> = Vec::with_capacity(tokens.len());
    let (mut begun, mut said, mut ended) = (false, false, false);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let len = phrase(&tokens[at..]);
        if len > 0 && (!begun || !said && ends(&tokens, at, at + len)) {
            ended |= begun;
            at += len;
            continue;
        }
        let idle = !token.is_word() || token.is(Class::OPENER) || refuses(token);
        begun |= !idle;
        // Behind these stand reasons, in words of any language.
        said |= token.kind == Kind::Colon && begun || token.any(&["because", "reason", "cause", "cuz"]);
        kept.push(*token);
        at += 1;
    }
    (Cow::Owned(kept), ended)
}

/// Whether what stands from `from` to `to` ends the sentence or a part of it, and is no name.
fn ends(tokens: &[Token<'_>], from: usize, to: usize) -> bool {
    let Some(before) = from.checked_sub(1).map(|at| &tokens[at]) else { return true };
    let naming = before.among(&NAMING)
        || before.is(Class::PREPOSITION)
        || matches!(before.kind, Kind::Equals | Kind::Colon | Kind::Arrow | Kind::Plus);
    if naming {
        return false;
    }
    let mut at = to;
    while let Some(token) = tokens.get(at) {
        let more = phrase(&tokens[at..]);
        let idle = more == 0
            && (token.is_word() && (token.is(Class::OPENER) || refuses(token))
                || matches!(token.kind, Kind::Question | Kind::Stop | Kind::Mention | Kind::Dash));
        if token.kind == Kind::Comma || token.any(&["and", "then"]) {
            // Another part follows; what is listed before it may hold names.
            return before.name.is_some() || before.kind == Kind::Comma || at > to || tokens.len() == at + 1;
        }
        if more == 0 && !idle {
            return false;
        }
        at += more.max(1);
    }
    true
}
