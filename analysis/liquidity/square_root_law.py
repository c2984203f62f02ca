"""The square-root law: an order of size Q moves the price by I = Y sigma sqrt(Q / V).

V is the volume and sigma the volatility of the day, Y is about one in markets of every kind (Toth et al.,
Anomalous price impact and the critical nature of liquidity in financial markets, Physical Review X 1, 2011).
Both Y and the exponent are fitted; shares have also been found to have .6 (Almgren, Thum, Hauptmann and Li,
Direct estimation of equity market impact, Risk, 2005).

A run folder does not say which orders are parts of one parent order, but whose they are: a parent order is
taken to be all that one account took from one month on one day, if it was all of one side.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from abm.core.arrays import FloatArray

from .estimators import equally_long, one_dimensional
from .gathering import LiquidityTables

EXPONENTS: FloatArray = np.arange(1, 101) / 50.0
"""Exponents that are tried, .02 to 2; between the best and its neighbours a parabola finds the least."""
LEAST_ORDERS = 3
"""Orders that two numbers are fitted to."""
FEW_ORDERS = f"fewer than {LEAST_ORDERS} parent orders"
AGAINST = "orders do not move the price their way"
ONE_SIZE = "every order is the same share of the volume"
NO_EXPONENT = "no exponent between 0.02 and 2 fits best"
_COLUMNS = ["run", "day", "month", "tenor", "account", "side", "lots", "volume_share", "impact"]


class SquareRootLaw(NamedTuple):
    """What was fitted.

    Attributes
    ----------
    prefactor : float
        Y at the exponent one half.
    exponent, free_prefactor : float
        The exponent that fits best, and Y at it.
    orders : int
        Fitted to.
    reason, exponent_reason : str
        Why the prefactor, or the exponent and its prefactor, are NaN; empty otherwise.
    """

    prefactor: float
    exponent: float
    free_prefactor: float
    orders: int
    reason: str = ""
    exponent_reason: str = ""


def fit_square_root_law(impact: ArrayLike, volume_share: ArrayLike) -> SquareRootLaw:
    """Fit impact = Y x share^exponent by least squares, with the exponent free and at one half.

    Parameters
    ----------
    impact : array of float, shape (orders,)
        How far the price went the order's way from before its first trade to after its last, in units of
        the volatility of a day. Pairs with a NaN are left out.
    volume_share : array of float, shape (orders,)
        Size of the order over the volume of the day, above zero.
    """
    moved, share = one_dimensional("impact", impact), one_dimensional("volume_share", volume_share)
    equally_long("volume_share", share, moved)
    known = np.isfinite(moved) & np.isfinite(share) & (share > 0.0)
    return law_of_sums(sums_of_orders(moved[known], share[known]).sum(axis=0))


def sums_of_orders(impact: FloatArray, volume_share: FloatArray) -> FloatArray:
    """Return what the fit adds up, one row an order.

    Returns
    -------
    array of float, shape (orders, 3 + 2 x exponents)
        One, the share's logarithm and its square; the impact times the share to each exponent; the share to
        twice each exponent.
    """
    log = np.log(volume_share)[:, None]
    powers = np.exp(log * EXPONENTS)
    return np.hstack([np.ones_like(log), log, log**2, impact[:, None] * powers, powers**2])


def law_of_sums(sums: FloatArray) -> SquareRootLaw:
    """Return the law that fits the orders of these sums."""
    orders, log, log_square = int(sums[0]), float(sums[1]), float(sums[2])
    if orders < LEAST_ORDERS:
        return SquareRootLaw(math.nan, math.nan, math.nan, orders, FEW_ORDERS, FEW_ORDERS)
    product, square = np.split(sums[3:], 2)
    at_half = int(np.flatnonzero(EXPONENTS == 0.5)[0])
    prefactor = float(product[at_half] / square[at_half])
    plain = SquareRootLaw(prefactor, math.nan, math.nan, orders)
    if log_square / orders - (log / orders) ** 2 <= 1e-12:
        return plain._replace(exponent_reason=ONE_SIZE)
    explained = np.where(product > 0.0, product**2 / square, 0.0)
    best = int(explained.argmax())
    if explained[best] == 0.0:
        return plain._replace(exponent_reason=AGAINST)
    if best in (0, len(EXPONENTS) - 1):
        return plain._replace(exponent_reason=NO_EXPONENT)
    left, top, right = explained[best - 1 : best + 2]
    bend = left - 2.0 * top + right
    shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    step = EXPONENTS[1] - EXPONENTS[0]
    # Between two exponents of the grid Y grows by a constant factor, near enough.
    near = best + (1 if shift > 0.0 else -1)
    log_y = np.log([product[best] / square[best], max(product[near], 1e-300) / square[near]])
    free = float(np.exp(log_y[0] + abs(shift) * (log_y[1] - log_y[0])))
    return plain._replace(exponent=float(EXPONENTS[best] + shift * step), free_prefactor=free)


def parent_orders(tables: LiquidityTables) -> pd.DataFrame:
    """Return what each account took from a month on a day, all of one side, and how far the mid moved.

    Auctions and legs of calendar spreads are left out. The volatility that the impact is a multiple of is
    that of the month's mid within the day, root of its mean sum of squared changes from round to round at
    that tenor of the run: a parent order here ends with the day, and the night would be most of a whole
    day's.

    Returns
    -------
    DataFrame
        One row an order: ``run``, ``day``, ``month``, ``tenor``, ``account``, ``side``, ``lots``,
        ``volume_share`` (of all lots taken from the month that day) and ``impact``, from before the round of
        its first trade to after the round of its last one, over the volatility; NaN without a mid or where
        the mid never moved.
    """
    trades = tables.trades
    own = trades[(trades["aggressor_side"] != 0) & (trades["spread_months"] == 0)]
    if own.empty:
        return pd.DataFrame(columns=_COLUMNS, dtype=float)
    account = own["buyer"].where(own["aggressor_side"] > 0, own["seller"])
    own = own.assign(account=account).sort_values(["run", "day", "round"], kind="stable")
    month = ["run", "day", "month", "tenor"]
    keys = [*month, "account"]
    sums = own.groupby(keys).agg(side=("aggressor_side", "mean"), lots=("lots", "sum"))
    first, last = own.drop_duplicates(keys), own.drop_duplicates(keys, keep="last")
    sums["before"] = first.set_index(keys)["mid_before_ticks"].astype(float)
    sums["after"] = last.set_index(keys)["mid_after_ticks"].astype(float)
    orders = sums.reset_index()
    orders = orders[orders["side"].abs() == 1.0]
    volume = own.groupby(month)["lots"].sum()
    of_month = volume.reindex(pd.MultiIndex.from_frame(orders[month])).to_numpy(dtype=np.float64)
    moved = orders["side"] * (orders["after"] - orders["before"])
    scale = _volatility_within_days(tables).reindex(pd.MultiIndex.from_frame(orders[["run", "tenor"]]))
    known = orders.assign(volume_share=orders["lots"] / of_month, impact=moved / scale.to_numpy())
    return known[_COLUMNS].reset_index(drop=True)


def _volatility_within_days(tables: LiquidityTables) -> pd.Series:
    """Return the volatility of the mid within a day in ticks, by run and tenor; NaN where it never moved."""
    quotes = tables.quotes
    change = quotes["mid_ticks"].groupby([quotes["run"], quotes["month"], quotes["day"]]).diff()
    square = change.pow(2).groupby([quotes["run"], quotes["tenor"], quotes["day"]]).sum(min_count=1)
    root: pd.Series = np.sqrt(square.groupby(level=[0, 1]).mean())
    return root.where(root > 0.0)
