//! Programs of docs/access-tokens.md work as printed, and docs/migrating.md names existing
//! functions. php/tests/MigratingTest.php and go/migrating_test.go run the other blocks.

#![cfg(not(miri))]

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::support::c_compiler::{Language, Linkage, compile};
use crate::support::document::{column, document, spans};
use crate::support::install::{root, run};
use crate::support::scope::{pairs, scopes};
use crate::support::sdk;
use crate::support::token::{ACCESS_HEADER, decode, signed_parts};

const ACCESS_TOKENS: &str = "docs/access-tokens.md";
const MIGRATING: &str = "docs/migrating.md";

fn block(language: &str, start: &str) -> String {
    document(ACCESS_TOKENS).block(language, start)
}

/// Both sides of a diff that changes one line.
fn before_and_after(diff: &str) -> [String; 2] {
    let removed = diff.lines().filter(|line| line.starts_with('-')).count();
    let added = diff.lines().filter(|line| line.starts_with('+')).count();
    assert_eq!((removed, added), (1, 1), "{diff}");
    ['-', '+'].map(|own| {
        let lines = diff.lines().filter_map(|line| {
            let line = if line.is_empty() { " " } else { line };
            line.strip_prefix([' ', own])
        });
        lines.flat_map(|line| [line, "\n"]).collect()
    })
}

/// The tokens that a program prints when compiled as C and as C++, each with the seconds in
/// which it may have run.
fn printed(name: &str, source: &str) -> Vec<(String, RangeInclusive<i64>)> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("migrating-{name}.c"));
    fs::write(&path, source).expect("written");
    let ways = [
        (Language::C99, Linkage::Shared),
        (Language::Cpp17, Linkage::Static),
    ];
    ways.map(|(language, linkage)| {
        let program = compile(&path, language, linkage, &["captoken"]);
        let before = clock();
        let token = run(&mut program.watched());
        (token.trim_end().to_owned(), before..=clock())
    })
    .into()
}

/// The claims and the region of an access token; checks its signature, and its time to live
/// of 600 seconds.
fn read_access(token: &str, run: &RangeInclusive<i64>) -> (Value, Value) {
    let [header, payload] = signed_parts(token, "api_key_secret");
    let mut header = from_json(&header);
    let region = header["twr"].take();
    let mut access = from_json(ACCESS_HEADER);
    access["twr"] = Value::Null;
    assert_eq!(header, access);

    let mut claims = from_json(&payload);
    let exp = claims["exp"].take().as_i64().expect("an integer");
    assert!(run.contains(&(exp - 600)), "{exp}, {run:?}");
    let jti = claims["jti"].take();
    assert_eq!(jti, format!("SK123123-{}", exp - 600));
    (claims, region)
}

/// The voice grants of both programs of the document.
fn grants() -> Value {
    json!({
        "identity": "Alice",
        "voice": {
            "incoming": {"allow": true},
            "outgoing": {"application_sid": "AP123123", "params": {"Foo": "Bar"}},
        },
    })
}

fn claims(grants: Value) -> Value {
    let [exp, jti] = [Value::Null, Value::Null];
    json!({"jti": jti, "iss": "SK123123", "sub": "AC123123", "exp": exp, "grants": grants})
}

#[test]
fn one_changed_line_mints_access_tokens() {
    let [before, after] = before_and_after(&block("diff", " #include"));

    for (token, run) in printed("before", &before) {
        let capability = decode(&token, "auth_token");
        assert_eq!(capability["iss"], "AC123123");
        let exp = capability["exp"].as_i64().expect("an integer");
        assert!(run.contains(&(exp - 600)), "{exp}, {run:?}");
        let [incoming, outgoing] = scopes(&capability).try_into().expect("two scopes");
        assert_eq!(incoming.name, "scope:client:incoming");
        assert_eq!(incoming.query, pairs(&[("clientName", "Alice")]));
        assert_eq!(outgoing.name, "scope:client:outgoing");
        let query = [("appSid", "AP123123"), ("clientName", "Alice")];
        assert_eq!(outgoing.query, pairs(&query));
        assert_eq!(outgoing.params, pairs(&[("Foo", "Bar")]));
    }
    for (token, run) in printed("after", &after) {
        let (access, region) = read_access(&token, &run);
        assert_eq!((access, region), (claims(grants()), Value::Null));
    }
}

