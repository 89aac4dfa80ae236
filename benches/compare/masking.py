"""Checks that masking worked. Without SHA instructions a hash takes longer, so a workload that
is not slower still uses them."""

import dataclasses
import statistics

# A workload for each variable or build flag that masks, in each language.
FLOOR = ("hmac-openssl", "set-up")
HASHING = [
    FLOOR,
    ("hmac-rust", "sha2-set-up"),
    ("hmac-rust", "aws-lc-set-up"),
    ("captoken-c", "s1"),
    ("libjwt", "s1"),
    ("captoken-rust", "s1"),
    ("jsonwebtoken-rust_crypto", "s1"),
    ("jsonwebtoken-aws_lc_rs", "s1"),
    ("captoken-go", "s1"),
    ("golang-jwt", "s1"),
    ("go-standard", "mac"),
    ("captoken-php", "s1"),
    ("python", "mac"),
    ("node", "mac"),
]


@dataclasses.dataclass(frozen=True)
class Loss:
    native: float
    masked: float

    @property
    def lost(self):
        return self.masked - self.native


def losses(results):
    """The medians with and without SHA instructions. Empty if nothing was masked, or if OpenSSL,
    the reference, did not run."""
    native, masked = None, None
    for kind, found in results.items():
        native, masked = (native, found) if kind.masked else (found, masked)
    if native is None or masked is None or FLOOR not in native:
        return {}
    return {
        work: Loss(statistics.median(native[work]), statistics.median(masked[work]))
        for work in HASHING
        if work in native
    }


def unmasked(losses):
    """The workloads that lost too little: OpenSSL less than half of its native time, or another
    less than a quarter of OpenSSL's loss."""
    for work, loss in losses.items():
        least = loss.native / 2 if work == FLOOR else losses[FLOOR].lost / 4
        if loss.lost < least:
            yield f"{', '.join(work)}: {loss.native:.0f} ns with and {loss.masked:.0f} ns without"
