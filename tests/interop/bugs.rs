//! What Twilio's libraries are known to do wrong when they mint.

use crate::input::{Input, Pairs};

/// Where the token of a library says something else than it was told, or there is none.
/// Who mends it makes the test fail.
pub(crate) struct Bug {
    pub(crate) of: &'static [&'static str],
    does: Does,
    pub(crate) why: &'static str,
}

enum Does {
    /// Its token is the one of another input.
    Say(fn(&mut Input)),
    /// Its token has the filters of events in `appParams`.
    FiltersAsParams,
    /// It refuses a pair of this key with an error of this name.
    Refuse(&'static str, &'static str),
}

const PYTHONS: &[&str] = &["twilio-python", "twilio-python 3.8.0"];
const NODE: &[&str] = &["twilio-node"];

/// In the order in which they change what is said.
pub(crate) const BUGS: [Bug; 5] = [
    Bug {
        of: PYTHONS,
        does: Does::Refuse("application_sid", "TypeError"),
        why: "parameters are keyword arguments, next to its own",
    },
    Bug {
        of: PYTHONS,
        does: Does::Say(|input| input.lists_mut().for_each(group)),
        why: "a key has one place, and there all of its values",
    },
    Bug {
        of: NODE,
        does: Does::Say(|input| input.lists_mut().for_each(join)),
        why: "values of one key are joined by a comma",
    },
    Bug {
        of: NODE,
        does: Does::Say(|input| input.lists_mut().for_each(put_numbers_first)),
        why: "an object has keys that are numbers first, in their order",
    },
    Bug {
        of: NODE,
        does: Does::FiltersAsParams,
        why: "filters are written as a call's parameters",
    },
];

/// What is to come of an input.
pub(crate) struct Outcome {
    pub(crate) said: Input,
    pub(crate) filters_as_params: bool,
    pub(crate) refused: Option<&'static str>,
    /// Why, for each bug that shows.
    pub(crate) bugs: Vec<&'static str>,
}

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

/// All values of a key, at the place of the first.
fn group(pairs: &mut Pairs) {
    let keys: Vec<String> = pairs.iter().map(|(key, _)| key.clone()).collect();
    pairs.sort_by_key(|(key, _)| keys.iter().position(|other| other == key));
}

/// All values of a key in one.
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
