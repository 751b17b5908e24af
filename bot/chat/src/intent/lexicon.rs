//! What kind of word a word is, whatever the project: politeness, prepositions, verbs that tell, negations and so on.
//!
//! One hash look-up per word gives all its classes; the grammar then compares strings only where it must.

use std::sync::LazyLock;

use super::actions::Action;
use super::grammar::contrary::lesser;
use super::grammar::heads::{self, Heads};
use super::grammar::{contrary, judge};
use super::manner;
use super::mood::{condition, openers};
use super::near::{Spelled, nearest};
use super::scan::stray::words as stray;
use super::scan::{self, lost};
use super::sentence::{
    abroad, aside, clauses, correction, lead, log, order, remark, report, told, word_given,
};
use super::values::{self, time};
use super::word_table::{Print, WordTable};
use super::words::Kind;

/// A set of word classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Class(u64);

impl Class {
    /// May stand before an order and means nothing there.
    pub(super) const OPENER: Self = Self(1);
    /// As an opener, but only before a comma or the like ("great, deploy …").
    pub(super) const INTERJECTION: Self = Self(1 << 1);
    /// Means nothing to us among the words after a verb.
    pub(super) const FILLER: Self = Self(1 << 2);
    /// A preposition or other little word.
    pub(super) const PREPOSITION: Self = Self(1 << 3);
    /// A finite verb or state that turns "deploy …" into a report ("deploy failed").
    pub(super) const TELLS: Self = Self(1 << 4);
    /// Somebody who does something: begins a statement.
    pub(super) const SUBJECT: Self = Self(1 << 5);
    /// Not, never, don't.
    pub(super) const NEGATION: Self = Self(1 << 6);
    /// Begins a question.
    pub(super) const ASKS: Self = Self(1 << 7);
    /// Begins a condition.
    pub(super) const CONDITION: Self = Self(1 << 8);
    /// After "deploy" or "release", makes a noun of it ("deploy window").
    pub(super) const NOUNED: Self = Self(1 << 9);
    /// A keyword of some argument; typed wrong, it would be lost silently.
    pub(super) const KEYWORD: Self = Self(1 << 10);
    /// May begin an order.
    pub(super) const HEAD: Self = Self(1 << 11);
    /// Names a thing an order can be about: deploy, run, canary, cache …
    pub(super) const OBJECT: Self = Self(1 << 12);
    /// Part of a time.
    pub(super) const TIME: Self = Self(1 << 13);
    /// Names what we do our work on, and nothing of it in particular.
    pub(super) const BLAND: Self = Self(1 << 14);
    /// Of those, what only orders about data and settings are about.
    pub(super) const DATA: Self = Self(1 << 15);
    /// About nothing at all.
    pub(super) const LITTLE: Self = Self(1 << 16);

    // The classes from here on say nothing of what a word means: some rule looks for just these words. A stretch of words
    // with none of a rule's, which is most of them, need not be looked through by it.

    /// Begins a courtesy that holds "if" or "when".
    pub(super) const COURTEOUS: Self = Self(1 << 17);
    /// Begins what takes an order back ("never mind").
    pub(super) const RETRACTS: Self = Self(1 << 18);
    /// Among the words of an order, makes a refusal of it ("deploy? not yet").
    pub(super) const TAKES_BACK: Self = Self(1 << 19);
    /// May begin a condition, with what follows.
    pub(super) const CONDITIONAL: Self = Self(1 << 20);
    /// Begins a line of a log or of a commit.
    pub(super) const LOGGED: Self = Self(1 << 21);
    /// Begins what is only said about an order ("because …").
    pub(super) const COMMENTS: Self = Self(1 << 22);
    /// Says that somebody says or means something.
    pub(super) const SAYING: Self = Self(1 << 23);
    /// Joins two orders.
    pub(super) const JOINS: Self = Self(1 << 24);
    /// Leaves open which of two.
    pub(super) const EITHER: Self = Self(1 << 25);
    /// May begin a time.
    pub(super) const TIMELY: Self = Self(1 << 26);
    /// May begin how an order is to go: an exception, a dry run, a canary, a migration.
    pub(super) const MANNER: Self = Self(1 << 27);
    /// May begin "all services" and the like.
    pub(super) const ALL: Self = Self(1 << 28);
    /// A project's name may begin here.
    pub(super) const NAMED: Self = Self(1 << 29);
    /// Letters and digits and nothing else.
    pub(super) const PLAIN: Self = Self(1 << 30);
    /// Begins with a digit.
    pub(super) const DIGIT: Self = Self(1 << 31);
    /// Says how things are without a verb ("memory leak again").
    pub(super) const AILS: Self = Self(1 << 32);
    /// Begins what puts right something said before ("I mean staging").
    pub(super) const CORRECTS: Self = Self(1 << 33);
    /// Changes nothing of an order, whatever the order is.
    pub(super) const IDLE: Self = Self(1 << 34);

