//! The command line, as clap reads and explains it.

use std::env;
use std::ffi::OsStr;
use std::num::{IntErrorKind, ParseIntError};
use std::path::{Path, PathBuf};

use captoken::error::Error;
use captoken::validity::Ttl;
use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgGroup, ArgMatches, Command, arg, value_parser};

use crate::failure::Failure;
use crate::secret::{API_KEY_SECRET, AUTH_TOKEN};

/// The arguments of one command. A name is that of the long option.
pub(crate) struct Arguments(ArgMatches);

impl Arguments {
    pub(crate) fn string(&self, name: &str) -> Option<&str> {
        self.0.get_one::<String>(name).map(String::as_str)
    }

    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        self.0.get_one::<PathBuf>(name).map(PathBuf::as_path)
    }

    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        self.0.get_one(name).copied()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_id(name)
    }

    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.0.get_flag(name)
    }

    /// Makes a call with the value of an option, if it is there.
    pub(crate) fn call(
        &self,
        name: &str,
        call: impl FnOnce(&str) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let result = self.string(name).map_or(Ok(()), call);
        result.map_err(|error| Failure::of(&format!("--{name}"), error))
    }

    /// Makes a call with each pair of a repeated option.
    pub(crate) fn call_each(
        &self,
        name: &str,
        mut call: impl FnMut(&str, &str) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let pairs = self.0.get_many::<(String, String)>(name);
        pairs.into_iter().flatten().try_for_each(|(key, value)| {
            call(key, value).map_err(|error| Failure::of(&format!("--{name} {key:?}"), error))
        })
    }
}

/// The name of the command and its arguments. Help and wrong usage are errors.
pub(crate) fn read() -> Result<(String, Arguments), clap::Error> {
    let mut command = command();
    // Before clap reads the arguments, because its error messages repeat them.
    for secret in [AUTH_TOKEN, API_KEY_SECRET] {
        if env::args_os().any(|argument| secret.is_given_by(&argument)) {
            let message = format!(
                "Do not pass the {} as an option: other users of this machine can read it.\n\
                 Set {}, or use --{} PATH.",
                secret.name, secret.variable, secret.file
            );
            let name = env::args_os().nth(1).unwrap_or_default();
            return Err(refusal(
                command,
                &name,
                ErrorKind::UnknownArgument,
                &message,
            ));
        }
    }
    let mut matches = command.try_get_matches_from_mut(env::args_os())?;
    let (name, matches) = matches
        .remove_subcommand()
        .ok_or_else(|| command.error(ErrorKind::MissingSubcommand, "a command is missing"))?;
    match mistake(&matches) {
        Some(message) => Err(refusal(
            command,
            &name,
            ErrorKind::ValueValidation,
            &message,
        )),
        None => Ok((name, Arguments(matches))),
    }
}

/// An error with the usage of the named subcommand, if there is one.
fn refusal(
    mut command: Command,
    name: impl AsRef<OsStr>,
    kind: ErrorKind,
    message: &str,
) -> clap::Error {
    // Gives the subcommands their full names.
    command.build();
    match command.find_subcommand_mut(name) {
        Some(subcommand) => subcommand.error(kind, message),
        None => command.error(kind, message),
    }
}

/// Wrong usage that clap does not see, or cannot explain.
fn mistake(matches: &ArgMatches) -> Option<String> {
    let is_standard_input = |name: &&str| {
        let values = matches.try_get_raw(name).ok().flatten();
        values.is_some_and(|mut values| values.any(|value| value == "-"))
    };
    let inputs = ["token", "request", AUTH_TOKEN.file, API_KEY_SECRET.file];
    if inputs.iter().filter(|name| is_standard_input(name)).count() > 1 {
        let message =
            "standard input cannot be read for two arguments; give a file for one of them";
        return Some(message.to_owned());
    }
    let account = matches.try_get_one::<String>("account").ok().flatten()?;
    if !matches.contains_id("request") {
        let variable = account_variable();
        let message = format!("the account SID is empty: set --account or {variable}");
        return account.is_empty().then_some(message);
    }
    // clap would also refuse an account from the environment.
    (matches.value_source("account") == Some(ValueSource::CommandLine))
        .then(|| "the argument '--request <PATH>' cannot be used with '--account <SID>'".to_owned())
}

/// The variable that replaces `--account`: the one that only this program reads, if it is set.
fn account_variable() -> &'static str {
    let own = "CAPTOKEN_ACCOUNT_SID";
    if env::var_os(own).is_some() {
        own
    } else {
        "TWILIO_ACCOUNT_SID"
    }
}

