//! Known bugs of Twilio's libraries in capability tokens.

use crate::sdk_live::input::{Input, Pairs};

/// A difference between an input and a library's token. If a new version fixes it, the test
/// fails.
pub(crate) struct Bug {
    pub(crate) of: &'static [&'static str],
    does: Does,
    pub(crate) why: &'static str,
}

enum Does {
    /// Mints the token of another input.
    Say(fn(&mut Input)),
    /// Writes the filters of events into `appParams`.
    FiltersAsParams,
    /// Refuses a pair with this key, with an error of this name.
    Refuse(&'static str, &'static str),
}

const PYTHONS: &[&str] = &["twilio-python", "twilio-python 3.8.0"];
const NODE: &[&str] = &["twilio-node"];

/// In the order in which they change the input.
pub(crate) const BUGS: [Bug; 5] = [
    Bug {
        of: PYTHONS,
        does: Does::Refuse("application_sid", "TypeError"),
        why: "parameters are keyword arguments, which clash with those of the method",
    },
    Bug {
        of: PYTHONS,
        does: Does::Say(|input| input.lists_mut().for_each(group)),
        why: "all values of a key are written together",
    },
    Bug {
        of: NODE,
        does: Does::Say(|input| input.lists_mut().for_each(join)),
        why: "values of one key are joined by a comma",
    },
    Bug {
        of: NODE,
        does: Does::Say(|input| input.lists_mut().for_each(put_numbers_first)),
        why: "objects have numeric keys first, in numeric order",
    },
    Bug {
        of: NODE,
        does: Does::FiltersAsParams,
        why: "filters are written as parameters of calls",
    },
];

/// The expected result for an input.
pub(crate) struct Outcome {
    pub(crate) said: Input,
    pub(crate) filters_as_params: bool,
    pub(crate) refused: Option<&'static str>,
    /// The explanation of each bug that applies.
    pub(crate) bugs: Vec<&'static str>,
}

/// The expected result of a library for an input.
pub(crate) fn outcome(minter: &str, input: &Input) -> Outcome {
    let mut outcome = Outcome {
        said: input.clone(),
        filters_as_params: false,
        refused: None,
        bugs: Vec::new(),
    };
    for bug in BUGS.iter().filter(|bug| bug.of.contains(&minter)) {
        let shows = match bug.does {
            Does::Say(change) => {
                let told = outcome.said.clone();
                change(&mut outcome.said);
                outcome.said != told
            }
            Does::FiltersAsParams => {
                let filters = input.events.as_ref();
                outcome.filters_as_params = filters.is_some_and(|filters| !filters.is_empty());
                outcome.filters_as_params
            }
            Does::Refuse(key, error) => {
                let is_there = input.lists().flatten().any(|(other, _)| other == key);
                outcome.refused = is_there.then_some(error);
                is_there
            }
        };
        if shows {
            outcome.bugs.push(bug.why);
        }
    }
    outcome
}

/// Moves all values of a key to the place of the first.
fn group(pairs: &mut Pairs) {
    let keys: Vec<String> = pairs.iter().map(|(key, _)| key.clone()).collect();
    pairs.sort_by_key(|(key, _)| keys.iter().position(|other| other == key));
}

/// Joins all values of a key by commas.
fn join(pairs: &mut Pairs) {
    group(pairs);
    pairs.dedup_by(|(key, value), (first, values)| {
        let same = key == first;
        if same {
            *values = format!("{values},{value}");
        }
        same
    });
}

fn put_numbers_first(pairs: &mut Pairs) {
    pairs.sort_by_key(|(key, _)| key.parse().unwrap_or(u32::MAX));
}
