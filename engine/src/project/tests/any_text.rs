//! Texts as people may write them into a description, the awkward ones too.

use proptest::prelude::*;

use crate::model::is_unseen;

/// Anything a person may put into a command or variable, with what is awkward in YAML more often than chance has it.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        "",
        " ",
        "null",
        "~",
        "yes",
        "1e3",
        "0x1f",
        "- a",
        "a: b",
        "# a",
        "a # b",
        "'",
        "\"",
        "\\",
        "{a}",
        "[a",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%",
        "@",
        "a\nb",
        "a\nb\n",
        " a\nb",
        "a\n\n b\n",
        "\n",
        "\ta",
        "a\r\nb",
        "\u{85}",
        "\u{2028}",
        "\u{feff}a",
        "\u{7f}",
        "é😀",
        "---",
        "...",
        "--- a\nb",
        "a \nb",
        "${",
        "=",
        "<<",
        "?",
        "a\n# b",
        "\u{fffe}",
        "a,b",
        "-",
        ":",
        "a:",
        "a\n\tb",
    ]);
    let harmless = |text: &String| !text.contains("${") && !text.contains('\0');
    prop_oneof![awkward.prop_map(str::to_owned), ".{0,12}", "(?s).{0,30}", "[a-z]{60}( [a-z:]{9}){9}"]
        .prop_filter("plain", harmless)
}

pub(super) fn said() -> impl Strategy<Value = String> {
    any_text().prop_filter("says something", |text| !text.trim().is_empty())
}

pub(super) fn line() -> impl Strategy<Value = String> {
    said().prop_filter("one line", |text| {
        !text.contains(|c: char| c.is_control() || is_unseen(c)) && text.chars().count() <= 200
    })
}
