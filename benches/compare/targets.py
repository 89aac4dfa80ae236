"""What is wanted of the library, in ratios, and how it is told whether that is so."""

import dataclasses
import statistics

from measure import Spread, ratio, spread

FLOOR = (("hmac-openssl", "set-up"), ("hmac-rust", "sha2-set-up"), ("hmac-rust", "ring-set-up"))
JSONWEBTOKEN = ("jsonwebtoken-rust_crypto", "jsonwebtoken-aws_lc_rs")


@dataclasses.dataclass(frozen=True)
class Target:
    """One work, the fastest if there are several, divided by another. `most` says whether the
    numbers are the most or the least that is wanted, with SHA instructions and without."""

    name: str
    dividend: tuple
    divisor: tuple
    most: bool
    with_sha: float
    without_sha: float


@dataclasses.dataclass(frozen=True)
class HeapTarget:
    """The most calls that a work of ours from C makes of the heap."""

    name: str
    work: str
    calls: int


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a target has been met. `measured` is None where it was not measured."""

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
        "S1 from C ÷ the fastest HMAC-SHA256, key set up",
        (("captoken-c", "s1"),), FLOOR, True, 2.2, 2.1,
    ),
    Target("S3 from C ÷ the same", (("captoken-c", "s3"),), FLOOR, True, 0.75, 0.7),
    Target(
        "libjwt ÷ S1 from C", (("libjwt", "s1"),), (("captoken-c", "s1"),), False, 8.5, 2.8,
    ),
    Target(
        "jsonwebtoken, its faster backend ÷ S1, both from Rust",
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

# The first question of a reader: a work of ours, and the one that it is compared with.
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
    HeapTarget("heap calls in S1", "s1", 3),
]


def fastest(results, works):
    """Of those that can be measured here, if all that have them take part."""
    if not {name for name, _ in works} <= {name for name, _ in results}:
        return None
    return min(
        (results[work] for work in works if work in results), key=statistics.median, default=None
    )


def outcomes(results, heap, has_sha):
    """`results` are the rounds of each (contestant, work), `heap` the calls of the heap."""
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
