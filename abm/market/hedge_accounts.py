"""Books the outcome of hedging: an enterprise's bill of a month beside the profit of the month's contract."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.hedgers import Enterprises
from abm.core.money import USD_MICRO
from abm.market.spot_desk import SpotDesk

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
    outlook : SpotDesk
        The physical side as it stands on day 0; it is not stepped, and tells what could be expected then.
    days : int
        Trading days that the run is planned for.
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
        outlook: SpotDesk,
        days: int,
        funds_rate_per_day: float,
    ) -> None:
        self._enterprises = enterprises
        self._tick_value = tick_value_usd_micro
        self._outlook = outlook
        self._expected_month_usd = outlook.expected_month_mean_usd(0, outlook.calendar.month_of(days - 1) + 1)
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
        expected = own.month_need_msit * self._expected_unit_cost_usd(month)
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

    def _expected_unit_cost_usd(self, month: int) -> NDArray[np.float64]:
        """Return a delivery month's expected mean price at each own provider as of day 0, USD per mSIT."""
        if month >= len(self._expected_month_usd):  # the market trades on after its last planned day
            self._expected_month_usd = self._outlook.expected_month_mean_usd(0, 2 * (month + 1))
        multiples = self._outlook.quotes.expected_multiples[self._enterprises.provider]
        costs: NDArray[np.float64] = multiples * self._expected_month_usd[month]
        return costs
