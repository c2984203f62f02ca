"""Turns one friction of the market at a time and says what moves: paired differences on common seeds.

    python scenarios/comparative_statics.py --seeds 16 --jobs 2
    python scenarios/comparative_statics.py --study margin

Each study has expectations: a measure, and the sign that its difference should have. A row says what came:
``as expected`` where the 95 % interval of the paired difference lies on that side of zero, ``the other way``
where it lies on the other, ``no sign`` where it holds zero.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

from rich.console import Console
from rich.table import Table

from abm import Comparison, compare
from analysis import PairedDifference, paired_difference

FIRST_SEED = 201
"""Seeds of studies begin here: those before it were used to choose the baseline's numbers."""

DAYS, ROUNDS_PER_DAY = 126, 24
"""Length and resolution of a run: half a year, coarse rounds."""

Sign = Literal["up", "down"]
Verdict = Literal["as expected", "the other way", "no sign"]


class Expectation(NamedTuple):
    """What should move in a variant, and which way."""

    variant: str
    measure: str
    sign: Sign


class Study(NamedTuple):
    """A base, what is changed in it, and what should come of it.

    Attributes
    ----------
    about : str
        The question.
    scenario : str
        Packaged scenario of the base.
    base : mapping of str to object
        Fields changed in all variants.
    variants : mapping of str to mapping
        Fields changed in each; the first variant is the base and changes what it says, mostly nothing.
    expected : tuple of Expectation
        What should move.
    """

    about: str
    scenario: str
    base: Mapping[str, Any]
    variants: Mapping[str, Mapping[str, Any]]
    expected: tuple[Expectation, ...]


class Outcome(NamedTuple):
    """What came of an expectation."""

    expectation: Expectation
    difference: PairedDifference
    verdict: Verdict


def _flat(rate: float) -> dict[str, Any]:
    """Return flat margin of a rate, two thirds of it for far months, as the baseline has it."""
    return {"clearing.margin.rate": rate, "clearing.margin.far_rate": round(rate * 2.0 / 3.0, 6)}


def _each(variants: tuple[str, ...], **signs: Sign) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(variant, measure, sign) for variant in variants for measure, sign in signs.items()
    )


def _opposite(expected: tuple[Expectation, ...], variant: str) -> tuple[Expectation, ...]:
    turned: dict[Sign, Sign] = {"up": "down", "down": "up"}
    return tuple(Expectation(variant, each.measure, turned[each.sign]) for each in expected)


_DEARER = _each(
    ("margin x 2.5",),
    volume_lots="down",
    open_interest_last_lots="down",
    curve_spread="up",
    refused_per_day="up",
)
_MAKERS = "agents.market_makers."
_EWMA = {"clearing.margin.model": "ewma"}

STUDIES: dict[str, Study] = {
    "margin": Study(
        "What does flat margin cost in trading?",
        "baseline",
        {},
        {"margin as it is": _flat(0.12), "margin x 1/3": _flat(0.04), "margin x 2.5": _flat(0.30)},
        _DEARER + _opposite(_DEARER, "margin x 1/3"),
    ),
    "makers": Study(
        "What do market makers and their money do for liquidity?",
        "baseline",
        {},
        {
            "four makers": {_MAKERS + "count": 4},
            "none": {_MAKERS + "count": 0},
            "two": {_MAKERS + "count": 2},
            "a quarter of the budget": {_MAKERS + "margin_to_equity": 0.10},
        },
        _each(("none", "two", "a quarter of the budget"), curve_spread="up", front_depth_lots="down"),
    ),
    "makers in stress": Study(
        "Do makers with little money stay when prices move?",
        "technology_breakthrough",
        {},
        {"as they are": {}, "a quarter of the budget": {_MAKERS + "margin_to_equity": 0.10}},
        _each(("a quarter of the budget",), dmm_presence="down", curve_spread="up"),
    ),
    "pressure": Study(
        "Does the side on which hedgers press pay for it?",
        "baseline",
        {},
        {
            "as it is": {},
            "buyers press": {
                "agents.enterprises.hedging_share": 1.0,
                "agents.providers.programme.rule": "none",
            },
            "sellers press": {"agents.enterprises.hedging_share": 0.0},
        },
        _each(("buyers press",), risk_premium_tenor_3="up", risk_premium_tenor_6="up")
        + _each(("sellers press",), risk_premium_tenor_3="down", risk_premium_tenor_6="down"),
    ),
    "procyclical margin": Study(
        "What does margin that rises in stress force?",
        "technology_breakthrough",
        {},
        {
            "smoothed": _EWMA | {"clearing.margin.procyclicality": "stressed_weight"},
            "procyclical": _EWMA,
        },
        _each(("procyclical",), margin_calls_missed="up", shrinking_orders_per_day="up"),
    ),
    "credit": Study(
        "What does half a credit line do where hedgers lose?",
        "technology_breakthrough",
        {},
        {"lines as they are": {}, "half of them": {"agents.enterprises.credit_share": 0.04}},
        _each(("half of them",), hedge_abandonment="up"),
    ),
    "wrong way": Study(
        "What if resources shrink with the price that causes the losses?",
        "technology_breakthrough",
        {},
        {"apart": {}, "together": {"agents.capital.price_beta.enterprises": 2.0}},
        _each(("together",), client_defaults="up", loss_beyond_collateral_usd="up"),
    ),
}
"""Each question, with what is expected of it."""


