//! What Twilio's libraries are known to write otherwise in access tokens.

use serde_json::{Value, json};

use super::input::Access;

/// Where the token of a library differs from ours, or there is none. Who mends it makes
/// the test fail.
pub(crate) struct Bug {
    pub(crate) of: &'static str,
    does: Does,
    pub(crate) why: &'static str,
}

enum Does {
    /// It refuses some inputs, with an error that starts so.
    Refuse(fn(&Access) -> bool, &'static str),
    /// It has other grants in the token.
    Grant(fn(&Access, &mut Value)),
    /// Its token has another region, in a header that is no UTF-8.
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
        why: "it wants an identity, which only calls need",
    },
    Bug {
        of: NODE,
        does: Does::Grant(|input, grants| {
            if input.params.as_ref().is_some_and(Vec::is_empty) {
                grants["voice"]["outgoing"]["params"] = json!({});
            }
        }),
        why: "no parameters are an empty object of them",
    },
    Bug {
        of: NODE,
        does: Does::Misspell(|region| {
            let units = region.encode_utf16();
            units
                .map(|unit| char::from(unit.to_be_bytes()[1]))
                .collect()
        }),
        why: "a header is written in Latin-1, and of other characters one byte",
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
        why: "a player grant of nothing is null",
    },
];

/// What is to come of an input.
pub(crate) struct Outcome {
    /// As it is read from Latin-1.
    pub(crate) header: Value,
    pub(crate) is_utf8: bool,
    pub(crate) payload: Value,
    pub(crate) refused: Option<&'static str>,
    /// Why, for each bug that shows.
    pub(crate) bugs: Vec<&'static str>,
}

/// What a library makes of an input, which we give this header and this payload.
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
