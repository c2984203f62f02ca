"""Fee tiers: accounts that trade more pay less from the next day on, until the month ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import row_number, whole_number
from abm.core.arrays import IntArray
from abm.exchange import MatchResult
from abm.market.state import MarketState
from abm.market.venue.rules import MarketRule


@dataclass(frozen=True)
class FeeTier:
    """Fees from a month-to-date volume on.

    Parameters
    ----------
    from_lots : int
        Lots bought plus lots sold since the month began.
    maker_fee_usd_micro, taker_fee_usd_micro : int
        Fees a lot; negative is a rebate.
    """

    from_lots: int
    maker_fee_usd_micro: int
    taker_fee_usd_micro: int


class FeeTiers(MarketRule):
    """Fees by month-to-date volume; nobody pays more than the fees that hold without tiers.

    Parameters
    ----------
    tiers : tuple of FeeTier
        In order of volume.
    maker_fee_usd_micro, taker_fee_usd_micro, auction_fee_usd_micro : array of int64, shape (n_accounts,)
        Fees without any tier.
    """

    def __init__(
        self,
        tiers: tuple[FeeTier, ...],
        *,
        maker_fee_usd_micro: IntArray,
        taker_fee_usd_micro: IntArray,
        auction_fee_usd_micro: IntArray,
    ) -> None:
        self.tiers = tiers
        self._maker, self._taker = maker_fee_usd_micro.copy(), taker_fee_usd_micro
        self._auction = auction_fee_usd_micro
        self._month_lots: IntArray = np.zeros(len(maker_fee_usd_micro), dtype=np.int64)

    def after_matching(self, market: MarketState, batch: NDArray[Any], result: MatchResult) -> None:
        """Count the round's lots of every account."""
        for side in ("buyer", "seller"):
            np.add.at(self._month_lots, result.trades[side], result.trades["lots"])

    def close_day(self, market: MarketState) -> None:
        """Set the fees of the next day; a new month starts without volume."""
        if market.clock.calendar.is_last_day_of_month(market.clock.day):
            self._month_lots[:] = 0
        maker, taker = self._maker, self._taker
        for tier in self.tiers:
            reached = self._month_lots >= tier.from_lots
            maker = np.where(reached, np.minimum(maker, tier.maker_fee_usd_micro), maker)
            taker = np.where(reached, np.minimum(taker, tier.taker_fee_usd_micro), taker)
        market.clearing.set_fees(
            maker_fee_usd_micro=maker,
            taker_fee_usd_micro=taker,
            auction_fee_usd_micro=np.minimum(self._auction, np.maximum(maker, taker)),
        )

    def change_maker_fee(self, account: int, fee_usd_micro: int) -> None:
        """Give an account another maker fee to start from, from the next change of tiers on."""
        row = row_number("account", account, len(self._maker))
        self._maker[row] = whole_number("fee_usd_micro", fee_usd_micro)

    def update_digest(self, digest: Any) -> None:
        """Feed the month's volumes into the state hash."""
        digest.update(self._month_lots.tobytes())
