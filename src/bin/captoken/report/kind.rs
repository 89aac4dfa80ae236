//! Which kind of token it is.

use serde::Serialize;

use super::members::Members;
use super::text;

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Capability,
    Access,
    /// An access token in all but its header.
    #[serde(rename = "access")]
    AccessWithoutCty,
}

impl Kind {
    /// What header and payload say it is. Every token may have a claim of the name
    /// `grants`, so it tells an access token only where no `scope` is there.
    pub(crate) fn of(header: &Members<'_>, claims: &Members<'_>) -> Option<Self> {
        if is_access(header) {
            return Some(Self::Access);
        }
        match (claims.last("scope"), claims.last("grants")) {
            (Some(scope), _) => text(scope).map(|_| Self::Capability),
            (None, Some(grants)) if grants.get().starts_with('{') => Some(Self::AccessWithoutCty),
            _ => None,
        }
    }

    pub(crate) fn is_access(self) -> bool {
        self != Self::Capability
    }

    pub(crate) fn words(kind: Option<Self>) -> &'static str {
        match kind {
            Some(Self::Capability) => "capability token",
            Some(Self::Access) => "access token",
            Some(Self::AccessWithoutCty) => {
                "access token that Twilio refuses: its header has no cty of twilio-fpa"
            }
            None => "neither a capability token nor an access token",
        }
    }
}

/// Whether a header is that of access tokens of whatever version.
pub(crate) fn is_access(header: &Members<'_>) -> bool {
    let cty = header.last("cty").and_then(text);
    cty.is_some_and(|cty| cty.starts_with("twilio-fpa"))
}
