//! The token, compared in constant time. Without a configured token nobody gets in: any program of the machine could
//! speak as anybody otherwise.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::Api;

/// Lets requests through that carry the token.
pub(super) async fn require_token(State(api): State<Api>, request: Request, next: Next) -> Response {
    let Some(token) = &api.token else {
        let say = "there is no api_token: set INFRA_CHAT_API_TOKEN and start again to use the API";
        return problem(StatusCode::FORBIDDEN, say);
    };
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if given.is_some_and(|given| is_token(given, token)) {
        next.run(request).await
    } else {
        let mut answer = problem(StatusCode::UNAUTHORIZED, "send the token: Authorization: Bearer TOKEN");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        answer
    }
}

fn is_token(given: &[u8], token: &SecretString) -> bool {
    given.ct_eq(token.expose_secret().as_bytes()).into()
}

/// An answer that says what is wrong.
pub(super) fn problem(status: StatusCode, say: &str) -> Response {
    (status, Json(json!({ "error": say }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = SecretString::from("a-token-nobody-knows");
        assert!(is_token(b"a-token-nobody-knows", &token));
        for wrong in [&b"a-token-nobody-know"[..], b"a-token-nobody-knowz", b"", b"a-token-nobody-knows "] {
            assert!(!is_token(wrong, &token));
        }
    }
}
