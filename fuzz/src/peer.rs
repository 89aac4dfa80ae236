//! jsonwebtoken as a second opinion on tokens. If it and captoken disagree, one of the
//! differences below must explain it.

use std::sync::Once;

use captoken::ffi::Status;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};
use signature::Verifier;

use crate::model::json;
use crate::model::verify::{Parts, parts, time};

/// Asserts that jsonwebtoken accepts a token as `cap_verify` did, or that a difference is known.
pub(crate) fn compare(jwt: &[u8], secret: &[u8], result: &Result<String, Status>) {
    let is_time = |status| matches!(status, Status::TokenExpired | Status::TokenNotYetValid);
    let is_token = match result {
        // jsonwebtoken compares times with the clock, so only the model checks them.
        Ok(_) => true,
        Err(status) if is_time(*status) => true,
        Err(
            Status::TokenMalformed
            | Status::TokenAlgorithm
            | Status::TokenSignature
            | Status::InvalidUtf8,
        ) => false,
        // Not a status about the token.
        Err(_) => return,
    };
    // Only a string can be a secret.
    let Ok(key) = DecodingKey::from_secret(secret) else {
        return;
    };
    if std::str::from_utf8(secret).is_err() {
        return;
    }
    INSTALLED.call_once(|| HMAC.install_default().expect("installs once"));
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let theirs = decode::<Map<String, Value>>(jwt, &key, &validation);
    if theirs.is_ok() == is_token {
        return;
    }
    let token = std::str::from_utf8(jwt).ok().and_then(Token::new);
    let token = token.expect("jsonwebtoken accepts what is not a token");
    let differences: &[Difference] = if is_token { &THEY_REFUSE } else { &WE_REFUSE };
    let is_known = differences.iter().any(|(_, explains)| explains(&token));
    assert!(is_known, "{result:?}, jsonwebtoken: {theirs:?}");
}

static INSTALLED: Once = Once::new();

/// HMAC for jsonwebtoken. The one that it can bring also builds RSA and elliptic curves.
static HMAC: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |_, key| Ok(Box::new(Hs256(key.try_get_as_bytes()?.into()))),
    key_utils: KeyUtils::new_unimplemented(),
};

/// The secret.
struct Hs256(Vec<u8>);

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        if hmac_sha256::HMAC::mac(message, &self.0)[..] == **signature {
            Ok(())
        } else {
            Err(signature::Error::new())
        }
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

type Member = (String, String);

/// The members of a token's two objects, each with its JSON, and what both objects contain.
struct Token {
    header: Vec<Member>,
    payload: Vec<Member>,
    depth: usize,
    numbers: Vec<String>,
}

impl Token {
    fn new(jwt: &str) -> Option<Self> {
        let Parts {
            header, payload, ..
        } = parts(jwt)?;
        let (header, payload) = (
            String::from_utf8(header).ok()?,
            String::from_utf8(payload).ok()?,
        );
        let (header, payload) = (json::tokens(&header)?, json::tokens(&payload)?);
        let is_number = |token: &&&str| token.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let numbers = header.iter().chain(&payload).filter(is_number);
        Some(Self {
            header: members(&header)?,
            payload: members(&payload)?,
            depth: json::depth(&header).max(json::depth(&payload)),
            numbers: numbers.map(|number| (*number).into()).collect(),
        })
    }
}

fn members(object: &json::Value<'_>) -> Option<Vec<Member>> {
    let members = json::members(object)?.into_iter();
    Some(
        members
            .map(|(name, value)| (name, json::compact(value)))
            .collect(),
    )
}

/// A reason to disagree, and whether it applies to a token.
type Difference = (&'static str, fn(&Token) -> bool);

/// Why captoken refuses a token that jsonwebtoken accepts.
const WE_REFUSE: [Difference; 3] = [
    ("jsonwebtoken reads no typ", has_other_typ),
    (
        "jsonwebtoken understands crit if it is null or lists b64",
        has_crit,
    ),
    ("jsonwebtoken may not check times", has_no_times),
];

/// Why jsonwebtoken refuses a token that captoken accepts.
const THEY_REFUSE: [Difference; 4] = [
    (
        "serde_json nests a level less than captoken's 128 in a member",
        is_deep,
    ),
    (
        "serde_json reads no numbers above the largest double",
        has_large_number,
    ),
    (
        "jsonwebtoken expects types of the header's registered names",
        has_odd_header,
    ),
    (
        "jsonwebtoken expects types of the claims iss, sub and aud",
        has_odd_claim,
    ),
];

fn has_other_typ(token: &Token) -> bool {
    token
        .header
        .iter()
        .any(|(name, json)| name == "typ" && !json.eq_ignore_ascii_case("\"JWT\""))
}

fn has_crit(token: &Token) -> bool {
    token.header.iter().any(|(name, _)| name == "crit")
}

/// Without its validation of `exp` and `nbf`, jsonwebtoken reads any value.
fn has_no_times(token: &Token) -> bool {
    let is_time = |json: &str| json::tokens(json).is_some_and(|value| time(&value).is_some());
    let mut times = token
        .payload
        .iter()
        .filter(|(name, _)| name == "exp" || name == "nbf");
    !token.payload.iter().any(|(name, _)| name == "exp") || times.any(|(_, json)| !is_time(json))
}

fn is_deep(token: &Token) -> bool {
    token.depth > 127
}

/// Near the limit, serde_json and the standard library may round differently.
fn has_large_number(token: &Token) -> bool {
    let is_large = |number: &String| number.parse().is_ok_and(|number: f64| number.abs() > 1e308);
    token.numbers.iter().any(is_large)
}

/// The names of jsonwebtoken's type `Header` except `alg` and `typ`, which captoken reads too.
fn has_odd_header(token: &Token) -> bool {
    const STRINGS: [&str; 9] = [
        "cty", "jku", "kid", "x5u", "x5t", "x5t#S256", "url", "nonce", "enc",
    ];
    const OTHERS: [&str; 4] = ["zip", "jwk", "x5c", "b64"];
    has_repeated(&token.header, &STRINGS)
        || has_repeated(&token.header, &OTHERS)
        || token.header.iter().any(|(name, json)| {
            OTHERS.contains(&&**name) || (STRINGS.contains(&&**name) && !json.starts_with('"'))
        })
}

fn has_odd_claim(token: &Token) -> bool {
    const STRINGS: [&str; 3] = ["iss", "sub", "aud"];
    let is_odd = |(name, json): &Member| STRINGS.contains(&&**name) && !json.starts_with('"');
    has_repeated(&token.payload, &STRINGS) || token.payload.iter().any(is_odd)
}

fn has_repeated(members: &[Member], names: &[&str]) -> bool {
    let count = |name| members.iter().filter(|(known, _)| known == name).count();
    names.iter().any(|name| count(name) > 1)
}
