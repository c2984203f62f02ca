"""Flat margin: a rate of notional by tenor bucket, with no offset between months."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from abm.clearing.margin_models.confidence import empirical_quantile, period_scale
from abm.clearing.margin_models.interface import Digest, MarginBasis, MarginDay
from abm.clearing.margin_models.requirement import gross_usd_micro
from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray, IntArray
from abm.core.errors import ParameterError
from abm.core.money import BPS, scale_up


class FlatMargin:
    """Margin is a fixed rate of notional, by tenor bucket, with no offset between months.

    Parameters
    ----------
    basis : MarginBasis
        Contract; the history is not used.
    buckets : sequence of (max_tenor, rate_bps)
        Rate in basis points of notional for tenors up to ``max_tenor``; ascending. The last bucket also
        covers every longer tenor. ``calibrated_buckets`` finds rates for a confidence and a margin period.

    Raises
    ------
    ParameterError
        If there is no bucket, the tenors do not ascend, or a rate is not positive.
    """

    def __init__(self, basis: MarginBasis, *, buckets: Sequence[tuple[int, int]]) -> None:
        tenors = [whole_number("margin.buckets", max_tenor) for max_tenor, _ in buckets]
        rates = [whole_number("margin.buckets", rate_bps) for _, rate_bps in buckets]
        if not tenors or any(later <= earlier for earlier, later in pairwise(tenors)):
            raise ParameterError(f"margin.buckets: tenors {tenors} are not one or more ascending numbers")
        if min(rates) <= 0:
            raise ParameterError(f"margin.buckets: rates {rates} are not all > 0 basis points")
        self._basis = basis
        self._max_tenor = np.array(tenors, dtype=np.int64)
        self._rate_bps = np.array(rates, dtype=np.int64)
        self._per_lot: IntArray | None = None

    def observe(self, day: MarginDay) -> None:
        """Value one lot at the settlement price, at no less than the floor price."""
        bucket = np.minimum(np.searchsorted(self._max_tenor, day.tenor), len(self._rate_bps) - 1)
        rate = self._rate_bps[bucket] * day.remaining_share_bps
        self._per_lot = scale_up(self._basis.notional_usd_micro(day), rate, BPS * BPS)

    def per_lot_usd_micro(self) -> IntArray:
        """Return ``ceil(max(|price|, floor) x tick value x rate x remaining share)`` by slot."""
        assert self._per_lot is not None, "no settlement has been observed"
        return self._per_lot.copy()

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the sum over months of absolute lots times margin per lot."""
        return gross_usd_micro(position_lots, self.per_lot_usd_micro())

    def update_digest(self, digest: Digest) -> None:
        """Feed the margin per lot into a running hash."""
        digest.update(b"" if self._per_lot is None else self._per_lot.tobytes())


def calibrated_buckets(
    history: FloatArray, max_tenors: Sequence[int], *, confidence: float, mpor_days: int
) -> list[tuple[int, int]]:
    """Return flat rates that would have covered a share of the absolute moves of each bucket.

    Parameters
    ----------
    history : array of float, shape (days, tenors)
        Relative daily moves.
    max_tenors : sequence of int
        Longest tenor of each bucket, ascending.
    confidence : float
        Share of all days and tenors of the bucket to cover, long and short alike.
    mpor_days : int
        Margin period of risk; daily moves grow with its square root.

    Returns
    -------
    list of (max_tenor, rate_bps)
        For ``FlatMargin``; rates rounded up, at least one basis point.

    Raises
    ------
    ParameterError
        If a bucket has no moves, or confidence or margin period are outside their domains.
    """
    buckets, first = [], 0
    for max_tenor in max_tenors:
        moves = np.abs(history[:, first : max_tenor + 1]).reshape(1, -1)
        if moves.size == 0:
            raise ParameterError(
                f"margin.bucket_tenors: no move for tenors {first}..{max_tenor} in the history"
            )
        rate = float(empirical_quantile(moves, confidence)[0]) * period_scale(mpor_days)
        buckets.append((max_tenor, max(1, math.ceil(round(rate * BPS, 6)))))
        first = max_tenor + 1
    return buckets
