//! What may lead in to an order beside politeness: a no that answers somebody, "only", praise, a favor asked.

use super::{Action, Class, Head, Kind, Mood, Token, Words, heads, mood};

/// What praise begins with.
pub(in crate::intent) const PRAISE: &[&str] = &[
    "lgtm",
    "looks",
    "looking",
    "all",
    "great",
    "nice",
    "good",
    "perfect",
    "awesome",
    "excellent",
    "lovely",
    "wonderful",
    "amazing",
    "brilliant",
];

/// Where the order begins behind what leads in to it; 0 where nothing does. `said` are the classes of these tokens.
pub(super) fn end(tokens: &[Token<'_>], said: Class) -> usize {
    let answer = if said.is(Class::RETRACTS) { after_answer(tokens) } else { 0 };
    let favor = if said.is(Class::LITTLE) { mood::after_favor(tokens) } else { 0 };
    let praise = if said.is(Class::PRAISES) { after_praise(tokens) } else { 0 };
    answer.max(favor).max(praise)
}

/// "no, deploy staging": where the order begins behind a no that answers what somebody else said; else 0.
fn after_answer(tokens: &[Token<'_>]) -> usize {
    if let Some(at) = behind_only(tokens) {
        return at;
    }
    let no = |token: &Token<'_>| token.any(&["no", "nope", "nah"]) && token.quote == 0;
    let noes = tokens.iter().take_while(|token| no(token)).count();
    let comma = tokens.get(noes).is_some_and(|token| matches!(token.kind, Kind::Comma | Kind::Dash));
    if noes == 0 || !comma {
        return 0;
    }
    match mood::read(&tokens[noes + 1..]) {
        Mood::Order(opening) if !opening.ahead => noes + 1,
        _ => 0,
    }
}

/// "only deploy web": where the order begins. "only deploy … if" is a rule.
fn behind_only(tokens: &[Token<'_>]) -> Option<usize> {
    let at = mood::skip_openers(tokens, 0);
    let only = tokens.get(at).is_some_and(|token| token.any(&["only"]) && token.quote == 0);
    let rest = only.then(|| &tokens[at + 1..])?;
    let (head, _) = heads::find(rest)?;
    let changes = matches!(head, Head::Act(action) if action.row().changes);
    (changes && mood::condition_within(rest).is_none()).then_some(at + 1)
}

/// "lgtm approve it", "looks great 🎉 promote r-4b4b": where the approval begins behind the praise it is given with, without a comma between them; else 0.
fn after_praise(tokens: &[Token<'_>]) -> usize {
    /// Longer praise tells a story.
    const LONGEST: usize = 6;
    const GOES_ON: Words = Words::of(&[
        "lgtm", "good", "great", "fine", "perfect", "awesome", "amazing", "nice", "lovely", "clean",
        "healthy", "solid", "calm", "green", "clear", "well", "work", "job", "stuff", "so", "very", "really",
        "far", "to", "me", "us", "now", "here", "everyone", "team", "folks", "all",
    ]);
    if !tokens.first().is_some_and(|first| first.is(Class::PRAISES) && first.quote == 0) {
        return 0;
    }
    let praise = |token: &&Token<'_>| token.among(&GOES_ON) && token.quote == 0;
    let end = 1 + tokens[1..].iter().take(LONGEST).take_while(praise).count();
    let approves = heads::find(&tokens[end..])
        .is_some_and(|(head, _)| matches!(head, Head::Act(Action::Approve | Action::Promote)));
    // "all promote" tells of everybody.
    let praises = end > 1 || tokens[0].any(&["lgtm"]) || !tokens[0].any(&["looks", "looking", "all"]);
    if approves && praises { end } else { 0 }
}
