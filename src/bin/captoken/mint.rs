//! The command that prints a token of either kind, and what it warns of.

use captoken::capability::{Capability, check_client_name};

use crate::arguments::Mint;
use crate::failure::{Failure, in_words};
use crate::report::Minted;
use crate::secret::{API_KEY_SECRET, AUTH_TOKEN};
use crate::{complain, json, print, time};

pub(crate) fn mint(arguments: &Mint) -> Result<(), Failure> {
    let now = time(arguments.common.now)?;
    let mut capability = allowing_nothing(arguments)?;

    warn_of_names(arguments);
    // The name on outgoing calls comes second, so that it replaces the other there, and
    // everywhere in an access token.
    if let Some(client_name) = &arguments.allow_incoming {
        capability.allow_incoming(client_name)?;
    }
    if let Some(client_name) = &arguments.client_name {
        capability.set_client_name(client_name)?;
    }
    if let Some(application_sid) = &arguments.allow_outgoing {
        capability.allow_outgoing(application_sid)?;
    }
    for (key, value) in &arguments.param {
        capability.add_outgoing_param(key, value)?;
    }
    if arguments.event_stream {
        capability.allow_event_stream()?;
    }
    for (key, value) in &arguments.filter {
        capability.add_event_filter(key, value)?;
    }
    if let Some(region) = &arguments.region {
        capability.set_region(region)?;
    }
    if let Some(sid) = &arguments.push_credential {
        capability.set_push_credential(sid)?;
    }
    for (name, json) in &arguments.grant {
        let in_grant = |error| Failure::of(&format!("--grant {name:?}"), error);
        let grant_name = Capability::grant_name(name).map_err(in_grant)?;
        capability.add_grant(grant_name, json).map_err(in_grant)?;
    }
    for (name, json) in &arguments.claim {
        let in_claim = |error| Failure::of(&format!("--claim {name:?}"), error);
        let claim_name = capability.claim_name(name).map_err(in_claim)?;
        capability.add_claim(claim_name, json).map_err(in_claim)?;
    }
    if let Some(not_before) = arguments.not_before {
        let in_option = |error| Failure::of("--not-before", error);
        capability.set_not_before(not_before).map_err(in_option)?;
    }

    let token = capability.token(now, arguments.ttl)?;
    let expires_at = now + arguments.ttl;
    if arguments.not_before.is_some_and(|from| from >= expires_at) {
        complain("warning: --not-before: the token expires before it begins to be valid");
    }
    if arguments.common.json {
        print(&json(&Minted { token, expires_at })?)
    } else {
        print(&format!("{token}\n"))
    }
}

/// A token that allows nothing yet, of the kind that the arguments ask for.
fn allowing_nothing(arguments: &Mint) -> Result<Capability, Failure> {
    let mut capability = Capability::default();
    let kind = match &arguments.api_key {
        None => &AUTH_TOKEN,
        // Never the auth token: Twilio would refuse what it signs.
        Some(sid) => {
            capability.set_api_key(sid)?;
            &API_KEY_SECRET
        }
    };
    let secret = kind.read(&arguments.secret)?;
    let secret = secret.text()?;
    capability.set_account(&arguments.account, |key| key.set(secret))?;
    Ok(capability)
}

/// Says which names may not do what they are given for.
fn warn_of_names(arguments: &Mint) {
    let (incoming, other) = (&arguments.allow_incoming, &arguments.client_name);
    // An access token has one name.
    let is_replaced =
        arguments.api_key.is_some() && incoming.is_some() && other.is_some() && incoming != other;
    if is_replaced {
        complain(
            "warning: --client-name: an access token has one name, so that incoming calls reach \
             this one and not that of --allow-incoming",
        );
    } else if let Some(client_name) = incoming {
        warn_of_client_name("--allow-incoming", client_name);
    }
    // In a token for rooms or chats alone, it is not a client name.
    let is_for_calls = incoming.is_some()
        || arguments.allow_outgoing.is_some()
        || arguments.push_credential.is_some();
    if let Some(client_name) = other.as_ref().filter(|_| is_for_calls) {
        warn_of_client_name("--client-name", client_name);
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
