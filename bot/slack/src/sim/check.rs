//! What Slack refuses in blocks, from its own documentation.

use std::collections::HashSet;

use serde_json::Value;

/// What is wrong with the blocks of a message or view, if anything.
pub(super) fn fault(blocks: &[Value], most: usize) -> Option<String> {
    if blocks.len() > most {
        return Some(format!("{} blocks", blocks.len()));
    }
    let (mut block_ids, mut action_ids) = (HashSet::new(), HashSet::new());
    for block in blocks {
        if let Some(id) = block["block_id"].as_str()
            && (id.len() > 255 || !block_ids.insert(id))
        {
            return Some(format!("block_id {id}"));
        }
        let fault = match block["type"].as_str().unwrap_or_default() {
            "section" => section(block),
            "actions" => actions(block, &mut action_ids),
            "context" => list(&block["elements"], 10, |element| text(element, 2_000, "context")),
            "header" => text(&block["text"], 150, "header"),
            "input" => text(&block["label"], 2_000, "label"),
            "divider" => None,
            other => Some(format!("a block of type {other}")),
        };
        if fault.is_some() {
            return fault;
        }
    }
    None
}

fn section(block: &Value) -> Option<String> {
    if block["text"].is_null() && block["fields"].is_null() {
        return Some("an empty section".to_owned());
    }
    if !block["text"].is_null()
        && let Some(fault) = text(&block["text"], 3_000, "section")
    {
        return Some(fault);
    }
    if block["fields"].is_null() {
        None
    } else {
        list(&block["fields"], 10, |field| text(field, 2_000, "field"))
    }
}

fn actions<'b>(block: &'b Value, ids: &mut HashSet<&'b str>) -> Option<String> {
    list(&block["elements"], 25, |element| {
        let id = element["action_id"].as_str().unwrap_or_default();
        if id.is_empty() || id.len() > 255 || !ids.insert(id) {
            return Some(format!("action_id {id}"));
        }
        let value = element["value"].as_str().unwrap_or_default();
        if value.chars().count() > 2_000 {
            return Some("a long value".to_owned());
        }
        let confirm = &element["confirm"];
        if !confirm.is_null() {
            let parts = [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)];
            if let Some(fault) = parts.iter().find_map(|(part, most)| text(&confirm[*part], *most, part)) {
                return Some(fault);
            }
        }
        text(&element["text"], 75, "button")
    })
}

fn list<'b>(
    list: &'b Value,
    most: usize,
    mut check: impl FnMut(&'b Value) -> Option<String>,
) -> Option<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() || list.len() > most {
        return Some(format!("a list of {}", list.len()));
    }
    list.iter().find_map(&mut check)
}

fn text(object: &Value, most: usize, what: &str) -> Option<String> {
    let text = object["text"].as_str().unwrap_or_default();
    let kind = object["type"].as_str().unwrap_or_default();
    let fits = !text.is_empty() && text.chars().count() <= most;
    (!fits || !matches!(kind, "mrkdwn" | "plain_text")).then(|| format!("the text of a {what}"))
}
