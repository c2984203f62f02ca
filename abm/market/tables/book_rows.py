"""Rows of trading, round by round: quotes, trades with the mids around them, and depth by level."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import IntArray
from abm.core.orders import NO_PRICE, TRADE_DTYPE, TradingPhase
from abm.exchange import Exchange, TopOfBook
from abm.exchange.all_depth import depth_by_month
from abm.recording import Recorder

DEPTH_LEVELS = 5
"""Price levels of each side that the table ``depth`` has."""
DEPTH_MOMENTS = 4
"""Moments of a day at which it is taken, where the day has as many rounds."""

_CONTINUOUS = int(TradingPhase.CONTINUOUS)

_SHOWN = ("best_bid_ticks", "best_ask_ticks", "bid_lots", "ask_lots", "last_trade_ticks", "phase")


def depth_rounds(rounds_per_day: int, moments: int = DEPTH_MOMENTS) -> tuple[int, ...]:
    """Return the rounds in the middle of some equal parts of a day: the same times of day on any clock."""
    middles = {(2 * part + 1) * rounds_per_day // (2 * moments) for part in range(moments)}
    return tuple(sorted(middles))


def mids(best_bid_ticks: IntArray, best_ask_ticks: IntArray, phase: IntArray) -> NDArray[np.float64]:
    """Return the mid of each month, NaN where a side is empty or the month not in continuous trading."""
    is_known = (best_bid_ticks != NO_PRICE) & (best_ask_ticks != NO_PRICE) & (phase == _CONTINUOUS)
    return np.where(is_known, 0.5 * best_bid_ticks + 0.5 * best_ask_ticks, np.nan)


class BookRows:
    """Gathers the rounds of a day and makes table rows of them together, when they are asked for.

    One sweep over a day takes a tenth of the time of one over each of its rounds.

    Parameters
    ----------
    recorder : Recorder
        Asks for the rows before its tables are read.
    class_names : list of str
        Class of each account.
    rounds_per_day : int
        Of the calendar.
    """

    def __init__(self, recorder: Recorder, class_names: list[str], rounds_per_day: int) -> None:
        self._recorder = recorder
        # One class more stands for no account, whose number is -1: the aggressor of an auction.
        self._class_of = np.array([*class_names, ""], dtype=np.object_)
        self._depth_rounds = depth_rounds(rounds_per_day)
        self._day, self._months, self._slots = -1, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._rounds: list[int] = []
        self._tops: list[TopOfBook] = []
        self._volumes: list[IntArray] = []
        self._trades: list[bytes] = []
        recorder.ask_before_reading(self.hand_over)

    def open_day(self, day: int, months: IntArray, slots: IntArray, top: TopOfBook) -> None:
        """Begin a day with its listed months in tenor order and the books before its first matching."""
        self.hand_over()
        self._day, self._months, self._slots = day, months.copy(), slots.copy()
        self._tops = [top]

    def add_round(
        self, round_of_day: int, trades: NDArray[Any], top: TopOfBook, volume_lots: IntArray
    ) -> None:
        """Take in what a round left: its trades, the books and the lots traded by slot."""
        self._rounds.append(round_of_day)
        self._trades.append(trades.tobytes())
        self._tops.append(top)
        self._volumes.append(volume_lots.copy())

    def hand_over(self) -> None:
        """Append the rows of the rounds gathered so far to ``quotes`` and ``trades``."""
        if not self._rounds:
            return
        trades = np.frombuffer(b"".join(self._trades), dtype=TRADE_DTYPE)
        if self._recorder.keeps("quotes"):
            self._recorder.append("quotes", **self._quotes())
        if self._recorder.keeps("trades") and len(trades) > 0:
            self._recorder.append("trades", **self._trade_rows(trades))
        self._rounds, self._trades, self._volumes = [], [], []
        del self._tops[:-1]

    def _quotes(self) -> dict[str, Any]:
        by_column = {
            name: np.array([getattr(top, name) for top in self._tops[1:]])[:, self._slots].ravel()
            for name in (
                "best_bid_ticks",
                "best_ask_ticks",
                "bid_lots",
                "ask_lots",
                "last_trade_ticks",
                "phase",
            )
        }
        listed, rounds = len(self._months), len(self._rounds)
        return by_column | {
            "day": self._day,
            "round": np.repeat(self._rounds, listed),
            "month": np.tile(self._months, rounds),
            "tenor": np.tile(self._months - self._months[0], rounds),
            "volume_lots": np.array(self._volumes)[:, self._slots].ravel(),
        }

    def _trade_rows(self, trades: NDArray[Any]) -> dict[str, Any]:
        """Return rows of ``trades``: the mids are those of the books before and after a trade's round."""
        counts = [len(of_round) // TRADE_DTYPE.itemsize for of_round in self._trades]
        row = np.repeat(np.arange(len(counts)), counts)
        parts = ("best_bid_ticks", "best_ask_ticks", "phase")
        mid = mids(*(np.array([getattr(top, name) for top in self._tops]) for name in parts))
        slots = trades["month"] % mid.shape[1]
        side = trades["aggressor_side"]
        aggressor = np.where(side > 0, trades["buyer"], np.where(side < 0, trades["seller"], -1))
        return {
            "day": self._day,
            "round": np.array(self._rounds)[row],
            "tenor": trades["month"] - self._months[0],
            **{name: trades[name] for name in trades.dtype.names or ()},
            "mid_before_ticks": mid[row, slots],
            "mid_after_ticks": mid[row + 1, slots],
            "aggressor_class": self._class_of[aggressor],
        }

    def record_depth(self, exchange: Exchange, round_of_day: int, top: TopOfBook) -> None:
        """Add the rows of ``depth`` where the round is one of its moments."""
        if round_of_day not in self._depth_rounds or not self._recorder.keeps("depth"):
            return
        tenors = np.flatnonzero(top.phase[self._slots] == _CONTINUOUS)
        months = self._months[tenors]
        depth = depth_by_month(exchange, months, DEPTH_LEVELS)
        self._recorder.append(
            "depth",
            day=self._day,
            round=round_of_day,
            moment=self._depth_rounds.index(round_of_day),
            month=np.repeat(months, DEPTH_LEVELS),
            tenor=np.repeat(tenors, DEPTH_LEVELS),
            level=np.tile(np.arange(1, DEPTH_LEVELS + 1), len(tenors)),
            **{name: part.ravel() for name, part in depth._asdict().items()},
        )
