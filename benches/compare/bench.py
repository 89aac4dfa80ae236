#!/usr/bin/env python3
"""Measures captoken against other libraries, as BENCHMARKS.md describes. `make bench` runs
this. It fails where a target is missed."""

import argparse
import os
import pathlib
import sys

import build
import contestants
import cpu
import report
import targets
import tokens
from measure import Run, measure
from worker import Worker

LEAST_ROUNDS = 15


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, help="how often each is timed (31)")
    parser.add_argument("--quick", action="store_true", help="15 rounds, and no cold costs")
    parser.add_argument(
        "--only", type=lambda names: names.split(","), help="these contestants, with commas"
    )
    parser.add_argument("--cpu", choices=["with", "without"], help="this kind of CPU alone")
    parser.add_argument("--library", type=pathlib.Path, help="the libcaptoken.so to call from C")
    return parser.parse_args()


def tell(text):
    """On one line that the next takes over, where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def choose(names, everybody):
    unknown = set(names or []) - {one.name for one in everybody}
    if unknown:
        raise SystemExit(f"no such contestants: {unknown}; {', '.join(c.name for c in everybody)}")
    return [one for one in everybody if names is None or one.name in names]


def check(contestant, worker):
    """Does all its works once, and sees that each is done right."""
    for name, work in contestant.works.items():
        shown = worker.show(name)
        try:
            work.check(shown)
        except (tokens.Wrong, LookupError, ValueError) as error:
            raise SystemExit(f"{contestant.name}, {name}: {error}\n{shown}") from error


def runs(kind, workers, cores):
    """What is timed on one kind of CPU, by (contestant, work)."""
    for contestant, worker in workers:
        for name, work in contestant.works.items():
            if not (kind.masked and work.unmasked):
                yield (contestant.name, name), Run(worker, name)
        if contestant.name == "captoken-c" and len(cores) > 1:
            yield targets.ONE_THREAD, Run(worker, "s3", tuple(cores[:1]))
            yield targets.TWO_THREADS, Run(worker, "s3", tuple(cores[:2]))


def main():
    options = arguments()
    rounds = LEAST_ROUNDS if options.quick else max(options.rounds, LEAST_ROUNDS)
    inputs = tokens.environment()
    chosen = choose(options.only, contestants.all_contestants(inputs))
    kinds = [kind for kind in cpu.kinds() if options.cpu in (None, kind.name.split()[0])]
    if not kinds:
        raise SystemExit(f"This CPU is not one {options.cpu} SHA instructions.")
    cores = cpu.cores()

    commands = []
    for kind in kinds:
        place = build.Place(kind, options.library and options.library.resolve())
        for contestant in chosen:
            tell(f"building {contestant.name}, {kind.name}")
            commands.append((kind, contestant, *contestant.build(place)))

    # All on one core, this program too, which sleeps while another works.
    os.sched_setaffinity(0, {cores[-1]})
    workers = {kind: [] for kind in kinds}
    for kind, contestant, command, environment in commands:
        environment = {**inputs, **kind.environment, **environment}
        worker = Worker(contestant.name, command, environment)
        check(contestant, worker)
        workers[kind].append((contestant, worker))

    timed = {kind: dict(runs(kind, workers[kind], cores)) for kind in kinds}
    measure([run for kind in kinds for run in timed[kind].values()], rounds, tell)
    tell("")
    results = {
        kind: {name: run.rounds for name, run in timed[kind].items()} for kind in kinds
    }
    text, missed = report.write(chosen, results)
    print(text)
    (build.TARGET / "bench" / "report.md").write_text(text)
    if missed:
        raise SystemExit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
