//! What the claim `grants` of an access token allows. What has another form than
//! Twilio's libraries write, or is not for calls or rooms, is shown as it stands.

use std::ptr;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::members::Members;
use super::{list, text, visible, word};

/// All that is in the claim.
pub(crate) struct Grants<'a> {
    pub(crate) identity: Option<String>,
    pub(crate) all: Vec<Grant<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Grant<'a> {
    Incoming,
    Outgoing {
        application_sid: String,
        params: Members<'a>,
    },
    Push {
        push_credential_sid: String,
    },
    Video {
        room: String,
    },
    /// What else is in the grant `voice`.
    Voice {
        name: String,
        value: &'a RawValue,
    },
    Other {
        name: String,
        grant: &'a RawValue,
    },
}

impl<'a> Grants<'a> {
    /// What is in the claim, if it is an object.
    pub(crate) fn of(claim: &'a RawValue) -> Option<Self> {
        let members = Members::of(claim).ok()?;
        // One that repeats is not lost: the others become grants of this name.
        let identity = members
            .last("identity")
            .and_then(|json| Some((json, text(json)?)));
        let mut all = Vec::new();
        for (name, grant) in members.iter() {
            match identity {
                Some((json, _)) if ptr::eq(json, grant) => {}
                _ => push(&mut all, name, grant),
            }
        }
        Some(Self {
            identity: identity.map(|(_, name)| name),
            all,
        })
    }
}

/// Adds a grant: that for calls by its members, each other one as a whole.
fn push<'a>(all: &mut Vec<Grant<'a>>, name: &str, grant: &'a RawValue) {
    let members = match name {
        "voice" => Members::of(grant).unwrap_or_default(),
        _ => Members::default(),
    };
    for (name, value) in members.iter() {
        all.push(of_voice(name, value).unwrap_or_else(|| Grant::Voice {
            name: name.to_owned(),
            value,
        }));
    }
    if members.is_empty() {
        all.push(of_video(name, grant).unwrap_or_else(|| Grant::Other {
            name: name.to_owned(),
            grant,
        }));
    }
}

/// A member of the grant for calls that is known, and has nothing beside what is known.
fn of_voice<'a>(name: &str, value: &'a RawValue) -> Option<Grant<'a>> {
    if name == "push_credential_sid" {
        let push_credential_sid = text(value)?;
        return Some(Grant::Push {
            push_credential_sid,
        });
    }
    let mut members = Members::of(value).ok()?;
    let grant = match name {
        "incoming" if members.take("allow")?.get() == "true" => Grant::Incoming,
        "outgoing" => Grant::Outgoing {
            application_sid: text(members.take("application_sid")?)?,
            params: match members.take("params") {
                Some(params) => Members::of(params).ok()?,
                None => Members::default(),
            },
        },
        _ => return None,
    };
    members.is_empty().then_some(grant)
}

fn of_video<'a>(name: &str, grant: &'a RawValue) -> Option<Grant<'a>> {
    if name != "video" {
        return None;
    }
    let mut members = Members::of(grant).ok()?;
    let room = text(members.take("room")?)?;
    members.is_empty().then_some(Grant::Video { room })
}

impl Grant<'_> {
    /// A label, and the rest of the line.
    pub(crate) fn words(&self) -> (&'static str, String) {
        match self {
            Self::Incoming => ("incoming", "allowed".to_owned()),
            Self::Outgoing {
                application_sid,
                params,
            } => {
                let text = format!("to application {}", word(application_sid));
                let params = params.iter().map(|(key, json)| (key, value(json)));
                ("outgoing", text + &list("parameters", params))
            }
            Self::Push {
                push_credential_sid,
            } => (
                "push",
                format!("by credential {}", word(push_credential_sid)),
            ),
            Self::Video { room } => ("video", format!("in room {room:?}")),
            Self::Voice { name, value } => ("voice", named(name, value)),
            Self::Other { name, grant } => ("grant", named(name, grant)),
        }
    }
}

fn named(name: &str, json: &RawValue) -> String {
    format!("{} {}", word(name), visible(json.get()))
}

/// A value in words; quotes tell the text `1` from the number.
fn value(json: &RawValue) -> String {
    match text(json) {
        None => visible(json.get()),
        Some(text) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => format!("{text:?}"),
        Some(text) => word(&text),
    }
}
