"""Writes what was measured as Markdown."""

import itertools

import targets
from measure import ratio, spread


def table(header, rows):
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def nanoseconds(value):
    return f"{value:,.0f}"


def number(value):
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def measured(found):
    """A ratio and its spread."""
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def targets_table(outcomes):
    rows = []
    for outcome in outcomes:
        sign = "≤" if outcome.target.most else "≥"
        rows.append(
            [
                outcome.target.name,
                f"{sign} {outcome.wanted:g}",
                f"{outcome.stretch:g}" if outcome.stretch else "",
                measured(outcome.measured) if outcome.measured else "",
                outcome.verdict,
            ]
        )
    return table(["", "target", "stretch", "measured", ""], rows)


def works_table(chosen, results):
    """Of one group, each work with its time and how it compares with its base."""
    rows = []
    for contestant in chosen:
        for name, work in contestant.works.items():
            rounds = results.get((contestant.name, name))
            if rounds is None:
                rows.append([work.label, "", "", work.unmasked])
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
    return table(["", "median, ns", "nine of ten rounds", "÷ ours"], rows)


def write(chosen, results):
    """The whole, and what was missed."""
    text, missed = "", []
    for kind, found in results.items():
        outcomes = list(targets.outcomes(found, kind.has_sha))
        missed += [f"{o.target.name} ({kind.name})" for o in outcomes if o.missed]
        text += f"## On a CPU {kind.name}\n\n{targets_table(outcomes)}\n"
        for group, members in itertools.groupby(chosen, lambda contestant: contestant.group):
            text += f"### {group}\n\n{works_table(members, found)}\n"
    return text, missed
