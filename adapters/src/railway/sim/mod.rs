//! A small Railway: projects, environments, services, volumes, variables, deployments that go on when they are looked at, domains and
//! logs, behind the same GraphQL text, tokens, refusals, pages and limits.

mod query;
mod reads;
mod traffic;
mod world;
mod writes;

use serde_json::{Value, json};

use crate::http::sim::{Asked, Said, Simulated};

pub use traffic::{Answer, Behaviour};
pub use world::*;

/// Calls of an hour, on the Pro plan.
const LIMIT: u32 = 10_000;

/// What somebody else does.
type Meanwhile = Box<dyn FnOnce(&mut World) + Send>;

/// A simulated Railway, for [`Server`](crate::http::sim::Server).
pub struct Simulation {
    /// What it has.
    pub world: World,
    /// What somebody else does just before an operation of that name comes in, once each.
    meanwhile: Vec<(&'static str, Meanwhile)>,
    asked: u32,
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Simulation")
    }
}

impl Simulation {
    /// One with nothing in it that takes that token of an account.
    pub fn new(token: &str) -> Self {
        let mut world = World::default();
        world.tokens.insert(token.to_owned(), Access::Account);
        Self { world, meanwhile: Vec::new(), asked: 0 }
    }

    /// Somebody else does something just before the next operation of that name.
    pub fn meanwhile(&mut self, operation: &'static str, does: impl FnOnce(&mut World) + Send + 'static) {
        self.meanwhile.push((operation, Box::new(does)));
    }

    fn access(&self, asked: &Asked) -> Option<Access> {
        let project = asked.headers.get("project-access-token");
        let access = self.world.tokens.get(project.map(String::as_str).or(asked.bearer())?)?;
        // Each kind of token has its header.
        (project.is_some() == matches!(access, Access::Project(..))).then(|| access.clone())
    }

    fn operate(&mut self, asked: &Asked) -> Result<Value, (String, String)> {
        let body = asked.json();
        let text = body["query"].as_str().unwrap_or_default();
        let fields = query::read(text, &body["variables"]).map_err(|why| (String::new(), why))?;
        let Some(access) = self.access(asked) else {
            let first = fields.first().map(|field| field.name.clone()).unwrap_or_default();
            return Err((first, "Not Authorized".to_owned()));
        };
        let operation = body["operationName"].as_str().unwrap_or_default();
        if let Some(at) = self.meanwhile.iter().position(|(name, _)| *name == operation) {
            let (_, does) = self.meanwhile.remove(at);
            does(&mut self.world);
        }
        let mut data = serde_json::Map::new();
        for field in &fields {
            let refused = |why: String| (field.name.clone(), why);
            if !may(&access, &field.name, &field.arguments) {
                return Err(refused("Not Authorized".to_owned()));
            }
            let answer = match self.world.asked(&field.name, &field.arguments, &access) {
                Some(answer) => answer,
                None => self
                    .world
                    .told(&field.name, &field.arguments)
                    .unwrap_or_else(|| Err(format!("Cannot query field \"{}\".", field.name))),
            };
            let value = query::cut(&answer.map_err(refused)?, &field.fields).map_err(refused)?;
            data.insert(field.name.clone(), value);
        }
        Ok(Value::Object(data))
    }
}

/// What a token may ask.
fn may(access: &Access, field: &str, arguments: &Value) -> bool {
    match access {
        Access::Account => true,
        Access::Workspace => field != "me",
        Access::Project(project, environment) => {
            if matches!(field, "me" | "apiToken" | "projects" | "projectCreate" | "environmentCreate") {
                return false;
            }
            let is = |name: &str, wanted: &str| {
                [&arguments[name], &arguments["input"][name]]
                    .into_iter()
                    .all(|given| given.as_str().is_none_or(|given| given == wanted))
            };
            let is_own = match field {
                "environment" => is("id", environment),
                "project" => is("id", project),
                _ => true,
            };
            is_own && is("environmentId", environment) && is("projectId", project)
        }
    }
}

fn errors(path: &str, message: &str) -> Value {
    let mut error =
        json!({ "message": message, "extensions": { "code": "INTERNAL_SERVER_ERROR" }, "traceId": "1" });
    if !path.is_empty() {
        error["path"] = json!([path]);
    }
    json!({ "errors": [error], "data": null })
}

impl Simulated for Simulation {
    fn answer(&mut self, asked: &Asked) -> Said {
        self.asked += 1;
        if asked.method != "POST" || asked.path != "/graphql/v2" {
            return Said::with(404, json!({ "message": "Not Found" }));
        }
        let said = match self.operate(asked) {
            Ok(data) => Said::ok(json!({ "data": data })),
            // What can't be read is refused with a status; everything else with 200.
            Err((path, why)) if path.is_empty() => {
                let body = json!({ "errors": [{ "message": why, "extensions": { "code": "GRAPHQL_PARSE_FAILED" } }] });
                Said::with(400, body)
            }
            Err((path, why)) => Said::ok(errors(&path, &why)),
        };
        said.header("x-ratelimit-limit", LIMIT.to_string())
            .header("x-ratelimit-remaining", LIMIT.saturating_sub(self.asked).to_string())
            .header("x-ratelimit-reset", "3600")
            .header("x-railway-request-id", format!("req-{}", self.asked))
    }

    fn is_write(&self, asked: &Asked) -> bool {
        asked.json()["query"].as_str().is_some_and(|text| text.trim_start().starts_with("mutation"))
    }

    fn trouble(&self, status: u16) -> Value {
        match status {
            429 => json!({ "errors": [{ "message": "You are being ratelimited. Please try again later" }] }),
            _ => errors("", "Problem processing request"),
        }
    }
}
