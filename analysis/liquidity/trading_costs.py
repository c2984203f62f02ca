"""What an incoming order pays: effective spread, and its parts, realised spread and price impact.

With q the sign of the aggressor, p the price and m the mid: effective 2q(p - m), realised 2q(p - m'), impact
2q(m' - m), where m' is the mid some time later; effective is realised plus impact (Huang and Stoll 1996;
Bessembinder 2003). Shares are of m. The mid is that of the books before the round of the trade: what others
moved the price by within the round is part of the effective spread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from abm.core.arguments import finite_number
from abm.core.errors import ParameterError

from .conditions import UNKNOWN, day_regimes, part_of_day
from .gathering import LiquidityTables

PARTS = ("effective", "realised", "impact")
NO_MID_BEFORE = "no mid before the trade"
NO_MID_LATER = "no mid at the horizon"
NO_TRADE = "no trade"
NOT_POSITIVE = "no mid above zero"
_MOST_DAYS = 1_000_000_000
GROUPS = ("run", "seed", "tenor", "month", "day", "part_of_day", "regime", "aggressor_class", "side")


def horizon_rounds(horizon_days: float, rounds_per_day: int) -> int:
    """Return the rounds nearest to a horizon in days; 0 is the end of the trade's own round.

    Raises
    ------
    ParameterError
        If it is negative, no number, or so short that it is not one round.
    """
    days = finite_number("horizons_days", horizon_days, least=0.0)
    rounds = round(days * rounds_per_day)
    if days > 0.0 and rounds == 0:
        raise ParameterError(f"horizons_days: {days} is less than half a round of 1/{rounds_per_day} day")
    return rounds


def usual_horizons_days(rounds_per_day: int) -> tuple[float, ...]:
    """Return a tenth of a day, or a round where that is longer, and a day."""
    return tuple(sorted({max(0.1, 1.0 / rounds_per_day), 1.0}))


def trade_costs(
    tables: LiquidityTables,
    horizons_days: Sequence[float] | None = None,
    *,
    parts_of_day: int = 4,
    regimes: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the cost of each incoming order's trade and its parts, one row a trade and horizon.

    Trades in auctions, which have no aggressor, and legs of calendar spreads, whose price is that of the
    spread, are left out.

    Parameters
    ----------
    tables : LiquidityTables
        Of one run or several.
    horizons_days : sequence of float
        After what time the mid of the same month is read again, in trading days, to the nearest round; 0 is
        the end of the trade's own round. By default those of ``usual_horizons_days``.
    parts_of_day : int
        Equal parts that the day is divided into.
    regimes : DataFrame, optional
        As ``day_regimes`` returns, which is the default.

    Returns
    -------
    DataFrame
        The columns of ``GROUPS`` and ``horizon_days``, ``lots``, ``price_ticks``, ``mid_ticks``,
        ``later_mid_ticks``, and of effective, realised and impact ``_ticks`` and ``_share``. ``reason``
        says why one is NaN.
    """
    wanted = usual_horizons_days(tables.rounds_per_day) if horizons_days is None else horizons_days
    horizons = [(each, horizon_rounds(each, tables.rounds_per_day)) for each in wanted]
    if not horizons:
        raise ParameterError("horizons_days: there is none")
    trades = _continuous(tables, parts_of_day, day_regimes(tables) if regimes is None else regimes)
    later = [_with_horizon(trades, tables.quotes, days, rounds) for days, rounds in horizons]
    costs = pd.concat(later, ignore_index=True)
    sign, price = 2.0 * costs["side"], costs["price_ticks"]
    costs["effective_ticks"] = sign * (price - costs["mid_ticks"])
    costs["realised_ticks"] = sign * (price - costs["later_mid_ticks"])
    costs["impact_ticks"] = sign * (costs["later_mid_ticks"] - costs["mid_ticks"])
    scale = costs["mid_ticks"].where(costs["mid_ticks"] > 0.0)
    for part in PARTS:
        costs[f"{part}_share"] = costs[f"{part}_ticks"] / scale
    costs["reason"] = np.select(
        [costs["mid_ticks"].isna(), costs["later_mid_ticks"].isna(), scale.isna()],
        [NO_MID_BEFORE, NO_MID_LATER, NOT_POSITIVE],
        "",
    )
    return costs


