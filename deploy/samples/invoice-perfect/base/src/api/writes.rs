//! What changes the books: signing in, and what one may do then.

use super::Api;
use crate::http::{Request, Response};
use crate::invoices::NewInvoice;
use crate::json::Json;
use crate::{customers, invoices, log, users};

const DEFAULT_TAX_PERCENT: i64 = 20;
const MAX_TAX_PERCENT: i64 = 50;
/// Ten million in whole currency; more is a slip of the finger.
const MAX_AMOUNT_CENTS: i64 = 1_000_000_000;

impl Api {
    pub(super) fn sign_in(&self, request: &Request) -> Result<Response, String> {
        let Ok(body) = Json::parse(&String::from_utf8_lossy(&request.body)) else {
            return Ok(Response::error(400, "the body is not JSON"));
        };
        let (Some(email), Some(password)) = (body.get("email").as_str(), body.get("password").as_str())
        else {
            return Ok(Response::error(422, "email and password are needed"));
        };
        if !users::password_fits(&self.database, email, password)? {
            log::warn("sign-in refused", &[]);
            return Ok(Response::error(401, "wrong e-mail address or password"));
        }
        let answer = Response::json(200, &Json::object([("viewer", Json::text(email))]));
        Ok(answer.with("set-cookie", self.sessions.open(email)))
    }

    /// Does `action` with the request's body if the request comes from somebody signed in.
    pub(super) fn signed_in(
        &self,
        request: &Request,
        action: impl FnOnce(&Json) -> Result<Response, String>,
    ) -> Result<Response, String> {
        if self.sessions.viewer(request).is_none() {
            return Ok(Response::error(401, "sign in first: POST /api/session"));
        }
        let text = String::from_utf8_lossy(&request.body);
        match Json::parse(if text.trim().is_empty() { "{}" } else { &text }) {
            Ok(body) => action(&body),
            Err(problem) => Ok(Response::error(400, &problem)),
        }
    }

    pub(super) fn create_invoice(&self, body: &Json) -> Result<Response, String> {
        let description = body.get("description").as_str().unwrap_or_default().trim();
        let amount_cents = body.get("amount_cents").as_int().unwrap_or(0);
        let tax_percent = body.get("tax_percent").as_int().unwrap_or(DEFAULT_TAX_PERCENT);
        let valid =
            (1..=MAX_AMOUNT_CENTS).contains(&amount_cents) && (0..=MAX_TAX_PERCENT).contains(&tax_percent);
        let (Some(customer_id), true, false) =
            (body.get("customer_id").as_int(), valid, description.is_empty())
        else {
            return Ok(Response::error(
                422,
                "customer_id, description, amount_cents and a sane tax_percent are needed",
            ));
        };
        let new = NewInvoice { customer_id, description: description.to_string(), amount_cents, tax_percent };
        Ok(match invoices::create(&self.database, &new)? {
            Some(id) => created(id),
            None => Response::error(422, "there is no such customer"),
        })
    }

    pub(super) fn pay_invoice(&self, id: &str) -> Result<Response, String> {
        let paid = match id.parse() {
            Ok(id) => invoices::pay(&self.database, id)?,
            Err(_) => false,
        };
        Ok(match paid {
            true => Response::json(200, &Json::object([("status", Json::text("paid"))])),
            false => Response::error(404, "there is no such open invoice"),
        })
    }

    pub(super) fn create_customer(&self, body: &Json) -> Result<Response, String> {
        let text = |name: &str| body.get(name).as_str().unwrap_or_default().trim().to_string();
        let (name, email, country) = (text("name"), text("email"), text("country"));
        if name.is_empty() || !email.contains('@') || country.len() != 2 {
            return Ok(Response::error(422, "name, email and a two-letter country are needed"));
        }
        Ok(match customers::create(&self.database, &self.cache, &name, &email, &country) {
            Ok(id) => created(id),
            Err(problem) if problem.contains("UNIQUE") => {
                Response::error(422, "there is a customer with this e-mail")
            }
            Err(problem) => return Err(problem),
        })
    }
}

fn created(id: i64) -> Response {
    Response::json(201, &Json::object([("id", Json::Int(id))]))
}
