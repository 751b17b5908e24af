//! The pages' contents: each takes the api's answer and gives a title and the HTML below it.

use super::html::{escape, money};
use crate::json::Json;

pub fn invoices(data: &Json) -> (String, String) {
    let rows: String = data.get("invoices").items().iter().map(invoice_row).collect();
    let table = format!(
        "<table><thead><tr><th>No.<th>Customer<th>For<th>Issued<th>Due<th class=money>Total<th>Status</thead>{rows}</table>"
    );
    ("Invoices".to_string(), format!("{table}<p><a href=/invoices/new>New invoice</a></p>"))
}

fn invoice_row(invoice: &Json) -> String {
    let (id, status) = (number(invoice, "id"), text(invoice, "status"));
    format!(
        "<tr><td><a href=/invoices/{id}>{id}</a><td>{}<td>{}<td>{}<td>{}<td class=money>{}<td class={status}>{status}",
        text(invoice, "customer"),
        text(invoice, "description"),
        text(invoice, "issued_on"),
        text(invoice, "due_on"),
        money(number(invoice, "total_cents")),
    )
}

pub fn invoice(data: &Json) -> (String, String) {
    let invoice = data.get("invoice");
    let (id, status) = (number(invoice, "id"), text(invoice, "status"));
    let pay = match status.as_str() {
        "sent" | "overdue" => {
            format!("<form method=post action=/invoices/{id}/payment><button>Mark paid</button></form>")
        }
        _ => String::new(),
    };
    let content = format!(
        "<dl><dt>Customer<dd>{}<dt>For<dd>{}<dt>Issued<dd>{}<dt>Due<dd>{}<dt>Amount<dd>{}<dt>Tax<dd>{} %\
         <dt>Total<dd>{}<dt>Status<dd class={status}>{status}</dl>{pay}",
        text(invoice, "customer"),
        text(invoice, "description"),
        text(invoice, "issued_on"),
        text(invoice, "due_on"),
        money(number(invoice, "amount_cents")),
        number(invoice, "tax_percent"),
        money(number(invoice, "total_cents")),
    );
    (format!("Invoice {id}"), content)
}

pub fn new_invoice(data: &Json) -> (String, String) {
    let option =
        |customer: &Json| format!("<option value={}>{}", number(customer, "id"), text(customer, "name"));
    let options: String = data.get("customers").items().iter().map(option).collect();
    let content = format!(
        "<form method=post action=/invoices><label>Customer <select name=customer_id>{options}</select></label>\
         <label>For <input name=description required></label>\
         <label>Amount in cents <input name=amount_cents type=number min=1 required></label>\
         <label>Tax in percent <input name=tax_percent type=number min=0 max=50 value=20></label><button>Issue</button></form>"
    );
    ("New invoice".to_string(), content)
}

pub fn customers(data: &Json) -> (String, String) {
    let row = |customer: &Json| {
        let (name, email, country) =
            (text(customer, "name"), text(customer, "email"), text(customer, "country"));
        let timezone = customer.get("timezone").as_str().map_or("<em>not known</em>".to_string(), escape);
        format!("<tr><td>{name}<td>{email}<td>{country}<td>{timezone}")
    };
    let rows: String = data.get("customers").items().iter().map(row).collect();
    (
        "Customers".to_string(),
        format!("<table><thead><tr><th>Name<th>E-mail<th>Country<th>Time zone</thead>{rows}</table>"),
    )
}

pub fn login(_: &Json) -> (String, String) {
    let content =
        "<form method=post action=/login><label>E-mail <input name=email type=email required></label>\
        <label>Password <input name=password type=password required></label><button>Sign in</button></form>";
    ("Sign in".to_string(), content.to_string())
}

fn text(object: &Json, field: &str) -> String {
    escape(object.get(field).as_str().unwrap_or_default())
}

fn number(object: &Json, field: &str) -> i64 {
    object.get(field).as_int().unwrap_or(0)
}
