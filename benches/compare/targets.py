"""What is wanted of the library, in ratios, and how it is told whether that is so."""

import dataclasses
import statistics

from measure import Spread, ratio, spread

FLOOR = (("hmac-openssl", "set-up"), ("hmac-rust", "sha2-set-up"), ("hmac-rust", "ring-set-up"))
JSONWEBTOKEN = ("jsonwebtoken-rust_crypto", "jsonwebtoken-aws_lc_rs")


@dataclasses.dataclass(frozen=True)
class Target:
    """One work, the fastest where there are several, divided by another. `most` says whether
    the numbers, a target and a stretch of it, are the most or the least that is wanted."""

    name: str
    dividend: tuple
    divisor: tuple
    most: bool
    with_sha: tuple
    without_sha: tuple


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
    stretch: float | None
    measured: Spread | None

    def reaches(self, number):
        median = self.measured.median
        return median <= number if self.most else median >= number

    @property
    def met(self):
        return self.measured is not None and self.reaches(self.wanted)

    @property
    def verdict(self):
        if self.measured is None:
            return "**not measured**"
        if not self.met:
            return "**missed**"
        stretched = self.stretch is not None and self.reaches(self.stretch)
        return "met, and the stretch" if stretched else "met"


TARGETS = [
    Target(
        "S1 from C ÷ the fastest HMAC-SHA256, key set up",
        (("captoken-c", "s1"),), FLOOR, True, (1.6, 1.25), (2.5, 1.3),
    ),
    Target(
        "S3 from C ÷ the same",
        (("captoken-c", "s3"),), FLOOR, True, (1.0, 0.6), (1.2, 0.6),
    ),
    Target(
        "libjwt ÷ S1 from C",
        (("libjwt", "s1"),), (("captoken-c", "s1"),), False, (9, 12), (2.5, 4.5),
    ),
    Target(
        "jsonwebtoken, its faster backend ÷ S1, both from Rust",
        tuple((name, "s1") for name in JSONWEBTOKEN), (("captoken-rust", "s1"),),
        False, (1.6, 2), (1.1, 1.8),
    ),
    Target(
        "golang-jwt ÷ our Go package, full cycle",
        (("golang-jwt", "s1"),), (("captoken-go", "s1"),), False, (3, 5), (1.2, 2),
    ),
    Target(
        "PHP by hand ÷ our PHP class, full cycle",
        (("php-hand", "s1"),), (("captoken-php", "s1"),), False, (2, 3.5), (1.2, 2),
    ),
    Target(
        "`cap_verify` ÷ jsonwebtoken's `decode`, both from Rust",
        (("captoken-rust", "verify"),),
        tuple((name, work) for name in JSONWEBTOKEN for work in ("verify", "verify-kept")),
        True, (0.6, None), (0.9, None),
    ),
    Target(
        "one thread ÷ two on one shared handle, for each token",
        (("captoken-c", "one-thread"),), (("captoken-c", "two-threads"),),
        False, (1.9, None), (1.9, None),
    ),
    Target(
        "1,000 parameters ÷ 100",
        (("captoken-c", "params-1000"),), (("captoken-c", "params-100"),),
        True, (10.5, None), (10.5, None),
    ),
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
            *(target.with_sha if has_sha else target.without_sha),
            ratio(dividend, divisor) if dividend and divisor else None,
        )
    for target in HEAP_TARGETS:
        calls = heap.get(("captoken-c", target.work))
        measured = spread([calls.all]) if calls else None
        yield Outcome(target.name, True, target.calls, None, measured)
