//! Known bugs of Twilio's libraries in access tokens.

use serde_json::{Value, json};

use super::input::Access;

/// A difference between a library's token and ours. If a new version fixes it, the test fails.
pub(crate) struct Bug {
    pub(crate) of: &'static str,
    does: Does,
    pub(crate) why: &'static str,
}

enum Does {
    /// Refuses some inputs with an error that starts with this string.
    Refuse(fn(&Access) -> bool, &'static str),
    /// Writes other grants.
    Grant(fn(&Access, &mut Value)),
    /// Writes another region, and a header that is not UTF-8.
    Misspell(fn(&str) -> String),
}

const PYTHON: &str = "twilio-python";
const NODE: &str = "twilio-node";

pub(crate) const BUGS: [Bug; 4] = [
    Bug {
        of: NODE,
        does: Does::Refuse(
            |input| input.identity.is_none(),
            "Error: identity is required",
        ),
        why: "an identity is required, even without calls",
    },
    Bug {
        of: NODE,
        does: Does::Grant(|input, grants| {
            if input.params.as_ref().is_some_and(Vec::is_empty) {
                grants["voice"]["outgoing"]["params"] = json!({});
            }
        }),
        why: "an empty list of parameters is written as an empty object",
    },
    Bug {
        of: NODE,
        does: Does::Misspell(|region| {
            let units = region.encode_utf16();
            units
                .map(|unit| char::from(unit.to_be_bytes()[1]))
                .collect()
        }),
        why: "the header is written in Latin-1, and other characters are cut to a byte",
    },
    Bug {
        of: PYTHON,
        does: Does::Grant(|input, grants| {
            if input
                .grants
                .last()
                .is_some_and(|grant| grant.is_empty_player())
            {
                grants["player"] = Value::Null;
            }
        }),
        why: "an empty player grant is written as null",
    },
];

/// The expected result for an input.
pub(crate) struct Outcome {
    /// Decoded as Latin-1.
    pub(crate) header: Value,
    pub(crate) is_utf8: bool,
    pub(crate) payload: Value,
    pub(crate) refused: Option<&'static str>,
    /// The explanation of each bug that applies.
    pub(crate) bugs: Vec<&'static str>,
}

/// The expected result of a library for an input with this header and payload of ours.
pub(crate) fn outcome(minter: &str, input: &Access, header: Value, payload: Value) -> Outcome {
    let mut outcome = Outcome {
        header,
        is_utf8: true,
        payload,
        refused: None,
        bugs: Vec::new(),
    };
    for bug in BUGS.iter().filter(|bug| bug.of == minter) {
        let shows = match bug.does {
            Does::Refuse(does, error) => {
                let refuses = does(input);
                outcome.refused = refuses.then_some(error);
                refuses
            }
            Does::Grant(change) => {
                let grants = &mut outcome.payload["grants"];
                let ours = grants.clone();
                change(input, grants);
                *grants != ours
            }
            Does::Misspell(change) => {
                let region = input.region.as_ref().filter(|region| !region.is_ascii());
                if let Some(region) = region {
                    outcome.header["twr"] = change(region).into();
                    outcome.is_utf8 = false;
                }
                region.is_some()
            }
        };
        if shows {
            outcome.bugs.push(bug.why);
        }
    }
    outcome
}
