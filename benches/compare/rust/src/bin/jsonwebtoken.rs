//! jsonwebtoken as its documentation shows it, with the backend that the only argument
//! names: aws_lc_rs or rust_crypto. It has both, which changes neither: one function is
//! called through a pointer either way.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use compare::{Outcome, input, obey, text, work};
use form_urlencoded::Serializer;
use jsonwebtoken::crypto::{aws_lc, rust_crypto};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

const TTL: u64 = 3600;

struct Input {
    account: String,
    secret: String,
    application: String,
    client: String,
    key: String,
    value: String,
    token: String,
}

/// It borrows what it can: with Strings, encode would take longer.
#[derive(Serialize)]
struct Claims<'a> {
    scope: String,
    iss: &'a str,
    exp: u64,
}

/// What decode returns cannot borrow.
#[derive(Deserialize, Serialize)]
struct Decoded {
    scope: String,
    iss: String,
    exp: u64,
}

fn mint(input: &Input) -> Outcome<String> {
    let params = Serializer::new(String::new())
        .append_pair(&input.key, &input.value)
        .finish();
    let mut scope = String::from("scope:client:incoming?");
    let start = scope.len();
    scope = Serializer::for_suffix(scope, start)
        .append_pair("clientName", &input.client)
        .finish();
    scope.push_str(" scope:client:outgoing?");
    let start = scope.len();
    scope = Serializer::for_suffix(scope, start)
        .append_pair("appSid", &input.application)
        .append_pair("appParams", &params)
        .append_pair("clientName", &input.client)
        .finish();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = Claims {
        scope,
        iss: &input.account,
        exp: now + TTL,
    };
    let key = EncodingKey::from_secret(input.secret.as_bytes());
    Ok(encode(&Header::default(), &claims, &key)?)
}

fn verify(input: &Input, key: &DecodingKey, validation: &Validation) -> Outcome<Decoded> {
    Ok(decode(&input.token, key, validation)?.claims)
}

fn show(claims: &Decoded) -> String {
    serde_json::to_string(claims).expect("strings and a number")
}

fn main() -> Outcome<()> {
    let provider = match env::args().nth(1).as_deref() {
        Some("aws_lc_rs") => &aws_lc::DEFAULT_PROVIDER,
        Some("rust_crypto") => &rust_crypto::DEFAULT_PROVIDER,
        _ => return Err("usage: jsonwebtoken aws_lc_rs|rust_crypto".into()),
    };
    provider
        .install_default()
        .map_err(|_| "a provider is there already")?;

    let input = Input {
        account: input("BENCH_ACCOUNT")?,
        secret: input("BENCH_SECRET")?,
        application: input("BENCH_APPLICATION")?,
        client: input("BENCH_CLIENT")?,
        key: input("BENCH_KEY")?,
        value: input("BENCH_VALUE")?,
        token: input("BENCH_TOKEN")?,
    };
    let new_key = || DecodingKey::from_secret(input.secret.as_bytes());
    let new_validation = || Validation::new(Algorithm::HS256);
    let (key, validation) = (new_key(), new_validation());
    obey(&[
        work("s1", || mint(&input), text),
        // As in its README.
        work(
            "verify",
            || verify(&input, &new_key(), &new_validation()),
            show,
        ),
        // As a server would do it that never changes its mind.
        work("verify-kept", || verify(&input, &key, &validation), show),
    ])
}
