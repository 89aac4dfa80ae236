//! examples-c/token_server.c serves tokens of either kind. The credentials in the environment
//! decide which.

#![cfg(not(miri))]

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, UNIX_EPOCH};

use minreq::{Method, Request, Response};
use serde_json::{Value, json};

use crate::support::c_compiler::{Language, Linkage, Program, compile};
use crate::support::examples::server_sources;
use crate::support::install::{isolated, root, run};
use crate::support::token::{ACCESS_HEADER, HEADER, signed_parts};

const ACCOUNT: [(&str, &str); 2] = [
    ("TWILIO_ACCOUNT_SID", "AC123123"),
    ("TWILIO_APP_SID", "AP123123"),
];
const AUTH_TOKEN: (&str, &str) = ("TWILIO_AUTH_TOKEN", "the auth token");
const API_KEY: [(&str, &str); 2] = [
    ("TWILIO_API_KEY_SID", "SK123123"),
    ("TWILIO_API_KEY_SECRET", "the secret of the key"),
];

/// Every variable that the servers read.
pub(crate) const VARIABLES: [&str; 10] = [
    "TOKEN_CONNECTIONS",
    "TOKEN_HOSTS",
    "TOKEN_LIMIT",
    "TOKEN_ORIGINS",
    "TOKEN_TTL",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_API_KEY_SECRET",
    "TWILIO_API_KEY_SID",
    "TWILIO_APP_SID",
    "TWILIO_AUTH_TOKEN",
];

/// The compiled server.
pub(crate) fn token_server(language: Language, linkage: Linkage) -> Program {
    let folder = root().join("examples-c");
    let parts = server_sources();
    let mut arguments = parts.each_ref().map(String::as_str).to_vec();
    arguments.extend(["captoken", "-lmicrohttpd"]);
    compile(
        &folder.join("token_server.c"),
        language,
        linkage,
        &arguments,
    )
}

/// A command with only these settings.
fn with(mut command: Command, settings: &[(&str, &str)]) -> Command {
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied());
    command
}

/// A running server on an unused port.
struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Reads standard error.
    err: Option<JoinHandle<String>>,
    /// The token kind that it reports.
    kind: String,
    address: String,
}

impl Server {
    fn start(command: Command, settings: &[(&str, &str)]) -> Self {
        Self::try_start(command, settings, &["0"]).unwrap_or_else(|err| panic!("{err}"))
    }

