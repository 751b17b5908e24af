//! The way of one request: choose a release and an instance, pass the request on, pass the answer back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::upgrade::OnUpgrade;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use tokio::sync::OwnedSemaphorePermit;

use super::Shared;
use super::backend::Lease;
use super::body::{Exchange, ReplyBody, RequestBody};
use super::counts::Tally;
use super::lanes::Lane;
use super::reply::{self, Own};
use super::service::{Service, second_now};
use super::table::Choice;
use super::upstream::{Missed, attempt};
use super::{aside, headers, lanes, sticky, upgrade};

/// A client's connection, as far as its requests need to know.
#[derive(Debug)]
pub(crate) struct Visit {
    /// What all of the edge shares.
    pub(crate) shared: Arc<Shared>,
    /// The service asked for.
    pub(crate) service: Arc<Service>,
    /// Who asks.
    pub(crate) peer: SocketAddr,
    /// The connection's place among those allowed; a tunnel keeps it for as long as it lasts.
    pub(crate) _place: OwnedSemaphorePermit,
}

/// Answers a request, whatever happens.
pub(crate) async fn answer(visit: Arc<Visit>, mut request: Request<Incoming>) -> Response<ReplyBody> {
    let started = Instant::now();
    let service = &visit.service;
    let request_id = headers::request_id(request.headers());
    if request.method() == Method::CONNECT {
        return reply::own(Own::NotAProxy, &service.name, None, &request_id);
    }
    let protocol = headers::upgrade_asked(request.headers());
    let client_side = protocol.is_some().then(|| hyper::upgrade::on(&mut request));
    let (mut parts, body) = request.into_parts();
    if !name_host(&mut parts, service) {
        return reply::own(Own::BadRequest, &service.name, None, &request_id);
    }
    let cookie = service.sticky();
    let known = cookie.as_deref().and_then(|cookie| sticky::slot(&parts.headers, cookie));
    let slot = known.or_else(|| lanes::slot(&parts.headers, visit.peer.ip()));
    let is_probe = aside::is_probe(&parts, visit.peer.ip());
    headers::for_backend(&mut parts.headers, visit.peer, &request_id, protocol.as_ref());

    let no_client = service.choose_aside(parts.uri.path(), is_probe, started);
    let is_client = no_client.is_none();
    let (lease, tally, slot) = match no_client.unwrap_or_else(|| service.choose(slot, started)) {
        Choice::Instance(lease, tally, slot) => (lease, tally, slot),
        Choice::NoTraffic => return reply::own(Own::NoTraffic, &service.name, None, &request_id),
        Choice::NoInstance(release, tally) => {
            let response = reply::own(Own::NoInstance, &service.name, Some(release), &request_id);
            let lane = Lane::of_slot(slot.unwrap_or_default());
            tally.answered(response.status().as_u16(), started.elapsed(), second_now(), lane);
            return response;
        }
    };
    let release = lease.backend().release;
    let outcome = Outcome { tally, lane: Lane::of_slot(slot), started, told: false };
    let outgoing = Outgoing::new(parts, body);
    let mut response = match relay(&visit, lease, outgoing, &outcome).await {
        Ok((response, exchange)) => finish(&visit, response, exchange, release, &request_id, client_side),
        Err(why) => reply::own(why, &service.name, Some(release), &request_id),
    };
    if let (Some(cookie), None, true) = (&cookie, known, is_client) {
        sticky::give(response.headers_mut(), cookie, slot);
    }
    outcome.tell(response.status());
    response
}

/// A request that can be made once, and some of them twice.
struct Outgoing {
    first: Request<RequestBody>,
    again: Option<(Method, Uri, HeaderMap)>,
}

impl Outgoing {
    fn new(parts: Parts, body: Incoming) -> Self {
        let body = RequestBody::new(body);
        let uri = origin_form(parts.uri);
        // Only what may be asked twice without harm, and can be, because nothing of it is used up.
        let repeatable = matches!(parts.method, Method::GET | Method::HEAD) && body.upload().is_none();
        let again = repeatable.then(|| (parts.method.clone(), uri.clone(), parts.headers.clone()));
        Self { first: build(parts.method, uri, parts.headers, body), again }
    }
}