def compared(name: str, *, seeds: int, jobs: int, out: str | Path, progress: bool = False) -> Comparison:
    """Return the comparison of a study; runs that are in ``out`` are not repeated.

    Parameters
    ----------
    name : str
        One of ``STUDIES``.
    seeds : int
        Number of seeds, from ``FIRST_SEED`` on.
    jobs : int
        Processes.
    out : str or Path
        Folder of the run folders.
    progress : bool
        Draw a progress bar.
    """
    study = STUDIES[name]
    return compare(
        {variant: (study.scenario, {**study.base, **own}) for variant, own in study.variants.items()},
        common={"recording.profile": "summary", "calendar.rounds_per_day": ROUNDS_PER_DAY},
        seeds=range(FIRST_SEED, FIRST_SEED + seeds),
        days=DAYS,
        jobs=jobs,
        out=out,
        progress=progress,
    )


def outcomes(name: str, found: Comparison) -> list[Outcome]:
    """Return what came of each expectation of a study: plain paired differences, intervals by Student's t."""
    by_variant = {variant: rows.set_index("seed") for variant, rows in found.runs.groupby("variant")}
    results = []
    for expectation in STUDIES[name].expected:
        base = by_variant[found.base][expectation.measure]
        one = paired_difference(base, by_variant[expectation.variant][expectation.measure], method="t")
        way = "up" if one.low > 0.0 else "down" if one.high < 0.0 else None
        verdict: Any = (
            "no sign" if way is None else "as expected" if way == expectation.sign else "the other way"
        )
        results.append(Outcome(expectation, one, verdict))
    return results


def table_of(name: str, results: list[Outcome], labels: Mapping[str, str]) -> Table:
    """Return a study as a table."""
    table = Table(title=f"{name}: {STUDIES[name].about}", title_justify="left")
    for heading in ("variant", "measure"):
        table.add_column(heading)
    for heading in ("base", "difference", "95 % interval"):
        table.add_column(heading, justify="right")
    for heading in ("expected", "came"):
        table.add_column(heading)
    for (variant, measure, sign), one, verdict in results:
        interval = f"{one.low:+,.3g} to {one.high:+,.3g}"
        table.add_row(
            variant, labels.get(measure, measure), f"{one.base:,.4g}", f"{one.difference:+,.3g}", interval,
            sign, verdict,
        )  # fmt: skip
    return table


def main() -> None:
    """Run the studies and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=16, help=f"number of seeds, from {FIRST_SEED} on")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--study", choices=STUDIES, help="only this one")
    parser.add_argument("--out", help="folder of the run folders; a temporary one by default")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="sitsim-statics-") as temporary:
        for name in [options.study] if options.study else list(STUDIES):
            found = compared(
                name, seeds=options.seeds, jobs=options.jobs, out=options.out or temporary, progress=True
            )
            for note in found.notes:
                Console(stderr=True).print(note)
            Console().print(table_of(name, outcomes(name, found), found.labels))


if __name__ == "__main__":
    main()