    /// Begins politeness of another language.
    pub(super) const ABROAD: Self = Self(1 << 35);

    /// Says how an order is to go, or how a suggestion that loses nothing must.
    pub(super) const HOW: Self = Self(1 << 36);

    /// May begin a condition that stands in the sentence before ("in that case").
    pub(super) const BACK: Self = Self(1 << 37);

    /// In a remark beside an order, may turn the order round ("maybe", "the plan").
    pub(super) const SWAYS: Self = Self(1 << 38);

    /// What a remark beside an order tells with ("the page hangs").
    pub(super) const RELATES: Self = Self(1 << 39);

    /// May say that a part of what an order does is meant, or more than it.
    pub(super) const LESSENS: Self = Self(1 << 57);

    /// Part of what is said before something is wanted ("one small thing").
    pub(super) const PREAMBLE: Self = Self(1 << 53);

    /// Praise begins with it, and an approval may follow.
    pub(super) const PRAISES: Self = Self(1 << 55);

    /// "can", "could", "would", also typed wrong.
    pub(super) const MODAL: Self = Self(1 << 54);

    /// A number, or part of one, in words.
    pub(super) const NUMBER: Self = Self(1 << 60);

    /// Stands in one of the longer lists, which other words need not be compared with: [`Token::listed`].
    ///
    /// [`Token::listed`]: super::words::Token::listed
    pub(super) const LISTED: Self = Self(1 << 61);

    /// May lead in to an order or be no order at all, by what follows.
    pub(super) const LEADS: Self = Self(1 << 62);

    /// Some rule looks for it all through an order, and it stands in few.
    pub(super) const WITHIN: Self = Self(1 << 63);

    /// Turns the order it stands in into something else, unless it is quoted.
    pub(super) const TURNS: Self =
        Self(Self::NEGATION.0 | Self::CONDITION.0 | Self::CONDITIONAL.0 | Self::EITHER.0 | Self::JOINS.0);

    /// Any kind of token that may end a sentence.
    pub(super) const ENDS: Self = Self::of_kind(Kind::Semicolon)
        .and(Self::of_kind(Kind::Stop))
        .and(Self::of_kind(Kind::Question))
        .and(Self::of_kind(Kind::Newline));

    /// Which kind of token it is, as a class, so that one look tells which there are.
    pub(super) const fn of_kind(kind: Kind) -> Self {
        /// The classes above stay below this bit.
        const FIRST_BIT: u32 = 40;
        Self(1 << (FIRST_BIT + kind as u32))
    }

    /// All classes of two.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is any of these.
    pub(super) const fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it may begin an order, with other words, and is nothing else.
    pub(super) const fn only_head(self) -> bool {
        self.0 & (Self::BLAND.0 - 1) == Self::HEAD.0
    }

    /// Whether the word is known to the grammar: those of [`Class::BLAND`] and the classes after it alone are not.
    pub(super) const fn known(self) -> bool {
        self.0 & (Self::BLAND.0 - 1) != 0
    }
}

const OPENERS: &str = "omg emergency hi hey hello yo hiya ok okay k alright oh ah so please pls plz kindly just quickly also and then next \
    finally now actually um uh hmm yes yep yeah yup ya infra-chat infrachat infra infrabot chatops bot robot first \
    second lastly afterwards instead rather simply quick urgently urgent asap btw but dear or";
