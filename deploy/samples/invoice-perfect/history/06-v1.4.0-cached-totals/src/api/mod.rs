//! The api: invoices, customers and sessions as JSON. Reading is open to all, writing needs a session.

mod writes;

use crate::cache::Cache;
use crate::database::Database;
use crate::health::{self, Component};
use crate::http::{self, Request, Response};
use crate::json::Json;
use crate::session::{self, Sessions};
use crate::totals::Totals;
use crate::{config, customers, invoices, log, schema};

pub struct Api {
    database: Database,
    cache: Cache,
    sessions: Sessions,
    company: String,
    totals: Totals,
}

pub fn serve() -> Result<(), String> {
    log::start("api");
    let api = Api {
        database: Database::from_environment()?,
        cache: Cache::from_environment()?,
        sessions: Sessions::from_environment()?,
        company: config::company(),
        totals: Totals::empty(),
    };
    http::listen(config::port()?, move |request| api.answer(request))
}

impl Api {
    fn answer(&self, request: &Request) -> Response {
        let words: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        let answer = match (method, words.as_slice()) {
            ("GET", ["health"]) => return self.health(),
            ("GET", [""]) => Ok(self.about()),
            ("GET", ["api", "invoices"]) => self.invoices(request),
            ("GET", ["api", "invoices", id]) => self.invoice(request, id),
            ("GET", ["api", "customers"]) => self.customers(request),
            ("GET", ["api", "session"]) => {
                Ok(Response::json(200, &self.page(request, "session", Json::Null)))
            }
            ("POST", ["api", "session"]) => self.sign_in(request),
            ("DELETE", ["api", "session"]) => {
                Ok(Response::json(200, &Json::object([("viewer", Json::Null)]))
                    .with("set-cookie", session::close()))
            }
            ("POST", ["api", "invoices"]) => self.signed_in(request, |body| self.create_invoice(body)),
            ("POST", ["api", "invoices", id, "payment"]) => self.signed_in(request, |_| self.pay_invoice(id)),
            ("POST", ["api", "customers"]) => self.signed_in(request, |body| self.create_customer(body)),
            (_, ["" | "health"] | ["api", "invoices" | "customers" | "session", ..]) => {
                Ok(Response::error(405, "this can't be done here"))
            }
            _ => Ok(Response::error(404, "there is nothing here")),
        };
        let with_total = answer.and_then(|response| {
            Ok(response.with("x-outstanding", self.totals.outstanding(&self.database)?))
        });
        with_total.unwrap_or_else(|problem| {
            log::error(&problem, &[("path", Json::text(request.path.as_str()))]);
            Response::error(500, "something failed on our side; the log of the api says what")
        })
    }

    fn health(&self) -> Response {
        health::respond(&[
            Component::try_out("database", || schema::check(&self.database)),
            Component::try_out("cache", || self.cache.check()),
        ])
    }

    fn about(&self) -> Response {
        let about = [("service", "api"), ("company", self.company.as_str()), ("release", &config::release())]
            .map(|(name, value)| (name, Json::text(value)));
        Response::json(200, &Json::object(about))
    }

    fn invoices(&self, request: &Request) -> Result<Response, String> {
        let invoices = invoices::list(&self.database, request.query("status"))?;
        Ok(Response::json(200, &self.page(request, "invoices", invoices)))
    }

    fn invoice(&self, request: &Request, id: &str) -> Result<Response, String> {
        let found = match id.parse() {
            Ok(id) => invoices::find(&self.database, id)?,
            Err(_) => None,
        };
        Ok(match found {
            Some(invoice) => Response::json(200, &self.page(request, "invoice", invoice)),
            None => Response::error(404, "there is no such invoice"),
        })
    }

    fn customers(&self, request: &Request) -> Result<Response, String> {
        let (customers, cached) = customers::list(&self.database, &self.cache)?;
        let response = Response::json(200, &self.page(request, "customers", customers));
        Ok(response.with("x-cache", if cached { "hit" } else { "miss" }))
    }

    /// What is asked for, with who asks.
    fn page(&self, request: &Request, name: &str, content: Json) -> Json {
        let viewer = self.sessions.viewer(request).map_or(Json::Null, Json::Text);
        Json::object([(name, content), ("viewer", viewer)])
    }
}
