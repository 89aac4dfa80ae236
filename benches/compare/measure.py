"""Times workloads. Each round runs all of them in turn, so that other load on the machine
affects all alike."""

import dataclasses
import statistics

BATCH = 10_000_000
# Long enough for JIT compilers to compile the workload.
WARM_UP = 10 * BATCH


@dataclasses.dataclass
class Run:
    """One workload, and its time in each round, in nanoseconds per repetition. With cores, it
    runs in a thread on each, and the wall time is divided by all repetitions."""

    worker: object
    work: str
    cores: tuple = ()
    times: int = 1
    rounds: list = dataclasses.field(default_factory=list)

    def once(self):
        return self.worker.run(self.work, self.times, *self.cores)

    def calibrate(self):
        """Chooses the number of repetitions, so that a round takes as long as BATCH."""
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
    """The median, and the 10th and 90th percentile: eight of ten rounds are between them."""

    median: float
    low: float
    high: float


def spread(values):
    if len(values) < 2:
        return Spread(values[0], values[0], values[0])
    deciles = statistics.quantiles(values, n=10, method="inclusive")
    return Spread(statistics.median(values), deciles[0], deciles[-1])


def ratio(dividend, divisor):
    """The ratios of two workloads in the same round, under the same load."""
    return spread([a / b for a, b in zip(dividend, divisor, strict=True)])


def measure(runs, rounds, tell):
    for number, run in enumerate(runs, 1):
        tell(f"warming up: {number} of {len(runs)}")
        run.calibrate()
    for number in range(1, rounds + 1):
        tell(f"round {number} of {rounds}")
        for run in runs:
            run.measure()
