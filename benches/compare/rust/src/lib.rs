//! Runs workloads on request and otherwise sleeps. `worker.c` explains the orders `show WORK`
//! and `run WORK TIMES`.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;
use std::io::stdin;
use std::time::Instant;

/// A result with any error.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// A workload.
pub struct Work<'a> {
    name: &'static str,
    show: Box<dyn Fn() -> Outcome<String> + 'a>,
    run: Box<dyn Fn(u64) -> Outcome<()> + 'a>,
}

/// Creates a workload from a function and one that formats its result.
pub fn work<'a, T: 'a>(
    name: &'static str,
    once: impl Fn() -> Outcome<T> + Clone + 'a,
    show: fn(&T) -> String,
) -> Work<'a> {
    let again = once.clone();
    Work {
        name,
        show: Box::new(move || Ok(show(&once()?))),
        run: Box::new(move |times| {
            for _ in 0..times {
                black_box(again()?);
            }
            Ok(())
        }),
    }
}

/// Formats a string.
pub fn text(result: &impl AsRef<str>) -> String {
    result.as_ref().to_owned()
}

/// Formats bytes as hexadecimal digits.
pub fn digits(result: &impl AsRef<[u8]>) -> String {
    let mut digits = String::new();
    for byte in result.as_ref() {
        write!(digits, "{byte:02x}").expect("a String cannot fail");
    }
    digits
}

/// Follows orders until standard input ends.
pub fn obey(works: &[Work<'_>]) -> Outcome<()> {
    for line in stdin().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let order = words.next();
        let name = words.next().ok_or("no workload is named")?;
        let work = works
            .iter()
            .find(|work| work.name == name)
            .ok_or_else(|| format!("unknown workload: {name}"))?;
        match order {
            Some("show") => println!("{}", (work.show)()?),
            _ => {
                let times = words.next().ok_or("TIMES is missing")?.parse()?;
                let start = Instant::now();
                (work.run)(times)?;
                println!("{}", start.elapsed().as_nanos());
            }
        }
    }
    Ok(())
}

/// Returns an environment variable that must be set.
pub fn input(name: &str) -> Outcome<String> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}
