"""What every trader sees at the start of a round: one snapshot, the same for all.

``MONTH_DTYPE`` rows are in tenor order (row 0 is the front month, which is in delivery); compiled decision
kernels read the rows directly, a custom agent reads them through ``MarketView``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import row_number
from abm.core.orders import NO_PRICE, TradingPhase

MONTH_DTYPE = np.dtype(
    [
        ("month", np.int64),
        ("slot", np.int64),
        ("best_bid_ticks", np.int64),
        ("best_ask_ticks", np.int64),
        ("bid_lots", np.int64),
        ("ask_lots", np.int64),
        ("last_trade_ticks", np.int64),
        ("settlement_ticks", np.int64),
        ("low_ticks", np.int64),
        ("high_ticks", np.int64),
        ("phase", np.int64),
        ("indicative_ticks", np.int64),
        ("reference_ticks", np.float64),
        ("model_ticks", np.float64),
        ("scale_ticks", np.float64),
        ("volatility_per_day", np.float64),
    ],
    align=True,
)
"""One listed month. Missing prices are ``NO_PRICE``. ``settlement_ticks`` is yesterday's; ``phase`` is a
``TradingPhase``; ``indicative_ticks`` the price of an auction if it ended now; ``reference_ticks`` the mid
price, else that price, else the last trade, else the model; ``model_ticks`` the average-price forward implied
by today's fixing; ``scale_ticks`` max(|model|, 100 ticks), by which relative distances are measured so that
prices may be zero or negative; ``volatility_per_day`` the relative daily volatility seen in settlements."""

PUBLIC_TRADE_DTYPE = np.dtype(
    [
        ("day", np.int64),
        ("round", np.int64),
        ("month", np.int64),
        ("price_ticks", np.int64),
        ("lots", np.int64),
        ("aggressor_side", np.int64),
        ("spread_months", np.int64),
    ],
    align=True,
)
"""One trade as the market publishes it: nobody's name; ``aggressor_side`` is 0 in an auction;
``spread_months`` is not 0 for a leg of a calendar spread, whose price says nothing of its month."""


SPREAD_DTYPE = np.dtype(
    [
        ("month", np.int64),
        ("spread_months", np.int64),
        ("tenor", np.int64),
        ("best_bid_ticks", np.int64),
        ("best_ask_ticks", np.int64),
        ("bid_lots", np.int64),
        ("ask_lots", np.int64),
    ],
    align=True,
)
"""One listed calendar spread: ``month``, at ``tenor``, against the month ``spread_months`` later. Its price
is near minus far, in ticks, and may be negative; where implied orders trade, the better of the spread's own
book and what its legs imply stands. Missing prices are ``NO_PRICE``."""

NO_SPREADS: NDArray[Any] = np.zeros(0, dtype=SPREAD_DTYPE)
"""What there is to see where no spread is listed."""


class Depth(NamedTuple):
    """Best price levels of one month, best first; lots are those that show."""

    bid_ticks: NDArray[np.int64]
    bid_lots: NDArray[np.int64]
    ask_ticks: NDArray[np.int64]
    ask_lots: NDArray[np.int64]


@dataclass(slots=True)
class MarketView:
    """The public state of the market at the start of a round, or as old as market data are.

    A ``tenor`` counts months from the front month, which is 0; a month that is not listed raises
    ``ParameterError``.

    Attributes
    ----------
    day, round : int
        Trading day and round of the day, from zero; days of a warm-up are negative.
    day_share : float
        Length of a round as a share of the trading day.
    index_usd : float
        Today's fixing of the Token Price Index, USD per mSIT.
    months : structured array, shape (listed months,)
        Rows of ``MONTH_DTYPE`` in tenor order.
    read_trades : callable
        Gives the latest trades; see :attr:`trades`.
    read_depth : callable
        Gives the ``Depth`` of a tenor; see :meth:`depth`.
    read_spreads : callable
        Gives the quotes of calendar spreads; see :attr:`spreads`.
    """

    day: int
    round: int
    day_share: float
    index_usd: float
    months: NDArray[Any]
    read_trades: Callable[[], NDArray[Any]]
    read_depth: Callable[[int], Depth]
    read_spreads: Callable[[], NDArray[Any]]

    def best_bid_ticks(self, tenor: int = 0) -> int | None:
        """Return the best bid of a month in ticks, ``None`` if nobody bids."""
        return _price_or_none(self.months["best_bid_ticks"][self._row(tenor)])

    def best_ask_ticks(self, tenor: int = 0) -> int | None:
        """Return the best ask of a month in ticks, ``None`` if nobody offers."""
        return _price_or_none(self.months["best_ask_ticks"][self._row(tenor)])

    def last_trade_ticks(self, tenor: int = 0) -> int | None:
        """Return today's last trade price in ticks, ``None`` before the first trade."""
        return _price_or_none(self.months["last_trade_ticks"][self._row(tenor)])

    def mid_ticks(self, tenor: int = 0) -> float:
        """Return the mid price in ticks, else an auction's indicative price, the last trade, the model."""
        return float(self.months["reference_ticks"][self._row(tenor)])

    @property
    def trades(self) -> NDArray[Any]:
        """Latest trades of today, rows of ``PUBLIC_TRADE_DTYPE``, the newest last; read-only."""
        return self.read_trades()

    @property
    def spreads(self) -> NDArray[Any]:
        """Best prices of the listed calendar spreads, rows of ``SPREAD_DTYPE``, by length, then tenor."""
        return self.read_spreads()

    def depth(self, tenor: int = 0) -> Depth:
        """Return the best price levels of a month, as many as the venue publishes; none in an auction."""
        return self.read_depth(self._row(tenor))

    def phase(self, tenor: int = 0) -> TradingPhase:
        """Return whether a month trades continuously, collects orders for an auction, or is halted."""
        return TradingPhase(int(self.months["phase"][self._row(tenor)]))

    def indicative_ticks(self, tenor: int = 0) -> int | None:
        """Return the price of a month's auction if it ended now, ``None`` if nothing would trade."""
        return _price_or_none(self.months["indicative_ticks"][self._row(tenor)])

    def model_ticks(self, tenor: int = 0) -> float:
        """Return the average-price forward implied by today's fixing, in ticks."""
        return float(self.months["model_ticks"][self._row(tenor)])

    def settlement_ticks(self, tenor: int = 0) -> int:
        """Return yesterday's settlement price in ticks."""
        return int(self.months["settlement_ticks"][self._row(tenor)])

    def _row(self, tenor: int) -> int:
        return row_number("tenor", tenor, len(self.months))


def _price_or_none(ticks: np.int64) -> int | None:
    return None if ticks == NO_PRICE else int(ticks)
