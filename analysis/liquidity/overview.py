"""What the report says of liquidity: costs in shares of the mid and depth, by tenor and over the day."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from .books import depth_at_levels, order_flow
from .conditions import UNKNOWN, part_of_day
from .gathering import LiquidityTables
from .trading_costs import PARTS, mean_costs, trade_costs

PARTS_OF_DAY = 8
LEVELS = (1, 5)
HORIZON_DAYS = 1.0


class LiquidityOverview(NamedTuple):
    """Means of a run, each with the columns ``quoted``, ``effective``, ``realised``, ``impact``, ``trades``.

    Costs are shares of the mid, realised spread and impact after a day, over the same trades.

    Attributes
    ----------
    by_tenor : DataFrame
        By months to delivery; also ``depth_1`` and ``depth_5``, lots within so many price levels a side.
    by_part : DataFrame
        By eighth of the day, from 0, all months together.
    """

    by_tenor: pd.DataFrame
    by_part: pd.DataFrame


def liquidity_overview(tables: LiquidityTables) -> LiquidityOverview:
    """Return what the report says of the liquidity of a run."""
    quotes = order_flow(tables)
    quotes["quoted"] = quotes["spread_ticks"] / quotes["mid_ticks"].where(quotes["mid_ticks"] > 0.0)
    quotes["part_of_day"] = part_of_day(quotes["round"], tables.rounds_per_day, PARTS_OF_DAY)
    # Nothing here is by regime: to find turbulent days would take as long as all the rest.
    no_regimes = tables.quotes[["run", "day"]].drop_duplicates().assign(regime=UNKNOWN)
    costs = trade_costs(tables, [HORIZON_DAYS], parts_of_day=PARTS_OF_DAY, regimes=no_regimes)
    by_tenor, by_part = (_costs_by(key, quotes, costs) for key in ("tenor", "part_of_day"))
    depth = depth_at_levels(tables, LEVELS if tables.depth is not None else ())
    for level in LEVELS:
        own = depth[depth["level"] == level]
        by_tenor[f"depth_{level}"] = own.groupby("tenor")["depth_lots"].mean().reindex(by_tenor.index)
    return LiquidityOverview(by_tenor, by_part)


def _costs_by(key: str, quotes: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    found = pd.DataFrame({"quoted": quotes.groupby(key)["quoted"].mean()})
    means = mean_costs(costs, key).set_index(key).reindex(found.index)
    for part in PARTS:
        found[part] = means[f"{part}_share"]
    return found.assign(trades=means["trades"].fillna(0).astype(int))
