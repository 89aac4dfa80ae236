//! Mistakes that Twilio refuses. They are found in the token itself, so that every command
//! finds the same ones. A warning repeats nothing from the token, which may be an attack on
//! the terminal.

use captoken::token::check_client_name;

use crate::arguments::Arguments;
use crate::complain;
use crate::failure::in_words;
use crate::json::{last, members, string};
use crate::permission::Permission;
use crate::report::{Contents, Parts};

/// The names that a command has for the parts of a token.
pub(crate) struct Labels {
    account: &'static str,
    api_key: &'static str,
    incoming: &'static str,
    outgoing: &'static str,
    name: &'static str,
    push: &'static str,
    claims: &'static str,
    not_before: &'static str,
    /// The advice for a token that allows nothing.
    allow: &'static str,
}

/// Those of the options of mint.
pub(crate) const OPTIONS: Labels = Labels {
    account: "--account",
    api_key: "--api-key",
    incoming: "--allow-incoming",
    outgoing: "--allow-outgoing",
    name: "--client-name",
    push: "--push-credential",
    claims: "--claim",
    not_before: "--not-before",
    allow: "; add --allow-incoming or --allow-outgoing",
};

/// Those of the members of a request.
pub(crate) const REQUEST: Labels = Labels {
    account: "--request: account_sid",
    api_key: "--request: api_key_sid",
    incoming: "--request: incoming",
    outgoing: "--request: application_sid",
    name: "--request: client_name",
    push: "--request: push_credential_sid",
    claims: "--request: claims",
    not_before: "--request: not_before",
    allow: "; add incoming or outgoing to the request",
};

/// Those of the lines that inspect and verify print.
pub(crate) const REPORT: Labels = Labels {
    account: "account",
    api_key: "API key",
    incoming: "incoming",
    outgoing: "outgoing",
    name: "identity",
    push: "push",
    claims: "grants",
    not_before: "valid from",
    allow: "",
};

/// Prints a line for each warning, unless the arguments silence them.
pub(crate) fn warn(arguments: &Arguments, warnings: &[String]) {
    if !arguments.is_set("quiet") {
        for warning in warnings {
            complain(&format!("warning: {warning}"));
        }
    }
}

impl Labels {
    /// Warns about names that may not work: that of incoming calls, and the client name.
    pub(crate) fn of_names(
        &self,
        incoming: Option<&str>,
        client_name: Option<&str>,
        is_access: bool,
        is_for_calls: bool,
    ) -> Vec<String> {
        let mut warnings = Vec::new();
        let are_two = incoming.is_some() && client_name.is_some() && incoming != client_name;
        if is_access && are_two {
            warnings.push(format!(
                "{}: an access token has one name; incoming calls reach this one, not that of {}",
                self.name, self.incoming
            ));
        } else if let Some(incoming) = incoming {
            warnings.extend(of_client_name(self.incoming, incoming));
        }
        // Without permissions for calls, the identity is only for rooms or chats, which accept
        // any.
        if let Some(client_name) = client_name.filter(|_| is_for_calls) {
            warnings.extend(of_client_name(self.name, client_name));
        }
        warnings
    }

    /// Warns about mistakes in a token of Twilio. Names are not included.
    pub(crate) fn of_token(&self, parts: &Parts) -> Vec<String> {
        let contents = parts.contents();
        let mut warnings = Vec::new();
        if contents.kind.is_some() {
            warnings.extend(self.of_sids(&contents));
            warnings.extend(self.of_permissions(parts, &contents));
        }
        let [exp, nbf] = ["exp", "nbf"].map(|name| contents.time(name));
        if nbf.is_some_and(|nbf| exp.is_some_and(|exp| nbf >= exp)) {
            let label = self.not_before;
            warnings.push(format!(
                "{label}: the token expires before it becomes valid"
            ));
        }
        warnings
    }