pub(crate) fn command() -> Command {
    let token = || arg!(token: <TOKEN> "The token; prefer -, which reads it from standard input");
    let inspect = Command::new("inspect")
        .about("Show the contents of a token, without verifying it")
        .after_help(include_str!("help/inspect.txt"))
        .arg(token())
        .args(common());
    let leeway = arg!(--leeway <SECONDS> "Difference of clocks to accept, at most a day")
        .value_parser(leeway)
        .allow_negative_numbers(true);
    let verify = Command::new("verify")
        .about("Verify a token's signature and validity, and show its contents")
        .after_help(include_str!("help/verify.txt"))
        .arg(token())
        .args(common())
        .arg(leeway)
        .args(secret_files());
    Command::new("captoken")
        .about("Mints, shows and verifies the tokens of Twilio Client")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(include_str!("help/captoken.txt"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([mint(), inspect, verify])
}

fn mint() -> Command {
    let options = [
        name(arg!(--"api-key" <SID> "API key that signs; makes an access token"))
            .conflicts_with_all(["auth-token-file", "event-stream", "filter"]),
        name(arg!(--region <REGION> "Twilio region of an access token, such as ie1"))
            .requires("api-key"),
        name(arg!(--"allow-incoming" <NAME> "Allow calls to this client name")),
        name(arg!(--"allow-outgoing" <SID> "Allow calls to this TwiML application")),
        arg!(--param <"KEY=VALUE"> ... "Parameter for the application; may be repeated")
            .value_parser(pair)
            .requires("allow-outgoing"),
        name(arg!(--"client-name" <NAME> "Client name of outgoing calls, or identity"))
            .requires("named"),
        name(arg!(--"push-credential" <SID> "Credential of push notifications about calls, for phones"))
            .requires("api-key"),
        arg!(--grant <"NAME=JSON"> ... "Other grant of an access token; may be repeated")
            .value_parser(named_json)
            .requires("api-key"),
        arg!(--"event-stream" "Allow following the account's events"),
        arg!(--filter <"KEY=VALUE"> ... "Filter of the events; may be repeated")
            .value_parser(pair)
            .requires("event-stream"),
        arg!(--claim <"NAME=JSON"> ... "Private claim, such as 'user=\"x\"'; may be repeated")
            .value_parser(named_json),
        seconds(arg!(--"not-before" <SECONDS> "Start of validity, in seconds since 1970 UTC")),
    ];
    let account = arg!(--account <SID> "Account SID")
        .env(account_variable())
        .hide_env_values(true)
        .required_unless_present("request");
    let request = path(arg!(--request <PATH> "JSON request of cap_mint(); - is standard input"))
        .conflicts_with_all(options.iter().map(Arg::get_id).cloned());
    let ttl = seconds(arg!(--ttl <SECONDS> "Time to live, at most a day")).default_value("3600");
    let [auth_token_file, api_key_secret_file] = secret_files();
    let group = |name, options: [&'static str; 2]| ArgGroup::new(name).args(options).multiple(true);
    Command::new("mint")
        .about("Print a signed token")
        .after_help(include_str!("help/mint.txt"))
        .group(group("named", ["allow-outgoing", "api-key"]))
        .group(group("access", ["api-key", "request"]))
        .arg(account)
        .args(options)
        .args([request, ttl])
        .args(common())
        .args([auth_token_file, api_key_secret_file.requires("access")])
}

/// The options of every command.
fn common() -> [Arg; 3] {
    [
        seconds(arg!(--now <SECONDS> "Time instead of the clock's, in seconds since 1970 UTC")),
        arg!(--json "Print one JSON object, also on failure; after a usage error, nothing"),
        arg!(--quiet "Print no warnings; --json still lists them"),
    ]
}

fn secret_files() -> [Arg; 2] {
    let auth_token = arg!(--"auth-token-file" <PATH> "File with the auth token; - is standard \
        input; a final line break is dropped");
    let secret = arg!(--"api-key-secret-file" <PATH> "The same for the secret of the API key");
    [
        path(auth_token).conflicts_with("api-key-secret-file"),
        path(secret),
    ]
}

fn name(option: Arg) -> Arg {
    option.value_parser(NonEmptyStringValueParser::new())
}

fn path(option: Arg) -> Arg {
    option.value_parser(value_parser!(PathBuf))
}

fn seconds(option: Arg) -> Arg {
    option
        .value_parser(whole_number)
        .allow_negative_numbers(true)
}

fn whole_number(text: &str) -> Result<i64, &'static str> {
    text.parse()
        .map_err(|error: ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "the number is out of range",
            _ => "not a whole number",
        })
}

fn leeway(text: &str) -> Result<i64, &'static str> {
    match whole_number(text)? {
        seconds if (0..=Ttl::Max as i64).contains(&seconds) => Ok(seconds),
        _ => Err("not between 0 and 86400 seconds"),
    }
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("there is no '='")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn named_json(text: &str) -> Result<(String, String), &'static str> {
    match pair(text)? {
        (name, _) if name.is_empty() => Err("the name is empty"),
        named => Ok(named),
    }
}
