#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{Actor, Role};

const START_MS: i64 = 1_800_000_000_000;

/// A record as the store would keep it: events with their hashes, and a checkpoint after every third.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) key: Arc<SigningKey>,
    pub(super) folder: Arc<tempfile::TempDir>,
    pub(super) events: Vec<(AuditEvent, Hash)>,
    pub(super) checkpoints: Vec<Checkpoint>,
}

pub(super) fn event(seq: i64) -> AuditEvent {
    AuditEvent {
        seq,
        at_ms: START_MS + seq * 1000,
        actor: Actor { name: "ana".to_owned(), role: Some(Role::Deployer), front: "slack".to_owned() },
        action: "run.approved".to_owned(),
        subject: format!("deploy {seq}"),
        environment: Some("shop/production".parse().unwrap()),
        run: (seq % 2 == 0).then(|| "r-3f2a".parse().unwrap()),
        data: json!({ "plan": "sha256:…", "at": seq, "share": 0.1, "list": [1, null, {"b": 1, "a": 2}] }),
    }
}

fn chained(events: impl IntoIterator<Item = AuditEvent>) -> Vec<(AuditEvent, Hash)> {
    let mut last = GENESIS;
    let linked = |event: AuditEvent| {
        last = link(&last, &event);
        (event, last)
    };
    events.into_iter().map(linked).collect()
}

impl Record {
    pub(super) fn of(events: impl IntoIterator<Item = AuditEvent>) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let key = Arc::new(SigningKey::open_or_create(&folder.path().join("audit.key")).unwrap());
        Self { key, folder, events: Vec::new(), checkpoints: Vec::new() }.saying(events)
    }

    /// Under the same key, a record of other events.
    pub(super) fn saying(&self, events: impl IntoIterator<Item = AuditEvent>) -> Self {
        let events = chained(events);
        let checkpoints = events
            .iter()
            .filter(|(event, _)| event.seq % 3 == 0)
            .map(|(event, hash)| Checkpoint::sign(&self.key, event.seq, *hash, event.at_ms + 1))
            .collect();
        Self { events, checkpoints, ..self.clone() }
    }

    pub(super) fn with(count: i64) -> Self {
        Self::of((1..=count).map(event))
    }

    /// Checkpoints that somebody kept.
    pub(super) fn anchors(&self, seqs: &[i64]) -> Vec<Checkpoint> {
        let kept = |seq: &i64| {
            let (event, hash) = &self.events[*seq as usize - 1];
            Checkpoint::sign(&self.key, *seq, *hash, event.at_ms)
        };
        seqs.iter().map(kept).collect()
    }

    pub(super) fn export(&self) -> String {
        let mut exporter = Exporter::start(Vec::new(), &self.key.public_key()).unwrap();
        for (event, hash) in &self.events {
            exporter.event(event, hash).unwrap();
            for checkpoint in self.checkpoints.iter().filter(|checkpoint| checkpoint.seq == event.seq) {
                exporter.checkpoint(checkpoint).unwrap();
            }
        }
        String::from_utf8(exporter.finish().unwrap()).unwrap()
    }

    /// The verdict of somebody who has the public key.
    fn judge(&self, export: &str) -> String {
        verify(export.as_bytes(), Some(&self.key.public_key()), &[]).unwrap().to_string()
    }

    /// The verdict of somebody who also kept a checkpoint.
    fn judge_anchored(&self, export: &str, seq: i64) -> String {
        verify(export.as_bytes(), Some(&self.key.public_key()), &self.anchors(&[seq])).unwrap().to_string()
    }

    /// The export with its lines changed.
    fn lines(&self, change: impl FnOnce(&mut Vec<String>)) -> String {
        let mut lines: Vec<_> = self.export().lines().map(str::to_owned).collect();
        change(&mut lines);
        lines.join("\n") + "\n"
    }

    /// Which line an event is on.
    fn line_of(&self, seq: i64) -> usize {
        self.export().lines().position(|line| line.contains(&format!("\"seq\":{seq},\"subject\""))).unwrap()
    }
}

