"""Writes the results as Markdown."""

import itertools

import targets
from measure import ratio, spread


def table(header, rows, column="---:"):
    """A Markdown table. The first column is text, the others are numbers by default."""
    lines = [header, ["---", *[column] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def nanoseconds(value):
    return f"{value:,.0f}"


def number(value):
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def measured(found):
    """A ratio and its spread, or a count."""
    if found.low == found.high:
        return f"{found.median:g}"
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def targets_table(outcomes):
    rows = [
        [
            outcome.name,
            f"{'≤' if outcome.most else '≥'} {outcome.wanted:g}",
            measured(outcome.measured) if outcome.measured else "",
            outcome.verdict,
        ]
        for outcome in outcomes
    ]
    return table(["", "target", "measured", ""], rows)


def summary_table(results):
    """Our times and their ratios to the fastest peer's, for each kind of CPU."""
    header = [""]
    rows = [[label] for label, *_ in targets.SUMMARY]
    for kind, found in results.items():
        header += [f"{kind.name}, ns", "times as fast as"]
        for row, (_, ours, peer, works) in zip(rows, targets.SUMMARY):
            fastest = targets.fastest(found, works)
            if ours not in found or fastest is None:
                row += ["", ""]
                continue
            times = ratio(fastest, found[ours]).median
            row += [nanoseconds(spread(found[ours]).median), f"{peer}: {number(times)}"]
    return table(header, rows)


def works_table(chosen, results):
    """The workloads of one group, with their times and the ratios to their bases."""
    rows = []
    for contestant in chosen:
        for name, work in contestant.works.items():
            rounds = results.get((contestant.name, name))
            if rounds is None:
                rows.append([work.label, "", "", work.unmasked or "not enough cores"])
                continue
            found = spread(rounds)
            compared = ""
            if work.base in results and work.base != (contestant.name, name):
                compared = number(ratio(rounds, results[work.base]).median)
            rows.append(
                [
                    work.label,
                    nanoseconds(found.median),
                    f"{nanoseconds(found.low)} to {nanoseconds(found.high)}",
                    compared,
                ]
            )
    return table(["", "median, ns", "eight of ten rounds", "÷ ours"], rows)


def heap_table(heap):
    rows = [
        [", ".join(work), str(calls.allocations), str(calls.all)]
        for work, calls in heap.items()
    ]
    return table(["", "allocations", "all calls"], rows)


def masked_table(losses):
    rows = [
        [", ".join(work), *map(nanoseconds, (loss.native, loss.masked, loss.lost))]
        for work, loss in losses.items()
    ]
    return table(["", "with, ns", "without, ns", "difference"], rows)


def write(about, chosen, outcomes, results, heap, losses, cold):
    """The whole report. `outcomes` and `results` are by kind of CPU."""
    text = f"## Summary\n\n{summary_table(results)}\n"
    text += f"## The machine\n\n{table(['', ''], about, '---')}\n"
    for kind, found in results.items():
        text += f"## On a CPU {kind.name}\n\n{targets_table(outcomes[kind])}\n"
        for group, members in itertools.groupby(chosen, lambda contestant: contestant.group):
            text += f"### {group}\n\n{works_table(members, found)}\n"
    if losses:
        text += f"## Effect of masking\n\n{masked_table(losses)}\n"
    if heap:
        text += f"## Heap calls\n\n{heap_table(heap)}\n"
    if cold:
        text += f"## Cold costs\n\n{table(['', 'captoken', 'libjwt'], cold)}\n"
    return text
