"""How one-sided the flow of incoming orders is: VPIN over buckets of equal volume.

The clock of Easley, Lopez de Prado and O'Hara (Flow toxicity and liquidity in a high-frequency world, Review
of Financial Studies 25, 2012) is volume: lots bought and sold fill one bucket after the other. They have to
guess from prices who took; a run folder knows it. A bucket of few orders is one-sided by chance (Andersen and
Bondarenko, VPIN and the flash crash, Journal of Financial Markets 17, 2014), so that beside the number stands
that of the same orders in shuffled order.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import finite_number, whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.core.randomness import RandomStreams

from .estimators import Estimate, equally_long, one_dimensional
from .gathering import LiquidityTables

BUCKETS_PER_DAY = 10
"""The authors take 50 of a busier future; a month here has some hundred orders a day (judgement)."""
SHUFFLES = 20
"""Shuffles that the number by chance is a mean of."""
_COLUMNS = ["run", "day", "round", "month", "tenor", "imbalance_share", "shuffled_share"]


class VolumeBuckets(NamedTuple):
    """Full buckets of one series.

    Attributes
    ----------
    imbalance_share : array of float, shape (buckets,)
        Lots bought less lots sold, without sign, over the size of the bucket.
    last_order : array of int64, shape (buckets,)
        Position of the order that filled each.
    """

    imbalance_share: FloatArray
    last_order: NDArray[np.int64]


def fill_buckets(signed_lots: ArrayLike, bucket_lots: float) -> VolumeBuckets:
    """Return how one-sided each bucket of equal volume is; the last one, not full, is left out.

    Parameters
    ----------
    signed_lots : array of float, shape (orders,)
        Lots of each incoming order in turn, those sold below zero. An order larger than what a bucket has
        room for goes on in the next.
    bucket_lots : float
        Size of a bucket, above zero.
    """
    signed = one_dimensional("signed_lots", signed_lots)
    size = finite_number("bucket_lots", bucket_lots, above=0.0)
    if not np.isfinite(signed).all():
        raise ParameterError(
            f"signed_lots: {int((~np.isfinite(signed)).sum())} of {len(signed)} are not finite"
        )
    volume = np.append(0.0, np.abs(signed).cumsum())
    ends = size * np.arange(1, math.floor(volume[-1] / size * (1.0 + 1e-12)) + 1)
    bought_less_sold = np.interp(np.append(0.0, ends), volume, np.append(0.0, signed.cumsum()))
    last = np.searchsorted(volume[1:], ends * (1.0 - 1e-12))
    return VolumeBuckets(np.abs(np.diff(bought_less_sold)) / size, last.astype(np.int64))


def vpin(signed_lots: ArrayLike, bucket_lots: float, series: ArrayLike | None = None) -> Estimate:
    """Return the mean imbalance of buckets of equal volume: sum of abs(bought - sold) over volume.

    Parameters
    ----------
    signed_lots : array of float, shape (orders,)
        Lots of each incoming order in turn, those sold below zero.
    bucket_lots : float
        Size of a bucket. 0 is a balanced flow, 1 one of a single side. Orders of one lot and of a side by
        chance have about sqrt(2 / (pi x bucket_lots)).
    series : array, shape (orders,), optional
        Which series each order belongs to: a bucket holds orders of one.

    Returns
    -------
    Estimate
        NaN where no bucket is full.
    """
    signed = one_dimensional("signed_lots", signed_lots)
    of_series = np.zeros(len(signed)) if series is None else np.asarray(series)
    equally_long("series", of_series, signed)
    filled = [fill_buckets(signed[of_series == each], bucket_lots) for each in np.unique(of_series)]
    shares = np.concatenate([np.empty(0), *(buckets.imbalance_share for buckets in filled)])
    if not len(shares):
        finite_number("bucket_lots", bucket_lots, above=0.0)
        return Estimate(math.nan, 0, NOT_FULL)
    return Estimate(float(shares.mean()), len(shares))


NOT_FULL = "no full bucket of volume"


def volume_buckets(
    tables: LiquidityTables, buckets_per_day: int = BUCKETS_PER_DAY, *, seed: int = 1
) -> pd.DataFrame:
    """Return the buckets of each month while it is at one tenor, which has one size of bucket.

    The size is the mean volume of a day at that tenor over ``buckets_per_day``. Auctions, which nobody takes
    from, and legs of calendar spreads are left out.

    Parameters
    ----------
    tables : LiquidityTables
        Of one run or several.
    buckets_per_day : int
        Of a mean day.
    seed : int
        Of the shuffles.

    Returns
    -------
    DataFrame
        One row a bucket, placed where it was filled: ``run``, ``day``, ``round``, ``month``, ``tenor``,
        ``imbalance_share``, and ``shuffled_share``, the mean over the buckets of the same series with its
        orders in random order.
    """
    number = whole_number("buckets_per_day", buckets_per_day, least=1)
    streams = RandomStreams(seed)
    orders = _orders(tables)
    series = ["run", "month", "tenor"]
    listed = pd.concat([tables.quotes, orders])[[*series, "day"]].drop_duplicates().groupby(series).size()
    orders["days"] = listed.reindex(pd.MultiIndex.from_frame(orders[series])).to_numpy()
    parts = []
    for _, own in orders.groupby(series):
        # Named by month and tenor: what other runs there are changes nothing.
        place = (int(own["month"].iloc[0]), int(own["tenor"].iloc[0]))
        rng = streams.generator("analysis", "volume buckets", *place)
        signed = own["signed_lots"].to_numpy(dtype=np.float64)
        size = float(np.abs(signed).sum()) / float(own["days"].iloc[0]) / number
        buckets = fill_buckets(signed, size)
        again = (fill_buckets(rng.permutation(signed), size) for _ in range(SHUFFLES))
        shuffled = [each.imbalance_share.mean() for each in again]
        placed = own.iloc[buckets.last_order][["run", "day", "round", "month", "tenor"]]
        parts.append(
            placed.assign(imbalance_share=buckets.imbalance_share, shuffled_share=float(np.mean(shuffled)))
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS, dtype=float)


def _orders(tables: LiquidityTables) -> pd.DataFrame:
    """Return incoming orders, in turn, with the lots that each took."""
    trades = tables.trades
    own = trades[(trades["aggressor_side"] != 0) & (trades["spread_months"] == 0)]
    keys = ["run", "day", "round", "month", "tenor", "taker_order_id"]
    signed = own[keys].assign(signed_lots=own["lots"] * own["aggressor_side"])
    orders: pd.DataFrame = signed.groupby(keys, sort=False, as_index=False)[["signed_lots"]].sum()
    return orders