#[test]
fn c_lines_for_access_tokens_work() {
    let [_, program] = before_and_after(&block("diff", " #include"));
    let generates = "    if (status == CAP_STATUS_OK)\n        status = cap_generate(";
    let lines = format!("{}{generates}", block("c", ""));
    let program = program.replacen(generates, &lines, 1);
    assert!(program.contains(&lines));
    let playback_grant = r#"static const char playback_grant[] = "{\"a\":[1]}";"#;
    let program = program.replacen("int main", &format!("{playback_grant}\n\nint main"), 1);

    let mut expected = grants();
    expected["voice"]["push_credential_sid"] = json!("CR123123");
    expected["video"] = json!({"room": "standup"});
    expected["chat"] = json!({"service_sid": "IS123123"});
    expected["data_sync"] = json!({"service_sid": "IS456456"});
    expected["task_router"] =
        json!({"workspace_sid": "WS123123", "worker_sid": "WK123123", "role": "worker"});
    expected["player"] = json!({"a": [1]});
    let expected = claims(expected);
    for (token, run) in printed("with-grants", &program) {
        let (access, region) = read_access(&token, &run);
        assert_eq!((&access, &region), (&expected, &json!("ie1")));
    }
}

/// The tests of PHP and Go check this for their blocks.
#[test]
fn every_block_has_a_test() {
    assert!(document(MIGRATING).blocks().is_empty());
    let document = document(ACCESS_TOKENS);
    let blocks = document.blocks();
    let starts: Vec<(&str, &str)> = blocks
        .iter()
        .map(|block| {
            let line = block.text.lines().next().expect("a line");
            let start = line.split(['.', '<', '-', '(']).next();
            let is_diff = block.language == "diff";
            (
                block.language,
                if is_diff {
                    line
                } else {
                    start.expect("a start")
                },
            )
        })
        .map(|(language, start)| (language, start.trim_end()))
        .collect();
    assert_eq!(
        starts,
        [
            ("diff", " #include <captoken.h>"),
            ("diff", " <?php"),
            ("diff", " package main"),
            ("c", "    if"),
            ("php", "$capability"),
            ("go", "\tif err := token"),
        ]
    );
}

