//! Fills `${service.api.url}` and `${component.postgres.url}` into variables. Pure.

use engine::ports::PortError;

/// What a reference points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference<'a> {
    /// The address of a service.
    Service(&'a str),
    /// The address of a component.
    Component(&'a str),
}

/// The text with every reference replaced by what `look_up` knows; anything else in `${…}` stays as it is, for the shell.
pub(crate) fn fill(
    text: &str,
    look_up: impl Fn(Reference<'_>) -> Option<String>,
    variable: &str,
) -> Result<String, PortError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((inside, behind)) = after.split_once('}') else {
            filled.push_str("${");
            rest = after;
            continue;
        };
        match reference(inside) {
            None => filled.extend(["${", inside, "}"]),
            Some(reference) => {
                filled.push_str(&look_up(reference).ok_or_else(|| unknown(reference, variable))?);
            }
        }
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn unknown(reference: Reference<'_>, variable: &str) -> PortError {
    let (kind, name) = match reference {
        Reference::Service(name) => ("service", name),
        Reference::Component(name) => ("component", name),
    };
    let what = format!("the variable {variable} asks for the address of {kind} `{name}`, which has none");
    let hint = format!("Give `{name}` an edge address in this environment, or start it first (`needs`).");
    PortError::fail(what, hint)
}

fn reference(inside: &str) -> Option<Reference<'_>> {
    let inside = inside.strip_suffix(".url")?;
    let service = inside.strip_prefix("service.").map(Reference::Service);
    service.or_else(|| inside.strip_prefix("component.").map(Reference::Component))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn known(reference: Reference<'_>) -> Option<String> {
        match reference {
            Reference::Service("api") => Some("http://127.0.0.1:7401".to_owned()),
            Reference::Component("postgres") => Some("sqlite:///db".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn references_are_filled_and_the_shells_own_are_left() {
        let filled = fill("${service.api.url}/v1 ${HOME} ${component.postgres.url} ${", known, "X").unwrap();
        assert_eq!(filled, "http://127.0.0.1:7401/v1 ${HOME} sqlite:///db ${");
        assert!(fill("${service.web.url}", known, "X").unwrap_err().to_string().contains("service `web`"));
    }
}
