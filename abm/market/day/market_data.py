"""What the venue publishes: top of book, depth to some levels, latest trades, as old as the rules make it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.view import NO_SPREADS, PUBLIC_TRADE_DTYPE, Depth, MarketView
from abm.core.orders import NO_PRICE, TradingPhase
from abm.exchange import Exchange
from abm.market.day.spread_quotes import spread_quotes, without_auctions

_AUCTION = int(TradingPhase.AUCTION)
_NO_TICKS: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
_NO_DEPTH = Depth(_NO_TICKS, _NO_TICKS, _NO_TICKS, _NO_TICKS)
_MARKET_FIELDS = (
    "best_bid_ticks",
    "best_ask_ticks",
    "bid_lots",
    "ask_lots",
    "last_trade_ticks",
    "indicative_ticks",
    "reference_ticks",
)
"""Fields of a public row that age; limits, settlement, phase and model value are announced at once."""

_NO_QUOTES = {"best_bid_ticks": NO_PRICE, "best_ask_ticks": NO_PRICE, "bid_lots": 0, "ask_lots": 0}


class _Tape(NamedTuple):
    """Rounds of trades, the newest last; put into their public form only when somebody looks."""

    rounds: tuple[tuple[int, int, NDArray[Any]], ...]
    shown: int

    def public(self) -> NDArray[Any]:
        """Return the latest trades, rows of ``PUBLIC_TRADE_DTYPE``, read-only."""
        tape: NDArray[Any] = np.zeros(
            sum(len(trades) for *_, trades in self.rounds), dtype=PUBLIC_TRADE_DTYPE
        )
        first = 0
        for day, round_of_day, trades in self.rounds:
            rows = tape[first : first + len(trades)]
            rows["day"], rows["round"] = day, round_of_day
            for name in ("month", "price_ticks", "lots", "aggressor_side", "spread_months"):
                rows[name] = trades[name]
            first += len(trades)
        tape = tape[max(0, first - self.shown) :]
        tape.flags.writeable = False
        return tape


_NO_TRADES = _Tape((), 0)


class _Snapshot(NamedTuple):
    day: int
    round_of_day: int
    months: NDArray[Any]
    trades: _Tape
    depths: list[Depth]
    spreads: NDArray[Any]


class MarketDataFeed:
    """Builds the view that every trader gets at the start of a round.

    Parameters
    ----------
    exchange : Exchange
        Where depth is read.
    depth_levels : int
        Price levels that are published on each side.
    trades_shown : int
        Latest trades that are published.
    delay_rounds : int
        Age of books and trades in rounds; at the open nothing is older than the open. However old it is, of
        a month that is in an auction now no quote is shown.
    """

    def __init__(
        self, exchange: Exchange, *, depth_levels: int, trades_shown: int, delay_rounds: int
    ) -> None:
        self._exchange = exchange
        self._depth_levels = depth_levels
        self._trades_shown = trades_shown
        self._delay_rounds = delay_rounds
        self._today: int | None = None
        self._trades = _NO_TRADES
        self._waiting: deque[_Snapshot] = deque()

    def open_day(self, day: int) -> None:
        """Forget yesterday's trades and snapshots."""
        self._today = day
        self._trades = _NO_TRADES
        self._waiting.clear()

    def publish(self, trades: NDArray[Any], *, day: int, round_of_day: int) -> None:
        """Take in the trades of a round."""
        if self._trades_shown == 0 or len(trades) == 0:
            return
        rounds = (*self._trades.rounds, (day, round_of_day, trades[-self._trades_shown :].copy()))
        while sum(len(later) for _, _, later in rounds[1:]) >= self._trades_shown:
            rounds = rounds[1:]
        self._trades = _Tape(rounds, self._trades_shown)

    def view(
        self, months: NDArray[Any], *, day: int, round_of_day: int, day_share: float, index_usd: float
    ) -> MarketView:
        """Return the view of a round; a second look in the same round stands in place of the first.

        Between the close of a day and the next open there is neither depth nor trade to see.

        Parameters
        ----------
        months : structured array
            ``MONTH_DTYPE`` rows as of now, in tenor order; the view has a copy.
        """
        months, trades = months.copy(), self._trades
        read_depth: Callable[[int], Depth] = partial(self._depth_of, months)
        read_spreads: Callable[[], NDArray[Any]] = partial(spread_quotes, self._exchange, months)
        if day != self._today:
            trades, read_depth, read_spreads = _NO_TRADES, _depth_of_nothing, _no_spreads
        elif self._delay_rounds > 0:
            depths = [read_depth(tenor) for tenor in range(len(months))]
            self._keep(_Snapshot(day, round_of_day, months.copy(), trades, depths, read_spreads()))
            seen = self._waiting[0]
            for name in _MARKET_FIELDS:
                months[name] = seen.months[name]
            # Everybody knows of an auction that is on, and that there is nothing to trade with at once.
            in_auction = months["phase"] == _AUCTION
            for name, nothing in _NO_QUOTES.items():
                months[name][in_auction] = nothing
            trades, read_depth = seen.trades, partial(_old_depth, months, seen.depths)
            read_spreads = partial(without_auctions, seen.spreads, months)
        return MarketView(
            day=day,
            round=round_of_day,
            day_share=day_share,
            index_usd=index_usd,
            months=months,
            read_trades=trades.public,
            read_depth=read_depth,
            read_spreads=read_spreads,
        )

    def update_digest(self, digest: Any) -> None:
        """Feed what traders have yet to see into the state hash."""
        for seen in self._waiting:
            digest.update(seen.months.tobytes() + seen.trades.public().tobytes() + seen.spreads.tobytes())
            for depth in seen.depths:
                digest.update(b"".join(side.tobytes() for side in depth))
        digest.update(self._trades.public().tobytes())

    def _keep(self, snapshot: _Snapshot) -> None:
        """Put a snapshot last in line and drop the one that is older than the delay."""
        if self._waiting and self._waiting[-1][:2] == snapshot[:2]:
            self._waiting.pop()
        self._waiting.append(snapshot)
        if len(self._waiting) > self._delay_rounds + 1:
            self._waiting.popleft()

    def _depth_of(self, months: NDArray[Any], tenor: int) -> Depth:
        """Read a month's book now; an auction shows nothing but its indicative price."""
        if months["phase"][tenor] == _AUCTION:
            return _NO_DEPTH
        return Depth(*self._exchange.depth(int(months["month"][tenor]), self._depth_levels))


def _depth_of_nothing(tenor: int) -> Depth:
    return _NO_DEPTH


def _no_spreads() -> NDArray[Any]:
    return NO_SPREADS


def _old_depth(months: NDArray[Any], depths: list[Depth], tenor: int) -> Depth:
    return _NO_DEPTH if months["phase"][tenor] == _AUCTION else depths[tenor]