const INTERJECTIONS: &str = "gm great nice good perfect cool awesome thanks thank thx ty cheers right well sure fine \
    morning afternoon evening day team folks everyone everybody all guys y'all friend friends buddy mate dude bro you \
    sorry sry excellent lovely wonderful super brilliant amazing no nope nah oops lgtm done there congrats sweet \
    understood agreed correct very much a for that again both man people crew world damn damnit dammit goddamn dang darn shit \
    fuck crap hell bloody ugh argh aargh yikes whoa oof wtf gosh jeez holy";
const FILLERS: &str = "a an the this that these those it its them my our your their his her some any please pls plz now \
    right away immediately asap quickly soon again too also just only really very thanks thank you thx ty cheers me us \
    app apps application applications service services everything all every each both env envs environment \
    environments site website server servers system systems stack version versions release latest newest current new \
    build builds code change changes fix fixes hotfix update updates there here ok okay team everyone everybody folks \
    guys one more time back up down over out off live fully completely carefully slowly gently safely whole entire \
    project platform cluster instance instances container containers pod pods node nodes machine machines process \
    processes worker workers job jobs task tasks data database databases db schema table tables row rows record records \
    user users customer customers column columns field fields secret secrets key keys variable variables var vars \
    password token tokens credential credentials config configuration setting settings value values name named called \
    cache caches cdn cached queue queues traffic router edge dns domain domains account accounts branch tag commit \
    sha ref hash head trunk binary patch image package artifact demo then and plus as so do go sure if possible kindly \
    instantly nicely straight fresh clean quick small big full hey hi hello bot sir mate dude buddy man bro lol haha \
    period total max maximum minimum most least about around approximately same other others rest whatever anyway \
    exactly once twice indeed ahead well afterwards next first last also already still way using mode test tests \
    testing review reviews customers' today's stuff things thing everywhere kind kinds type set sets of via per because \
    cause due since reason bundle bundles report reports check checks nullable text string integer boolean timestamp \
    timestamptz varchar int bool uuid json jsonb default null not-null cc fyi re pronto stat real fam kthx kthxbye yo rn thnx ta tia boss chief champ pal \
    window number count size replica running component components provider providers";
const PREPOSITIONS: &str = "to on in into onto at for from of with by via using within inside across over under between \
    against toward towards through during w/ w";
const TELLS: &str = "progress still maybe perhaps probably possibly hopefully supposedly success is isn't isnt was wasn't wasnt are aren't arent were weren't has hasn't had hadn't have haven't be \
    been being am failed fails failing broke broken breaks died crashed crashes crashing hung hangs stuck works worked \
    working finished finishes completed completes complete succeed succeeded succeeds successful successfully triggered \
    triggers started starts ended ends took takes went goes looks looked seems seemed keeps kept got gets did didn't \
    didnt does doesn't doesnt will won't wont would wouldn't might may should shouldn't could couldn't can can't cant \
    cannot needs needed want wants wanted said says asked told happened happens caused causes made makes sucks rocks \
    rolled blew errored aborted cancelled canceled passed passes green red done pending blocked blocking flaky slow \
    scheduled deployed restarted shipped released reverted merged matters hurts means meant feels felt became becomes \
    timeouts timed exited returned requires required must ought shall came comes resulted introduced ready impossible \
    scares scared worries worried forever yesterday ago fail break crash crashlooping crashloopbackoff down; error: \
    failed: failure outage fine; mine ours yours theirs whenever; it's that's there's what's";
const SUBJECTS: &str = "i i'm im i'll i've i'd we we're we'll we've we'd they they're they'll they've he he's he'll she \
    she's she'll somebody someone nobody noone everyone's it's it'll that's thats there's who's whoever you're you'll \
    you've u";
const NEGATIONS: &str = "not never don't dont no nope nah without avoid neither nor cannot can't cant won't wont \
    shouldn't mustn't needn't nothing none doesn't didn't refrain nobody";
const ASKS: &str = "who who's whos whom whose when when's what what's whats which where where's why why's how how's hows \
    did didn't does doesn't is isn't are aren't was wasn't were weren't has hasn't have haven't had am any anything \
    anyone may might shall should shouldn't must";
const CONDITIONS: &str = "if when whenever once unless until till provided providing assuming after before while should \
    whether";