/// Gets an answer: from the chosen instance, or else once from another one of the same release. The release never
/// changes, so that what happens to a request is on the account of the release that was chosen for it.
async fn relay(
    visit: &Visit,
    mut lease: Lease,
    outgoing: Outgoing,
    outcome: &Outcome,
) -> Result<(Response<Incoming>, Exchange), Own> {
    let Outgoing { first: mut request, mut again } = outgoing;
    let mut retried = false;
    loop {
        let upload = request.body().upload();
        let missed = match attempt(lease.backend(), request, &visit.shared.options, Instant::now()).await {
            Ok((response, line)) => return Ok((response, Exchange { lease, line, upload })),
            Err(missed) => missed,
        };
        let Missed { why, unsent, refused, reused } = missed;
        if refused {
            lease.backend().rest(Instant::now());
        }
        let repeated = unsent.map(|request| *request).or_else(|| {
            let (method, uri, headers) = again.take()?;
            Some(build(method, uri, headers, RequestBody::empty()))
        });
        let (Some(next), false, true) = (repeated, retried, refused || why == Own::Failed) else {
            return Err(why);
        };
        let backend = lease.backend();
        lease = match visit.service.another(backend.release, backend.address, Instant::now()) {
            Some(another) => another,
            // The only instance may just have closed a connection that stood by: a new one tells.
            None if reused => lease,
            None => return Err(why),
        };
        retried = true;
        outcome.tally.retried();
        request = next;
    }
}

fn finish(
    visit: &Arc<Visit>,
    mut response: Response<Incoming>,
    exchange: Exchange,
    release: u32,
    request_id: &HeaderValue,
    client_side: Option<OnUpgrade>,
) -> Response<ReplyBody> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let (Some(client_side), Some(agreed)) =
            (client_side, response.headers().get(header::UPGRADE).cloned())
        else {
            // A change of protocol nobody asked for.
            return reply::own(Own::Failed, &visit.service.name, Some(release), request_id);
        };
        let backend_side = hyper::upgrade::on(&mut response);
        upgrade::tunnel(Arc::clone(visit), exchange.lease, client_side, backend_side);
        let (mut parts, _empty) = response.into_parts();
        headers::for_client(&mut parts.headers, release, request_id, Some(&agreed));
        return Response::from_parts(parts, ReplyBody::Own(None));
    }
    let (mut parts, body) = response.into_parts();
    parts.version = Version::HTTP_11;
    headers::for_client(&mut parts.headers, release, request_id, None);
    Response::from_parts(parts, ReplyBody::relay(body, exchange))
}

fn build(method: Method, uri: Uri, headers: HeaderMap, body: RequestBody) -> Request<RequestBody> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}

/// Backends are asked for a path (`/a?b`), also when the client named the whole address, as it would to a proxy.
fn origin_form(uri: Uri) -> Uri {
    if uri.authority().is_none() {
        return uri;
    }
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    Uri::from(path)
}

/// Makes sure that there is one `Host`; says whether there is. An address in the request line wins (RFC 9112, 3.2.2), and
/// HTTP/1.0 may leave it out.
fn name_host(parts: &mut Parts, service: &Service) -> bool {
    // A name and password before the host, as old clients send them, are not part of it.
    let named = parts.uri.authority().and_then(|authority| authority.as_str().rsplit('@').next());
    if let Some(named) = named
        && let Ok(host) = HeaderValue::from_str(named)
    {
        parts.headers.insert(header::HOST, host);
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), None) => true,
        (None, _) if parts.version == Version::HTTP_10 => {
            if let Ok(host) = HeaderValue::from_str(service.name.as_str()) {
                parts.headers.insert(header::HOST, host);
            }
            true
        }
        _ => false,
    }
}

/// Sees to it that each request is counted once, also when its client goes away and the request is dropped half-way.
struct Outcome {
    tally: Arc<Tally>,
    lane: Lane,
    started: Instant,
    told: bool,
}

impl Outcome {
    fn tell(mut self, status: StatusCode) {
        self.told = true;
        self.tally.answered(status.as_u16(), self.started.elapsed(), second_now(), self.lane);
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if !self.told {
            self.tally.abandoned();
        }
    }
}
