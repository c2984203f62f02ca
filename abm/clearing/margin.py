"""Initial-margin models behind one interface; the flat model is a rate of notional by tenor."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from abm.clearing.ledger import MONEY_BOUND_USD_MICRO
from abm.clearing.rounding import scale_up
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError

_BPS = 10_000


class MarginModel(Protocol):
    """What the clearing house asks of a margin model; it sees prices up to now and nothing later."""

    def per_lot_usd_micro(
        self,
        *,
        contract: ContractSpec,
        settlement_ticks: NDArray[np.int64],
        tenor: NDArray[np.int64],
        remaining_share_bps: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Return the initial margin of one outright lot per slot, micro-USD, rounded up.

        All arrays have shape (n_slots,). ``remaining_share_bps`` is the share of the month's fixings still
        to come: what is fixed already carries no risk.
        """
        ...

    def per_account_usd_micro(
        self, *, position_lots: NDArray[np.int64], per_lot_usd_micro: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the initial margin of each account, shape (n_accounts,), for its positions by slot."""
        ...


class FlatMargin:
    """Margin is a fixed rate of notional, by tenor bucket, with no offset between months.

    Parameters
    ----------
    buckets : sequence of (max_tenor, rate_bps)
        Rate in basis points of notional for tenors up to ``max_tenor``; ascending. The last bucket also
        covers every longer tenor.
    floor_price_ticks : int
        Margin is computed on at least this absolute price, so that it stays positive while a price passes
        through zero (default 100 ticks: judgement).

    Raises
    ------
    ParameterError
        If there is no bucket, the tenors do not ascend, or a rate or the floor is not positive.
    """

    def __init__(self, buckets: Sequence[tuple[int, int]], *, floor_price_ticks: int = 100) -> None:
        tenors = [max_tenor for max_tenor, _ in buckets]
        rates = [rate_bps for _, rate_bps in buckets]
        if not tenors or any(later <= earlier for earlier, later in pairwise(tenors)):
            raise ParameterError(f"margin.buckets: tenors {tenors} are not one or more ascending numbers")
        if min(rates) <= 0:
            raise ParameterError(f"margin.buckets: rates {rates} are not all > 0 basis points")
        if floor_price_ticks <= 0:
            raise ParameterError(f"margin.floor_price_ticks: {floor_price_ticks} is not > 0")
        self._max_tenor = np.array(tenors, dtype=np.int64)
        self._rate_bps = np.array(rates, dtype=np.int64)
        self._floor_price_ticks = floor_price_ticks

    def per_lot_usd_micro(
        self,
        *,
        contract: ContractSpec,
        settlement_ticks: NDArray[np.int64],
        tenor: NDArray[np.int64],
        remaining_share_bps: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Return ``ceil(max(|price|, floor) x tick value x rate x remaining share)`` per slot."""
        bucket = np.minimum(np.searchsorted(self._max_tenor, tenor), len(self._rate_bps) - 1)
        notional = (
            np.maximum(np.abs(settlement_ticks), self._floor_price_ticks) * contract.tick_value_usd_micro
        )
        return scale_up(notional, self._rate_bps[bucket] * remaining_share_bps, _BPS * _BPS)

    def per_account_usd_micro(
        self, *, position_lots: NDArray[np.int64], per_lot_usd_micro: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the sum over months of absolute lots times margin per lot."""
        gross = np.abs(position_lots)
        largest = int(gross.sum(axis=1).max(initial=0)) * int(per_lot_usd_micro.max(initial=0))
        assert largest < MONEY_BOUND_USD_MICRO, "an initial margin is near overflow"
        return gross @ per_lot_usd_micro