const NOUNED: &str = "window windows freeze freezes day days time times note notes process processes script scripts \
    pipeline pipelines party button buttons queue guide guides docs doc documentation plan plans policy policies \
    permission permissions rights issue issues problem problems error errors failure failures question questions meeting \
    meetings checklist key keys frequency train strategy strategies loop loops message messages notification \
    notifications procedure procedures cycle cycles schedule calendar candidate candidates manager engineer engineers \
    bot approval approvals pattern patterns rate rates metrics metric dashboard channel success successes log workflow \
    workflows job jobs hook hooks webhook preview previews step steps stage history ticket tickets target targets \
    request requests requirements review event events order orders state status test tests bug bugs story stories \
    date dates feature features friday's fatigue anxiety fear fest week month year blog post talk culture \
    possible available";
const KEYWORDS: &str = "canary canaries dry dry-run dryrun dry-runs rehearse rehearsal rehearsed migration migrations \
    except excluding excluded without skip skipping previous replicas simulate simulated batch batches runtime soak \
    soaking weights limit reason because rollback roll";
const OBJECTS: &str = "deploy deploys deployment deployments deploying rollout rollouts run runs release releases canary \
    rollback rollbacks migration migrations backfill backfills cron crons cronjob cronjobs cron-jobs cache caches cdn \
    drift drifted logs log status audit incidents incident readiness reconcile reconciliation change plan request \
    history";
const TIMES: &str = "tonight tomorrow today monday tuesday wednesday thursday friday saturday sunday mon tue tues wed \
    thu thurs fri noon midnight morning afternoon evening weekend later am pm utc gmt cet cest est edt pst pdt bst ist \
    oclock o'clock daily nightly weekly hourly monthly minutes minute min mins hours hour hr hrs seconds second sec secs \
    weeks week months month days day";

const BLAND: &str = "it this that these those app apps application applications service services site website code build builds \
    release version change changes fix hotfix update updates everything all latest newest new current system \
    systems server servers stack environment environments env envs variable variables var value secret secrets \
    database db table tables previous last next one replicas column test live component components provider providers";
const DATA: &str = "table tables database db secret secrets variable variables var value column test";
const LITTLE: &str = "thanks thank cheers you right well sure good great nice a for that again both very much done sorry super \
    brilliant awesome perfect everyone everybody mate the an our some any asap immediately away soon too also \
    only really us me up down out back over off go if possible fully carefully slowly gently safely once twice \
    more time here there ahead as plus them its every each whole entire completely haha lol sir thx ty same except but";

const IDLE: &str = "omg emergency hi hey hello yo hiya ok okay k alright oh ah so please pls plz kindly just quickly also and then \
    next finally now actually um uh hmm yes yep yeah yup ya infra-chat infrachat infra infrabot chatops bot robot first second \
    lastly afterwards instead rather simply quick urgently urgent asap btw but dear great nice perfect cool awesome thanks \
    thank thx ty cheers right well sure fine team folks everyone everybody all guys y'all friend friends buddy mate dude bro \
    you sorry excellent lovely wonderful super brilliant amazing oops lgtm there congrats sweet understood agreed very much \
    a for that again both man people crew world an the this these those it its them my our your their his her some any \
    right away immediately too only really me us app apps application applications service services site website system \
    systems stack every each env envs environment environments more back up down over out off live fully completely \
    carefully slowly gently safely whole entire project platform cluster server servers here sir lol haha indeed ahead \
    anyway exactly once if possible go do as plus straight pronto fam kthx kthxbye rn thnx ta tia boss chief champ pal \
    yo instances pods containers machines instantly nicely everything everywhere of via per use \
    using whatever hope correct good way cc re stat small big real fyi quick";

/// What one look-up tells of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word {
    pub(super) class: Class,
    /// The phrases beginning with it, by which an order may begin.
    pub(super) heads: Heads,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut words = WordTable::<Word>::default();
    let classes = CLASSES.iter().flat_map(|(list, class)| list.split_whitespace().map(|word| (word, *class)));
    let rules = RULES.iter().flat_map(|(list, class)| list.iter().map(|word| (*word, *class)));
    for (word, class) in classes.chain(rules) {
        words.entry(word).class.0 |= class.0;
    }
    for word in Action::all().iter().flat_map(|action| heads::object_words(*action)) {
        words.entry(word).class.0 |= Class::LISTED.0;
    }
    for (first, heads) in heads::by_first_word() {
        let word = words.entry(first);
        word.class.0 |= Class::HEAD.0;
        word.heads = heads;
    }
    Lexicon { words }
});

