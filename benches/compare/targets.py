"""The performance targets, as ratios, and whether they are met."""

import dataclasses
import statistics

from measure import Spread, ratio, spread

FLOOR = (("hmac-openssl", "set-up"), ("hmac-rust", "sha2-set-up"), ("hmac-rust", "ring-set-up"))
JSONWEBTOKEN = ("jsonwebtoken-rust_crypto", "jsonwebtoken-aws_lc_rs")


@dataclasses.dataclass(frozen=True)
class Target:
    """The time of one workload divided by that of another; of several, the fastest counts.
    `most` says whether the limits, with and without SHA instructions, are upper ones."""

    name: str
    dividend: tuple
    divisor: tuple
    most: bool
    with_sha: float
    without_sha: float


@dataclasses.dataclass(frozen=True)
class HeapTarget:
    """The upper limit of heap calls of a captoken workload in C."""

    name: str
    work: str
    calls: int


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result for one target. `measured` is None if it was not measured."""

    name: str
    most: bool
    wanted: float
    measured: Spread | None

    @property
    def met(self):
        if self.measured is None:
            return False
        median = self.measured.median
        return median <= self.wanted if self.most else median >= self.wanted

    @property
    def verdict(self):
        if self.measured is None:
            return "**not measured**"
        return "met" if self.met else "**missed**"


TARGETS = [
    Target(
        "full cycle from C ÷ the fastest HMAC-SHA256, key set up",
        (("captoken-c", "s1"),), FLOOR, True, 2.2, 2.1,
    ),
    Target("again from C ÷ the same", (("captoken-c", "s3"),), FLOOR, True, 0.75, 0.7),
    Target(
        "libjwt ÷ full cycle from C",
        (("libjwt", "s1"),), (("captoken-c", "s1"),), False, 8.5, 2.8,
    ),
    Target(
        "jsonwebtoken, its faster backend ÷ full cycle, both from Rust",
        tuple((name, "s1") for name in JSONWEBTOKEN), (("captoken-rust", "s1"),),
        False, 1.8, 1.0,
    ),
    Target(
        "golang-jwt ÷ our Go package, full cycle",
        (("golang-jwt", "s1"),), (("captoken-go", "s1"),), False, 3, 1.6,
    ),
    Target(
        "PHP by hand ÷ our PHP class, full cycle",
        (("php-hand", "s1"),), (("captoken-php", "s1"),), False, 1.25, 0.75,
    ),
    Target(
        "PHP by hand ÷ our PHP class, again",
        (("php-hand", "s1"),), (("captoken-php", "s3"),), False, 1.9, 1.0,
    ),
    Target(
        "`cap_verify` ÷ jsonwebtoken's `decode`, both from Rust",
        (("captoken-rust", "verify"),),
        tuple((name, work) for name in JSONWEBTOKEN for work in ("verify", "verify-kept")),
        True, 0.45, 0.8,
    ),
    Target(
        "one thread ÷ two on one shared handle, for each token",
        (("captoken-c", "one-thread"),), (("captoken-c", "two-threads"),), False, 1.9, 1.9,
    ),
    Target(
        "1,000 parameters ÷ 100",
        (("captoken-c", "params-1000"),), (("captoken-c", "params-100"),), True, 10.5, 10.5,
    ),
]

# The summary: a captoken workload and the peers with which it is compared.
SUMMARY = [
    ("C, full cycle", ("captoken-c", "s1"), "libjwt", (("libjwt", "s1"),)),
    ("C, again from one handle", ("captoken-c", "s3"), "the HMAC alone", FLOOR),
    (
        "Rust, full cycle", ("captoken-rust", "s1"), "jsonwebtoken",
        tuple((name, "s1") for name in JSONWEBTOKEN),
    ),
    ("Go, full cycle", ("captoken-go", "s1"), "golang-jwt", (("golang-jwt", "s1"),)),
    ("PHP, full cycle", ("captoken-php", "s1"), "PHP by hand", (("php-hand", "s1"),)),
    ("PHP, again from one object", ("captoken-php", "s3"), "PHP by hand", (("php-hand", "s1"),)),
]

HEAP_TARGETS = [
    HeapTarget("heap calls in `cap_generate`", "s3", 0),
    HeapTarget("heap calls in a full cycle", "s1", 3),
]


def fastest(results, works):
    """The rounds of the fastest workload, or None if a contestant of `works` did not run."""
    if not {name for name, _ in works} <= {name for name, _ in results}:
        return None
    return min(
        (results[work] for work in works if work in results), key=statistics.median, default=None
    )


def outcomes(results, heap, has_sha):
    """`results` has the rounds of each (contestant, workload), `heap` its heap calls."""
    for target in TARGETS:
        dividend = fastest(results, target.dividend)
        divisor = fastest(results, target.divisor)
        yield Outcome(
            target.name,
            target.most,
            target.with_sha if has_sha else target.without_sha,
            ratio(dividend, divisor) if dividend and divisor else None,
        )
    for target in HEAP_TARGETS:
        calls = heap.get(("captoken-c", target.work))
        measured = spread([calls.all]) if calls else None
        yield Outcome(target.name, True, target.calls, measured)