    /// A running server, or the standard error of one that ended with status 1.
    fn try_start(
        command: Command,
        settings: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Self, String> {
        let mut child = with(command, settings)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        // Read by a thread, because a server with many reports waits while the pipe is full.
        let mut err = child.stderr.take().expect("a pipe");
        let err = thread::spawn(move || {
            let mut said = String::new();
            err.read_to_string(&mut said).expect("text");
            said
        });
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let Some((kind, address)) = line.split_once(" tokens on ") else {
            let err = err.join().expect("standard error");
            assert_eq!(child.wait().expect("an end").code(), Some(1), "{line}{err}");
            return Err(err);
        };
        let (address, _) = address.split_once("/token").expect("an address");
        let (kind, address) = (kind.to_owned(), address.to_owned());
        Ok(Self {
            child,
            out,
            err: Some(err),
            kind,
            address,
        })
    }

    fn ask(&self, method: Method, target: &str) -> Response {
        let request = Request::new(method, format!("{}{target}", self.address));
        request.with_timeout(300).send().expect("an answer")
    }

    /// The header and the claims of a served token, without `exp`; checks the response, the
    /// expiry and the signature.
    fn token(&self, client: &str, secret: &str) -> (String, Value) {
        let clock = || UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
        let before = clock();
        let response = self.ask(Method::Get, &format!("/token?client={client}"));
        let after = clock();
        assert_eq!(response.status_code, 200);
        assert_headers(&response);

        let mut answer: Value = serde_json::from_slice(response.as_bytes()).expect("JSON");
        let token = answer["token"].as_str().expect("a string").to_owned();
        let expires_at = answer["expires_at"].as_u64().expect("a time");
        answer["token"] = json!(null);
        let rest = json!({"identity": client, "token": null, "expires_at": expires_at});
        assert_eq!(answer, rest);

        let [header, payload] = signed_parts(&token, secret);
        let mut claims: Value = serde_json::from_str(&payload).expect("JSON");
        let claims_object = claims.as_object_mut().expect("an object");
        let exp = claims_object.remove("exp").and_then(|exp| exp.as_u64());
        let exp = exp.expect("a whole number");
        assert!((before + 3600..=after + 3600).contains(&exp));
        // The server uses time(), which can be milliseconds late.
        assert!((before + 3599..=exp).contains(&expires_at));
        (header, claims)
    }

    /// Ends the server by SIGTERM, like a service manager; returns its standard error. A
    /// memory error under valgrind changes the exit status.
    fn end(mut self) -> String {
        let id = self.child.id().to_string();
        run(Command::new("kill").args(["-TERM", &id]));
        let status = self.child.wait().expect("an end");
        let mut out = String::new();
        self.out.read_to_string(&mut out).expect("text");
        let err = self.err.take().map(JoinHandle::join);
        let err = err.expect("not joined").expect("standard error");
        assert_eq!((status.code(), out.as_str()), (Some(0), ""), "{err}");
        err
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server still runs if a test failed.
        let _ = self.child.kill();
    }
}

fn assert_headers(response: &Response) {
    assert_eq!(header(response, "content-type"), ["application/json"]);
    assert_eq!(header(response, "cache-control"), ["no-store"]);
}

/// All values of a header of a response.
fn header<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let headers = response.headers.iter();
    headers
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

#[test]
fn credentials_decide_the_token_kind() {
    let capability = [&ACCOUNT[..], &[AUTH_TOKEN]].concat();
    let access = [&ACCOUNT[..], &API_KEY].concat();
    let both = [&capability[..], &API_KEY].concat();
    // An empty setting counts as missing.
    let no_api_key = API_KEY.map(|(name, _)| (name, ""));
    let emptied = [&capability[..], &no_api_key].concat();
    for (language, linkage) in [
        (Language::C99, Linkage::Static),
        (Language::Cpp17, Linkage::Shared),
    ] {
        let program = token_server(language, linkage);
        for settings in [&capability, &emptied] {
            let server = Server::start(program.watched(), settings);
            assert_eq!(server.kind, "capability");
            let (header, claims) = server.token("alice", AUTH_TOKEN.1);
            assert_eq!(header, HEADER);
            let scope = "scope:client:incoming?clientName=alice \
                         scope:client:outgoing?appSid=AP123123\
                         &appParams=client%3Dalice&clientName=alice";
            assert_eq!(claims, json!({"scope": scope, "iss": "AC123123"}));
            assert_eq!(server.end(), "");
        }
        for settings in [&access, &both] {
            let server = Server::start(program.watched(), settings);
            assert_eq!(server.kind, "access");
            let (header, mut claims) = server.token("alice", "the secret of the key");
            assert_eq!(header, ACCESS_HEADER);
            let jti = claims["jti"].take();
            assert!(jti.as_str().expect("a string").starts_with("SK123123-1"));
            let outgoing = json!({"application_sid": "AP123123", "params": {"client": "alice"}});
            let voice = json!({"incoming": {"allow": true}, "outgoing": outgoing});
            let grants = json!({"identity": "alice", "voice": voice});
            assert_eq!(
                claims,
                json!({"jti": null, "iss": "SK123123", "sub": "AC123123", "grants": grants})
            );
            assert_eq!(server.end(), "");
        }
    }
}

#[test]
fn missing_settings_are_named() {
    let program = token_server(Language::C99, Linkage::Shared);
    let api_key = "TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN";
    let [account, application] = ACCOUNT;
    let [sid, secret] = API_KEY;
    let cases = [
        (vec![account, application], vec![api_key]),
        (vec![account, application, sid], vec![secret.0]),
        (vec![account, application, secret], vec![sid.0]),
        // Even if the other kind could be minted.
        (vec![account, application, sid, AUTH_TOKEN], vec![secret.0]),
        (vec![account, application, secret, AUTH_TOKEN], vec![sid.0]),
        (vec![account, AUTH_TOKEN], vec![application.0]),
        (vec![application, sid, secret], vec![account.0]),
        (vec![], vec![account.0, application.0, api_key]),
    ];
    for (settings, missing) in cases {
        let refused = Server::try_start(program.watched(), &settings, &["0"]).err();
        let said: Vec<String> = missing
            .iter()
            .map(|name| format!("token_server: missing environment variables: {name}\n"))
            .collect();
        assert_eq!(refused, Some(said.concat()));
    }
    let settings = [account, application, AUTH_TOKEN];
    for arguments in [&["65536"][..], &["-1"], &["80a"], &[""], &["0", "0"]] {
        let refused = Server::try_start(program.watched(), &settings, arguments).err();
        assert_eq!(refused.as_deref(), Some("usage: token_server [PORT]\n"));
    }
}

/// Otherwise libmicrohttpd would wait for a connection to end, and clients for 10 seconds.
#[test]
fn too_few_files_prevent_start() {
    let program = token_server(Language::C99, Linkage::Static);
    let settings = [&ACCOUNT[..], &[AUTH_TOKEN]].concat();
    let mut command = isolated("sh");
    command.args(["-c", "ulimit -n 583 && exec \"$@\"", "sh"]);
    command.arg(&program.path);
    let refused = Server::try_start(command, &settings, &["0"]).err();
    let said = "token_server: at least 584 files must be allowed: ulimit -n 584\n";
    assert_eq!(refused.as_deref(), Some(said));
}

#[test]
fn port_in_use_is_named() {
    let program = token_server(Language::C99, Linkage::Shared);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let settings = [&ACCOUNT[..], &[AUTH_TOKEN]].concat();
    let refused = Server::try_start(program.watched(), &settings, &[&port]).err();
    let said = format!("token_server: cannot listen on port {port}: is it in use?\n");
    assert_eq!(refused, Some(said));
}

#[test]
fn only_get_with_plain_name_is_served() {
    let program = token_server(Language::C99, Linkage::Shared);
    let settings = [&ACCOUNT[..], &API_KEY].concat();
    let server = Server::start(program.watched(), &settings);
    let longest = "x".repeat(256);
    server.token(&longest, "the secret of the key");

    let name = r#"{"error":"client must be 1 to 256 ASCII letters, digits and underscores"}"#;
    for target in [
        "/token",
        "/token?client=",
        "/token?client",
        "/token?client=a%20b",
        "/token?client=a%00b",
        "/token?client=a%22",
        "/token?client=%FF",
        &format!("/token?client={longest}x"),
    ] {
        let response = server.ask(Method::Get, target);
        assert_eq!(response.status_code, 400, "{target}");
        assert_headers(&response);
        assert_eq!(response.as_str().expect("text"), format!("{name}\n"));
    }
    for target in ["/", "/token/", "/tokens?client=alice"] {
        let response = server.ask(Method::Get, target);
        assert_eq!(response.status_code, 404, "{target}");
        assert_headers(&response);
    }
    for method in [Method::Post, Method::Put, Method::Delete, Method::Head] {
        let response = server.ask(method, "/token?client=alice");
        assert_eq!(response.status_code, 405);
        assert_eq!(header(&response, "allow"), ["GET"]);
        assert_headers(&response);
    }
    let with_body = Request::new(Method::Post, format!("{}/token", server.address));
    let response = with_body.with_body("x".repeat(100_000)).send();
    assert_eq!(response.expect("an answer").status_code, 405);
    assert_eq!(server.end(), "");
}

#[test]
fn credentials_that_cannot_work_prevent_start() {
    let program = token_server(Language::C99, Linkage::Shared);
    let long = "x".repeat(10_000);
    let settings = [ACCOUNT[0], ("TWILIO_APP_SID", &long), AUTH_TOKEN];
    let refused = Server::try_start(program.watched(), &settings, &["0"]).err();
    let names = "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_APP_SID";
    let said = format!("token_server: {names}: the buffer is too small\n");
    assert_eq!(refused, Some(said));
}

/// The server starts, because the token of a short name fits its buffer.
#[test]
fn failed_minting_returns_500() {
    let program = token_server(Language::C99, Linkage::Shared);
    let [long, name] = [2_500, 256].map(|length| "x".repeat(length));
    let settings = [ACCOUNT[0], ("TWILIO_APP_SID", &long), AUTH_TOKEN];
    let server = Server::start(program.watched(), &settings);
    let response = server.ask(Method::Get, &format!("/token?client={name}"));
    assert_eq!(response.status_code, 500);
    assert_headers(&response);
    assert_eq!(
        response.as_str().expect("text"),
        "{\"error\":\"no token could be made\"}\n"
    );
    assert_eq!(
        server.end(),
        format!("token_server: no token for {name}: the buffer is too small\n")
    );
}

#[test]
fn thread_checkers_accept_concurrent_requests() {
    let program = token_server(Language::C99, Linkage::Shared);
    let settings = [&ACCOUNT[..], &[AUTH_TOKEN, ("TOKEN_CONNECTIONS", "500")]].concat();
    for checker in program.thread_checkers() {
        let server = Server::start(checker, &settings);
        // More than the server keeps. They send nothing, so it ends the oldest.
        let address = server.address.strip_prefix("http://").expect("a URL");
        let silent: Vec<TcpStream> = (0..510)
            .map(|_| TcpStream::connect(address).expect("connected"))
            .collect();
        // Once a second, another thread of the server looks for old connections.
        thread::sleep(Duration::from_secs(2));
        thread::scope(|scope| {
            for client in ["alice", "bob", "carol", "dave"] {
                let server = &server;
                scope.spawn(move || {
                    server.token(client, AUTH_TOKEN.1);
                    let response = server.ask(Method::Get, "/token?client=");
                    assert_eq!(response.status_code, 400);
                });
            }
        });
        drop(silent);
        assert_eq!(server.end(), "");
    }
}
