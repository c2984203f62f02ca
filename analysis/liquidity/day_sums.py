"""Every measure of liquidity from sums by day, so that days can be drawn again without reading them again.

A mean is a ratio of two sums, a slope through the origin too, a covariance takes four: each measure comes
with the sums that it needs of a day and a function of their totals. Over all days it is that of the summary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd

from abm.core.arrays import FloatArray

from .estimators import LEAST_PAIRS
from .measured_rows import MeasuredRows
from .square_root_law import law_of_sums, sums_of_orders
from .trading_costs import PARTS

Finish = Callable[[FloatArray], float]


class DaySums(NamedTuple):
    """The sums that one measure needs.

    Attributes
    ----------
    measure : str
        As in the summary.
    horizon_days, levels : float
        As in the summary, NaN where it has none.
    sums : DataFrame
        One row a group and day.
    value : function of the total of sums to the measure
        NaN where there is none.
    """

    measure: str
    horizon_days: float
    levels: float
    sums: pd.DataFrame
    value: Finish


def day_sums(rows: MeasuredRows, keys: list[str]) -> Iterator[DaySums]:
    """Yield the sums of each measure by group and day; measures of whole days only where there are some."""
    yield from _of_rounds(rows, keys)
    yield _of_prices(rows.prices, keys)
    means = [
        ("corwin_schultz_spread", rows.pairs, "spread_share"),
        ("book_slope", rows.slopes, "slope_lots_per_tick"),
        ("vpin", rows.buckets, "imbalance_share"),
        ("vpin_shuffled", rows.buckets, "shuffled_share"),
    ]
    per_turnover = rows.days["log_return"].abs() / rows.days["turnover"].where(rows.days["turnover"] > 0.0)
    means.append(("amihud", rows.days.assign(per_turnover=per_turnover), "per_turnover"))
    for measure, own, column in means:
        if set(keys) <= set(own):
            yield _mean(measure, own, own[column], keys)
    for level in rows.levels:
        own = rows.depth[rows.depth["level"] == level]
        yield _mean("depth", own, own["depth_lots"], keys)._replace(levels=float(level))
    for horizon in rows.horizons_days:
        yield from _of_costs(rows.costs[rows.costs["horizon_days"] == horizon], keys, float(horizon))
    if set(keys) <= set(rows.parents):
        yield from _of_parents(rows.parents, keys)


def _summed(own: pd.DataFrame, columns: list[pd.Series], keys: list[str]) -> pd.DataFrame:
    """Return sums by group and day; what is not known counts as nothing."""
    table = pd.concat([column.astype(float).fillna(0.0) for column in columns], axis=1)
    table.columns = pd.RangeIndex(len(columns))
    return table.groupby([own[key] for key in [*keys, "day"]]).sum()


def _ratio(sums: FloatArray) -> float:
    return float(sums[1] / sums[0]) if sums[0] > 0.0 else math.nan


def _mean(measure: str, own: pd.DataFrame, column: pd.Series, keys: list[str]) -> DaySums:
    return DaySums(measure, math.nan, math.nan, _summed(own, [column.notna(), column], keys), _ratio)


def _of_rounds(rows: MeasuredRows, keys: list[str]) -> Iterator[DaySums]:
    own = rows.rounds
    scale = own["mid_ticks"].where(own["mid_ticks"] > 0.0)
    yield _mean("quoted_spread", own, own["spread_ticks"], keys)
    yield _mean("quoted_spread_share", own, own["spread_ticks"] / scale, keys)
    yield _mean("two_sided_share", own, own["is_two_sided"].astype(float).where(own["is_continuous"]), keys)
    own_series = [own[key] for key in dict.fromkeys([*keys, "run", "month", "day"])]
    away = own["depth_lots"] - own.groupby(["run", "tenor"])["depth_lots"].transform("mean")
    # The level that depth comes back to is that of all days, in every draw.
    away = away - (away.groupby([own[key] for key in keys]).transform("mean") if keys else away.mean())
    before = away.groupby(own_series).shift()
    steps = [(before * away).notna(), before**2 * away.notna(), before * away]
    sums = _summed(own, steps, keys)
    per_day = float(rows.rounds_per_day)
    yield DaySums("resiliency", math.nan, math.nan, sums, lambda total: _rate(total) * per_day)
    yield DaySums(
        "depth_half_life", math.nan, math.nan, sums, lambda total: math.log(2.0) / _rate(total) / per_day
    )
    for name, column in (("kyle_lambda", "signed_lots"), ("order_flow_imbalance", "imbalance_lots")):
        change, flow = own["mid_change_ticks"], own[column]
        known = change.notna() & flow.notna()
        products = [known, (flow**2).where(known), flow * change, (change**2).where(known)]
        sums = _summed(own, products, keys)
        yield DaySums(name, math.nan, math.nan, sums, _slope)
        yield DaySums(f"{name}_r_squared", math.nan, math.nan, sums, _explained)


def _rate(total: FloatArray) -> float:
    if total[0] < LEAST_PAIRS or total[1] == 0.0 or not 0.0 < total[2] / total[1] < 1.0:
        return math.nan
    return -math.log(total[2] / total[1])


def _slope(total: FloatArray) -> float:
    return float(total[2] / total[1]) if total[0] >= 2 and total[1] > 0.0 else math.nan


def _explained(total: FloatArray) -> float:
    slope = _slope(total)
    return float(slope * total[2] / total[3]) if total[3] > 0.0 else math.nan


def _of_prices(own: pd.DataFrame, keys: list[str]) -> DaySums:
    of_series = own.groupby(list(dict.fromkeys([*keys, "run", "month", "day"])))
    change = of_series["price_ticks"].diff()
    before = change.groupby([own[key] for key in dict.fromkeys([*keys, "run", "month", "day"])]).shift()
    known = change.notna() & before.notna()
    products = [known, before.where(known), change.where(known), before * change]
    return DaySums("roll_spread", math.nan, math.nan, _summed(own, products, keys), _roll)


def _roll(total: FloatArray) -> float:
    if total[0] < LEAST_PAIRS:
        return math.nan
    first, second, product = total[1:] / total[0]
    covariance = product - first * second
    return 2.0 * math.sqrt(max(-covariance, 0.0)) if covariance <= 0.0 else math.nan


def _of_costs(own: pd.DataFrame, keys: list[str], horizon_days: float) -> Iterator[DaySums]:
    is_known = own["realised_ticks"].notna() & own["effective_ticks"].notna()
    weight = own["lots"].where(is_known, 0)
    priced = weight.where(own["effective_share"].notna(), 0)
    for part in PARTS:
        name = "price_impact" if part == "impact" else f"{part}_spread"
        for measure, lots, kind in ((name, weight, "ticks"), (f"{name}_share", priced, "share")):
            paid = (own[f"{part}_{kind}"] * lots).where(lots > 0)
            yield DaySums(measure, horizon_days, math.nan, _summed(own, [lots, paid], keys), _ratio)


def _of_parents(own: pd.DataFrame, keys: list[str]) -> Iterator[DaySums]:
    known = own[own["impact"].notna() & own["volume_share"].notna()]
    orders = sums_of_orders(known["impact"].to_numpy(), known["volume_share"].to_numpy())
    columns = [pd.Series(column, index=known.index) for column in orders.T]
    sums = _summed(known, columns, keys)
    yield DaySums("impact_prefactor", math.nan, math.nan, sums, lambda total: law_of_sums(total).prefactor)
    yield DaySums("impact_exponent", math.nan, math.nan, sums, lambda total: law_of_sums(total).exponent)
