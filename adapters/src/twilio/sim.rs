//! A small Twilio: messages are sent, listed, fetched, delivered or not, told of by signed callbacks, and texts of people come
//! in signed. It keeps what it is told, refuses what Twilio refuses, and has the faults of the real one.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeZone as _, Utc};
use engine::clock::{Clock, EpochMs};
use engine::notify::gsm;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{INBOUND_PATH, signature};

/// The account here.
pub const ACCOUNT: &str = "AC00000000000000000000000000000051";
/// Its token.
pub const TOKEN: &str = "simulated-auth-token";
/// The number it sends from: one nobody has.
pub const NUMBER: &str = "+491713920000";
/// Where texts that come in to it are told.
const INBOUND_AT: &str = "https://infra.example";
/// Longest body Twilio takes, in characters.
const BODY_MAX: usize = 1_600;
/// Messages on a page where nobody says.
const PAGE_SIZE: usize = 50;
/// The code of a phone out of reach.
const OUT_OF_REACH: i64 = 30_003;

/// What goes wrong with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429, with so many seconds to wait.
    Limited(u32),
    /// A server error; nothing was done.
    Broken,
    /// It is done, and the answer is a server error.
    AnswerLost,
    /// It is refused with this code.
    Refused(i64),
}

/// A call, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path.
    pub path: String,
    /// What was given, in the query or the form.
    pub given: Vec<(String, String)>,
    /// The status of its answer.
    pub status: u16,
    /// Its answer.
    pub answer: Value,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its identifier.
    pub sid: String,
    /// Where to.
    pub to: String,
    /// Where from.
    pub from: String,
    /// The messaging service it was sent by.
    pub service: Option<String>,
    /// The words.
    pub body: String,
    /// How it stands.
    pub status: String,
    /// Why it failed.
    pub error_code: Option<i64>,
    made_ms: EpochMs,
    callback: Option<String>,
}

/// A call of Twilio's that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// Where to.
    pub address: String,
    /// With what.
    pub parameters: Vec<(String, String)>,
    /// Its signature.
    pub signature: String,
}

struct Inside {
    records: Vec<Record>,
    calls: Vec<Call>,
    faults: VecDeque<Fault>,
    out_of_reach: BTreeSet<String>,
    came_in: u32,
}

#[derive(Clone)]
struct Shared {
    clock: Arc<dyn Clock>,
    inside: Arc<Mutex<Inside>>,
}

impl Shared {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The small Twilio. It ends when dropped.
pub struct SimTwilio {
    address: SocketAddr,
    shared: Shared,
    stop: CancellationToken,
}

impl Drop for SimTwilio {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl SimTwilio {
    /// Opens it at a free port of this machine.
    pub async fn open(clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let inside = Inside {
            records: Vec::new(),
            calls: Vec::new(),
            faults: VecDeque::new(),
            out_of_reach: BTreeSet::new(),
            came_in: 0,
        };
        let shared = Shared { clock, inside: Arc::new(Mutex::new(inside)) };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        let router = Router::new()
            .route("/2010-04-01/Accounts/{account}", get(account))
            .route("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json", get(numbers))
            .route("/2010-04-01/Accounts/{account}/Messages.json", get(list).post(create))
            .route("/2010-04-01/Accounts/{account}/Messages/{file}", get(fetch))
            .with_state(shared.clone());
        let ended = stop.clone();
        tokio::spawn(async move {
            let served = axum::serve(listener, router);
            let served = served.with_graceful_shutdown(async move { ended.cancelled().await }).await;
            if let Err(error) = served {
                tracing::warn!(%error, "the simulated Twilio has ended");
            }
        });
        Ok(Self { address, shared, stop })
    }

    /// Where its API is.
    pub fn api_base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All messages to phones, in order.
    pub fn records(&self) -> Vec<Record> {
        self.shared.inside().records.clone()
    }

    /// All calls, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.inside().calls.clone()
    }

    /// This goes wrong with the next call, after what is to go wrong before it.
    pub fn fault(&self, fault: Fault) {
        self.shared.inside().faults.push_back(fault);
    }

    /// A phone is switched off.
    pub fn out_of_reach(&self, phone: &str) {
        self.shared.inside().out_of_reach.insert(phone.to_owned());
    }

    /// Every message that is on its way arrives, or does not; what Twilio calls to tell of it.
    pub fn deliver(&self) -> Vec<Called> {
        let mut inside = self.shared.inside();
        let out = inside.out_of_reach.clone();
        let mut called = Vec::new();
        for record in inside.records.iter_mut().filter(|record| record.status == "queued") {
            let is_out = out.contains(&record.to);
            if is_out { "undelivered" } else { "delivered" }.clone_into(&mut record.status);
            record.error_code = is_out.then_some(OUT_OF_REACH);
            // Twilio tells in any order: here the end comes before the middle.
            let Some(address) = &record.callback else { continue };
            let mut parameters = of_status(record, &record.status);
            parameters.extend(record.error_code.map(|code| ("ErrorCode".to_owned(), code.to_string())));
            called.push(call_to(address, parameters));
            called.push(call_to(address, of_status(record, "sent")));
        }
        called
    }

