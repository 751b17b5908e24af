//! Answers that are something else than was asked for: a whole new order, a rate where rows are counted, a name in a
//! sentence. Nothing of one request is mixed into another.

use expect_test::expect;

use crate::harness::{chat, chat_without_project};

const CHANGE: &str =
    "Add timezone column and backfill timezone from address in staging; then do production at 500 users/min.";

/// A change of data said while another backfill is asked about is a request of its own.
#[test]
fn a_new_change_of_data_is_no_answer() {
    chat(async |t| {
        t.user("ana").says("backfill timezone at 20/min").await;
        t.user("ana").says("production").await;
        t.user("ana").says("50").await;
        t.never_mind_the_rest();
        t.user("ana").says(CHANGE).await;
        t.bot_says(expect![[r#""#]]);
        t.user("ana").says(CHANGE).await;
        t.bot_says(expect![[r#""#]]);
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#""#]]);
    });
}

#[test]
fn a_rate_is_no_count() {
    chat(async |t| {
        t.user("ana").says("backfill timezone in staging and production at 300/min").await;
        t.never_mind_the_rest();
        t.user("ana").says("500 users/min").await;
        t.user("ana").says("no, staging rate is 200").await;
        t.user("ana").says("5 000").await;
        t.bot_says(expect![[r#""#]]);
        t.user("ana").says("never mind").await;
        t.user("ana").says("scale api in staging").await;
        t.never_mind_the_rest();
        t.user("ana").says("500/min").await;
        t.bot_headlines(expect![[r#""#]]);
    });
}

#[test]
fn what_is_right_is_shown_once_more() {
    chat(async |t| {
        t.user("ana").says("backfill timezone in staging batch size 50 at 200/min").await;
        t.user("ana").says("no").await;
        t.user("ana").says("any time").await;
        t.never_mind_the_rest();
        t.user("ana").says("staging rate is 300").await;
        t.never_mind_the_rest();
        t.user("ana").says("perhaps").await;
        t.bot_says(expect![[r#""#]]);
    });
}

#[test]
fn names_and_nothing_in_a_sentence() {
    chat_without_project(async |t| {
        t.user("ana").says("hello").await;
        t.bot_says(expect![[r#""#]]);
        t.user("ana").says("set up local").await;
        t.user("ana").says("shop").await;
        t.user("ana").says("embedded").await;
        t.user("ana").says("/srv/none-such").await;
        t.user("ana").says("no, call it store").await;
        t.user("ana").says("no, the one we had").await;
        t.user("ana").says("shop").await;
        t.bot_headlines(expect![[r#""#]]);
        t.user("ana").says("https://code.example/shop.git").await;
        t.user("ana").says("web").await;
        t.user("ana").says("make web").await;
        t.user("ana").says("none").await;
        t.user("ana").says("no build").await;
        t.user("ana").says("so far").await;
        t.bot_says(expect![[r#""#]]);
    });
}

#[test]
fn a_lock_says_until_when() {
    chat(async |t| {
        t.user("zoe").says("lock production for 2h because we look into it").await;
        t.user("zoe").says("lock staging until 18:00").await;
        t.user("zoe").says("lock staging").await;
        t.user("zoe").says("lock for 30 minutes").await;
        t.bot_says(expect![[r#""#]]);
    });
}

#[test]
fn times_that_are_understood_are_named() {
    chat(async |t| {
        for said in
            ["deploy staging today", "deploy v1.0.0 to staging next week", "deploy staging before 17:00"]
        {
            t.user("ana").says(said).await;
        }
        t.bot_says(expect![[r#""#]]);
    });
}

#[test]
fn at_a_question_about_the_ref() {
    chat(async |t| {
        t.user("ana").says("deploy production").await;
        t.user("ana").says("so far").await;
        t.user("ana").says("no canary").await;
        t.bot_says(expect![[r#""#]]);
    });
}

#[test]
fn an_answer_for_another_is_the_whole_order() {
    chat(async |t| {
        t.user("ana").says("scale api in staging").await;
        t.never_mind_the_rest();
        t.user("ben").says("3").await;
        t.whispers("ben", expect![[r#""#]]);
    });
}