/// All words that are known whatever the project.
#[derive(Debug)]
pub(super) struct Lexicon {
    words: WordTable<Word>,
}

impl Lexicon {
    /// The one there is.
    pub(super) fn get() -> &'static Self {
        &LEXICON
    }

    /// All that is known of a word in lower case, whose fingerprint this is.
    #[inline]
    pub(super) fn find(&self, print: Print, word: &str) -> Word {
        self.words.find(print, word).copied().unwrap_or_default()
    }
}

/// The words that single rules look for, from where the rules stand.
const RULES: &[(&[&str], Class)] = &[
    (report::COURTEOUS, Class::COURTEOUS),
    (abroad::ABROAD, Class::ABROAD),
    (report::TAKES_BACK, Class::TAKES_BACK),
    (log::LOGGED, Class::LOGGED),
    (remark::COMMENTS, Class::COMMENTS),
    (remark::AILS, Class::AILS),
    (openers::RETRACTS, Class::RETRACTS),
    (condition::CONDITIONAL, Class::CONDITIONAL),
    (correction::CORRECTS, Class::CORRECTS),
    (clauses::SAYING, Class::SAYING),
    (clauses::JOINS, Class::JOINS),
    (judge::EITHER, Class::EITHER),
    (condition::BACK, Class::BACK),
    (told::LABELS, Class::SWAYS),
    (values::NUMBERS, Class::NUMBER),
    (time::TIMELY, Class::TIMELY),
    (scan::MANNER, Class::MANNER),
    (scan::ALL, Class::ALL),
    (openers::LEADS, Class::LEADS),
    (order::WITHIN, Class::WITHIN),
    (order::OUTCOMES, Class::WITHIN),
    (word_given::GIVEN, Class::WITHIN),
    (contrary::BACKWARDS, Class::WITHIN),
    (told::LABELS, Class::LISTED),
    (lead::PRAISE, Class::PRAISES),
    (lesser::LESSENING[0], Class::LESSENS),
    (lesser::LESSENING[1], Class::LESSENS),
    (lesser::LESSENING[2], Class::LESSENS),
    (openers::PREAMBLES, Class::PREAMBLE),
    (openers::MODALS, Class::MODAL),
    (lost::PARTS, Class::LISTED),
    (report::HEADLINE_VERBS, Class::LISTED),
    (stray::THINGS, Class::LISTED),
    (stray::TRIALS, Class::LISTED),
    (stray::FORMER, Class::LISTED),
    (stray::SOMETIME, Class::LISTED),
    (stray::COMPARES, Class::LISTED),
    (stray::REPORTED, Class::LISTED),
    (manner::TRIED, Class::HOW),
    (manner::WITHOUT, Class::HOW),
    (manner::REFS, Class::HOW),
    (manner::TIMES_AND_REFS, Class::HOW),
    (manner::MANNERS[0], Class::HOW),
    (manner::MANNERS[1], Class::HOW),
    (manner::MANNERS[2], Class::HOW),
];

const CLASSES: &[(&str, Class)] = &[
    (OPENERS, Class::OPENER),
    (INTERJECTIONS, Class::INTERJECTION),
    (FILLERS, Class::FILLER),
    (PREPOSITIONS, Class::PREPOSITION),
    (TELLS, Class::TELLS),
    (SUBJECTS, Class::SUBJECT),
    (NEGATIONS, Class::NEGATION),
    (ASKS, Class::ASKS),
    (CONDITIONS, Class::CONDITION),
    (NOUNED, Class::NOUNED),
    (KEYWORDS, Class::KEYWORD),
    (OBJECTS, Class::OBJECT),
    (TIMES, Class::TIME),
    (BLAND, Class::BLAND),
    (DATA, Class::DATA),
    (LITTLE, Class::LITTLE),
    (IDLE, Class::IDLE),
    (aside::TURNS, Class::SWAYS),
    (aside::SAYS, Class::RELATES),
];

/// All that is known of a word in lower case.
pub(super) fn look_up(word: &str) -> Word {
    LEXICON.find(Print::of(word), word)
}

