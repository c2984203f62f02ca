"""Price impact of order flow: Kyle's lambda by regression."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from abm.core.errors import ParameterError


class PriceImpact(NamedTuple):
    """How far prices move for each lot of net flow.

    Attributes
    ----------
    slope : float
        Kyle's lambda: price change per lot.
    standard_error : float
        Of the slope, for errors of one variance.
    r_squared : float
        Share of the price changes' mean square that the flow explains.
    """

    slope: float
    standard_error: float
    r_squared: float


def kyle_lambda(price_change: ArrayLike, order_flow_lots: ArrayLike) -> PriceImpact:
    """Regress price changes on net order flow through the origin (Kyle 1985: dp = lambda x flow).

    Pairs with a NaN are left out.

    Parameters
    ----------
    price_change : array of float, shape (n,)
        Change of the price over an interval, any unit of price.
    order_flow_lots : array of float, shape (n,)
        Lots bought less lots sold by those who took prices over the same interval.

    Returns
    -------
    PriceImpact
        NaN throughout with fewer than two pairs, or without flow.
    """
    change = np.asarray(price_change, dtype=np.float64)
    flow = np.asarray(order_flow_lots, dtype=np.float64)
    if change.ndim != 1 or change.shape != flow.shape:
        raise ParameterError(f"order_flow_lots: shape {flow.shape} is not that of the changes {change.shape}")
    known = np.isfinite(change) & np.isfinite(flow)
    change, flow = change[known], flow[known]
    flow_square, change_square = float(flow @ flow), float(change @ change)
    if len(flow) < 2 or flow_square == 0.0:
        return PriceImpact(math.nan, math.nan, math.nan)
    slope = float(flow @ change) / flow_square
    residual_square = float(np.square(change - slope * flow).sum())
    explained = 1.0 - residual_square / change_square if change_square > 0.0 else math.nan
    error = math.sqrt(residual_square / (len(flow) - 1) / flow_square)
    return PriceImpact(slope, error, explained)