    /// Somebody texts the sender: what Twilio calls to tell of it.
    pub fn comes_in(&self, address: &str, from: &str, body: &str) -> Called {
        let mut inside = self.shared.inside();
        inside.came_in += 1;
        let sid = format!("SM{:032x}", 0xF000_0000_u64 + u64::from(inside.came_in));
        let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let parameters = vec![
            of("AccountSid", ACCOUNT),
            of("ApiVersion", "2010-04-01"),
            of("Body", body),
            of("From", from),
            of("To", NUMBER),
            of("MessageSid", &sid),
            of("SmsMessageSid", &sid),
            of("SmsSid", &sid),
            of("SmsStatus", "received"),
            of("NumMedia", "0"),
            of("NumSegments", "1"),
        ];
        call_to(address, parameters)
    }
}

fn call_to(address: &str, parameters: Vec<(String, String)>) -> Called {
    let signature = signature::sign(&SecretString::from(TOKEN), address, &parameters);
    Called { address: address.to_owned(), parameters, signature }
}

fn of_status(record: &Record, status: &str) -> Vec<(String, String)> {
    let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        of("AccountSid", ACCOUNT),
        of("ApiVersion", "2010-04-01"),
        of("From", &record.from),
        of("To", &record.to),
        of("MessageSid", &record.sid),
        of("MessageStatus", status),
        of("SmsSid", &record.sid),
        of("SmsStatus", status),
    ]
}

fn described(record: &Record) -> Value {
    let at = |ms: EpochMs| Utc.timestamp_millis_opt(ms).single().map(|at| at.to_rfc2822());
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{}", record.sid);
    let segments = gsm::segments(&record.body).unwrap_or_else(|| record.body.chars().count().div_ceil(67));
    json!({
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": record.body,
        "date_created": at(record.made_ms),
        "date_sent": (record.status != "queued").then(|| at(record.made_ms)).flatten(),
        "date_updated": at(record.made_ms),
        "direction": "outbound-api",
        "error_code": record.error_code,
        "error_message": record.error_code.map(|_| "Unreachable destination handset"),
        "from": record.from,
        "messaging_service_sid": record.service,
        "num_media": "0",
        "num_segments": segments.to_string(),
        "price": null,
        "price_unit": "USD",
        "sid": record.sid,
        "status": record.status,
        "subresource_uris": { "media": format!("{path}/Media.json") },
        "to": record.to,
        "uri": format!("{path}.json"),
    })
}

fn problem(status: StatusCode, code: i64, message: &str) -> (StatusCode, Value) {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({ "code": code, "message": message, "more_info": more_info, "status": status.as_u16() });
    (status, body)
}

fn is_authorised(headers: &HeaderMap, account: &str) -> bool {
    let wanted = STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    account == ACCOUNT && given == Some(&format!("Basic {wanted}"))
}

