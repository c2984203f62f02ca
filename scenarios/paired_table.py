"""The table that studies of rules and of market makers print: paired differences of chosen measures."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from abm import Comparison
from analysis import PairedDifference, paired_difference


def bootstrapped(found: Comparison, measure: str) -> PairedDifference:
    """Return the difference of the only variant, with the percentile interval of resampled seeds.

    Parameters
    ----------
    found : Comparison
        Of one variant.
    measure : str
        Metric of its runs.
    """
    by_variant = {name: rows.set_index("seed")[measure] for name, rows in found.runs.groupby("variant")}
    (changed,) = found.variants
    return paired_difference(by_variant[found.base], by_variant[changed], method="percentile")


def paired_table(found: Comparison, measures: Mapping[str, str], title: str) -> Table:
    """Return base, mean paired difference and its 95 % bootstrap interval by measure.

    Parameters
    ----------
    found : Comparison
        Of one variant.
    measures : mapping of str to str
        Metrics to print, each with its plain name.
    title : str
        What stands in front of the number of seeds.
    """
    table = Table(title=f"{title}, {len(found.seeds)} paired seeds", title_justify="left")
    table.add_column("measure")
    for heading in ("base", "difference", "95 % interval"):
        table.add_column(heading, justify="right")
    for column, label in measures.items():
        one = bootstrapped(found, column)
        if one.n:
            interval = f"{one.low:+,.3g} to {one.high:+,.3g}" if one.low < one.high else "-"
            table.add_row(label, f"{one.base:,.4g}", f"{one.difference:+,.3g}", interval)
    return table
