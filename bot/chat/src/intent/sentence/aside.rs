//! Remarks around an order that change nothing of it: "hey sorry to wake you, deploy api", "pause it, something smells".
//!
//! A remark is passed over when no word of it could change the order: no name, keyword, number, time, negation or condition,
//! none of our verbs, and none of the words that make a story, a rule or a trial of what stands beside it. Before an order
//! it ends with a comma, a sad face, "so" or "please", and the order begins behind it with its verb. Behind an order it must
//! be a clause of its own or thank somebody, for a bare noun there may be one more thing the order is about.

use super::{Class, Kind, Mood, Token, Words, heads, mood, reach};
use crate::intent::names::NameKind;

/// A remark of more words tells a story, which may turn the order round in words nobody foresees.
const LONGEST: usize = 10;

/// Words that may make something else of the order beside them than an order.
pub(in crate::intent) const TURNS: &str = "test tests testing tested trial try trying drill practice exercise simulation rehearsal joke jokes joking kidding fun \
    prank april fool game riddle quiz trivia story poem song lyrics movie book novel quote headline slogan motto dream \
    dreaming nightmare fantasy imagine pretend suppose supposing assume hypothetically theoretically technically ideally \
    basically theory example instance meme spoiler record reference sake rule rules lesson tip advice fact habit practices \
    policy plan plans planned idea ideas proposal suggestion suggest option options scenario scenarios case step steps \
    goal goals task tasks item agenda vote poll bet guess question questions request procedure guide manual docs runbook \
    checklist remember reminder remind forget recall repeat teach learn explain define translate spell pronounce type \
    typing command commands phrase word words button message subject thinks think believes believe hopes hope wishes wish \
    suggests recommends recommended insists claims demands orders shouts yells writes wrote reads begs calls called \
    quoting according maybe perhaps possibly probably potentially eventually someday soon later yet instead rather \
    otherwise else only except unless once first last next both either any every each given pending barring upon depending \
    assuming provided while during wait waiting hold careful carefully never might may would could should shall must can \
    will won't who what when where which why how whose whether someone somebody anyone anybody whoever nobody noone \
    everyone you your yours yourself said says wrong mistake oops typo correction meant mean means meaning actually \
    already done finished approval approvals green permission lock locked frozen freeze forbidden illegal risky dangerous \
    unsafe live everything all none half same different other others another more less twice also too plus minus edit \
    scratch strike ignore disregard bad better err er erm whoops ooops hm hmm permitting allowing willing moment minute \
    second instant hasn't haven't hasnt havent without alone until till before after canceled cancelled cancel revoked \
    denied";

/// Verbs of ours that everybody uses for anything.
const USUAL: Words = Words::of(&[
    "see", "get", "do", "make", "take", "give", "start", "go", "find", "bring", "fix", "ping", "page",
    "pages", "message",
]);

/// Verbs of a remark behind an order, beside those people tell how things are with.
pub(in crate::intent) const SAYS: &str = "am gave gives smells smell stinks stink hang hangs lag lags spins spin froze freezes flickers chokes choke crawls \
    crawl burns burn complain complains scream screams suffer suffers stall stalls sound sounds acts behaves misbehaves \
    misbehave drops drop dies die wobbles melts melt leaks leak explodes came comes left leaves love loves hate hates cry \
    cries panic panics run runs ran signed blessed okayed agreed confirmed nodded promised paid got gets get went goes go \
    wanna gotta gonna lost lose loses grew grows grow fell falls rose rises climbs jumped jumps spiked keeps keep looks \
    look feels feel seems seem is are was were has have had need needs it's that's i'm we're they're i'll we'll sleeps \
    slept works took takes made makes broke breaks stopped stops started starts happened happens noticed saw sees reported \
    arrive arrives expired expires bounce bounces times returns return loads loops throws throw vanish vanished disappear \
    disappears disappeared missing miss misses struggle struggles hiccups pile piles overflows slow stuck dead broken \
    weird blank stale gone flapping flaps duplicate duplicates shows show bug bugs annoys refuse refuses reject rejects \
    stay stays stand stands";

