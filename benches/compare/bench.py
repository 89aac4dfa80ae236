#!/usr/bin/env python3
"""Measures captoken against other libraries, as BENCHMARKS.md describes. `make bench` runs
this. Fails if a target is missed."""

import argparse
import contextlib
import fcntl
import os
import pathlib
import sys

import build
import cold
import contestants
import cpu
import locked
import machine
import masking
import report
import targets
import tokens
from measure import Run, measure
from worker import Worker

LEAST_ROUNDS = 15


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="rounds, at least 15; default: 31")
    parser.add_argument("--quick", action="store_true", help="15 rounds, without cold costs")
    parser.add_argument(
        "--only", type=lambda names: names.split(","), help="names of contestants, with commas"
    )
    parser.add_argument(
        "--cpu", choices=["with", "without"], help="measure only with, or without, SHA instructions"
    )
    parser.add_argument("--library", type=pathlib.Path, help="libcaptoken.so to call from C")
    options = parser.parse_args()
    options.rounds = LEAST_ROUNDS if options.quick else max(options.rounds, LEAST_ROUNDS)
    return options


def tell(text):
    """Shows progress on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def choose(names, known):
    unknown = set(names or []) - {one.name for one in known}
    if unknown:
        raise SystemExit(
            f"unknown contestants: {', '.join(unknown)}; known: {', '.join(c.name for c in known)}"
        )
    return [one for one in known if names is None or one.name in names]


def check(contestant, worker):
    """Runs each workload once and checks its result."""
    for name, work in contestant.works.items():
        shown = worker.show(name)
        try:
            work.check(shown)
        except (tokens.Wrong, LookupError, ValueError) as error:
            raise SystemExit(f"{contestant.name}, {name}: {error}\n{shown}") from error


def runs(kind, workers, cores):
    """The runs on one kind of CPU, by (contestant, workload)."""
    for contestant, worker in workers:
        for name, work in contestant.works.items():
            possible = work.threads <= len(cores) and not (kind.masked and work.unmasked)
            if possible:
                yield (contestant.name, name), Run(worker, name, tuple(cores[: work.threads]))


def heap_calls(place, inputs, prepared):
    """The heap calls of the C workloads with few parameters, each contestant in a new process."""
    heap = place.cc("heap.so", "heap.c", options=["-shared", "-fPIC"])
    found = {}
    for contestant, command, environment in prepared:
        if contestant.name not in ("captoken-c", "libjwt"):
            continue
        preloaded = {**inputs, **environment, "LD_PRELOAD": str(heap)}
        worker = Worker(contestant.name, command, preloaded)
        for work in contestant.works:
            if "params" not in work and "thread" not in work:
                found[contestant.name, work] = worker.heap(work)
        worker.stop()
    return found


@contextlib.contextmanager
def alone():
    """Waits for another run, which would use the same folder and disturb the timing."""
    folder = build.TARGET / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        tell("waiting for another run to end")
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_all(places, chosen):
    """The commands that start the contestants, by kind of CPU."""
    prepared = {kind: [] for kind in places}
    for kind, place in places.items():
        for contestant in chosen:
            # Shown without a terminal too, because the first build takes minutes.
            print(f"building {contestant.name}, {kind.name}", file=sys.stderr)
            prepared[kind].append((contestant, *contestant.build(place)))
    if any("rust" in contestant.name for contestant in chosen):
        locked.compare()
    return prepared


def start_all(kind, prepared, inputs):
    """Starts the contestants of one kind of CPU and checks their results."""
    for contestant, command, environment in prepared:
        tell(f"checking {contestant.name}, {kind.name}")
        environment = {**inputs, **kind.environment, **environment}
        worker = Worker(contestant.name, command, environment)
        check(contestant, worker)
        yield contestant, worker


def compare(options, kinds, chosen):
    """The report as Markdown, and the failures."""
    given = options.library and options.library.resolve()
    places = {kind: build.Place(kind, given) for kind in kinds}
    prepared = build_all(places, chosen)
    inputs = tokens.environment()
    cores = cpu.cores()
    native = kinds[0]
    whole = not (options.quick or options.only)
    cold_costs = cold.costs(places[native], inputs, cores[-1], tell) if whole else []

    # All share one core, including this program, which sleeps while a contestant runs.
    os.sched_setaffinity(0, {cores[-1]})
    heap = heap_calls(places[native], inputs, prepared[native])
    timed = {
        kind: dict(runs(kind, start_all(kind, prepared[kind], inputs), cores)) for kind in kinds
    }
    measure([run for kind in kinds for run in timed[kind].values()], options.rounds, tell)
    tell("")

    results = {
        kind: {name: run.rounds for name, run in timed[kind].items()} for kind in kinds
    }
    outcomes = {
        kind: list(targets.outcomes(found, heap, kind.has_sha)) for kind, found in results.items()
    }
    losses = masking.losses(results)
    about = machine.describe(options.rounds, cores[-1])
    text = report.write(about, chosen, outcomes, results, heap, losses, cold_costs)
    return text, failures(outcomes, losses, options.only is None)


def failures(outcomes, losses, complete):
    """With `--only`, a target is no failure if its contestants did not run."""
    for kind, found in outcomes.items():
        for outcome in found:
            if not outcome.met and (outcome.measured or complete):
                yield f"{outcome.verdict.strip('*')}, {kind.name}: {outcome.name}"
    for work in masking.unmasked(losses):
        yield f"not masked: {work}"


def main():
    options = arguments()
    chosen = choose(options.only, contestants.contestants())
    kinds = [kind for kind in cpu.kinds() if options.cpu in (None, kind.name.split()[0])]
    if not kinds:
        raise SystemExit(f"no CPU {options.cpu} SHA instructions can be measured here")
    with alone():
        text, failed = compare(options, kinds, chosen)
    (build.TARGET / "bench" / "report.md").write_text(text)
    print(text)
    if reasons := "\n".join(failed):
        raise SystemExit(reasons)


if __name__ == "__main__":
    main()
