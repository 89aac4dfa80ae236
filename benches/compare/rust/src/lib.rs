//! Does works of a contestant when it is told to, and sleeps in between. `worker.c` says
//! what it is told: `show WORK` or `run WORK TIMES`.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;
use std::io::stdin;
use std::time::Instant;

/// How a work ends that nothing stops.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// A name, what does the work once, and what does it many times.
pub struct Work<'a> {
    name: &'static str,
    show: Box<dyn Fn() -> Outcome<String> + 'a>,
    run: Box<dyn Fn(u64) -> Outcome<()> + 'a>,
}

/// A work: its name, what does it once, and what shows a result of it.
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

/// Shows a result that is a text.
pub fn text(result: &impl AsRef<str>) -> String {
    result.as_ref().to_owned()
}

/// Shows a result of bytes in hexadecimal digits.
pub fn digits(result: &impl AsRef<[u8]>) -> String {
    let mut digits = String::new();
    for byte in result.as_ref() {
        write!(digits, "{byte:02x}").expect("a String takes all");
    }
    digits
}

/// Obeys until there are no more orders.
pub fn obey(works: &[Work<'_>]) -> Outcome<()> {
    for line in stdin().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let order = words.next();
        let name = words.next().ok_or("no work is named")?;
        let work = works
            .iter()
            .find(|work| work.name == name)
            .ok_or_else(|| format!("no such work: {name}"))?;
        match order {
            Some("show") => println!("{}", (work.show)()?),
            _ => {
                let times = words.next().ok_or("not said how often")?.parse()?;
                let start = Instant::now();
                (work.run)(times)?;
                println!("{}", start.elapsed().as_nanos());
            }
        }
    }
    Ok(())
}

/// A variable of the environment that must be there.
pub fn input(name: &str) -> Outcome<String> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}