    /// Only the beginnings: documents use short examples, such as AC123123.
    fn of_sids(&self, contents: &Contents<'_>) -> Vec<String> {
        let begins = |sid: Option<&str>, prefix| sid.is_some_and(|sid| sid.starts_with(prefix));
        let (account, api_key) = (contents.account.as_deref(), contents.api_key.as_deref());
        let mut warnings = Vec::new();
        if contents.is_access() && begins(account, "SK") && begins(api_key, "AC") {
            warnings.push(format!(
                "{}, {}: the SIDs are swapped; an account SID begins with AC, an API key SID \
                 with SK",
                self.account, self.api_key
            ));
        } else {
            if !begins(account, "AC") {
                warnings.push(format!("{}: an account SID begins with AC", self.account));
            }
            if contents.is_access() && !begins(api_key, "SK") {
                warnings.push(format!("{}: an API key SID begins with SK", self.api_key));
            }
        }
        for permission in contents.permissions() {
            let (label, member, rule, prefix) = match permission.kind {
                "outgoing" => (
                    self.outgoing,
                    "application_sid",
                    "an application SID begins with AP",
                    "AP",
                ),
                "push" => (
                    self.push,
                    "push_credential_sid",
                    "a push credential SID begins with CR",
                    "CR",
                ),
                _ => continue,
            };
            if !begins(permission.text(member).as_deref(), prefix) {
                warnings.push(format!("{label}: {rule}"));
            }
        }
        warnings
    }

    fn of_permissions(&self, parts: &Parts, contents: &Contents<'_>) -> Vec<String> {
        let mut warnings = Vec::new();
        if contents.is_access() && !parts.has_access_header() {
            warnings.push(
                "the header has no cty of twilio-fpa; Twilio refuses the token with error 20102"
                    .to_owned(),
            );
        }
        if contents.permissions().next().is_none() && !contents.has_unknown_grants() {
            warnings.push(format!("the token allows nothing{}", self.allow));
        }
        if contents.is_access() && contents.identity.is_none() && contents.is_for_calls() {
            warnings.push(format!(
                "{}: the access token has no name, which Twilio requires for calls",
                self.name
            ));
        }
        // A private claim `grants` with other members may be for the program's own use.
        let grants = last(&contents.claims, "grants").map(|claim| members(claim));
        let has_grants = grants.is_some_and(|grants| {
            let mut names = grants.iter().map(|(name, _)| name.as_str());
            names.any(|name| ["identity", "voice"].contains(&name))
        });
        if !contents.is_access() && has_grants {
            warnings.push(format!(
                "{}: a capability token has no grants; phones need an access token, which mint \
                 --api-key makes",
                self.claims
            ));
        }
        warnings
    }
}

/// Warns about a token that a command has not minted itself, also about its names.
pub(crate) fn of_report(parts: &Parts) -> Vec<String> {
    let contents = parts.contents();
    let name_of = |kind| {
        let mut permissions = contents.permissions();
        permissions.find_map(|one: &Permission| {
            let name = one.text("client_name");
            name.filter(|_| one.kind == kind)
        })
    };
    let (incoming, outgoing) = (name_of("incoming"), name_of("outgoing"));
    let names = if contents.is_access() {
        let is_for_calls = contents.is_for_calls();
        REPORT.of_names(None, contents.identity.as_deref(), true, is_for_calls)
    } else {
        let labels = Labels {
            name: REPORT.outgoing,
            ..REPORT
        };
        let outgoing = outgoing.filter(|name| Some(name) != incoming.as_ref());
        labels.of_names(incoming.as_deref(), outgoing.as_deref(), false, true)
    };
    [names, REPORT.of_token(parts)].concat()
}

fn of_client_name(label: &str, client_name: &str) -> Option<String> {
    let reason = in_words(check_client_name(client_name).err()?);
    Some(format!(
        "{label}: {reason}; calls may fail with Twilio's error 31105"
    ))
}

impl Permission {
    /// The string in a member of the JSON.
    fn text(&self, name: &str) -> Option<String> {
        last(&members(&self.json), name).and_then(|json| string(json))
    }
}