#[test]
fn tables_name_existing_functions() {
    let header = source("include/captoken.h");
    let class = source("php/src/Capability.php");
    let mut package = String::new();
    for entry in fs::read_dir(root().join("go")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.to_string_lossy();
        if name.ends_with(".go") && !name.ends_with("_test.go") {
            package.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
    let declares = |language: &str, name: &str| match language {
        "C" => starts_a_line(&header, "cap_status ", name),
        "PHP" => match (name, name.strip_prefix("Capability::")) {
            ("new Capability", _) => starts_a_line(&class, "    public function ", "__construct"),
            (_, Some(name)) => starts_a_line(&class, "    public static function ", name),
            (_, None) => starts_a_line(&class, "    public function ", name),
        },
        _ => match name.strip_prefix("captoken.") {
            Some(name) => starts_a_line(&package, "func ", name),
            None => starts_a_line(&package, "func (t *Token) ", name),
        },
    };

    let document = document(MIGRATING);
    let (mut checked, mut without) = (0, Vec::new());
    for table in document.tables() {
        let Some(first) = table[0].iter().position(|cell| *cell == "C") else {
            continue;
        };
        assert_eq!(table[0][first..], ["C", "PHP", "Go"]);
        for row in &table[1..] {
            let names: Vec<Vec<&str>> = row[first..]
                .iter()
                .map(|cell| spans(cell).collect())
                .collect();
            match names.as_slice() {
                [c, php, go] if !c.is_empty() => assert_same_call(c, php, go),
                _ => without.push(row[0]),
            }
            for (language, cell) in table[0].iter().zip(row).skip(first) {
                let names: Vec<&str> = spans(cell).collect();
                assert!(!names.is_empty() || *cell == "none", "{row:?}");
                for name in names {
                    assert!(declares(language, name), "{language} has no {name}");
                }
            }
        }
        checked += 1;
    }
    assert_eq!(checked, 7);
    assert_eq!(without, ["`VoiceGrant(endpoint_id=endpoint_id)`"]);
}

/// Users look up the code that a device reports, and the codes that captoken names.
#[test]
fn error_table_lists_each_code_once() {
    let document = document(MIGRATING);
    let [errors] = document
        .tables_below("When Twilio refuses a token")
        .try_into()
        .expect("a table");
    assert_eq!(errors[0], ["error", "what to look at"]);
    let mut codes: Vec<&str> = errors[1..]
        .iter()
        .flat_map(|row| row[0].split(", "))
        .collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count, "{codes:?}");
    for code in ["20102", "21218", "31203", "31204", "20104"] {
        assert!(codes.contains(&code), "{code}");
    }
    for file in ["cli/src/warning.rs", "src/ffi.rs", "include/captoken.h"] {
        let source = source(file);
        let named = source.split("error ").skip(1);
        for code in named.filter_map(|after| after.get(..5)) {
            let is_code = code.bytes().all(|byte| byte.is_ascii_digit());
            assert!(!is_code || codes.contains(&code), "{file}: {code}");
        }
    }
    let text = source(MIGRATING);
    for said in [
        "enableImprovedSignalingErrorPrecision",
        "does not mint TaskRouter's",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

/// The names in a row are those of the same call.
fn assert_same_call(c: &[&str], php: &[&str], go: &[&str]) {
    let name = c[0].strip_prefix("cap_").expect("a prefix");
    let name = capitalised(&camel_case(name));
    let adds: &[&str] = match name.as_str() {
        "AllowOutgoing" => &["cap_add_outgoing_param"],
        "AllowEventStream" => &["cap_add_event_filter"],
        _ => &[],
    };
    assert_eq!(c[1..], *adds, "{c:?}");
    let [go] = go else { panic!("{c:?} {go:?}") };
    assert_eq!(go.strip_prefix("captoken.").unwrap_or(go), name);
    let [php] = php else { panic!("{c:?} {php:?}") };
    // PHP uses the names of Services_Twilio_Capability, if it has the call.
    let of_php = match *php {
        "new Capability" => "New",
        "Capability::access" => "NewAccess",
        "allowClientIncoming" => "AllowIncoming",
        "allowClientOutgoing" => "AllowOutgoing",
        "generateToken" => "Generate",
        "generateTokenAt" => "GenerateAt",
        other => &capitalised(other.strip_prefix("Capability::").unwrap_or(other)),
    };
    assert_eq!(of_php, name);
}

fn capitalised(name: &str) -> String {
    let (initial, rest) = name.split_at(1);
    initial.to_uppercase() + rest
}

fn source(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a source")
}

fn starts_a_line(source: &str, start: &str, name: &str) -> bool {
    let start = format!("{start}{name}(");
    source.lines().any(|line| line.starts_with(&start))
}

/// One of Twilio's libraries, and the script that evaluates expressions with it.
struct Library {
    folder: &'static str,
    list: &'static str,
    program: &'static [&'static str],
}

const PYTHON_3: Library = Library {
    folder: "python-3.8.0",
    list: "requirements-3.8.0.txt",
    program: &["python3", "-ISB", "-Wignore", "names.py"],
};
const PYTHON: Library = Library {
    folder: "python",
    list: "requirements.txt",
    ..PYTHON_3
};
const NODE: Library = Library {
    folder: "node",
    list: "package-lock.json",
    program: &["node", "names.cjs"],
};

impl Library {
    /// The values of expressions; fails if one raises.
    fn evaluate<S: AsRef<str>>(&self, expressions: &[S]) -> Vec<Value> {
        let expressions: Vec<&str> = expressions.iter().map(AsRef::as_ref).collect();
        let folder = sdk::installed(self.folder, self.list);
        let answers = sdk::talk(self.program, Some(&folder), &json!(expressions));
        assert_eq!(answers.len(), expressions.len());
        let pairs = expressions.iter().zip(answers);
        pairs
            .map(|(expression, mut answer)| {
                let why = answer.get("raised");
                assert!(why.is_none(), "{}: {expression}: {answer}", self.folder);
                answer["value"].take()
            })
            .collect()
    }
}

#[test]
fn tables_name_existing_sdk_calls() {
    let document = document(MIGRATING);
    for (heading, number, library, expected) in [
        ("twilio-python", 0, PYTHON_3, 6),
        ("twilio-python", 1, PYTHON, 8),
        ("twilio-node", 1, NODE, 7),
        ("Access tokens", 0, PYTHON, 12),
        ("Access tokens", 1, NODE, 11),
    ] {
        let tables = document.tables_below(heading);
        let expressions = column(&tables[0], number);
        assert_eq!(expressions.len(), expected, "{heading}: {expressions:?}");
        library.evaluate(&expressions);
    }
}

#[test]
fn grant_table_lists_every_field() {
    let document = document(MIGRATING);
    let tables = document.tables_below("Access tokens");
    let [_, grants] = tables.as_slice() else {
        panic!("two tables");
    };
    assert_eq!(grants[0], ["grant", "name", "fields"]);
    assert_eq!(grants.len(), 6);
    let (mut python, mut in_python) = (Vec::new(), Vec::new());
    let (mut node, mut in_node) = (Vec::new(), Vec::new());
    for row in &grants[1..] {
        let [class, name] = [row[0], row[1]].map(|cell| spans(cell).next().expect("a name"));
        let fields: Vec<&str> = spans(row[2]).collect();
        let payload = |spelled: fn(&str) -> String| -> Value {
            if row[2] == "those that Twilio's API returns" {
                return json!("grant");
            }
            fields
                .iter()
                .map(|&field| (field, spelled(field)))
                .collect()
        };
        python.push(format!("described({class})"));
        in_python.push(json!([name, payload(str::to_owned)]));
        node.push(format!("described(AccessToken.{class})"));
        in_node.push(json!([name, payload(camel_case)]));
    }
    assert_eq!(PYTHON.evaluate(&python), in_python);
    assert_eq!(NODE.evaluate(&node), in_node);
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().expect("a word").to_owned();
    words.fold(first, |name, word| name + &capitalised(word))
}

fn clock() -> i64 {
    let seconds = UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    seconds.try_into().expect("a time in this age")
}

fn from_json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
