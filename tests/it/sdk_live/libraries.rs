//! Runs Twilio's libraries through tests/sdk/sdk.py and sdk.mjs, and the browser client through
//! twilio_js.mjs. Each program runs once for a list of jobs, because starting it is slow.

use serde_json::{Value, json};

use crate::sdk_live::access::input::Access;
use crate::sdk_live::input::Input;
use crate::support::sdk::{installed, talk};

/// The libraries that verify capability tokens.
pub(crate) const READERS: [&str; 4] = [
    "PyJWT",
    "twilio-python",
    "twilio-python 3.8.0",
    "jsonwebtoken",
];

/// The libraries that mint capability tokens.
pub(crate) const MINTERS: [&str; 3] = ["twilio-python", "twilio-python 3.8.0", "twilio-node"];

/// Libraries in one folder, and the program that runs them.
struct Home {
    libraries: &'static [&'static str],
    /// The folder below target/sdk.
    folder: &'static str,
    /// The list of packages in the folder.
    list: &'static str,
    program: &'static [&'static str],
}

const PYTHON: &[&str] = &["python3", "-ISB", "-Wignore", "sdk.py"];

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
        program: &["node", "sdk.mjs"],
    },
];

/// A job that reads a token now.
pub(crate) fn to_read(library: &str, token: &str, secret: &str) -> Value {
    json!({"with": library, "read": token, "secret": secret})
}

/// A job that reads a token at a fixed time.
pub(crate) fn to_read_at(library: &str, token: &str, secret: &str, now: i64) -> Value {
    json!({"with": library, "read": token, "secret": secret, "now": now})
}

/// A job that mints a capability token now.
pub(crate) fn to_mint(library: &str, input: &Input) -> Value {
    json!({"with": library, "mint": input.job()})
}

/// A job that mints an access token at a fixed time.
pub(crate) fn to_mint_access(library: &str, input: &Access, now: i64) -> Value {
    json!({"with": library, "access": input.job(), "now": now})
}

/// The answers to jobs, in the same order; sdk.py describes them.
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
    assert!(!answers.contains(&Value::Null), "a job has no answer");
    answers
}

/// The name of an input in messages, with the bugs that apply.
pub(crate) fn with_bugs(what: &str, bugs: &[&str]) -> String {
    let bugs = bugs.iter();
    let bugs = bugs.map(|why| format!("; known bug: {why}"));
    what.to_owned() + &bugs.collect::<String>()
}

/// The token in an answer; None if the library refused the input with the expected error.
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

/// The scopes that the browser client finds in each token.
pub(crate) fn browser_sees(tokens: &[String]) -> Vec<Value> {
    let answers = talk(&["node", "twilio_js.mjs"], None, &json!(tokens));
    assert_eq!(answers.len(), tokens.len());
    answers
}
