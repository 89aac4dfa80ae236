"""Times works: all of them in turn in each round, so that what the machine does besides
falls on all alike."""

import dataclasses
import statistics

BATCH = 10_000_000
# Before anything counts, so that compilers that watch a program have seen enough of it.
WARM_UP = 10 * BATCH


@dataclasses.dataclass
class Run:
    """One work of a contestant, and how long it took in each round, in nanoseconds for one
    time. With cores, it runs in a thread on each, and the time is the wall's divided by what
    all of them have done."""

    worker: object
    work: str
    cores: tuple = ()
    times: int = 1
    rounds: list = dataclasses.field(default_factory=list)

    def once(self):
        return self.worker.run(self.work, self.times, *self.cores)

    def calibrate(self):
        """How often it is done, so that a round takes long enough for the clock."""
        while (took := self.once()) < BATCH:
            self.times = max(self.times * 2, int(self.times * BATCH / max(took, 1)))
        for _ in range(WARM_UP // BATCH):
            took = min(took, self.once())
        self.times = max(1, round(self.times * BATCH / took))

    def measure(self):
        threads = len(self.cores) or 1
        self.rounds.append(self.once() / (self.times * threads))


@dataclasses.dataclass(frozen=True)
class Spread:
    """The middle, and what nine rounds of ten stay above and below."""

    median: float
    low: float
    high: float


def spread(values):
    if len(values) < 2:
        return Spread(values[0], values[0], values[0])
    deciles = statistics.quantiles(values, n=10, method="inclusive")
    return Spread(statistics.median(values), deciles[0], deciles[-1])


def ratio(dividend, divisor):
    """Of two works in the same round, which the machine treated alike."""
    return spread([a / b for a, b in zip(dividend, divisor, strict=True)])


def measure(runs, rounds, tell):
    for number, run in enumerate(runs, 1):
        tell(f"warming up: {number} of {len(runs)}")
        run.calibrate()
    for number in range(1, rounds + 1):
        tell(f"round {number} of {rounds}")
        for run in runs:
            run.measure()
