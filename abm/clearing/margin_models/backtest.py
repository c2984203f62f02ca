"""Margin back-test: what was required of a position against what it then lost over the margin period."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from abm.clearing.margin_models.confidence import period_scale
from abm.core.arrays import IntArray
from abm.core.errors import ParameterError

ACCOUNT_BACKTEST_DTYPE = np.dtype(
    [
        ("day", np.int64),
        ("account", np.int64),
        ("requirement_usd_micro", np.int64),
        ("loss_usd_micro", np.int64),
        ("breach", np.int8),
    ],
    align=True,
)
"""One account and day: margin required at the close of ``day``, and the loss of the position held then over
the margin period from there (negative: a gain). A breach is a loss larger than the requirement."""

CONTRACT_BACKTEST_DTYPE = np.dtype(
    [
        ("day", np.int64),
        ("month", np.int64),
        ("tenor", np.int64),
        ("side", np.int64),
        ("requirement_usd_micro", np.int64),
        ("loss_usd_micro", np.int64),
        ("breach", np.int8),
    ],
    align=True,
)
"""The same of one lot of one month, long (``side`` 1) and short (-1)."""


@dataclass(eq=False)
class _Held:
    """Positions and requirements of one close, until their margin period is over."""

    day: int
    months: IntArray
    tenor: IntArray
    start_ticks: IntArray
    position_lots: IntArray
    account_usd_micro: IntArray
    lot_usd_micro: IntArray
    last_ticks: IntArray = field(init=False)
    days_passed: int = 0

    def __post_init__(self) -> None:
        self.last_ticks = self.start_ticks.copy()


class MarginBacktest:
    """Keeps each day's requirements and positions until the loss over the margin period is known.

    Call ``close_day`` with every day's settlement prices, at month end with the final price before the month
    leaves its slot; then ``hold`` with what is required of the positions from there on. A month that expires
    within the margin period keeps its final price. The position is the one held when the requirement was
    set, whatever is traded later, as in CPMI-IOSCO's quantitative disclosure 6.5.

    Parameters
    ----------
    tick_value_usd_micro : int
        Micro-USD per tick and lot.
    mpor_days : int
        Margin period of risk.

    Raises
    ------
    ParameterError
        If a parameter is not positive.
    """

    def __init__(self, *, tick_value_usd_micro: int, mpor_days: int) -> None:
        period_scale(mpor_days)
        if tick_value_usd_micro <= 0:
            raise ParameterError(f"backtest.tick_value_usd_micro: {tick_value_usd_micro} is not > 0")
        self._tick_value, self._mpor_days = tick_value_usd_micro, mpor_days
        self._held: list[_Held] = []

    def close_day(
        self, *, months: IntArray, settlement_ticks: IntArray
    ) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Move all positions held to the day's settlement and return those whose margin period is over.

        Parameters
        ----------
        months, settlement_ticks : array of int64, shape (n_slots,)
            Delivery months of the day by slot, and their settlement prices.

        Returns
        -------
        accounts : array of ACCOUNT_BACKTEST_DTYPE
            Accounts with a position.
        contracts : array of CONTRACT_BACKTEST_DTYPE
            Every month, long and short.
        """
        for held in self._held:
            listed = held.months == months
            held.last_ticks[listed] = settlement_ticks[listed]
            held.days_passed += 1
        over = [held for held in self._held if held.days_passed >= self._mpor_days]
        self._held = [held for held in self._held if held.days_passed < self._mpor_days]
        accounts = [self._account_rows(held) for held in over]
        contracts = [self._contract_rows(held) for held in over]
        return (
            np.concatenate([np.zeros(0, dtype=ACCOUNT_BACKTEST_DTYPE), *accounts]),
            np.concatenate([np.zeros(0, dtype=CONTRACT_BACKTEST_DTYPE), *contracts]),
        )

    def hold(
        self,
        *,
        day: int,
        months: IntArray,
        tenor: IntArray,
        settlement_ticks: IntArray,
        position_lots: IntArray,
        account_usd_micro: IntArray,
        lot_usd_micro: IntArray,
    ) -> None:
        """Note what is required at the close of a day, for the months that are listed from there on.

        Parameters
        ----------
        day : int
            The day that has closed.
        months, tenor, settlement_ticks : array of int64, shape (n_slots,)
            As the margin model saw them.
        position_lots : array of int64, shape (n_accounts, n_slots)
            Signed lots held; copied.
        account_usd_micro : array of int64, shape (n_accounts,)
            Initial margin of each account.
        lot_usd_micro : array of int64, shape (n_slots,)
            Initial margin of one lot.
        """
        held = _Held(
            day=day,
            months=months.copy(),
            tenor=tenor.copy(),
            start_ticks=settlement_ticks.copy(),
            position_lots=position_lots.copy(),
            account_usd_micro=account_usd_micro.copy(),
            lot_usd_micro=lot_usd_micro.copy(),
        )
        self._held.append(held)

    def _account_rows(self, held: _Held) -> NDArray[np.void]:
        with_position = np.flatnonzero(held.position_lots.any(axis=1))
        rows = np.zeros(len(with_position), dtype=ACCOUNT_BACKTEST_DTYPE)
        gained_ticks = held.position_lots[with_position] @ (held.last_ticks - held.start_ticks)
        rows["account"] = with_position
        rows["requirement_usd_micro"] = held.account_usd_micro[with_position]
        return self._completed(rows, held, -gained_ticks)

    def _contract_rows(self, held: _Held) -> NDArray[np.void]:
        rows = np.zeros(2 * len(held.months), dtype=CONTRACT_BACKTEST_DTYPE)
        rows["side"] = np.repeat([1, -1], len(held.months))
        for name, column in (
            ("month", held.months),
            ("tenor", held.tenor),
            ("requirement_usd_micro", held.lot_usd_micro),
        ):
            rows[name] = np.tile(column, 2)
        return self._completed(rows, held, -rows["side"] * np.tile(held.last_ticks - held.start_ticks, 2))

    def _completed(self, rows: NDArray[np.void], held: _Held, lost_ticks: IntArray) -> NDArray[np.void]:
        rows["day"] = held.day
        rows["loss_usd_micro"] = lost_ticks * self._tick_value
        rows["breach"] = rows["loss_usd_micro"] > rows["requirement_usd_micro"]
        return rows
