//! The command line, as clap reads and explains it.

use std::env;
use std::path::PathBuf;

use captoken::validity::Ttl;
use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgGroup, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::failure::exit_codes;
use crate::secret::{API_KEY_SECRET, AUTH_TOKEN, is_standard_input};

const EXAMPLES: &str = "\
Examples:
  stty -echo; read -r CAPTOKEN_AUTH_TOKEN; stty echo; export CAPTOKEN_AUTH_TOKEN
  captoken mint --account AC123123 --allow-incoming Alice --ttl 600
  captoken mint --account AC123123 --api-key SK123123 --allow-incoming Alice
  captoken inspect eyJ0eXAi...
  captoken verify --auth-token-file /run/secrets/twilio - < token.jwt

";

const MINT_EXAMPLES: &str = "\
Examples:
  Calls to Alice, and from her to an application that receives Foo:
    captoken mint --account AC123123 --allow-incoming Alice \\
        --allow-outgoing AP123123 --param Foo=Bar --ttl 600
  The auth token from a password manager, the token for a script:
    pass show twilio | captoken mint --account AC123123 --auth-token-file - --json
  The account's events, of two kinds, with a claim of one's own:
    captoken mint --account AC123123 --event-stream --filter type=call \\
        --filter type=sms --claim 'user={\"id\":42}'
  An access token for calls in both directions:
    captoken mint --account AC123123 --api-key SK123123 --region ie1 \\
        --allow-incoming Alice --allow-outgoing AP123123 --param Foo=Bar
  The same request that a program gives to cap_mint():
    printf '{\"account_sid\":\"AC123123\",\"incoming\":\"Alice\"}' | captoken mint --request -
  An access token for a video room, without calls:
    captoken mint --account AC123123 --api-key SK123123 --client-name Alice \\
        --grant 'video={\"room\":\"standup\"}'

The auth token comes from the environment variable CAPTOKEN_AUTH_TOKEN, or from a
file. With --api-key, or an api_key_sid in the request, it plays no part: the secret of the
API key comes from CAPTOKEN_API_KEY_SECRET, or from a file. No option takes a secret itself, as other
users can read command lines.
An access token has one name: with --allow-incoming and another --client-name, incoming
calls reach that one, with a warning. Of parameters with the same key it has the last.
A client name that not all of Twilio takes is minted, with a warning, and so is a token
that is never valid. --json prints token and expires_at; or status and error.
`captoken --help` lists the exit codes.";

/// The options that a request replaces. `account` is not among them, because its variable
/// may be set for other calls.
const INSTEAD_OF_REQUEST: [&str; 12] = [
    "api_key",
    "region",
    "allow_incoming",
    "allow_outgoing",
    "param",
    "client_name",
    "push_credential",
    "grant",
    "event_stream",
    "filter",
    "claim",
    "not_before",
];

const INSPECT_EXAMPLES: &str = "\
Examples:
  captoken inspect eyJ0eXAi...
  captoken mint --account AC123123 --allow-incoming Alice | captoken inspect -
  captoken inspect --json - < token.jwt | jq .scopes

Reads every JSON Web Token, also one that has expired or is signed in another way.
Characters that could change what a terminal shows are escaped. --json prints verified
(false), kind, header, payload, issuer, scopes, account, api_key, region, identity, grants,
expires_at, expired, not_before, issued_at and problem; or verified, status and error.

An access token is one whose header has a cty that begins with twilio-fpa, or that has
grants and no scope; a capability token is another with a scope. kind is \"access\",
\"capability\" or null. account is the account SID: sub of an access token, iss of a
capability token. api_key, region, identity and grants are those of an access token, else
null and []; scopes are those of all others. A grant has a kind: incoming; outgoing, with
application_sid and params; push, with push_credential_sid; video, with room; voice, with
name and value of what else the grant for calls has; other, with name and grant.
`captoken --help` lists the exit codes.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  captoken verify eyJ0eXAi...
  printf '%s\\n' \"$token\" | captoken verify - && echo valid
  captoken verify --auth-token-file /run/secrets/twilio --json - < token.jwt
  Was it valid when the call failed?
    captoken verify --now \"$(date -d '2026-11-21 14:00' +%s)\" - < token.jwt

Ends with 0 for a valid token, and for nothing else: even --help ends with 2. Scripts
had better use standard input, where nothing that is no token can pass for an option.

The auth token comes from the environment variable CAPTOKEN_AUTH_TOKEN. An access token,
told by the cty of its header, is verified with the secret of its API key: that comes
from CAPTOKEN_API_KEY_SECRET, or, where this is not set, from CAPTOKEN_AUTH_TOKEN. The
secret in a file is used instead of either, for every token. No option takes a secret
itself, as other users can read command lines.
Tokens of all of Twilio's libraries can be verified. --json prints what that of inspect
does, with verified (true); or verified (false), status and error.
`captoken --help` lists the exit codes.";

/// Mints, reads and verifies the tokens of Twilio Client
#[derive(Parser)]
#[command(version, after_help = format!("{EXAMPLES}{}", exit_codes()))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Mint(Box<Mint>),
    Inspect(Inspect),
    Verify(Verify),
}