fn spelled(words: impl Iterator<Item = &'static str>) -> Vec<Spelled<&'static str>> {
    words.map(Spelled::new).collect()
}

/// The keyword this unknown word is likely meant to be.
pub(super) fn near_keyword(word: &str) -> Option<&'static str> {
    /// Shorter keywords are too near to other words.
    const SHORTEST: usize = 5;
    static NEAR: LazyLock<Vec<Spelled<&str>>> =
        LazyLock::new(|| spelled(KEYWORDS.split_whitespace().filter(|keyword| keyword.len() >= SHORTEST)));
    if word.len() < SHORTEST - 1 {
        return None;
    }
    let said = Spelled::new(word);
    let near = NEAR.iter().find(|keyword| keyword.distance(&said).is_some())?;
    // "eight" is a number, however near it is to "right". Few words are near any, so that is asked last.
    super::values::number_word(word).is_none().then_some(near.word)
}

/// The word of a time this unknown word is likely meant to be: "tomorow", "minuts".
pub(super) fn near_time(word: &str) -> Option<&'static str> {
    /// Shorter ones are too near to other words.
    const SHORTEST: usize = 6;
    static NEAR: LazyLock<Vec<Spelled<&str>>> =
        LazyLock::new(|| spelled(TIMES.split_whitespace().filter(|time| time.len() >= SHORTEST)));
    match word {
        // As people write them on phones.
        "tmrw" | "tmr" | "tmw" | "tomo" | "2moro" | "2morrow" => return Some("tomorrow"),
        "2nite" | "2night" | "tonite" | "2nte" => return Some("tonight"),
        _ if word.len() < SHORTEST - 1 || look_up(word).class.known() => return None,
        _ => {}
    }
    nearest(word, &NEAR)
}

/// "youuu", "pleaseee": a word drawn out, without what draws it out.
fn squeezed(word: &str) -> Option<String> {
    /// Nobody draws a longer word out.
    const LONGEST: usize = 32;
    let bytes = word.as_bytes();
    let drawn =
        bytes.windows(3).any(|three| three[0].is_ascii_lowercase() && three.iter().all(|b| *b == three[0]));
    if !drawn || word.len() > LONGEST {
        return None;
    }
    let mut plain = String::with_capacity(word.len());
    for c in word.chars() {
        if !plain.ends_with(c) {
            plain.push(c);
        }
    }
    Some(plain)
}

/// Whether this unknown word is likely one of the words that mean nothing, typed wrong.
pub(super) fn near_opener(word: &str) -> bool {
    static NEAR: LazyLock<Vec<Spelled<&str>>> = LazyLock::new(|| {
        spelled(
            "please kindly quickly quick urgent urgently important emergency thanks hello okay actually finally environment environments service services \
            application immediately release version latest everything right project"
                .split_whitespace(),
        )
    });
    // As near as some word that was typed wrong, and words themselves.
    static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        "quietly night nights release-notes light lights tight fight sight bright protect protects replication tanks banks ranks"
            .split(' ')
            .collect()
    });
    const TYPOS: &[&str] = &[
        "teh", "hte", "thge", "tge", "adn", "nad", "pelase", "plz", "plese", "ot", "fo", "waht", "taht",
        "nwo", "rn", "wiht", "wtih", "thsi",
    ];
    if TYPOS.contains(&word) {
        return true;
    }
    if WORDS.contains(&word) || super::values::number_word(word).is_some() {
        return false;
    }
    if let Some(plain) = squeezed(word) {
        let class = look_up(&plain).class;
        return (class.is(Class::OPENER) || class.is(Class::FILLER) || class.is(Class::INTERJECTION))
            && !class.is(Class::NEGATION)
            && !class.is(Class::TELLS);
    }
    word.len() >= 4 && {
        let word = Spelled::new(word);
        NEAR.iter().any(|polite| polite.distance(&word).is_some())
    }
}

/// The verb this unknown word is likely meant to be.
pub(super) fn near_verb(word: &str) -> Option<&'static str> {
    static NEAR: LazyLock<Vec<Spelled<&str>>> = LazyLock::new(|| {
        let verbs = super::actions::TABLE.iter().flat_map(|row| row.verbs.iter().copied());
        spelled(verbs.filter(|verb| !verb.contains(' ')))
    });
    if word.len() < 4 || look_up(word).class.known() {
        return None;
    }
    nearest(word, &NEAR)
}