def mean_costs(
    costs: pd.DataFrame, by: str | Sequence[str] = ("tenor",), *, weight: str = "lots"
) -> pd.DataFrame:
    """Return mean costs by group and horizon, over the trades of which all three parts are known.

    So the identity effective = realised + impact holds between the means as well.

    Parameters
    ----------
    costs : DataFrame
        As ``trade_costs`` returns.
    by : str or sequence of str
        Columns of ``GROUPS``. By ``aggressor_class`` every class of the runs has its rows, without a number
        if it never took a price.
    weight : str
        ``lots``, or ``trades`` for every trade alike.

    Returns
    -------
    DataFrame
        The groups, ``horizon_days``, the means, ``trades`` and ``lots`` that they are of, ``left_out``
        (trades of which a part is unknown) and ``reason``, which says why a mean is NaN.
    """
    keys = group_keys(by, GROUPS)
    if weight not in ("lots", "trades"):
        raise ParameterError(f"weight: {weight!r} is not one of lots, trades")
    is_known = costs["realised_ticks"].notna() & costs["effective_ticks"].notna()
    weights = costs["lots"].where(is_known, 0) if weight == "lots" else is_known.astype(int)
    priced = weights.where(costs["effective_share"].notna(), 0)
    sums = costs[[*keys, "horizon_days"]].assign(
        trades=is_known,
        lots=costs["lots"].where(is_known, 0),
        left_out=~is_known,
        weight=weights,
        priced=priced,
    )
    for part in PARTS:
        sums[f"{part}_ticks"] = (costs[f"{part}_ticks"] * weights).where(is_known, 0.0)
        sums[f"{part}_share"] = (costs[f"{part}_share"] * priced).where(priced > 0, 0.0)
    means = sums.groupby([*keys, "horizon_days"], observed=False).sum().reset_index()
    for part in PARTS:
        means[f"{part}_ticks"] /= means["weight"].where(means["weight"] > 0)
        means[f"{part}_share"] /= means["priced"].where(means["priced"] > 0)
    left_out = "every trade lacks a mid before it or at the horizon"
    means["reason"] = np.select(
        [means["trades"] + means["left_out"] == 0, means["trades"] == 0, means["priced"] == 0],
        [NO_TRADE, left_out, NOT_POSITIVE],
        "",
    )
    return means.drop(columns=["weight", "priced"])


def group_keys(by: str | Sequence[str], allowed: Sequence[str]) -> list[str]:
    """Return the names of columns to group by, or raise ``ParameterError`` for one that is not allowed."""
    keys = [by] if isinstance(by, str) else list(by)
    for key in keys:
        if key not in allowed:
            raise ParameterError(f"by: {key!r} is not one of {', '.join(allowed)}")
    if len(set(keys)) < len(keys):
        raise ParameterError(f"by: {keys} names a column twice")
    return keys


def with_conditions(
    rows: pd.DataFrame, tables: LiquidityTables, parts_of_day: int, regimes: pd.DataFrame
) -> pd.DataFrame:
    """Return rows with the columns ``part_of_day`` (where they have a round) and ``regime``."""
    day_of_any_run = regimes["run"] * _MOST_DAYS + regimes["day"]
    of_day = dict(zip(day_of_any_run, regimes["regime"], strict=True))
    known = rows.assign(regime=(rows["run"] * _MOST_DAYS + rows["day"]).map(of_day).fillna(UNKNOWN))
    if "round" in rows:
        known["part_of_day"] = part_of_day(rows["round"], tables.rounds_per_day, parts_of_day)
    return known


def _continuous(tables: LiquidityTables, parts_of_day: int, regimes: pd.DataFrame) -> pd.DataFrame:
    trades = tables.trades
    own = trades[(trades["aggressor_side"] != 0) & (trades["spread_months"] == 0)]
    own = with_conditions(own, tables, parts_of_day, regimes)
    classes = sorted(set(tables.agents["agent_class"]) | set(own["aggressor_class"]))
    return own.assign(
        aggressor_class=pd.Categorical(own["aggressor_class"], categories=classes),
        step=own["day"] * tables.rounds_per_day + own["round"],
    ).rename(columns={"aggressor_side": "side", "mid_before_ticks": "mid_ticks"})


def _with_horizon(
    trades: pd.DataFrame, quotes: pd.DataFrame, horizon_days: float, rounds: int
) -> pd.DataFrame:
    keys = ["run", "month", "step"]
    later = quotes.set_index(keys)["mid_ticks"]
    at = pd.MultiIndex.from_arrays([trades["run"], trades["month"], trades["step"] + rounds], names=keys)
    columns = [*GROUPS, "round", "lots", "price_ticks", "mid_ticks"]
    return trades[columns].assign(
        horizon_days=float(horizon_days), later_mid_ticks=later.reindex(at).to_numpy(dtype=np.float64)
    )
