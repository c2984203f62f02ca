"""Books the outcome of hedging: an enterprise's bill of a month beside the profit of the month's contract."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.hedgers import Enterprises
from abm.core.money import USD_MICRO

IntArray = NDArray[np.int64]


class HedgeAccounts:
    """Hedge results of all enterprises, one row per delivery month and enterprise.

    Fees, interest and margin cost are those of the time when the month was in delivery; the profit is that
    of the month's own contract over its whole life. A stack's profit stands in the months whose contracts
    it was held in, before the bills that it is meant for.

    Parameters
    ----------
    enterprises : Enterprises
        Whose bills are booked.
    tick_value_usd_micro : int
        Value of one tick of one lot.
    expected_unit_cost_usd : array of float, shape (enterprises, months)
        Expected mean price of each delivery month at the own provider, as of day 0, USD per mSIT.
    funds_rate_per_day : float
        What own money earns elsewhere, per trading day.

    Attributes
    ----------
    last_final_ticks : int or None
        Final settlement of the month that expired last.
    """

    def __init__(
        self,
        enterprises: Enterprises,
        *,
        tick_value_usd_micro: int,
        expected_unit_cost_usd: NDArray[np.float64],
        funds_rate_per_day: float,
    ) -> None:
        self._enterprises = enterprises
        self._tick_value = tick_value_usd_micro
        self._expected_unit_cost_usd = expected_unit_cost_usd
        self._fees_before = np.zeros(enterprises.count, dtype=np.int64)
        self._interest_usd_micro = np.zeros(enterprises.count, dtype=np.int64)
        self._lots_at_delivery = np.zeros(enterprises.count, dtype=np.int64)
        self._abandoned_days = np.zeros(enterprises.count, dtype=np.int64)
        self._margin_cost_usd: NDArray[np.float64] = np.zeros(enterprises.count)
        self._funds_rate_per_day = funds_rate_per_day
        self.last_final_ticks: int | None = None

    def begin_delivery(self, position_lots: IntArray) -> None:
        """Note the positions in the month that goes into delivery, shape (accounts,)."""
        self._lots_at_delivery = position_lots[self._enterprises.accounts].copy()

    def add_interest(self, interest_usd_micro: IntArray) -> None:
        """Add a day's interest on drawn credit, shape (accounts,)."""
        self._interest_usd_micro += interest_usd_micro[self._enterprises.accounts]

    def add_margin_cost(self, own_money_usd_micro: IntArray) -> None:
        """Add what a day of own money in the hedge could have earned, shape (accounts,)."""
        own = own_money_usd_micro[self._enterprises.accounts] / USD_MICRO
        self._margin_cost_usd += self._funds_rate_per_day * own

    def count_abandoned(self) -> None:
        """Count a day for those who have given their hedge up."""
        self._abandoned_days += self._enterprises.treasury.abandoned

    def close_month(
        self,
        month: int,
        *,
        position_lots: IntArray,
        value_ticks: IntArray,
        final_ticks: int,
        fees_usd_micro: IntArray,
    ) -> dict[str, Any]:
        """Return the rows of table ``hedging`` for a month that has just settled.

        Parameters
        ----------
        month : int
            Absolute delivery month.
        position_lots, value_ticks : array of int64, shape (accounts,)
            Position carried into final settlement, and signed lots times trade price over the contract's
            life.
        final_ticks : int
            Final settlement price.
        fees_usd_micro : array of int64, shape (accounts,)
            Fees of each account since the start.
        """
        own = self._enterprises
        profit = (position_lots[own.accounts] * final_ticks - value_ticks[own.accounts]) * self._tick_value
        fees = fees_usd_micro[own.accounts] - self._fees_before
        profit_usd, fees_usd = profit / USD_MICRO, fees / USD_MICRO
        interest_usd = self._interest_usd_micro / USD_MICRO
        expected = own.month_need_msit * self._expected_unit_cost_usd[:, month]
        rows = {
            "month": month,
            "account": np.arange(own.accounts.start, own.accounts.stop),
            "hedges": own.hedges,
            "need_msit": own.month_need_msit.copy(),
            "bill_usd": own.month_bill_usd.copy(),
            "expected_bill_usd": expected,
            "futures_pnl_usd": profit_usd,
            "fees_usd": fees_usd,
            "interest_usd": interest_usd,
            "hedge_lots_at_delivery": self._lots_at_delivery.astype(np.float64),
            "net_cost_usd": own.month_bill_usd - profit_usd + fees_usd + interest_usd,
            "margin_cost_usd": self._margin_cost_usd.copy(),
            "abandoned_days": self._abandoned_days.copy(),
        }
        self._fees_before = fees_usd_micro[own.accounts].copy()
        self._interest_usd_micro[:], self._margin_cost_usd[:], self._abandoned_days[:] = 0, 0.0, 0
        self.last_final_ticks = final_ticks
        return rows
