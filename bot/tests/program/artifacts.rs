//! What a run left behind, listed and fetched: on the command line, and over HTTP.

use crate::world::{World, http, http_with_head, is_private};

const TOKEN: &str = "a-token-of-this-test";

#[test]
fn files_of_a_run_are_fetched_by_those_who_may_and_without_what_is_secret_by_now() {
    let world = World::with_sample();
    let variables = [("INFRA_CHAT_LISTEN", "127.0.0.1:0"), ("INFRA_CHAT_API_TOKEN", TOKEN)];
    let mut serve = world.start(&["serve"], &variables);
    let said = serve.wait_for("listens on http://");
    let address = said.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let get = |path: &str, token: &str| {
        let token = format!("Authorization: Bearer {token}\r\n");
        http(&address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}\r\n"))
    };
    world.program(&["--as", "zoe", "user", "link", "ana", "http:ci"]).ended(0);
    let told = world.program(&["--as", "ana", "run", "deploy v1.0.0 to staging"]).ended(0);
    let run = told.run();
    let artifacts = |who: &str, more: &[&str]| {
        let mut arguments = vec!["--as", who, "artifacts", &run];
        arguments.extend_from_slice(more);
        world.program(&arguments)
    };

    // The list names what is fetched, and the hash that it has.
    let listed = artifacts("vera", &[]).ended(0);
    let row = listed.out.lines().find(|line| line.ends_with("/run.json")).unwrap();
    let (sha256, place) = (&row[..64], row.rsplit("  ").next().unwrap());
    let kept = std::fs::read_to_string(place).unwrap();
    let (status, answer) = get(&format!("/v1/runs/{run}/artifacts?as=ci"), TOKEN);
    assert_eq!(status, 200, "{answer}");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let files = answer["artifacts"].as_array().unwrap();
    assert_eq!(files.len(), listed.out.lines().count(), "{answer}");
    let told = files.iter().find(|file| file["name"] == "run.json").unwrap();
    assert_eq!((told["sha256"].as_str(), told["hides"].as_bool()), (Some(sha256), Some(false)));

    // On the command line: to standard output, or into a file for whoever fetched it.
    assert_eq!(artifacts("vera", &["run.json"]).ended(0).out, kept);
    let file = world.path("fetched.json");
    let told = artifacts("vera", &["run.json", file.to_str().unwrap()]).ended(0);
    assert!(told.out.is_empty() && is_private(&file), "{}", told.all());
    told.says(&format!("run.json of {run}, ")).says("fetched.json");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept);
    artifacts("vera", &["receipts/999.json"]).ended(2).says(&format!("{run} has no receipts/999.json"));
    artifacts("vera", &["../../master.key"]).ended(2).says("is no artifact: there are run.json");
    artifacts("stranger", &["run.json"]).ended(2).says("needs a viewer").says_not("deploy v1.0.0");
    artifacts("vera", &["run.json", world.path("nowhere/file").to_str().unwrap()])
        .ended(1)
        .says("can't write");

    // Over HTTP.
    let at = |name: &str, who: &str| format!("/v1/runs/{run}/artifacts/{name}?as={who}");
    assert_eq!(get(&at("run.json", "ci"), TOKEN), (200, kept.clone()));
    assert_eq!(get(&at("receipts/1.json", "ci"), TOKEN).0, 200);
    for (name, who, token, expected, says) in [
        ("run.json", "ci", "wrong", 401, "send the token"),
        ("run.json", "nobody", TOKEN, 403, "no role"),
        ("receipts/999.json", "ci", TOKEN, 404, "has no receipts/999.json"),
        ("..%2F..%2Fmaster.key", "ci", TOKEN, 404, "is no artifact"),
    ] {
        let (status, answer) = get(&at(name, who), token);
        assert_eq!(status, expected, "{name} as {who}: {answer}");
        assert!(answer.contains(says) && !answer.contains("deploy v1.0.0"), "{answer}");
    }

    // What becomes known as a secret later is not shown any more, though it is kept: whoever fetches it is told so.
    serve.signal("TERM");
    serve.end().ended(0);
    let kept_json: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let secret = kept_json.pointer("/request/command").or_else(|| kept_json.pointer("/run/request/command"));
    let secret = secret.unwrap_or_else(|| panic!("{kept}")).as_str().unwrap();
    let path = "invoice-perfect/staging/session-secret";
    world.program_with(&["--as", "zoe", "secret", "set", path], &format!("{secret}\n"), &[]).ended(0);
    let told = artifacts("vera", &["run.json"]).ended(0);
    assert!(!told.out.contains(secret) && told.out.contains("[secret session-secret]"), "{}", told.all());
    told.says("run.json holds the value of a secret").says("its SHA-256 is not the listed one");
    let mut serve = world.start(&["serve"], &variables);
    let said = serve.wait_for("listens on http://");
    let address = said.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n",
        at("run.json", "ci")
    );
    let (status, head, shown) = http_with_head(&address, &request);
    assert_eq!(status, 200, "{shown}");
    assert!(!shown.contains(secret) && shown.contains("[secret session-secret]"), "{shown}");
    let disposition = format!("content-disposition: attachment; filename=\"{run}-run.json\"");
    for header in ["infra-chat-hides: secret", "content-type: application/json", "nosniff", &disposition] {
        assert!(head.contains(header), "no {header:?} in\n{head}");
    }
    serve.signal("TERM");
    serve.end().ended(0);
}
