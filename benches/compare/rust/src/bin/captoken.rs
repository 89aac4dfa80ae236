//! captoken from Rust: the C functions of the crate.

use std::ffi::CString;

use compare::{Outcome, input, obey, work};

#[path = "../../../../support/cycle.rs"]
mod cycle;

use cycle::{Buffer, Subject};

fn text(name: &str) -> Outcome<CString> {
    Ok(CString::new(input(name)?)?)
}

fn show(result: &&Buffer) -> String {
    result.text().to_string_lossy().into_owned()
}

fn main() -> Outcome<()> {
    let subject = Subject {
        account: text("BENCH_ACCOUNT")?,
        secret: text("BENCH_SECRET")?,
        application: text("BENCH_APPLICATION")?,
        client: text("BENCH_CLIENT")?,
        params: vec![(text("BENCH_KEY")?, text("BENCH_VALUE")?)],
    };
    let token = text("BENCH_TOKEN")?;
    let buffer = Buffer::new(1024);
    obey(&[
        work("s1", || Ok(subject.mint(&buffer)?), show),
        work("verify", || Ok(subject.verify(&token, &buffer)?), show),
    ])
}