/// Print a signed token
#[derive(Args)]
#[command(after_help = MINT_EXAMPLES)]
#[command(group = ArgGroup::new("named").args(["allow_outgoing", "api_key"]).multiple(true))]
#[command(group = ArgGroup::new("access").args(["api_key", "request"]).multiple(true))]
#[command(mut_arg("api_key_secret_file", |arg| arg.requires("access")))]
pub(crate) struct Mint {
    /// Account SID
    #[arg(
        long,
        value_name = "SID",
        env = "CAPTOKEN_ACCOUNT_SID",
        hide_env_values = true
    )]
    #[arg(required_unless_present = "request")]
    pub(crate) account: Option<String>,

    /// API key, which makes it an access token instead of a capability token
    #[arg(long, value_name = "SID", value_parser = NonEmptyStringValueParser::new())]
    #[arg(conflicts_with_all = ["auth_token_file", "event_stream", "filter"])]
    pub(crate) api_key: Option<String>,

    /// Region of Twilio's that is to take the access token, such as ie1
    #[arg(long, value_name = "REGION", requires = "api_key")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) region: Option<String>,

    /// Allow calls to this client name; outgoing calls come from it, too
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) allow_incoming: Option<String>,

    /// Allow outgoing calls, which this application handles
    #[arg(long, value_name = "SID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) allow_outgoing: Option<String>,

    /// A parameter for the application; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "allow_outgoing")]
    pub(crate) param: Vec<(String, String)>,

    /// Have outgoing calls come from this client name; in an access token, its identity
    #[arg(long, value_name = "NAME", requires = "named")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) client_name: Option<String>,

    /// Credential for push notifications that tell a phone of calls
    #[arg(long, value_name = "SID", requires = "api_key")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) push_credential: Option<String>,

    /// A further grant of an access token, a JSON object; may be repeated
    #[arg(long, value_name = "NAME=JSON", value_parser = named_json, requires = "api_key")]
    pub(crate) grant: Vec<(String, String)>,

    /// Allow to follow the account's events
    #[arg(long)]
    pub(crate) event_stream: bool,

    /// A filter for the events; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "event_stream")]
    pub(crate) filter: Vec<(String, String)>,

    /// A claim of your own, such as 'user="x"'; may be repeated
    #[arg(long, value_name = "NAME=JSON", value_parser = named_json)]
    pub(crate) claim: Vec<(String, String)>,

    /// When the token begins to be valid, in seconds since 1970 UTC
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) not_before: Option<i64>,

    /// File with the JSON request of cap_mint(), - for standard input, instead of options
    #[arg(long, value_name = "PATH", conflicts_with_all = INSTEAD_OF_REQUEST)]
    pub(crate) request: Option<PathBuf>,

    /// Time to live, at most a day
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = Ttl::Default as i64,
        allow_negative_numbers = true
    )]
    pub(crate) ttl: i64,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) secret: SecretSource,
}

/// Show what a token says, without verifying it
#[derive(Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub(crate) struct Inspect {
    /// The token; - reads it from standard input
    pub(crate) token: String,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// Check a token's signature and expiry, and show what it says
#[derive(Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct Verify {
    /// The token; - reads it from standard input
    pub(crate) token: String,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) secret: SecretSource,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Common {
    /// Work as if it were this time, in seconds since 1970 UTC
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,

    /// Print one JSON object, also of a failure, but nothing of wrong usage
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct SecretSource {
    /// File with the auth token, - for standard input; a line break at its end is dropped
    #[arg(long, value_name = "PATH", conflicts_with = "api_key_secret_file")]
    pub(crate) auth_token_file: Option<PathBuf>,

    /// The same with the secret of the API key
    #[arg(long, value_name = "PATH")]
    pub(crate) api_key_secret_file: Option<PathBuf>,
}

impl Arguments {
    /// The arguments of this process, help and wrong usage as errors.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        // Before all else: no other error is as urgent, and none of clap's may show it.
        for secret in [AUTH_TOKEN, API_KEY_SECRET] {
            if env::args_os().any(|argument| secret.is_given_by(&argument)) {
                return Err(Self::command().error(
                    ErrorKind::UnknownArgument,
                    format!(
                        "the {} is not taken from the command line, which other users of this\n\
                         machine can read. Set {}, or use {}-file PATH.",
                        secret.name, secret.variable, secret.option
                    ),
                ));
            }
        }
        let matches = Self::command().try_get_matches()?;
        let arguments = Self::from_arg_matches(&matches)?;
        let (kind, message) = match &arguments.command {
            Command::Verify(verify) if verify.token == "-" && verify.secret.is_standard_input() => {
                let message = "standard input cannot be both the token and the secret";
                (ErrorKind::ArgumentConflict, message)
            }
            Command::Mint(mint) if mint.request.is_some() && is_account_given(&matches) => {
                let message =
                    "the argument '--request <PATH>' cannot be used with '--account <SID>'";
                (ErrorKind::ArgumentConflict, message)
            }
            Command::Mint(mint)
                if mint.request.as_deref().is_some_and(is_standard_input)
                    && mint.secret.is_standard_input() =>
            {
                let message = "standard input cannot be both the request and the secret";
                (ErrorKind::ArgumentConflict, message)
            }
            // clap's message would not name the variable.
            Command::Mint(mint)
                if mint.request.is_none() && mint.account.as_deref() == Some("") =>
            {
                let message = "invalid value '' for '--account <SID>': the option, or else \
                               CAPTOKEN_ACCOUNT_SID, is empty";
                (ErrorKind::InvalidValue, message)
            }
            _ => return Ok(arguments),
        };
        Err(Self::command().error(kind, message))
    }
}

/// Whether the account SID of `mint` is an option, and not the variable.
fn is_account_given(matches: &ArgMatches) -> bool {
    let source = matches
        .subcommand()
        .and_then(|(_, mint)| mint.value_source("account"));
    source == Some(ValueSource::CommandLine)
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
