"""Books the outcome of hedging: an enterprise's bill of a month beside the profit of the month's contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.hedgers.shell import Enterprises
from abm.core.arrays import IntArray
from abm.core.money import USD_MICRO
from abm.market.day.spot_desk import SpotDesk


class HedgeAccounts:
    """Hedge results of all enterprises and companies, one row per delivery month and hedger.

    Fees, interest and margin cost are those of the time when the month was in delivery; the profit is that
    of the month's own contract over its whole life. A stack's profit stands in the months whose contracts
    it was held in, before the bills that it is meant for.

    Parameters
    ----------
    populations : sequence of Enterprises
        Whose bills are booked, in account order; those that the scenario names among them.
    tick_value_usd_micro : int
        Value of one tick of one lot.
    outlook : SpotDesk
        The physical side as it stands today; it is not stepped, and tells what can be expected now.
    day : int
        Today, the first trading day.
    days : int
        Recorded days that the run is planned for.
    funds_rate_per_day : array of float, shape (hedgers,)
        What own money earns elsewhere, per trading day.

    Attributes
    ----------
    last_final_ticks : int or None
        Final settlement of the month that expired last.
    """

    def __init__(
        self,
        populations: Sequence[Enterprises],
        *,
        tick_value_usd_micro: int,
        outlook: SpotDesk,
        day: int,
        days: int,
        funds_rate_per_day: NDArray[np.float64],
    ) -> None:
        self._populations = tuple(populations)
        self.accounts: IntArray = np.concatenate(
            [np.arange(p.accounts.start, p.accounts.stop) for p in populations]
        )
        count = len(self.accounts)
        self._tick_value = tick_value_usd_micro
        self._last_day = days - 1
        self._look_ahead(outlook, day)
        self._fees_before = np.zeros(count, dtype=np.int64)
        self._interest_usd_micro = np.zeros(count, dtype=np.int64)
        self._lots_at_delivery = np.zeros(count, dtype=np.int64)
        self._abandoned_days = np.zeros(count, dtype=np.int64)
        self._margin_cost_usd: NDArray[np.float64] = np.zeros(count)
        self._expected_need_bill_usd: NDArray[np.float64] = np.zeros(count)
        self._funds_rate_per_day = funds_rate_per_day
        self.last_final_ticks: int | None = None

    def begin_again(self, outlook: SpotDesk, day: int, fees_usd_micro: IntArray) -> None:
        """Forget what has been booked, and expect the prices that can be expected today.

        Parameters
        ----------
        outlook : SpotDesk
            The physical side as it stands today, not to be stepped.
        day : int
            Today, before anybody has paid a bill; the first of a month.
        fees_usd_micro : array of int64, shape (accounts,)
            Fees of each account since trading began.
        """
        self._look_ahead(outlook, day)
        self._begin_month(fees_usd_micro)

    def _look_ahead(self, outlook: SpotDesk, day: int) -> None:
        """Take down what each month's tokens are expected to cost as of today."""
        calendar = outlook.calendar
        self._outlook, self._outlook_day = outlook, day
        self._first_month = calendar.month_of(day)
        months = calendar.month_of(self._last_day) - self._first_month + 1
        self._expected_month_usd = outlook.expected_month_mean_usd(day, months)

    def _begin_month(self, fees_usd_micro: IntArray) -> None:
        """Begin the sums of a month anew."""
        self._fees_before = fees_usd_micro[self.accounts]
        self._interest_usd_micro[:], self._margin_cost_usd[:], self._abandoned_days[:] = 0, 0.0, 0
        self._expected_need_bill_usd[:] = 0.0

    def begin_delivery(self, position_lots: IntArray) -> None:
        """Note the positions in the month that goes into delivery, shape (accounts,)."""
        self._lots_at_delivery = position_lots[self.accounts]

    def pay_bills(self, provider_prices_usd: NDArray[np.float64]) -> dict[str, Any]:
        """Return the rows of table ``bills`` of a day; what the expected need would have cost is kept.

        Parameters
        ----------
        provider_prices_usd : array of float, shape (providers,)
            Today's prices, USD per mSIT.
        """
        price_usd = self._each(lambda own: own.own_prices_usd(provider_prices_usd))
        need_msit = self._each(lambda own: own.need_msit)
        self._expected_need_bill_usd += self._each(lambda own: own.mean_need_msit) * price_usd
        bill_usd = need_msit * price_usd
        return {
            "account": self.accounts,
            "need_msit": need_msit,
            "price_usd": price_usd,
            "bill_usd": bill_usd,
        }

    def _each(self, column: Callable[[Enterprises], NDArray[Any]]) -> NDArray[Any]:
        """Return a column of every population as one, shape (hedgers,)."""
        return np.concatenate([column(population) for population in self._populations])

    def add_interest(self, interest_usd_micro: IntArray) -> None:
        """Add a day's interest on drawn credit, shape (accounts,)."""
        self._interest_usd_micro += interest_usd_micro[self.accounts]

    def add_margin_cost(self, own_money_usd_micro: IntArray) -> None:
        """Add what a day of own money in the hedge could have earned, shape (accounts,)."""
        own = own_money_usd_micro[self.accounts] / USD_MICRO
        self._margin_cost_usd += self._funds_rate_per_day * own

    def count_abandoned(self) -> None:
        """Count a day for those who have given their hedge up."""
        self._abandoned_days += self._each(lambda own: own.treasury.abandoned)

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
        own = self.accounts
        profit = (position_lots[own] * final_ticks - value_ticks[own]) * self._tick_value
        fees = fees_usd_micro[own] - self._fees_before
        profit_usd, fees_usd = profit / USD_MICRO, fees / USD_MICRO
        interest_usd = self._interest_usd_micro / USD_MICRO
        need_msit, bill_usd = (
            self._each(lambda p: p.month_need_msit),
            self._each(lambda p: p.month_bill_usd),
        )
        expected_need_msit = self._each(lambda p: p.expected_need_msit(month))
        expected_price_usd = self._expected_unit_cost_usd(month)
        rows = {
            "month": month,
            "account": own,
            "name": self._each(lambda p: np.array(p.labels)),
            "hedges": self._each(lambda p: p.hedges),
            "provider": self._each(lambda p: p.provider),
            "price_multiple": self._each(lambda p: p.price_multiples),
            "need_msit": need_msit,
            "expected_need_msit": expected_need_msit,
            "bill_usd": bill_usd,
            "expected_bill_usd": need_msit * expected_price_usd,
            "expected_need_bill_usd": self._expected_need_bill_usd.copy(),
            "budget_usd": expected_need_msit * expected_price_usd,
            "futures_pnl_usd": profit_usd,
            "fees_usd": fees_usd,
            "interest_usd": interest_usd,
            "hedge_lots_at_delivery": self._lots_at_delivery.astype(np.float64),
            "net_cost_usd": bill_usd - profit_usd + fees_usd + interest_usd,
            "margin_cost_usd": self._margin_cost_usd.copy(),
            "abandoned_days": self._abandoned_days.copy(),
        }
        self._begin_month(fees_usd_micro)
        self.last_final_ticks = final_ticks
        return rows

    def _expected_unit_cost_usd(self, month: int) -> NDArray[np.float64]:
        """Return each one's mean price in a delivery month as it was expected, USD per mSIT."""
        ahead = month - self._first_month
        if ahead >= len(self._expected_month_usd):  # the market trades on after its last planned day
            self._expected_month_usd = self._outlook.expected_month_mean_usd(
                self._outlook_day, 2 * (ahead + 1)
            )
        index_multiples = self._outlook.quotes.expected_multiples
        costs = self._each(lambda own: own.own_prices_usd(index_multiples)) * self._expected_month_usd[ahead]
        return np.asarray(costs)
