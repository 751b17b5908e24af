//! Signatures against the published vectors.

use adapters::twilio::signature::{is_genuine, sign};
use secrecy::SecretString;

fn parameters(of: &serde_json::Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in of.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::Array(values) => {
                all.extend(values.iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned())));
            }
            value => all.push((name.clone(), value.as_str().unwrap().to_owned())),
        }
    }
    all
}

#[test]
fn published_signatures_are_made_and_taken() {
    let Some(file) = super::spec::file("signature.json") else { return };
    let mut tried = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let token = SecretString::from(vector["auth_token"].as_str().unwrap());
        let address = vector["url"].as_str().unwrap();
        let parameters = parameters(&vector["params"]);
        let signature = vector["signature"].as_str().unwrap();
        assert_eq!(sign(&token, address, &parameters), signature, "{vector}");
        let with_port = address.replace("mycompany.com", "mycompany.com:443");
        assert!(is_genuine(&token, &with_port, &parameters, signature), "{with_port}");
        tried += 1;
    }
    assert_eq!(tried, 3);
}

#[test]
fn what_is_altered_is_not_genuine() {
    let token = SecretString::from("12345");
    let address = "https://infra.example/twilio/inbound";
    let given =
        |body: &str| vec![("Body".to_owned(), body.to_owned()), ("From".to_owned(), "+49".to_owned())];
    let signature = sign(&token, address, &given("4127"));
    assert!(is_genuine(&token, address, &given("4127"), &signature));
    assert!(!is_genuine(&token, address, &given("4128"), &signature));
    assert!(!is_genuine(&token, "https://infra.example/twilio/status", &given("4127"), &signature));
    assert!(!is_genuine(&token, "http://infra.example/twilio/inbound", &given("4127"), &signature));
    assert!(!is_genuine(&SecretString::from("12346"), address, &given("4127"), &signature));
    assert!(!is_genuine(&token, address, &given("4127"), ""));
    let mut more = given("4127");
    more.push(("Extra".to_owned(), String::new()));
    assert!(!is_genuine(&token, address, &more, &signature));
}
