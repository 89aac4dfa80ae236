//! jsonwebtoken as its documentation shows it. The argument names the backend: aws_lc_rs or
//! rust_crypto. Both are compiled in, which slows down neither: jsonwebtoken calls a backend
//! through a pointer even if there is only one.

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

/// Borrows, because `encode` is slower with Strings.
#[derive(Serialize)]
struct Claims<'a> {
    scope: String,
    iss: &'a str,
    exp: u64,
}

/// Owns its strings, because the result of `decode` cannot borrow.
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
        .map_err(|_| "a provider is already installed")?;

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
        // As in the README of jsonwebtoken.
        work(
            "verify",
            || verify(&input, &new_key(), &new_validation()),
            show,
        ),
        // As in a server that keeps key and validation.
        work("verify-kept", || verify(&input, &key, &validation), show),
    ])
}
