//! Honest clients, which check what they get.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::token_servers::server::{Answer, exchange};
use crate::token_servers::{token, without_token};

/// Clients that ask concurrently in run(), each from its address.
const CLIENTS: u8 = 8;

/// Each client verifies its first token, and then every one after this number.
const VERIFIED: usize = 1000;

/// With HTTP/1.0, nginx closes the connection, and does not split the answer into chunks.
const REQUEST: &str = "GET /token?client=alice HTTP/1.0\r\nHost: localhost\r\n\r\n";

/// The answers that honest clients got.
#[derive(Default)]
pub(super) struct Outcome {
    /// The time of each request.
    times: Vec<Duration>,
    verified: usize,
    pub(super) failures: Vec<Failure>,
}

/// An answer, or an error, other than 200 with a token.
pub(super) struct Failure {
    pub(super) begun: Instant,
    pub(super) ended: Instant,
    answer: String,
}

impl Outcome {
    /// Asks for a token, and checks the answer.
    fn ask(&mut self, port: u16, client: Ipv4Addr) {
        let begun = Instant::now();
        let answer = exchange(client, port, REQUEST);
        self.times.push(begun.elapsed());
        let ended = Instant::now();
        let answer = match answer {
            Ok(bytes) if self.is_token(&bytes) => return,
            Ok(bytes) => bytes,
            Err(error) => error.to_string(),
        };
        self.failures.push(Failure {
            begun,
            ended,
            answer,
        });
    }

    /// Whether an answer is 200 with JSON for the client. Verifies some tokens.
    fn is_token(&mut self, bytes: &str) -> bool {
        let Some(answer) = Answer::read(bytes) else {
            return false;
        };
        let Ok(body) = serde_json::from_str::<Value>(&answer.body) else {
            return false;
        };
        if answer.status != 200 || body["identity"] != "alice" {
            return false;
        }
        if self.times.len() % VERIFIED == 1 {
            self.verified += 1;
            assert_eq!(without_token(answer).body, token("alice", &[]).body);
        }
        true
    }

    fn add(mut self, other: Self) -> Self {
        self.times.extend(other.times);
        self.verified += other.verified;
        self.failures.extend(other.failures);
        self
    }

    pub(super) fn requests(&self) -> usize {
        self.times.len()
    }

    pub(super) fn slowest(&self) -> Duration {
        self.times.iter().copied().max().unwrap_or_default()
    }

    pub(super) fn print(&self, name: &str) {
        for Failure { answer, .. } in self.failures.iter().take(5) {
            println!("{name}: {answer:?}");
        }
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        println!(
            "{name}: {} requests, {} verified, {} failed, p50 {:.1?}, p99 {:.1?}, slowest {:.1?}",
            times.len(),
            self.verified,
            self.failures.len(),
            at(50),
            at(99),
            at(100)
        );
    }
}

/// Clients ask for tokens, each for the next when it has one.
pub(super) fn run(port: u16, time: Duration) -> Outcome {
    let begun = Instant::now();
    let client = |number| {
        let address = Ipv4Addr::new(127, 0, 1, number);
        let mut outcome = Outcome::default();
        while begun.elapsed() < time {
            outcome.ask(port, address);
        }
        outcome
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || client(number)))
            .collect();
        let outcomes = clients.into_iter().map(|client| client.join());
        outcomes
            .map(|outcome| outcome.expect("no panic"))
            .fold(Outcome::default(), Outcome::add)
    })
}

/// A client comes every 50 ms, also while others wait. Each address has 12 requests a minute, and
/// so does not reach the default limit.
pub(super) fn come(port: u16, time: Duration) -> Outcome {
    let begun = Instant::now();
    thread::scope(|scope| {
        let mut clients = Vec::new();
        for number in 0_u32.. {
            let next = Duration::from_millis(50) * number;
            if next >= time {
                break;
            }
            thread::sleep(next.saturating_sub(begun.elapsed()));
            let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 2, 0)) + number % 100);
            clients.push(scope.spawn(move || {
                let mut outcome = Outcome::default();
                outcome.ask(port, address);
                outcome
            }));
        }
        let outcomes = clients.into_iter().map(|client| client.join());
        outcomes
            .map(|outcome| outcome.expect("no panic"))
            .fold(Outcome::default(), Outcome::add)
    })
}