/// What thanks begin with.
const THANKS: Words = Words::of(&[
    "thanks",
    "thank",
    "thx",
    "ty",
    "cheers",
    "merci",
    "appreciated",
    "appreciate",
    "tia",
    "kudos",
    "grateful",
]);

/// What begins an excuse before an order.
const EXCUSES: &[&str] = &["sorry", "sry", "apologies", "pardon", "excuse", "forgive", "soz"];

/// A word that changes nothing of an order beside it.
fn is_idle(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    // "thanks in advance", "am on the train"
    if token.any(&["advance"]) && at > 0 && tokens[at - 1].any(&["in"]) || token.any(&["am"]) && at == 0 {
        return true;
    }
    let turns = Class::KEYWORD
        .and(Class::CONDITION)
        .and(Class::NEGATION)
        .and(Class::TIME)
        .and(Class::EITHER)
        .and(Class::JOINS)
        .and(Class::SWAYS)
        .and(Class::DIGIT);
    if token.quote > 0 || token.name.is_some() || token.is(turns) || token.kind != Kind::Word {
        return false;
    }
    let saying = token.is(Class::SAYING) && !token.any(&["to", "like", "about", "need", "going"]);
    let ours = token.is(Class::HEAD.and(Class::OBJECT)) && !token.is(Class::RELATES) && !token.among(&USUAL);
    !(saying || ours || token.low.ends_with("n't"))
        && (token.class.known() || !super::abroad::refuses(token))
        && token.low.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'\'' | b'-'))
        // "in case"
        && !(token.any(&["in", "on"]) && tokens.get(at + 1).is_some_and(|next| next.any(&["that", "this", "case", "which"])))
}

