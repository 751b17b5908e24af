//! A secret rotated from the chat: never its value, and not by everybody.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn a_secret_is_rotated() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("rotate SESSION_SECRET in staging").await;
        t.whispers("ana", expect![[r#""#]]);
        t.user("zoe").says("rotate a secret").await;
        t.user("zoe").says("staging").await;
        t.user("zoe").says("SESSION_SECRET").await;
        t.settles().await;
        t.bot_says(expect![[r#""#]]);
        t.bot_shows(expect![[r#""#]]);
        t.user("zoe").says("rotate COMPANY_NAME in staging").await;
        t.whispers("zoe", expect![[r#""#]]);
        t.user("zoe").says("dry run rotate session-secret in staging").await;
        t.bot_says(expect![[r#""#]]);
    });
}
