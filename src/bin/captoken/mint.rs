//! The command that prints a token of either kind, and what it warns of.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use captoken::error::Error;
use captoken::request::Request;
use captoken::token::{Token, check_client_name};
use serde_json::value::RawValue;

use crate::arguments::{Mint, SecretSource};
use crate::failure::{Failure, in_words};
use crate::report::Minted;
use crate::secret::{API_KEY_SECRET, AUTH_TOKEN, is_standard_input};
use crate::{complain, json, print, standard_input, time};

pub(crate) fn mint(arguments: &Mint) -> Result<(), Failure> {
    let now = time(arguments.common.now)?;
    let mut token = Token::default();
    let not_before = match &arguments.request {
        Some(path) => apply_request(path, &arguments.secret, &mut token)?,
        None => apply_options(arguments, &mut token)?,
    };

    let jwt = token.signed(now, arguments.ttl)?;
    let expires_at = now + arguments.ttl;
    if not_before.is_some_and(|from| from >= expires_at) {
        complain("warning: --not-before: the token expires before it begins to be valid");
    }
    if arguments.common.json {
        print(&json(&Minted {
            token: jwt,
            expires_at,
        })?)
    } else {
        print(&format!("{jwt}\n"))
    }
}

/// Does what cap_mint() does with its request. Returns when the token begins to be valid.
fn apply_request(
    path: &Path,
    source: &SecretSource,
    token: &mut Token,
) -> Result<Option<i64>, Failure> {
    let json = read_request(path)
        .map_err(|error| Failure::Outside(format!("cannot read the --request: {error}")))?;
    let request = Request::parse(&json).map_err(|error| explain(&json, error))?;
    let (kind, other, option) = if request.is_access() {
        let option = "--auth-token-file: the request has an api_key_sid, so that the secret is \
                      that of --api-key-secret-file";
        (&API_KEY_SECRET, &source.auth_token_file, option)
    } else {
        let option = "--api-key-secret-file: the request has no api_key_sid, so that the secret \
                      is that of --auth-token-file";
        (&AUTH_TOKEN, &source.api_key_secret_file, option)
    };
    if other.is_some() {
        return Err(Failure::Outside(option.to_owned()));
    }
    let in_request = |error| Failure::of("--request", error);
    request.apply_to(token).map_err(in_request)?;
    token.key_mut().set(kind.read(source)?.text()?);
    warn_of_names(&Names {
        is_access: request.is_access(),
        incoming: request.incoming.as_deref(),
        client_name: request.client_name.as_deref(),
        is_for_calls: request.is_for_calls(),
        labels: ["--request: incoming", "--request: client_name"],
    });
    Ok(request.not_before)
}

fn read_request(path: &Path) -> std::io::Result<String> {
    let mut json = String::new();
    let mut file = if is_standard_input(path) {
        standard_input()?
    } else {
        File::open(path)?
    };
    file.read_to_string(&mut json)?;
    Ok(json)
}

/// Says where a request stops being JSON. Otherwise its members are wrong.
fn explain(json: &str, error: Error) -> Failure {
    match serde_json::from_str::<&RawValue>(json) {
        Err(why) => Failure::because("--request", error, &why.to_string()),
        Ok(_) => Failure::of("--request", error),
    }
}

/// Makes the calls that the options stand for. Returns when the token begins to be valid.
fn apply_options(arguments: &Mint, token: &mut Token) -> Result<Option<i64>, Failure> {
    token.set_account(arguments.account.as_deref().unwrap_or_default())?;
    let kind = match &arguments.api_key {
        None => &AUTH_TOKEN,
        // Never the auth token: Twilio would refuse what it signs.
        Some(sid) => {
            token.make_access(sid)?;
            &API_KEY_SECRET
        }
    };
    let secret = kind.read(&arguments.secret)?;
    token.key_mut().set(secret.text()?);

    warn_of_names(&Names {
        is_access: arguments.api_key.is_some(),
        incoming: arguments.allow_incoming.as_deref(),
        client_name: arguments.client_name.as_deref(),
        is_for_calls: arguments.allow_incoming.is_some()
            || arguments.allow_outgoing.is_some()
            || arguments.push_credential.is_some(),
        labels: ["--allow-incoming", "--client-name"],
    });
    // The name on outgoing calls comes second, so that it replaces the other there, and
    // everywhere in an access token.
    if let Some(client_name) = &arguments.allow_incoming {
        token.allow_incoming(client_name)?;
    }
    if let Some(client_name) = &arguments.client_name {
        token.set_client_name(client_name)?;
    }
    if let Some(application_sid) = &arguments.allow_outgoing {
        token.allow_outgoing(application_sid)?;
    }
    for (key, value) in &arguments.param {
        token.add_outgoing_param(key, value)?;
    }
    if arguments.event_stream {
        token.allow_event_stream()?;
    }
    for (key, value) in &arguments.filter {
        token.add_event_filter(key, value)?;
    }
    if let Some(region) = &arguments.region {
        token.set_region(region)?;
    }
    if let Some(sid) = &arguments.push_credential {
        token.set_push_credential(sid)?;
    }
    for (name, json) in &arguments.grant {
        let in_grant = |error| Failure::of(&format!("--grant {name:?}"), error);
        token.add_grant(name, json).map_err(in_grant)?;
    }
    for (name, json) in &arguments.claim {
        let in_claim = |error| Failure::of(&format!("--claim {name:?}"), error);
        token.add_claim(name, json).map_err(in_claim)?;
    }
    if let Some(not_before) = arguments.not_before {
        let in_option = |error| Failure::of("--not-before", error);
        token.set_not_before(not_before).map_err(in_option)?;
    }
    Ok(arguments.not_before)
}

/// The names in a token, and what a warning calls them.
struct Names<'a> {
    is_access: bool,
    incoming: Option<&'a str>,
    client_name: Option<&'a str>,
    is_for_calls: bool,
    labels: [&'static str; 2],
}

/// Warns of names that may not work.
fn warn_of_names(names: &Names<'_>) {
    let (incoming, client_name) = (names.incoming, names.client_name);
    let [incoming_label, label] = names.labels;
    // An access token has one name.
    let is_replaced =
        names.is_access && incoming.is_some() && client_name.is_some() && incoming != client_name;
    if is_replaced {
        complain(&format!(
            "warning: {label}: an access token has one name, so that incoming calls reach this \
             one and not that of {incoming_label}"
        ));
    } else if let Some(incoming) = incoming {
        warn_of_client_name(incoming_label, incoming);
    }
    // In a token for rooms or chats alone, it is not a client name.
    if let Some(client_name) = client_name.filter(|_| names.is_for_calls) {
        warn_of_client_name(label, client_name);
    }
}

fn warn_of_client_name(option: &str, client_name: &str) {
    if let Err(error) = check_client_name(client_name) {
        let reason = in_words(error.into());
        complain(&format!(
            "warning: {option}: {reason}; calls may fail with Twilio's error 31105"
        ));
    }
}
