//! What nobody of good will tells: fields that lack or are something else. It does nothing, and who speaks after it is answered.

use expect_test::expect;
use serde_json::{Value, json};

use crate::harness::{chat, good};
use crate::stage::CHANNEL;

/// The body with each of its fields, at any depth, gone or something else.
fn bent(body: &Value) -> Vec<Value> {
    let mut paths = Vec::new();
    fields(body, &mut String::new(), &mut paths);
    let others = [Value::Null, json!(7), json!(["x", null]), json!({ "x": 1 }), json!("x".repeat(3_000))];
    let mut bent = Vec::new();
    for path in paths {
        for other in &others {
            let mut one = body.clone();
            *one.pointer_mut(&path).unwrap() = other.clone();
            bent.push(one);
        }
    }
    bent
}

fn fields(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in inside {
        let length = path.len();
        path.push('/');
        path.push_str(&name);
        paths.push(path.clone());
        fields(value, path, paths);
        path.truncate(length);
    }
}

#[test]
fn bent_events_are_heard_and_begin_nothing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let sim = t.stage.sim.clone();
        // Nothing is ordered by these, so nothing may come of them, however they are bent.
        let said = sim.writes("vera", CHANNEL, None, "good morning");
        let edited = sim.edits(&said, "good evening");
        let deleted = sim.deletes(&said);
        let mut all = Vec::new();
        for (kind, body) in
            [("MESSAGE_CREATE", &said), ("MESSAGE_UPDATE", &edited), ("MESSAGE_DELETE", &deleted)]
        {
            all.extend(bent(body).into_iter().map(|one| (kind, one)));
            all.extend([
                (kind, Value::Null),
                (kind, json!([])),
                ("MESSAGE_DELETE_BULK", json!({ "ids": 7 })),
            ]);
        }
        for (kind, body) in &all {
            assert!(sim.tell(kind, body).await, "{kind} {body}");
        }
        assert!(all.len() > 200, "{}", all.len());
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, t.decisions().await), (1, 0));
        t.user("ana").says("whoami").await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}
