"""What is wanted of the library, in ratios, and how it is told whether that is so."""

import dataclasses
import statistics

from measure import Spread, ratio

FLOOR = (("hmac-openssl", "set-up"), ("hmac-rust", "sha2-set-up"), ("hmac-rust", "ring-set-up"))
# What bench.py times besides the works that contestants have by themselves.
ONE_THREAD = ("captoken-c", "s3 on one core")
TWO_THREADS = ("captoken-c", "s3 on two cores")
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
class Outcome:
    target: Target
    wanted: float
    stretch: float | None
    # None where it was not measured.
    measured: Spread | None
    divided: tuple = ()

    def reaches(self, number):
        median = self.measured.median
        return median <= number if self.target.most else median >= number

    @property
    def missed(self):
        return self.measured is not None and not self.reaches(self.wanted)

    @property
    def verdict(self):
        if self.measured is None:
            return "not measured"
        if self.missed:
            return "**missed**"
        return "met, and the stretch" if self.stretch and self.reaches(self.stretch) else "met"


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
        (ONE_THREAD,), (TWO_THREADS,),
        False, (1.9, None), (1.9, None),
    ),
    Target(
        "1,000 parameters ÷ 100",
        (("captoken-c", "params-1000"),), (("captoken-c", "params-100"),),
        True, (10.5, None), (10.5, None),
    ),
]


def fastest(results, works):
    measured = [work for work in works if work in results]
    return min(measured, key=lambda work: statistics.median(results[work]), default=None)


def outcomes(results, has_sha):
    """`results` are the rounds of each (contestant, work)."""
    for target in TARGETS:
        wanted, stretch = target.with_sha if has_sha else target.without_sha
        dividend = fastest(results, target.dividend)
        divisor = fastest(results, target.divisor)
        measured = None
        if dividend and divisor:
            measured = ratio(results[dividend], results[divisor])
        yield Outcome(target, wanted, stretch, measured, (dividend, divisor))
