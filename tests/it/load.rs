//! The token servers under load: honest clients get every token while memory stays flat, and
//! also while hostile clients hold 10,000 connections open.
//!
//! `make load` runs these tests, one after the other. LOAD_SECONDS is the time of each.

#![cfg(not(miri))]
#![expect(clippy::print_stdout, reason = "the figures are the purpose")]

mod attack;
mod clients;
mod fpm;
mod resources;

use std::env;
use std::ffi::OsString;
use std::thread;
use std::time::{Duration, Instant};

use crate::token_servers::server::{Host, Server};
use crate::token_servers::settings;
use clients::Outcome;
use fpm::Fpm;
use resources::{Descriptors, Resources};

/// The time of a test, 60 seconds unless LOAD_SECONDS is set.
fn time() -> Duration {
    let seconds = env::var("LOAD_SECONDS").map_or(60, |seconds| {
        seconds.parse().expect("LOAD_SECONDS is a number")
    });
    Duration::from_secs(seconds)
}

/// How much one address may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limits {
    Raised,
    Default,
}

const BOTH: [Limits; 2] = [Limits::Raised, Limits::Default];

impl Limits {
    fn variables(self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Raised => settings(&[("TOKEN_LIMIT", "1000000"), ("TOKEN_CONNECTIONS", "500")]),
            Self::Default => settings(&[("TOKEN_LIMIT", "60")]),
        }
    }
}

#[test]
#[ignore = "takes minutes: make load"]
fn c_serves_load() {
    let server = Server::start(Host::C, &Limits::Raised.variables());
    let outcome = serve("C", server.port, &[server.id()], |_| {});
    assert!(outcome.failures.is_empty());
}

#[test]
#[ignore = "takes minutes: make load"]
fn go_serves_load() {
    let server = Server::start(Host::Go, &Limits::Raised.variables());
    let outcome = serve("Go", server.port, &[server.id()], |_| {});
    assert!(outcome.failures.is_empty());
}

#[test]
#[ignore = "takes minutes: make load"]
fn php_fpm_serves_load_despite_kill_and_reload() {
    let fpm = Fpm::start(Limits::Raised);
    let mut reload = None;
    let outcome = serve("PHP", fpm.port, &fpm.masters(), |sample| match sample {
        KILL => fpm.kill_busy_worker(),
        RELOAD => {
            reload = Some(Instant::now());
            (0..RELOADS).for_each(|_| fpm.reload());
        }
        _ => {}
    });
    let reload = reload.expect("a reload");
    let failed_before = outcome
        .failures
        .iter()
        .filter(|(at, _)| *at < reload)
        .count();
    let failed_later = outcome.failures.len() - failed_before;
    println!("PHP: {failed_before} failed when a worker was killed, {failed_later} after reloads");
    // The killed worker's own request.
    assert!(failed_before <= 1, "{}", fpm.log());
    assert_eq!(failed_later, 0, "{}", fpm.log());
}

/// The number of samples, at regular intervals.
const SAMPLES: usize = 60;

/// php-fpm loses a worker before a sample, and is reloaded several times before another.
const KILL: usize = SAMPLES / 3;
const RELOAD: usize = SAMPLES * 2 / 3;
const RELOADS: usize = 5;

/// Runs honest clients, and calls a function before each sample of the server's resources. These
/// must be flat.
fn serve(name: &str, port: u16, roots: &[u32], mut event: impl FnMut(usize)) -> Outcome {
    let before = Resources::of(roots);
    let time = time();
    let (outcome, samples) = thread::scope(|scope| {
        let clients = scope.spawn(|| clients::run(port, time));
        let begun = Instant::now();
        let mut samples = Vec::new();
        for number in 0..SAMPLES {
            let next = time * u32::try_from(number).expect("small") / SAMPLES as u32;
            thread::sleep(next.saturating_sub(begun.elapsed()));
            event(number);
            samples.push(Resources::of(roots));
        }
        (clients.join().expect("no panic"), samples)
    });
    outcome.print(name);
    resources::assert_flat(name, &samples, outcome.requests());
    resources::assert_same_descriptors(name, before, roots);
    outcome
}

#[test]
#[ignore = "takes minutes: make load"]
fn c_serves_despite_half_open_connections() {
    for limits in BOTH {
        let server = Server::start(Host::C, &limits.variables());
        resist(&format!("C, {limits:?} limits"), server.port, LOST);
    }
}

#[test]
#[ignore = "takes minutes: make load"]
fn go_serves_despite_half_open_connections() {
    for limits in BOTH {
        let server = Server::start(Host::Go, &limits.variables());
        resist(&format!("Go, {limits:?} limits"), server.port, LOST);
    }
}

#[test]
#[ignore = "takes minutes: make load"]
fn php_fpm_serves_despite_half_open_connections() {
    for limits in BOTH {
        let fpm = Fpm::start(limits);
        resist(&format!("PHP, {limits:?} limits"), fpm.port, 0);
    }
}

/// The percentage of requests that the servers in C and Go may lose: a full server ends its oldest
/// connection, also one with a request that it has not read yet. Hostile clients open 10,000 a
/// second.
const LOST: usize = 1;

/// Each attack lasts a part of the time, and must not keep honest clients waiting.
fn resist(name: &str, port: u16, lost: usize) {
    let _raised = Descriptors::raise();
    let connections = Descriptors::connections(10_000);
    let time = time() / attack::ALL.len() as u32;
    for attack in attack::ALL {
        let (outcome, attacked) = attack.during(port, connections, || clients::come(port, time));
        println!("{name}, {attack}: {attacked}");
        outcome.print("    honest clients");
        let allowed = outcome.requests().max(100) * lost / 100;
        assert!(outcome.failures.len() <= allowed, "{name}, {attack}");
        let slowest = outcome.slowest();
        assert!(slowest < STARVED, "{name}, {attack}: {slowest:?}");
    }
}

/// A starved client waits until the server ends hostile connections, after 10 seconds. A busy
/// machine delays it by much less.
const STARVED: Duration = Duration::from_secs(5);
