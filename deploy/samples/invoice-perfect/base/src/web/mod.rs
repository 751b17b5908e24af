//! The pages people see. Every page is one call to the api, whose cookie and viewer are passed through.

mod events;
mod html;
mod pages;

use crate::health::{self, Component};
use crate::http::{self, decode_form, Answer, Request, Response};
use crate::json::Json;
use crate::{config, log};

const STYLE: &str = include_str!("../../static/style.css");

struct Web {
    api_url: String,
    company: String,
}

pub fn serve() -> Result<(), String> {
    log::start("web");
    let web = Web {
        api_url: config::required("API_URL", "where the api is, http://host:port")?,
        company: config::company(),
    };
    http::listen(config::port()?, move |request| web.answer(request))
}

impl Web {
    fn answer(&self, request: &Request) -> Response {
        let words: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        match (method, words.as_slice()) {
            ("GET", ["health"]) => self.health(),
            ("GET", ["static", "style.css"]) => Response::new(200, "text/css; charset=utf-8", STYLE)
                .with("cache-control", "public, max-age=3600"),
            ("GET", ["events"]) => events::stream(request),
            ("GET", ["" | "invoices"]) => self.page(request, "/api/invoices", pages::invoices),
            ("GET", ["invoices", "new"]) => self.page(request, "/api/customers", pages::new_invoice),
            ("GET", ["invoices", id]) => {
                self.page(request, &format!("/api/invoices/{}", html::path(id)), pages::invoice)
            }
            ("GET", ["customers"]) => self.page(request, "/api/customers", pages::customers),
            ("GET", ["login"]) => self.page(request, "/api/session", pages::login),
            // Nobody is sent to another site to sign in yet, so nobody comes back with a code of ours.
            ("GET", ["oauth", "callback"]) => self.fault(400, "This sign-in was not begun here. Sign in again."),
            ("POST", ["login"]) => self.send(request, "POST", "/api/session", &form(request, &[])),
            ("POST", ["logout"]) => self.send(request, "DELETE", "/api/session", "{}"),
            ("POST", ["invoices"]) => self.send(
                request,
                "POST",
                "/api/invoices",
                &form(request, &["customer_id", "amount_cents", "tax_percent"]),
            ),
            ("POST", ["invoices", id, "payment"]) => {
                self.send(request, "POST", &format!("/api/invoices/{}/payment", html::path(id)), "{}")
            }
            _ => self.fault(404, "There is nothing here."),
        }
    }

    fn health(&self) -> Response {
        let api = Component::try_out("api", || match http::call(&self.api_url, "GET", "/health", None, "") {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(format!("the api says {}", answer.status)),
            Err(error) => Err(error.to_string()),
        });
        health::respond(&[api])
    }

    /// Gets `path` from the api and shows it with `render`.
    fn page(&self, request: &Request, path: &str, render: fn(&Json) -> (String, String)) -> Response {
        let answer = match self.call(request, "GET", path, "") {
            Ok(answer) => answer,
            Err(fault) => return fault,
        };
        match Json::parse(&answer.body) {
            Ok(data) => {
                let (title, content) = render(&data);
                html::page(200, &self.company, &title, data.get("viewer").as_str(), &content)
            }
            Err(problem) => {
                log::error(&problem, &[("path", Json::text(path))]);
                self.fault(502, "The api gave an answer we don't understand.")
            }
        }
    }

    /// Sends a change to the api and goes back to the list.
    fn send(&self, request: &Request, method: &str, path: &str, body: &str) -> Response {
        match self.call(request, method, path, body) {
            Ok(answer) => {
                let back = Response::new(303, "text/plain", "").with("location", "/");
                match answer.header("set-cookie") {
                    Some(cookie) => back.with("set-cookie", cookie),
                    None => back,
                }
            }
            Err(fault) => fault,
        }
    }

    fn call(&self, request: &Request, method: &str, path: &str, body: &str) -> Result<Answer, Response> {
        match http::call(&self.api_url, method, path, request.header("cookie"), body) {
            Ok(answer) if answer.status < 400 => Ok(answer),
            Ok(answer) if answer.status < 500 => {
                let said = Json::parse(&answer.body).unwrap_or(Json::Null);
                Err(self.fault(answer.status, said.get("error").as_str().unwrap_or("That can't be done.")))
            }
            Ok(answer) => {
                log::error(
                    "the api failed",
                    &[("path", Json::text(path)), ("status", Json::Int(i64::from(answer.status)))],
                );
                Err(self.fault(502, "The api failed. Please try again."))
            }
            Err(error) => {
                log::error("the api can't be reached", &[("error", Json::text(error.to_string()))]);
                Err(self.fault(502, "The api can't be reached. Please try again."))
            }
        }
    }

    fn fault(&self, status: u16, say: &str) -> Response {
        html::page(status, &self.company, "Sorry", None, &format!("<p>{}</p>", html::escape(say)))
    }
}

/// A submitted form as the JSON object the api wants, with the fields in `numbers` as numbers.
fn form(request: &Request, numbers: &[&str]) -> String {
    let fields = decode_form(&String::from_utf8_lossy(&request.body));
    let typed = fields.into_iter().map(|(name, text)| {
        let number = text.parse().ok().filter(|_| numbers.contains(&name.as_str()));
        (name, number.map_or(Json::Text(text), Json::Int))
    });
    Json::object(typed).to_string()
}