fn all_idle(tokens: &[Token<'_>]) -> bool {
    (0..tokens.len()).all(|at| is_idle(tokens, at))
}

/// Where the order begins behind a remark that changes nothing of it; 0 where none does. `said` are the classes of these
/// tokens.
pub(super) fn before(tokens: &[Token<'_>], said: Class) -> usize {
    let signs = Class::of_kind(Kind::Comma)
        .and(Class::of_kind(Kind::Dash))
        .and(Class::of_kind(Kind::Colon))
        .and(Class::MODAL);
    let orders = |token: &Token<'_>| token.is(Class::HEAD) && token.name.is_none();
    if !said.is(Class::HEAD) || !said.is(signs.and(Class::OPENER)) || tokens.first().is_some_and(orders) {
        return 0;
    }
    let begin = mood::skip_openers(tokens, 0);
    // An order, a refusal or a question needs nothing before it.
    let plain = |token: &Token<'_>| !token.is(Class::NEGATION.and(Class::DIGIT)) && !orders(token);
    if !tokens.get(begin).is_some_and(|token| plain(token) || token.among(&USUAL)) {
        return 0;
    }
    let near = tokens.len().min(begin + LONGEST + 2);
    // "im on my phone can u deploy web"
    let modal = said.is(Class::MODAL);
    let asks = |at: usize| {
        modal
            && at > begin
            && tokens[at].is(Class::MODAL)
            && tokens.get(at + 1).is_some_and(|you| you.any(&["you", "u", "ya"]))
            && tokens.get(at + 2).is_some_and(|verb| verb.is(Class::HEAD))
    };
    let ends = |at: &usize| {
        let token = &tokens[*at];
        asks(*at)
            || matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon)
            || token.is(Class::OPENER)
                && (token.any(&["so", "but"])
                    || token.is_please()
                        && tokens.get(at + 1).is_some_and(|next| next.is_word() && next.is(Class::HEAD)))
    };
    let Some(end) = (begin..near).find(ends) else { return 0 };
    let remark = &tokens[begin..end];
    let excuse = tokens[..end].iter().any(|token| token.any(EXCUSES));
    let least = if excuse { 0 } else { 2 };
    let face = |at: usize| tokens.get(at).is_some_and(|token| token.kind == Kind::Bracket && token.glued);
    let sad = tokens[end].kind == Kind::Colon
        && (face(end + 1) || face(end + 2) && tokens[end + 1].kind == Kind::Dash);
    let order = match tokens[end].kind {
        Kind::Colon if !sad => return 0,
        Kind::Word if asks(end) => end,
        Kind::Colon => end + 1 + tokens[end + 1..].iter().take_while(|token| !token.is_word()).count(),
        _ => end + 1,
    };
    if remark.len() < least || tokens[end].any(&["but"]) && !excuse {
        return 0;
    }
    let lasting = |token: &Token<'_>| tokens[end].any(&["so"]) && token.any(&["weekend", "week", "day"]);
    // "stripe webhooks vanish": what they are about is no service of ours.
    let theirs = |token: &Token<'_>| {
        token.quote == 0
            && token.name.is_some_and(|hit| {
                matches!(hit.kind, NameKind::Provider | NameKind::Component) && hit.len() == 1
            })
    };
    let idle = (0..remark.len()).all(|at| is_idle(remark, at) || lasting(&remark[at]) || theirs(&remark[at]));
    let whom = |token: &Token<'_>| token.any(&["you", "everyone", "again"]);
    let pardoned = excuse && (0..remark.len()).all(|at| is_idle(remark, at) || whom(&remark[at]));
    // A bare noun before a comma may be a heading or somebody who is called.
    let tells = |token: &Token<'_>| {
        token.is(Class::TELLS.and(Class::AILS).and(Class::RELATES)) || token.any(&["for"])
    };
    let told = !matches!(tokens[end].kind, Kind::Comma | Kind::Dash) || remark.iter().any(tells);
    if !(idle && told && begins(remark) || pardoned) {
        return 0;
    }
    let rest = reach(&tokens[order..]);
    let verb = mood::skip_openers(rest, 0);
    match mood::read(rest) {
        Mood::Order(opening) if !opening.ahead && heads::find(&rest[opening.at..]).is_some() => {
            let asks = opening.polite && rest.get(verb).is_some_and(mood::near_modal);
            if asks || opening.at == verb { order } else { 0 }
        }
        _ => 0,
    }
}

/// Whether a remark before an order begins as something told: not with a place, and not by calling somebody.
fn begins(remark: &[Token<'_>]) -> bool {
    match remark {
        [first, second, ..] if first.any(&["for"]) => second.any(&["the", "a", "our", "my", "their", "this"]),
        [first, ..] => {
            !first.is(Class::PREPOSITION) && !first.any(&["as", "to", "by", "dear", "hey", "a", "an"])
        }
        [] => false,
    }
}

/// Whether what stands behind the comma of an order is a clause of its own that changes nothing of it, or thanks somebody.
pub(super) fn behind(tail: &[Token<'_>]) -> bool {
    let mut parts = tail.split(|token| !token.is_word()).filter(|part| !part.is_empty());
    let Some(first) = parts.next() else { return false };
    let thanks = |part: &[Token<'_>]| {
        part.iter().take(3).any(|token| token.among(&THANKS))
            && (0..part.len())
                .all(|at| is_idle(part, at) || part[at].any(&["you", "everyone", "all", "again", "more"]))
    };
    let tells = |part: &[Token<'_>]| {
        part.len() > 1
            && part.len() <= LONGEST
            && all_idle(part)
            && part.iter().any(|token| token.is(Class::RELATES))
            && !part[0].is(Class::PREPOSITION)
            && (!part[0].among(&USUAL) || part[0].any(&["page", "pages"]))
    };
    (thanks(first) || tells(first)) && parts.all(|part| thanks(part) || all_idle(part) && tells(part))
}
