//! Numbers in words: "ninety", "forty five", "one hundred and twenty", "a thousand", "5 hundred".

use super::digits;
use crate::intent::lexicon::Class;
use crate::intent::words::{Kind, Token, words_at};

/// The words numbers are made of, and the article before "hundred".
pub(in crate::intent) const NUMBERS: &[&str] = &[
    "a",
    "an",
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fourty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "dozen",
    "hundred",
    "thousand",
    "million",
];

/// A number below a hundred that is one word, also with a hyphen: `twelve`, `forty`, `twenty-five`.
pub(in crate::intent) fn number_word(word: &str) -> Option<u64> {
    if word.bytes().any(|byte| byte == b'-')
        && let Some((tens, unit)) = word.split_once('-')
    {
        return Some(self::tens(tens)? + small(unit).filter(|unit| (1..10).contains(unit))?);
    }
    small(word).or_else(|| tens(word))
}

fn small(word: &str) -> Option<u64> {
    Some(match word {
        "zero" => 0,
        "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" => 12,
        "thirteen" => 13,
        "fourteen" => 14,
        "fifteen" => 15,
        "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        _ => return None,
    })
}

fn tens(word: &str) -> Option<u64> {
    Some(match word {
        "twenty" => 20,
        "thirty" => 30,
        "forty" | "fourty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}

fn factor(word: &str) -> Option<u64> {
    Some(match word {
        "dozen" => 12,
        "hundred" => 100,
        "thousand" => 1_000,
        "million" => 1_000_000,
        _ => return None,
    })
}

/// The number these words begin with, and how many of them it takes. Digits count before "hundred" and "thousand" alone.
pub(in crate::intent) fn spelled(tokens: &[Token<'_>]) -> Option<(u64, usize)> {
    let first = tokens.first().filter(|token| token.kind == Kind::Word)?;
    if !first.is(Class::NUMBER.and(Class::DIGIT)) && first.class.is(Class::PLAIN) {
        return None;
    }
    let word = words_at(tokens);
    let (mut total, mut len) = below_hundred(tokens, 0).or_else(|| {
        let article = matches!(word(0), "a" | "an");
        let first = if article { word(1) } else { word(0) };
        if factor(first).is_some() {
            Some((1, usize::from(article)))
        } else {
            digits(first).filter(|_| factor(word(1)).is_some()).map(|number| (number, 1))
        }
    })?;
    let mut least = u64::MAX;
    let mut open = total;
    while let Some(times) = factor(word(len)).filter(|times| *times < least || *times > 100) {
        // "two hundred thousand" counts both, "one thousand five hundred" adds.
        if open == 0 {
            break;
        }
        total = total.checked_sub(open)?.checked_add(open.checked_mul(times)?)?;
        open = if times == 100 { open * times } else { 0 };
        least = times;
        len += 1;
        let and = usize::from(word(len) == "and");
        if let Some((more, taken)) = below_hundred(tokens, len + and) {
            let counted = factor(word(len + and + taken)).is_none_or(|times| times < least);
            if more > 0 && counted {
                total = total.checked_add(more)?;
                len += and + taken;
                open = if open > 0 { open + more } else { more };
            }
        }
    }
    Some((total, len))
}

/// "forty five", "twelve", "twenty-five" from a place on.
fn below_hundred(tokens: &[Token<'_>], at: usize) -> Option<(u64, usize)> {
    let word = words_at(tokens);
    if let (Some(tens), Some(unit)) = (tens(word(at)), small(word(at + 1)))
        && (1..10).contains(&unit)
    {
        return Some((tens + unit, 2));
    }
    number_word(word(at)).map(|number| (number, 1))
}

/// Whether "and a half" stands here, and how many words it takes.
pub(in crate::intent) fn and_a_half(tokens: &[Token<'_>]) -> usize {
    match tokens {
        [and, a, half, ..] if and.any(&["and"]) && a.any(&["a", "one"]) && half.any(&["half"]) => 3,
        _ => 0,
    }
}
