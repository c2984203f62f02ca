"""The shape of the books and what flows into them: depth and slope by moment, order flow by round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from abm.core.arguments import whole_number
from abm.core.errors import ParameterError

from .gathering import LiquidityTables

_MOMENT = ["run", "day", "round", "month", "tenor"]


def order_flow(tables: LiquidityTables) -> pd.DataFrame:
    """Return what flowed into each month's book in each round, and how its mid answered.

    The imbalance of Cont, Kukanov and Stoikov (2014) over the step from the end of one round to the end of
    the next: lots that came to the best bid or left the best ask, less those the other way. Steps over night
    and from or to a book that is one-sided or not in continuous trading have none.

    Returns
    -------
    DataFrame
        One row a run, month and round: ``imbalance_lots``, ``signed_lots`` (bought less sold by incoming
        orders; legs of calendar spreads left out), ``mid_change_ticks``, ``depth_lots`` (best bid plus best
        ask, NaN outside continuous trading), ``is_continuous``, ``is_two_sided``, ``spread_ticks`` and
        ``mid_ticks``, NaN unless it is.
    """
    quotes = tables.quotes
    bid, ask = quotes["best_bid_ticks"].astype(float), quotes["best_ask_ticks"].astype(float)
    mid = quotes["mid_ticks"]
    keys = [quotes["run"], quotes["month"], quotes["day"]]
    bid_lots, ask_lots = quotes["bid_lots"], quotes["ask_lots"]
    now = {"bid": bid, "ask": ask, "mid": mid, "bid_lots": bid_lots, "ask_lots": ask_lots}
    earlier = {name: column.groupby(keys).shift() for name, column in now.items()}
    is_next = (quotes["step"] - quotes["step"].groupby(keys).shift()) == 1
    of_bid = bid_lots.where(bid >= earlier["bid"], 0) - earlier["bid_lots"].where(bid <= earlier["bid"], 0)
    of_ask = ask_lots.where(ask <= earlier["ask"], 0) - earlier["ask_lots"].where(ask >= earlier["ask"], 0)
    change = (mid - earlier["mid"]).where(is_next)
    is_continuous = quotes["phase"] == 0
    return quotes[_MOMENT].assign(
        imbalance_lots=(of_bid - of_ask).where(change.notna()),
        signed_lots=_signed_lots(tables),
        mid_change_ticks=change,
        depth_lots=(bid_lots + ask_lots).where(is_continuous).astype(float),
        is_continuous=is_continuous,
        is_two_sided=mid.notna(),
        spread_ticks=(ask - bid).where(mid.notna()),
        mid_ticks=mid,
    )


def depth_at_levels(tables: LiquidityTables, levels: Sequence[int] = (1, 5)) -> pd.DataFrame:
    """Return the lots within the best price levels of both sides together, at each moment of ``depth``.

    Returns
    -------
    DataFrame
        One row a run, month, moment and entry of ``levels``: ``level``, ``depth_lots``; none without the
        table. A side that has fewer levels counts with those it has.

    Raises
    ------
    ParameterError
        If a level is not one of those recorded.
    """
    wanted = [whole_number("levels", level, least=1) for level in levels]
    if tables.depth is None or tables.depth.empty:
        return pd.DataFrame(columns=[*_MOMENT, "level", "depth_lots"])
    most = int(tables.depth["level"].max())
    for level in wanted:
        if level > most:
            raise ParameterError(f"levels: {level} is not in [1, {most}], the levels recorded")
    depth = tables.depth.assign(depth_lots=tables.depth["bid_lots"] + tables.depth["ask_lots"])
    parts = []
    for level in wanted:
        of_moment = depth[depth["level"] <= level].groupby(_MOMENT)["depth_lots"].sum()
        parts.append(of_moment.reset_index().assign(level=level))
    return pd.concat(parts, ignore_index=True)


def book_slopes(tables: LiquidityTables) -> pd.DataFrame:
    """Return the slope of each book at each moment of ``depth``: lots that a tick more of price finds.

    Lots up to each level are fitted by a straight line to its distance from the mid, each side apart; the
    slope is the mean of the two sides. (Naes and Skjeltorp 2006 take elasticities of the same curve.)

    Returns
    -------
    DataFrame
        One row a run, month and moment: ``slope_lots_per_tick``, NaN where a side has fewer than two levels.
    """
    if tables.depth is None or tables.depth.empty:
        return pd.DataFrame(columns=[*_MOMENT, "slope_lots_per_tick"])
    depth = tables.depth.sort_values([*_MOMENT, "level"], ignore_index=True)
    slopes = []
    for side, sign in (("bid", -1.0), ("ask", 1.0)):
        distance = sign * depth[f"{side}_ticks"].astype(float)  # its origin does not matter to a slope
        lots = depth.groupby(_MOMENT)[f"{side}_lots"].cumsum().where(distance.notna()).astype(float)
        slopes.append(_slope_by_moment(depth[_MOMENT], distance, lots))
    # NaN where a side has none: half a book has no slope.
    mean = ((slopes[0] + slopes[1]) / 2.0).rename("slope_lots_per_tick")
    return pd.DataFrame(mean).reset_index()


def _slope_by_moment(moments: pd.DataFrame, distance: pd.Series, lots: pd.Series) -> pd.Series:
    keys = [moments[name] for name in _MOMENT]
    far = distance - distance.groupby(keys).transform("mean")
    more = lots - lots.groupby(keys).transform("mean")
    square = (far**2).groupby(keys).sum()
    slope: pd.Series = (far * more).groupby(keys).sum() / square.where(square > 0.0)
    return slope


def _signed_lots(tables: LiquidityTables) -> pd.Series:
    trades, quotes = tables.trades, tables.quotes
    own = trades[trades["spread_months"] == 0]
    keys = ["run", "month", "day", "round"]
    flow = (own["lots"] * own["aggressor_side"]).groupby([own[key] for key in keys]).sum()
    found = flow.reindex(pd.MultiIndex.from_frame(quotes[keys])).to_numpy(dtype=np.float64)
    return pd.Series(np.nan_to_num(found), index=quotes.index)


def incoming_prices(tables: LiquidityTables) -> pd.DataFrame:
    """Return the mean price that each incoming order paid, in order; auctions and spread legs left out.

    Returns
    -------
    DataFrame
        One row an order, month and round: ``price_ticks``. An order that eats through many resting ones is
        one price, else its own walk up the book would look like a trend.
    """
    trades = tables.trades
    own = trades[(trades["aggressor_side"] != 0) & (trades["spread_months"] == 0)]
    keys = [*_MOMENT, "taker_order_id"]
    value = own[keys].assign(value=own["price_ticks"] * own["lots"], lots=own["lots"])
    sums = value.groupby(keys, sort=False, as_index=False).sum()
    return sums.assign(price_ticks=sums["value"] / sums["lots"]).drop(columns=["value", "lots"])


def daily_prices(tables: LiquidityTables) -> pd.DataFrame:
    """Return high, low and last price of each month's trades by day; auctions and spread legs left out."""
    trades = tables.trades
    own = trades[(trades["aggressor_side"] != 0) & (trades["spread_months"] == 0)]
    keys = ["run", "month", "day", "tenor"]
    prices = own.groupby(keys)["price_ticks"].agg(["max", "min", "last"]).reset_index()
    return prices.rename(columns={"max": "high_ticks", "min": "low_ticks", "last": "close_ticks"})
