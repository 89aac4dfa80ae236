//! What the claim `scope` allows. A scope of another form than Twilio's libraries
//! write is shown as it stands.

use form_urlencoded::parse;
use serde::Serialize;

use super::{list, word};

type Pairs = Vec<(String, String)>;

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Scope {
    Incoming {
        client_name: String,
    },
    Outgoing {
        application_sid: String,
        client_name: Option<String>,
        params: Pairs,
    },
    Events {
        path: String,
        filters: Pairs,
    },
    Other {
        scope: String,
    },
}

pub(crate) fn scopes(claim: &str) -> Vec<Scope> {
    let scopes = claim.split(' ').filter(|scope| !scope.is_empty());
    let read = |scope: &str| {
        known(scope).unwrap_or_else(|| Scope::Other {
            scope: scope.to_owned(),
        })
    };
    scopes.map(read).collect()
}

/// A scope that is known, and has nothing beside what is known.
fn known(scope: &str) -> Option<Scope> {
    let (name, query) = scope.split_once('?')?;
    let mut query = form(query)?;
    // Each key once, in any order.
    let mut take = |key: &str| {
        let index = query.iter().position(|(other, _)| other == key)?;
        Some(query.remove(index).1)
    };
    let pairs = |text: Option<String>| form(&text.unwrap_or_default());
    let scope = match name {
        "scope:client:incoming" => Scope::Incoming {
            client_name: take("clientName")?,
        },
        "scope:client:outgoing" => Scope::Outgoing {
            application_sid: take("appSid")?,
            client_name: take("clientName"),
            params: pairs(take("appParams"))?,
        },
        "scope:stream:subscribe" => Scope::Events {
            path: take("path")?,
            filters: pairs(take("params"))?,
        },
        _ => return None,
    };
    query.is_empty().then_some(scope)
}

/// The pairs that a query spells, if all of them are UTF-8.
fn form(text: &str) -> Option<Pairs> {
    let pairs: Pairs = parse(text.as_bytes()).into_owned().collect();
    // What is not UTF-8 becomes this character, too, so those that were there count.
    let count = |text: &str| text.matches(char::REPLACEMENT_CHARACTER).count();
    let before = count(text) + text.to_ascii_uppercase().matches("%EF%BF%BD").count();
    let after: usize = pairs
        .iter()
        .map(|(key, value)| count(key) + count(value))
        .sum();
    (before == after).then_some(pairs)
}

impl Scope {
    /// A label, and the rest of the line.
    pub(crate) fn words(&self) -> (&'static str, String) {
        match self {
            Self::Incoming { client_name } => ("incoming", format!("as client {client_name:?}")),
            Self::Outgoing {
                application_sid,
                client_name,
                params,
            } => {
                let mut text = format!("to application {}", word(application_sid));
                if let Some(client_name) = client_name {
                    text += &format!(" as client {client_name:?}");
                }
                ("outgoing", text + &pairs("parameters", params))
            }
            Self::Events { path, filters } => ("events", word(path) + &pairs("filters", filters)),
            Self::Other { scope } => ("other", word(scope)),
        }
    }
}

fn pairs(name: &str, pairs: &Pairs) -> String {
    list(
        name,
        pairs.iter().map(|(key, value)| (key.as_str(), word(value))),
    )
}
