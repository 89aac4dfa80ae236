//! The floor: only the HMAC-SHA256 of the signing input, by three crates, with the key set up
//! each time and with its state kept.

use compare::{Outcome, digits, input, obey, work};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

fn main() -> Outcome<()> {
    let secret = input("BENCH_SECRET")?;
    let text = input("BENCH_SIGNING_INPUT")?;
    let (secret, text) = (secret.as_bytes(), text.as_bytes());

    let sha2_mac = |mut mac: Hmac<Sha256>| {
        mac.update(text);
        mac.finalize().into_bytes()
    };
    let sha2_key = Hmac::<Sha256>::new_from_slice(secret)?;
    let ring_new = || ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    let ring_key = ring_new();
    let aws_new = || aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    let aws_key = aws_new();

    obey(&[
        work(
            "sha2-set-up",
            || Ok(sha2_mac(Hmac::new_from_slice(secret)?)),
            digits,
        ),
        work("sha2-kept", || Ok(sha2_mac(sha2_key.clone())), digits),
        work(
            "ring-set-up",
            || Ok(ring::hmac::sign(&ring_new(), text)),
            digits,
        ),
        work(
            "ring-kept",
            || Ok(ring::hmac::sign(&ring_key, text)),
            digits,
        ),
        work(
            "aws-lc-set-up",
            || Ok(aws_lc_rs::hmac::sign(&aws_new(), text)),
            digits,
        ),
        work(
            "aws-lc-kept",
            || Ok(aws_lc_rs::hmac::sign(&aws_key, text)),
            digits,
        ),
    ])
}