impl Shared {
    /// What every call has in common: it is kept, it needs the token, and faults strike it.
    fn answer(
        &self,
        method: &'static str,
        path: String,
        given: Vec<(String, String)>,
        is_authorised: bool,
        act: impl FnOnce(&mut Inside, &[(String, String)]) -> (StatusCode, Value),
    ) -> Response {
        let mut inside = self.inside();
        let fault = inside.faults.pop_front();
        let mut wait = None;
        let (status, answer) = match fault {
            Some(Fault::Limited(seconds)) => {
                wait = Some(seconds);
                problem(StatusCode::TOO_MANY_REQUESTS, 20_429, "Too Many Requests")
            }
            Some(Fault::Broken) => {
                problem(StatusCode::INTERNAL_SERVER_ERROR, 20_500, "Internal Server Error")
            }
            Some(Fault::Refused(code)) => problem(StatusCode::BAD_REQUEST, code, "refused"),
            _ if !is_authorised => problem(StatusCode::UNAUTHORIZED, 20_003, "Authenticate"),
            _ => act(&mut inside, &given),
        };
        inside.calls.push(Call { method, path, given, status: status.as_u16(), answer: answer.clone() });
        if fault == Some(Fault::AnswerLost) {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        let mut response = (status, axum::Json(answer)).into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

async fn create(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now_ms = shared.clock.now_ms();
    let path = format!("/2010-04-01/Accounts/{account}/Messages.json");
    let authorised = is_authorised(&headers, &account);
    shared.answer("POST", path, signature::form(&body), authorised, |inside, given| {
        let of = |name: &str| given.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let refused = |code, message| problem(StatusCode::BAD_REQUEST, code, message);
        let Some(to) = of("To").filter(|to| !to.is_empty()) else {
            return refused(21_604, "A 'To' phone number is required.");
        };
        if to.parse::<engine::model::Phone>().is_err() {
            return refused(21_211, "Invalid 'To' Phone Number");
        }
        let (from, service) = (of("From"), of("MessagingServiceSid"));
        if from.is_none() && service.is_none() {
            return refused(21_603, "A 'From' phone number is required.");
        }
        if from.as_deref().is_some_and(|from| from != NUMBER) {
            return refused(21_659, "'From' is not a Twilio phone number");
        }
        let Some(body) = of("Body").filter(|body| !body.is_empty()) else {
            return refused(21_602, "Message body is required.");
        };
        if body.chars().count() > BODY_MAX {
            return refused(21_617, "The concatenated message body exceeds the 1600 character limit");
        }
        let record = Record {
            sid: format!("SM{:032x}", inside.records.len() + 1),
            to,
            from: from.unwrap_or_else(|| NUMBER.to_owned()),
            service,
            body,
            status: "queued".to_owned(),
            error_code: None,
            made_ms: now_ms,
            callback: of("StatusCallback"),
        };
        let described = described(&record);
        inside.records.push(record);
        (StatusCode::CREATED, described)
    })
}

async fn list(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let path = format!("/2010-04-01/Accounts/{account}/Messages.json");
    let authorised = is_authorised(&headers, &account);
    let given = signature::form(query.unwrap_or_default().as_bytes());
    shared.answer("GET", path.clone(), given, authorised, |inside, given| {
        let of = |name: &str| given.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let number = |name: &str, usual| of(name).and_then(|value| value.parse().ok()).unwrap_or(usual);
        let (size, page): (usize, usize) = (number("PageSize", PAGE_SIZE).clamp(1, 1_000), number("Page", 0));
        let fits = |record: &&Record| {
            of("To").is_none_or(|to| record.to == to) && of("From").is_none_or(|from| record.from == from)
        };
        // Newest first, as Twilio lists them.
        let all: Vec<&Record> = inside.records.iter().rev().filter(fits).collect();
        let from = (page * size).min(all.len());
        let until = (from + size).min(all.len());
        let query = |page: usize| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let others = given.iter().filter(|(name, _)| name != "Page");
            query.extend_pairs(others).append_pair("Page", &page.to_string());
            format!("{path}?{}", query.finish())
        };
        let answer = json!({
            "end": until.saturating_sub(1),
            "first_page_uri": query(0),
            "messages": all[from..until].iter().map(|record| described(record)).collect::<Vec<_>>(),
            "next_page_uri": (until < all.len()).then(|| query(page + 1)),
            "page": page,
            "page_size": size,
            "previous_page_uri": (page > 0).then(|| query(page - 1)),
            "start": from,
            "uri": query(page),
        });
        (StatusCode::OK, answer)
    })
}

async fn fetch(
    State(shared): State<Shared>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let path = format!("/2010-04-01/Accounts/{account}/Messages/{file}");
    let authorised = is_authorised(&headers, &account);
    shared.answer("GET", path, Vec::new(), authorised, |inside, _| {
        let sid = file.strip_suffix(".json").unwrap_or(&file);
        match inside.records.iter().find(|record| record.sid == sid) {
            Some(record) => (StatusCode::OK, described(record)),
            None => problem(StatusCode::NOT_FOUND, 20_404, "The requested resource was not found"),
        }
    })
}

async fn account(State(shared): State<Shared>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("/2010-04-01/Accounts/{file}");
    let account = file.strip_suffix(".json").unwrap_or(&file);
    let authorised = is_authorised(&headers, account);
    shared.answer("GET", path, Vec::new(), authorised, |_, _| {
        let answer = json!({
            "sid": ACCOUNT, "friendly_name": "Simulated", "status": "active", "type": "Full",
            "uri": format!("/2010-04-01/Accounts/{ACCOUNT}.json"),
        });
        (StatusCode::OK, answer)
    })
}

async fn numbers(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let path = format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json");
    let asked = signature::form(query.unwrap_or_default().as_bytes());
    let authorised = is_authorised(&headers, &account);
    shared.answer("GET", path, asked, authorised, |_, asked| {
        let wanted = asked.iter().find(|(name, _)| name == "PhoneNumber").map_or("", |(_, value)| value);
        let own = json!({
            "account_sid": ACCOUNT, "phone_number": NUMBER, "sms_url": format!("{INBOUND_AT}{INBOUND_PATH}"),
            "capabilities": { "fax": false, "mms": true, "sms": true, "voice": true },
        });
        let owned: Vec<Value> = if NUMBER.contains(wanted) { vec![own] } else { Vec::new() };
        (StatusCode::OK, json!({ "incoming_phone_numbers": owned, "page": 0, "page_size": 50 }))
    })
}
