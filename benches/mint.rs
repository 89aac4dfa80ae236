//! Measures the full cycle of a handle with up to 1,000 parameters, another token from one
//! handle, and verification. BENCHMARKS.md compares them with other libraries.

#![expect(unsafe_code, reason = "calls the C functions")]
#![expect(clippy::expect_used, reason = "a failed benchmark has no result")]

use std::ffi::CString;

use criterion::{BenchmarkId, Criterion, Throughput};

#[path = "support/cycle.rs"]
mod cycle;

use cycle::{Buffer, Subject, now};

/// The size of a buffer for a token with 1,000 parameters.
const SIZE: usize = 64 * 1024;

fn subject(params: usize) -> Subject {
    let text = |text: String| CString::new(text).expect("a string without NUL");
    Subject {
        account: c"AC0123456789abcdef0123456789abcdef".into(),
        secret: c"fedcba9876543210fedcba9876543210".into(),
        application: c"AP0123456789abcdef0123456789abcdef".into(),
        client: c"alice".into(),
        params: (0..params)
            .map(|number| {
                (
                    text(format!("key{number:04}")),
                    text(format!("value{number:04}")),
                )
            })
            .collect(),
    }
}

fn tokens(criterion: &mut Criterion) {
    let subject = subject(1);
    let buffer = Buffer::new(SIZE);
    criterion.bench_function("full cycle", |bencher| {
        bencher.iter(|| subject.mint(&buffer).map(|_| ()));
    });

    let handle = subject.allow().expect("a handle");
    let mut now = now();
    criterion.bench_function("again", |bencher| {
        bencher.iter(|| {
            now += 1;
            handle.mint_at(now, &buffer)
        });
    });

    let token = CString::from(subject.mint(&buffer).expect("a token").text());
    criterion.bench_function("verify", |bencher| {
        bencher.iter(|| subject.verify(&token, &buffer).map(|_| ()));
    });
}

fn many_params(criterion: &mut Criterion) {
    let buffer = Buffer::new(SIZE);
    let mut group = criterion.benchmark_group("parameters");
    for params in [1, 10, 100, 1000] {
        let subject = subject(params);
        group.throughput(Throughput::Elements(params as u64));
        group.bench_function(BenchmarkId::from_parameter(params), |bencher| {
            bencher.iter(|| subject.mint(&buffer).map(|_| ()));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    tokens(&mut criterion);
    many_params(&mut criterion);
    criterion.final_summary();
}
