"""What a margin model is built on, what it sees of a day, and what the clearing house asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from abm.core.arguments import whole_array, whole_number
from abm.core.arrays import FloatArray, IntArray
from abm.core.errors import ParameterError
from abm.core.money import BPS
from abm.core.orders import NO_PRICE


class Digest(Protocol):
    """A running hash."""

    def update(self, data: bytes, /) -> None:
        """Take in bytes."""
        ...


@dataclass(frozen=True, eq=False)
class MarginDay:
    """What a margin model may see of one settlement; it keeps copies of the arrays, read-only.

    Each field is an array of int64 by month slot, shape (n_slots,).

    Parameters
    ----------
    settlement_ticks : array
        Settlement price of the month that the slot holds from now on.
    tenor : array
        Its months to delivery on the coming day: each of 0 .. n_slots - 1 once.
    remaining_share_bps : array
        Share of its fixings still to come, in basis points: what is fixed already carries no risk.
    months : array
        Its absolute delivery month; another one than the day before is a newly listed month.
    volume_lots : array
        Lots traded in the slot on the day that was settled, in the month it held then.

    Raises
    ------
    ParameterError
        If the shapes differ, a price is missing or a value is outside its domain.
    """

    settlement_ticks: IntArray
    tenor: IntArray
    remaining_share_bps: IntArray
    months: IntArray
    volume_lots: IntArray

    def __post_init__(self) -> None:
        slots = (len(self.settlement_ticks),)
        for name in self.__dataclass_fields__:
            copied = whole_array(f"day.{name}", getattr(self, name)).copy()
            if copied.shape != slots:
                raise ParameterError(f"day.{name}: shape {copied.shape} is not the {slots} of the prices")
            copied.flags.writeable = False
            object.__setattr__(self, name, copied)
        if np.any(self.settlement_ticks == NO_PRICE):
            at = int(np.argmax(self.settlement_ticks == NO_PRICE))
            raise ParameterError(f"day.settlement_ticks[{at}]: NO_PRICE is not a settlement price")
        if not np.array_equal(np.sort(self.tenor), np.arange(len(self.tenor))):
            raise ParameterError(f"day.tenor: {self.tenor.tolist()} is not 0 .. n_slots - 1 in some order")
        share = self.remaining_share_bps
        if np.any((share < 0) | (share > BPS)):
            raise ParameterError(f"day.remaining_share_bps: {share.tolist()} is not all in 0..{BPS}")
        if np.any(self.volume_lots < 0):
            raise ParameterError(f"day.volume_lots: {self.volume_lots.tolist()} is not all >= 0")


@dataclass(frozen=True, eq=False)
class MarginBasis:
    """What a margin model is built on: the money value of a price and a history of moves.

    Parameters
    ----------
    tick_value_usd_micro : int
        Micro-USD that one lot gains when the price rises by a tick.
    floor_price_ticks : int
        Moves are relative to, and margin is computed on, at least this absolute price, so that both make
        sense while a price passes through zero.
    history : array of float, shape (days, n_slots)
        Relative moves by tenor (column 0 = front month), oldest day first; copied. Those of the front month
        are of the part that is not fixed yet. May have no rows for a model that needs none.

    Raises
    ------
    ParameterError
        If a value is outside its domain.
    """

    tick_value_usd_micro: int
    floor_price_ticks: int
    history: FloatArray

    def __post_init__(self) -> None:
        for name in ("tick_value_usd_micro", "floor_price_ticks"):
            whole_number(f"margin.{name}", getattr(self, name), least=1, allowed="> 0")
        history = np.array(self.history, dtype=np.float64)
        if history.ndim != 2 or history.shape[1] == 0:
            raise ParameterError(f"margin.history: shape {history.shape} is not (days, tenors)")
        if not np.all(np.isfinite(history)):
            day, tenor = np.argwhere(~np.isfinite(history))[0].tolist()
            raise ParameterError(f"margin.history[{day}, {tenor}]: {history[day, tenor]} is not finite")
        history.flags.writeable = False
        object.__setattr__(self, "history", history)

    @property
    def n_slots(self) -> int:
        """Months listed at a time."""
        return int(self.history.shape[1])

    def require_history(self, model: str, days: int) -> None:
        """Raise a ParameterError if the history has fewer days than a model needs."""
        if len(self.history) < whole_number("days", days, least=0):
            raise ParameterError(
                f"margin.history: {len(self.history)} days are fewer than the {days} that {model} needs"
            )

    def notional_usd_micro(self, day: MarginDay) -> IntArray:
        """Return the value of one lot by slot, at no less than the floor price, shape (n_slots,)."""
        assert len(day.settlement_ticks) == self.n_slots, "a day has another number of slots than the history"
        price = np.maximum(np.abs(day.settlement_ticks), self.floor_price_ticks)
        return price * self.tick_value_usd_micro

    def exposure_usd_micro(self, day: MarginDay) -> FloatArray:
        """Return the part of that value which is not fixed yet, by slot, shape (n_slots,)."""
        return self.notional_usd_micro(day) * (day.remaining_share_bps / BPS)


class MarginModel(Protocol):
    """An initial-margin model; it learns in ``observe`` only, so it knows nothing later than that day."""

    def observe(self, day: MarginDay) -> None:
        """Take in one settlement; called once for each, in order. The first is the state before trading."""
        ...

    def per_lot_usd_micro(self) -> IntArray:
        """Return the margin of one outright lot by slot, the larger of long and short, shape (n_slots,)."""
        ...

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the margin of each account, shape (n_accounts,), for (n_accounts, n_slots) signed lots."""
        ...

    def update_digest(self, digest: Digest) -> None:
        """Feed everything the model remembers into a running hash."""
        ...
