//! Twilio's libraries, asked through tests/interop/sdk.py and sdk.mjs, and the client in
//! the browser, through twilio_js.mjs. Each program is started once for a list of
//! questions: starting it takes longer than to answer them.

use serde_json::{Value, json};

use crate::access::input::Access;
use crate::input::Input;
use crate::sdk::{installed, talk};

/// What verifies tokens.
pub(crate) const READERS: [&str; 4] = [
    "PyJWT",
    "twilio-python",
    "twilio-python 3.8.0",
    "jsonwebtoken",
];

/// What mints them.
pub(crate) const MINTERS: [&str; 3] = ["twilio-python", "twilio-python 3.8.0", "twilio-node"];

/// Where libraries are installed, and what asks them.
struct Home {
    libraries: &'static [&'static str],
    /// Below target/sdk.
    folder: &'static str,
    /// What was to be installed there.
    list: &'static str,
    program: &'static [&'static str],
}

const PYTHON: &[&str] = &["python3", "-ISB", "-Wignore", "interop/sdk.py"];

const HOMES: [Home; 3] = [
    Home {
        libraries: &["PyJWT", "twilio-python", "twilio-python's AccessToken"],
        folder: "python",
        list: "requirements.txt",
        program: PYTHON,
    },
    Home {
        libraries: &["twilio-python 3.8.0"],
        folder: "python-3.8.0",
        list: "requirements-3.8.0.txt",
        program: PYTHON,
    },
    Home {
        libraries: &["jsonwebtoken", "twilio-node"],
        folder: "node",
        list: "package-lock.json",
        program: &["node", "interop/sdk.mjs"],
    },
];

pub(crate) fn to_read(library: &str, token: &str, secret: &str) -> Value {
    json!({"with": library, "read": token, "secret": secret})
}

/// The same by a clock that stands.
pub(crate) fn to_read_at(library: &str, token: &str, secret: &str, now: i64) -> Value {
    json!({"with": library, "read": token, "secret": secret, "now": now})
}

pub(crate) fn to_mint(library: &str, input: &Input) -> Value {
    json!({"with": library, "mint": input.job()})
}

/// By a clock that stands.
pub(crate) fn to_mint_access(library: &str, input: &Access, now: i64) -> Value {
    json!({"with": library, "access": input.job(), "now": now})
}

/// The answers to jobs, in their order: see sdk.py.
pub(crate) fn ask(jobs: &[Value]) -> Vec<Value> {
    let mut answers = vec![Value::Null; jobs.len()];
    for home in &HOMES {
        let is_here = |library: &&str| home.libraries.contains(library);
        let (places, here): (Vec<usize>, Vec<&Value>) = jobs
            .iter()
            .enumerate()
            .filter(|(_, job)| job["with"].as_str().as_ref().is_some_and(is_here))
            .unzip();
        if here.is_empty() {
            continue;
        }
        let outputs = talk(
            home.program,
            Some(&installed(home.folder, home.list)),
            &json!(here),
        );
        assert_eq!(outputs.len(), here.len());
        for (place, output) in places.into_iter().zip(outputs) {
            answers[place] = output;
        }
    }
    assert!(!answers.contains(&Value::Null), "nobody was asked");
    answers
}

/// What a message calls an input, of which these bugs show.
pub(crate) fn with_bugs(what: &str, bugs: &[&str]) -> String {
    let bugs = bugs.iter();
    let bugs = bugs.map(|why| format!(", where, as long as nobody mends it, {why}"));
    what.to_owned() + &bugs.collect::<String>()
}

/// The token in an answer; none where it was to be refused, with an error that starts so,
/// and was.
pub(crate) fn minted_unless(refused: Option<&str>, answer: &Value, what: &str) -> Option<String> {
    let Some(error) = refused else {
        return Some(minted(answer, what));
    };
    let said = answer["refused"].as_str();
    let as_expected = said.is_some_and(|said| said.starts_with(error));
    assert!(as_expected, "{what}: {answer}");
    None
}

/// The token in an answer.
pub(crate) fn minted(answer: &Value, what: &str) -> String {
    let token = answer["token"].as_str();
    token
        .unwrap_or_else(|| panic!("{what}: {answer}"))
        .to_owned()
}

/// What the client in the browser sees in tokens.
pub(crate) fn browser_sees(tokens: &[String]) -> Vec<Value> {
    let answers = talk(&["node", "interop/twilio_js.mjs"], None, &json!(tokens));
    assert_eq!(answers.len(), tokens.len());
    answers
}
