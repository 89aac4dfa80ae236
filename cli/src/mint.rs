//! Mints tokens of either kind, and warns about those that may not work.

use std::io;
use std::path::Path;

use captoken::error::Error;
use captoken::request::Request;
use captoken::token::Token;
use serde_core::de::IgnoredAny;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::json::{object, value};
use crate::report::Parts;
use crate::secret::{API_KEY_SECRET, AUTH_TOKEN, open};
use crate::warning::{OPTIONS, REQUEST, warn};
use crate::{print, print_json, time};

pub(crate) fn mint(arguments: &Arguments) -> Result<(), Failure> {
    let now = time(arguments)?;
    let ttl = arguments.seconds("ttl").unwrap_or_default();
    let mut token = Token::default();
    let (labels, mut warnings) = match arguments.path("request") {
        Some(path) => (&REQUEST, apply_request(path, arguments, &mut token)?),
        None => (&OPTIONS, apply_options(arguments, &mut token)?),
    };

    let jwt = token.signed(now, ttl)?;
    warnings.extend(labels.of_token(&Parts::decode(&jwt)?));
    warn(arguments, &warnings);
    if arguments.is_set("json") {
        let members = [
            ("token", value(jwt)),
            ("expires_at", value(now + ttl)),
            ("warnings", value(warnings)),
        ];
        print_json(&object(&members))
    } else {
        print(&format!("{jwt}\n"))
    }
}

/// Applies a request as cap_mint() does. Returns warnings about its names.
fn apply_request(
    path: &Path,
    arguments: &Arguments,
    token: &mut Token,
) -> Result<Vec<String>, Failure> {
    let json = open(path)
        .and_then(io::read_to_string)
        .map_err(|error| Failure::outside(format!("cannot read the file of --request: {error}")))?;
    let in_request = |error| Failure::of("--request", error);
    let request = Request::parse(&json).map_err(|error| {
        // Names the place where the request stops being JSON. Without one, a member is wrong.
        match serde_json::from_str::<IgnoredAny>(&json) {
            Err(place) => in_request(error).because(&place.to_string()),
            Ok(_) => in_request(error),
        }
    })?;
    let (kind, other, has) = if request.is_access() {
        (API_KEY_SECRET, AUTH_TOKEN, "has an")
    } else {
        (AUTH_TOKEN, API_KEY_SECRET, "has no")
    };
    if arguments.path(other.file).is_some() {
        let (other, file) = (other.file, kind.file);
        return Err(Failure::outside(format!(
            "--{other}: the request {has} api_key_sid; use --{file} PATH"
        )));
    }
    request.apply_to(token).map_err(|error| match error {
        // Only phones use a push credential.
        Error::Unsupported if request.has_push_credential() && !request.is_access() => {
            in_request(error).because("phones need an access token; add api_key_sid")
        }
        error => in_request(error),
    })?;
    token.key_mut().set(kind.read(arguments)?.text()?);
    Ok(REQUEST.of_names(
        request.incoming.as_deref(),
        request.client_name.as_deref(),
        request.is_access(),
        request.is_for_calls(),
    ))
}

/// Makes the calls that the options stand for. Returns warnings about the names.
fn apply_options(arguments: &Arguments, token: &mut Token) -> Result<Vec<String>, Failure> {
    arguments.call("account", |sid| token.set_account(sid))?;
    arguments.call("api-key", |sid| token.make_access(sid))?;
    let is_access = arguments.has("api-key");
    // Twilio refuses an access token that the auth token signed.
    let kind = if is_access {
        API_KEY_SECRET
    } else {
        AUTH_TOKEN
    };
    token.key_mut().set(kind.read(arguments)?.text()?);

    let [incoming, client_name] = ["allow-incoming", "client-name"];
    let for_calls = [incoming, "allow-outgoing", "push-credential"];
    let warnings = OPTIONS.of_names(
        arguments.string(incoming),
        arguments.string(client_name),
        is_access,
        for_calls.iter().any(|name| arguments.has(name)),
    );
    arguments.call(incoming, |name| token.allow_incoming(name))?;
    // Second, so that it replaces the other name.
    arguments.call(client_name, |name| token.set_client_name(name))?;
    arguments.call("allow-outgoing", |sid| token.allow_outgoing(sid))?;
    arguments.call_each("param", |key, value| token.add_outgoing_param(key, value))?;
    if arguments.is_set("event-stream") {
        token.allow_event_stream()?;
    }
    arguments.call_each("filter", |key, value| token.add_event_filter(key, value))?;
    arguments.call("region", |region| token.set_region(region))?;
    arguments.call("push-credential", |sid| token.set_push_credential(sid))?;
    arguments.call_each("grant", |name, json| token.add_grant(name, json))?;
    arguments.call_each("claim", |name, json| token.add_claim(name, json))?;
    let not_before = arguments.seconds("not-before");
    let result = not_before.map_or(Ok(()), |time| token.set_not_before(time));
    result.map_err(|error| Failure::of("--not-before", error))?;
    Ok(warnings)
}