#[test]
fn the_bytes_that_are_hashed_never_change() {
    let bytes = String::from_utf8(canonical_bytes(&event(1))).unwrap();
    expect![[r#"{"action":"run.approved","actor":{"front":"slack","name":"ana","role":"deployer"},"at_ms":1800000001000,"data":{"at":1,"list":[1,null,{"a":2,"b":1}],"plan":"sha256:…","share":"0.1"},"environment":"shop/production","run":null,"seq":1,"subject":"deploy 1"}"#]].assert_eq(&bytes);
    expect!["bae0e9baa19d92926ff2cc15ff24fe698002970749733e51ea80867d8d71ed2b"]
        .assert_eq(&link(&GENESIS, &event(1)).to_string());
}

#[test]
fn a_whole_record_is_intact_as_far_as_checkpoints_and_anchors_go() {
    let record = Record::with(7);
    let export = record.export();
    let without_key = verify(export.as_bytes(), None, &[]).unwrap().to_string();
    let (short, empty) = (Record::with(2), Record::with(0));
    expect![[r#"
        Intact: 7 events, proved up to event 6; the newer ones (to 7) wait for the next checkpoint.
        10
        Intact: 7 events, proved to the last (event 7).
        Unproven since 2027-01-15T08:00:06Z (event 6): the chain holds together, but nothing kept elsewhere vouches for what came since; bring the public key and a later anchor to prove it.
        Unproven since 2027-01-15T08:00:01Z (event 1): the chain holds together, but nothing kept elsewhere vouches for what came since; bring the public key and a later anchor to prove it.
        Unproven since 2027-01-15T08:00:01Z (event 1): the chain holds together, but nothing kept elsewhere vouches for what came since; bring the public key and a later anchor to prove it.
        Intact: the record is empty."#]].assert_eq(
        &[
            record.judge(&export),
            Record::with(6).export().lines().count().to_string(),
            record.judge_anchored(&export, 7),
            record.judge_anchored(&export, 5),
            without_key,
            short.judge(&short.export()),
            empty.judge(&empty.export()),
        ]
        .join("\n"),
    );
}

#[test]
fn an_edit_of_any_field_is_found_where_it_is() {
    let record = Record::with(7);
    let at = record.line_of(5);
    for (from, to) in [
        ("\"seq\":5", "\"seq\":6"),
        ("\"at_ms\":1800000005000", "\"at_ms\":1800000005001"),
        ("\"name\":\"ana\"", "\"name\":\"bob\""),
        ("\"role\":\"deployer\"", "\"role\":\"admin\""),
        ("\"role\":\"deployer\"", "\"role\":null"),
        ("\"front\":\"slack\"", "\"front\":\"cli\""),
        ("run.approved", "run.rejected"),
        ("deploy 5", "deploy 6"),
        ("\"environment\":\"shop/production\"", "\"environment\":\"shop/staging\""),
        ("\"environment\":\"shop/production\"", "\"environment\":null"),
        ("\"run\":null", "\"run\":\"r-3f2a\""),
        ("\"at\":5", "\"at\":6"),
        ("\"share\":\"0.1\"", "\"share\":\"0.2\""),
        ("\"share\":\"0.1\"", "\"share\":0.1"),
        ("\"hash\":\"", "\"hash\":\"00"),
        ("\"data\":{", "\"data\": {"),
        ("\"subject\":", "\"more\":1,\"subject\":"),
        ("\"front\":", "\"email\":\"a\",\"front\":"),
        ("\"action\":", "\"action\":\"x\",\"action\":"),
        ("{\"event\"", "{\"events\""),
    ] {
        let changed = record.lines(|lines| {
            assert!(lines[at].contains(from), "{from}");
            lines[at] = lines[at].replacen(from, to, 1);
        });
        let said = record.judge(&changed);
        assert!(said.starts_with("Altered at event 5: "), "{from} → {to}: {said}");
    }
}

#[test]
fn removed_inserted_and_reordered_events_are_found() {
    let record = Record::with(7);
    let (four, five) = (record.line_of(4), record.line_of(5));
    let said = [
        record.judge(&record.lines(|lines| drop(lines.remove(four)))),
        record.judge(&record.lines(|lines| lines.insert(five, lines[four].clone()))),
        record.judge(&record.lines(|lines| lines.swap(four, five))),
        record.judge(&record.lines(|lines| lines.swap(four, four - 1))),
        record.judge(&record.lines(|lines| {
            // Removed, and the rest numbered anew.
            lines.remove(four);
            lines[four] = lines[four].replace("\"seq\":5", "\"seq\":4");
        })),
        record.judge(&record.lines(|lines| drop(lines.drain(four..five + 2)))),
        record.judge(&record.lines(|lines| lines.push(lines[five].clone()))),
        record.judge(&record.lines(|lines| lines.insert(five, lines[0].clone()))),
        record.judge(&record.lines(|lines| lines.insert(five, String::new()))),
    ];
    expect![[r#"
        Altered at event 4: event 5 stands in its place.
        Altered at event 5: event 4 stands in its place.
        Altered at event 4: event 5 stands in its place.
        Altered at event 3: its checkpoint stands after event 4.
        Altered at event 4: its hash does not follow from what it says and the event before it.
        Altered at event 4: event 7 stands in its place.
        Altered at event 8: there are lines after the last.
        Altered at event 5: there is a second header.
        Altered at event 5: its line can't be read (EOF while parsing a value at line 1 column 0)."#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn a_cut_tail_is_found() {
    let record = Record::with(7);
    let (five, six, seven) = (record.line_of(5), record.line_of(6), record.line_of(7));
    let end = |lines: &mut Vec<String>, events: u32, checkpoints: u32| {
        lines.push(format!("{{\"end\":{{\"checkpoints\":{checkpoints},\"events\":{events}}}}}"));
    };
    let by_accident = record.lines(|lines| lines.truncate(five));
    let mid_line = record.export()[..record.export().len() / 2].to_owned();
    let events_only = record.lines(|lines| drop(lines.drain(five..=six)));
    let checkpoint_left = record.lines(|lines| {
        lines.drain(five..=six);
        lines.truncate(five + 1);
        end(lines, 4, 2);
    });
    let on_purpose = record.lines(|lines| {
        lines.truncate(seven);
        end(lines, 6, 2);
    });
    let said = [
        record.judge(&by_accident),
        record.judge(&mid_line),
        record.judge(&events_only),
        record.judge(&checkpoint_left),
        // Event 7 was covered by nothing, so only somebody with an anchor can tell.
        record.judge(&on_purpose),
        record.judge_anchored(&on_purpose, 7),
    ];
    expect![[r#"
        Truncated after checkpoint 3: events that were recorded later are gone.
        Truncated after checkpoint 3: events that were recorded later are gone.
        Altered at event 5: event 7 stands in its place.
        Truncated after checkpoint 3: events that were recorded later are gone.
        Intact: 6 events, proved to the last (event 6).
        Truncated: events are missing at the end, and no checkpoint vouches for those that are left."#]]
    .assert_eq(&said.join("\n"));
}

/// Everything from event 5 on is written anew by somebody who can write the database and knows the format.
fn rewritten(record: &Record, key: SigningKey, sign: bool) -> Record {
    let mut events: Vec<_> = record.events.iter().map(|(event, _)| event.clone()).collect();
    events[4].actor.name = "mallory".to_owned();
    let mut forged = Record { key: Arc::new(key), ..record.clone() }.saying(events);
    if !sign {
        forged.checkpoints.clone_from(&record.checkpoints);
    }
    forged
}

fn same_key(record: &Record) -> SigningKey {
    SigningKey::open_or_create(&record.folder.path().join("audit.key")).unwrap()
}

#[test]
fn a_rewritten_history_is_found_by_checkpoints_keys_and_anchors() {
    let record = Record::with(7);
    let unsigned = rewritten(&record, same_key(&record), false).export();
    let mut bare = rewritten(&record, same_key(&record), false);
    bare.checkpoints.clear();
    let other_key =
        rewritten(&record, SigningKey::open_or_create(&record.folder.path().join("other")).unwrap(), true);
    let stolen_key = rewritten(&record, same_key(&record), true).export();
    let hide = |said: String| {
        said.replace(&record.key.public_key().id(), "OURS")
            .replace(&other_key.key.public_key().id(), "THEIRS")
    };
    let anchors_only =
        |export: &str| verify(export.as_bytes(), None, &record.checkpoints).unwrap().to_string();
    let said = [
        record.judge(&unsigned),
        record.judge(&bare.export()),
        record.judge_anchored(&bare.export(), 7),
        hide(record.judge(&other_key.export())),
        hide(anchors_only(&other_key.export())),
        verify(other_key.export().as_bytes(), None, &[]).unwrap().to_string(),
        // With the key itself everything can be forged that nobody anchored.
        record.judge(&stolen_key),
        record.judge_anchored(&stolen_key, 4),
        record.judge_anchored(&stolen_key, 6),
    ];
    expect![[r#"
        Altered at event 4: events 4 to 6 were rewritten: a signed checkpoint for event 6 has another hash.
        Unproven since 2027-01-15T08:00:01Z (event 1): the chain holds together, but nothing kept elsewhere vouches for what came since; bring the public key and a later anchor to prove it.
        Altered at event 1: events 1 to 7 were rewritten: an anchor for event 7 has another hash.
        Altered at the header: it names the key THEIRS, but the key given is OURS.
        Altered at the header: it names another key than the anchors: checkpoint 3 was signed by key OURS, not by THEIRS.
        Unproven since 2027-01-15T08:00:01Z (event 1): the chain holds together, but nothing kept elsewhere vouches for what came since; bring the public key and a later anchor to prove it.
        Intact: 7 events, proved up to event 6; the newer ones (to 7) wait for the next checkpoint.
        Unproven since 2027-01-15T08:00:05Z (event 5): the chain holds together, but nothing kept elsewhere vouches for what came since; bring the public key and a later anchor to prove it.
        Altered at event 1: events 1 to 6 were rewritten: an anchor for event 6 has another hash."#]].assert_eq(&said.join("\n"));
}

#[test]
fn checkpoints_can_not_be_edited_moved_or_made_up() {
    let record = Record::with(7);
    let first = record.export().lines().position(|line| line.starts_with("{\"checkpoint\"")).unwrap();
    let hide = |said: String| said.replace(&record.key.public_key().id(), "OURS");
    let edit = |from: &str, to: &str| {
        hide(record.judge(&record.lines(|lines| {
            assert!(lines[first].contains(from), "{}", lines[first]);
            lines[first] = lines[first].replacen(from, to, 1);
        })))
    };
    let said = [
        edit("\"at_ms\":1800000003001", "\"at_ms\":1800000003002"),
        edit("\"seq\":3", "\"seq\":2"),
        edit(&record.events[2].1.to_string(), &record.events[1].1.to_string()),
        edit(&record.key.public_key().id(), "0123456789abcdef"),
        hide(record.judge(&record.lines(|lines| lines.swap(first, first + 1)))),
        hide(record.judge(&record.lines(|lines| drop(lines.remove(first))))),
    ];
    expect![[r#"
        Altered at event 3: checkpoint 3 does not carry a valid signature of key OURS.
        Altered at event 2: checkpoint 2 does not carry a valid signature of key OURS.
        Altered at event 3: checkpoint 3 does not carry a valid signature of key OURS.
        Altered at event 3: checkpoint 3 was signed by key 0123456789abcdef, not by OURS.
        Altered at event 3: its checkpoint stands after event 4.
        Altered at event 8: the last line speaks of 7 events and 2 checkpoints, but there are 7 and 1."#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn what_is_no_export_or_no_anchor_is_an_error_and_no_verdict() {
    let record = Record::with(3);
    let newer = record.export().replacen("\"version\":1", "\"version\":2", 1);
    let mut broken = record.checkpoints[0].clone();
    broken.at_ms += 1;
    let said = [
        verify(&b""[..], None, &[]).unwrap_err().to_string(),
        verify(&b"hello\n"[..], None, &[]).unwrap_err().to_string(),
        verify(&vec![b'x'; 3_000_000][..], None, &[]).unwrap_err().to_string(),
        verify(newer.as_bytes(), None, &[]).unwrap_err().to_string(),
        verify(record.export().as_bytes(), None, &[broken]).unwrap_err().to_string(),
    ];
    expect![[r#"
        this file is empty: it is no audit export, or all of it is gone
        this is no audit export: its first line is not the header; make one with `infra-chat audit export`
        this is no audit export: its first line is not the header; make one with `infra-chat audit export`
        this export has format version 2, but this program reads 1: use the program that wrote it
        an anchor can't be used; take it again from where it was kept, and check that the public key belongs to it"#]].assert_eq(&said.join("\n"));
}

#[test]
fn an_event_too_long_to_verify_is_not_exported() {
    let record = Record::with(0);
    let mut exporter = Exporter::start(Vec::new(), &record.key.public_key()).unwrap();
    let long = AuditEvent { subject: "x".repeat(2_000_000), ..event(1) };
    let said = exporter.event(&long, &GENESIS).unwrap_err().to_string();
    assert!(said.starts_with("audit event 1 takes 2000"), "{said}");
}

#[test]
fn keys_and_checkpoints_read_as_they_are_written() {
    let record = Record::with(3);
    let key = record.key.public_key();
    assert_eq!(key.to_string().parse::<PublicKey>().unwrap(), key);
    assert!(key.to_string().starts_with("ed25519:"));
    assert!("ed25519:00".parse::<PublicKey>().is_err());
    let text = serde_json::to_string(&record.checkpoints[0]).unwrap();
    assert_eq!(serde_json::from_str::<Checkpoint>(&text).unwrap(), record.checkpoints[0]);
    assert_eq!(format!("{:?}", record.key), format!("SigningKey {{ public: {key}, .. }}"));
}

#[test]
fn no_single_bit_can_be_changed() {
    let record = Record::with(3);
    let export = record.export().into_bytes();
    for position in 0..export.len() {
        let mut changed = export.clone();
        changed[position] ^= 1;
        let verdict = verify(&changed[..], Some(&record.key.public_key()), &[]);
        assert!(!verdict.is_ok_and(|verdict| verdict.is_intact()), "byte {position}");
    }
}

fn any_event() -> impl Strategy<Value = AuditEvent> {
    let role = prop::option::of(prop_oneof![Just(Role::Viewer), Just(Role::Deployer), Just(Role::Admin)]);
    let actor =
        (any::<String>(), role, any::<String>()).prop_map(|(name, role, front)| Actor { name, role, front });
    let environment = prop::option::of("[a-z]{1,8}/[a-z]{1,8}".prop_map(|key| key.parse().unwrap()));
    let run = prop::option::of("r-[0-9a-f]{4,12}".prop_map(|run| run.parse().unwrap()));
    (any::<i64>(), actor, any::<String>(), any::<String>(), environment, run, crate::canonical::any_json())
        .prop_map(|(at_ms, actor, action, subject, environment, run, data)| AuditEvent {
            seq: 0,
            at_ms,
            actor,
            action,
            subject,
            environment,
            run,
            data,
        })
}

fn any_record(size: std::ops::Range<usize>) -> impl Strategy<Value = Record> {
    prop::collection::vec(any_event(), size)
        .prop_map(|events| Record::of((1..).zip(events).map(|(seq, event)| AuditEvent { seq, ..event })))
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.export())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_was_recorded_verifies(record in any_record(0..8)) {
        let last = record.events.last().map(|(event, hash)| Checkpoint::sign(&record.key, event.seq, *hash, 0));
        let verdict = verify(record.export().as_bytes(), Some(&record.key.public_key()), last.as_slice()).unwrap();
        let count = record.events.len();
        prop_assert_eq!(
            verdict,
            Verdict::Intact { events: count as u64, last_seq: count as i64, unproven_after: None }
        );
    }

    #[test]
    fn canonical_bytes_read_back_as_the_event(mut event in any_event(), seq in any::<i64>()) {
        event.seq = seq;
        let bytes = canonical_bytes(&event);
        prop_assert_eq!(serde_json::from_slice::<AuditEvent>(&bytes).unwrap(), event.clone());
        prop_assert_eq!(&canonical_bytes(&serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap()), &bytes);
    }

    #[test]
    fn an_event_replaced_by_another_is_found(record in any_record(1..6), at in any::<prop::sample::Index>(), other in any_event()) {
        let at = at.index(record.events.len());
        let seq = at as i64 + 1;
        let other = AuditEvent { seq, ..other };
        prop_assume!(other != record.events[at].0);
        let mut forged = Record { checkpoints: Vec::new(), ..record.clone() };
        forged.events[at].0 = other;
        let export = forged.export();
        let verdict = verify(export.as_bytes(), Some(&forged.key.public_key()), &[]).unwrap();
        prop_assert!(matches!(verdict, Verdict::Altered { at_seq, .. } if at_seq == seq), "{}", verdict);
    }
}

#[test]
fn data_is_any_json() {
    for data in [Value::Null, json!([]), json!("text"), json!({})] {
        let record = Record::of([AuditEvent { data, ..event(1) }]);
        assert!(record.judge_anchored(&record.export(), 1).starts_with("Intact"));
    }
}
