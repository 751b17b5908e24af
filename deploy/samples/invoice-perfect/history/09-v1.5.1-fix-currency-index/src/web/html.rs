//! Escaping, money, and the frame around every page.

use crate::config;
use crate::http::Response;

pub fn page(status: u16, company: &str, title: &str, viewer: Option<&str>, content: &str) -> Response {
    let (company, title, release) = (escape(company), escape(title), escape(&config::release()));
    let account = match viewer {
        Some(email) => {
            format!("<form method=post action=/logout>{} <button>Sign out</button></form>", escape(email))
        }
        None => "<a href=/login>Sign in</a>".to_string(),
    };
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title} · {company}</title><link rel=stylesheet href=/static/style.css>\
         <header><a href=/>{company}</a><nav><a href=/customers>Customers</a>{account}</nav></header>\
         <main><h1>{title}</h1>{content}</main><footer>Release {release}</footer></html>\n"
    );
    Response::new(status, "text/html; charset=utf-8", page)
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// A path segment from a visitor, made safe to use in a path of the api.
pub fn path(segment: &str) -> String {
    segment.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// `1234567` cents of `EUR` as `€12,345.67`.
pub fn money(cents: i64, currency: &str) -> String {
    let whole = (cents / 100).unsigned_abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let symbol = match currency {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        other => &format!("{other} "),
    };
    format!("{}{symbol}{grouped}.{:02}", if cents < 0 { "-" } else { "" }, (cents % 100).abs())
}
