"""The futures curve of the day: model values, settlement prices, price limits and volatility by month."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.view import MONTH_DTYPE, SCALE_FLOOR_TICKS
from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE
from abm.exchange import TopOfBook, daily_settlement
from abm.market.observation import TradingDayRecord
from abm.market.spot_desk import SpotDesk
from abm.scenario.venue_sections import ExchangeSection

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

VOLATILITY_DECAY = 0.94
"""Daily decay of the volatility estimate (RiskMetrics 1996)."""
_BPS = 10_000


@kernel
def refresh_months(
    months: NDArray[Any],
    best_bid_ticks: IntArray,
    best_ask_ticks: IntArray,
    bid_lots: IntArray,
    ask_lots: IntArray,
    last_trade_ticks: IntArray,
) -> None:
    """Put the top of the book (by slot) into the public rows (by tenor).

    The reference price is the mid, else the last trade, else the model curve inside the day's limits.
    """
    for tenor in range(months.shape[0]):
        at = months[tenor]
        at.best_bid_ticks = best_bid_ticks[at.slot]
        at.best_ask_ticks = best_ask_ticks[at.slot]
        at.bid_lots = bid_lots[at.slot]
        at.ask_lots = ask_lots[at.slot]
        at.last_trade_ticks = last_trade_ticks[at.slot]
        if at.best_bid_ticks != NO_PRICE and at.best_ask_ticks != NO_PRICE:
            at.reference_ticks = 0.5 * at.best_bid_ticks + 0.5 * at.best_ask_ticks
        elif at.last_trade_ticks != NO_PRICE:
            at.reference_ticks = at.last_trade_ticks
        else:
            at.reference_ticks = min(max(at.model_ticks, at.low_ticks), at.high_ticks)


class FuturesCurve:
    """All listed months in tenor order, from one open to the next.

    Parameters
    ----------
    rules : ExchangeSection
        Price limits, bands and market-order protection.
    contract, calendar
        Contract terms and delivery months.
    desk : SpotDesk
        Gives fixings and the model curve; it must stand at day 0.

    Attributes
    ----------
    months : structured array, shape (listed months,)
        ``MONTH_DTYPE`` rows that every trader sees.
    settlement_ticks, settlement_tier : array of int64, shape (listed months,)
        Last settlement price and the rule that gave it.
    """

    def __init__(
        self, rules: ExchangeSection, contract: ContractSpec, calendar: TradingCalendar, desk: SpotDesk
    ) -> None:
        self._rules, self._contract, self._calendar, self._desk = rules, contract, calendar, desk
        listed = contract.listed_months
        self.months: NDArray[Any] = np.zeros(listed, dtype=MONTH_DTYPE)
        self.settlement_ticks: IntArray = np.rint(self._model_ticks(0, listed)).astype(np.int64)
        self.settlement_tier: IntArray = np.zeros(listed, dtype=np.int64)
        self._variance = self._first_daily_variance()
        self.slots: IntArray = np.zeros(listed, dtype=np.int64)
        self.open_day(0)

    def open_day(self, day: int) -> None:
        """Value the curve on today's fixing and set the day's price limits."""
        rows = self.months
        rows["month"] = np.array(self._calendar.listed(day))
        self.slots = rows["month"] % self._contract.listed_months
        rows["slot"] = self.slots
        rows["model_ticks"] = self._model_ticks(day, len(rows))
        rows["scale_ticks"] = np.maximum(np.abs(rows["model_ticks"]), SCALE_FLOOR_TICKS)
        rows["settlement_ticks"] = self.settlement_ticks
        rows["volatility_per_day"] = np.sqrt(self._variance)
        width = np.full(len(rows), self._rules.daily_limit)
        if self._calendar.is_last_day_of_month(day):
            width[0] = self._rules.final_day_band
        half = np.floor(width * np.maximum(np.abs(self.settlement_ticks), SCALE_FLOOR_TICKS)).astype(np.int64)
        rows["low_ticks"] = self.settlement_ticks - half
        rows["high_ticks"] = self.settlement_ticks + half

    def day_terms(self, day: int) -> dict[str, NDArray[Any]]:
        """Return the terms of the day for ``Exchange.open_day``, by slot."""
        is_daily_limit = np.ones(len(self.months), dtype=np.bool_)
        is_daily_limit[0] = not self._calendar.is_last_day_of_month(day)
        scale = np.maximum(np.abs(self.settlement_ticks), SCALE_FLOOR_TICKS)
        protection = np.maximum(1, np.rint(self._rules.market_protection * scale)).astype(np.int64)
        return {
            "months": self._by_slot(self.months["month"]),
            "reference_ticks": self._by_slot(self.settlement_ticks),
            "low_ticks": self._by_slot(self.months["low_ticks"]),
            "high_ticks": self._by_slot(self.months["high_ticks"]),
            "is_daily_limit": self._by_slot(is_daily_limit),
            "protection_ticks": self._by_slot(protection),
        }

    def refresh(self, top: TopOfBook) -> NDArray[Any]:
        """Put the top of the book into the public rows and return them."""
        refresh_months(self.months, *top)
        return self.months

    def mark_ticks(self, top: TopOfBook) -> IntArray:
        """Return intraday mark prices by slot: the mid, else the last trade, else the model, on tick."""
        self.refresh(top)
        return self._by_slot(np.rint(self.months["reference_ticks"]).astype(np.int64))

    def settle(self, today: TradingDayRecord, top: TopOfBook) -> None:
        """Set the day's settlement prices and update the volatility estimate."""
        rows = self.refresh(top)
        prior = self.settlement_ticks
        self.settlement_ticks, self.settlement_tier = daily_settlement(
            months=rows["month"],
            window_trades=today.closing_trades,
            last_trade_ticks=rows["last_trade_ticks"],
            best_bid_ticks=rows["best_bid_ticks"],
            best_ask_ticks=rows["best_ask_ticks"],
            prior_ticks=prior,
            model_ticks=np.rint(rows["model_ticks"]).astype(np.int64),
            low_ticks=rows["low_ticks"],
            high_ticks=rows["high_ticks"],
        )
        change = (self.settlement_ticks - prior) / np.maximum(np.abs(prior), SCALE_FLOOR_TICKS)
        self._variance = VOLATILITY_DECAY * self._variance + (1.0 - VOLATILITY_DECAY) * change**2

    def settlement_by_slot(self) -> IntArray:
        """Return the settlement price of every listed month, by slot."""
        return self._by_slot(self.settlement_ticks)

    def roll_to_next(self, day: int) -> None:
        """After the last day of a month, drop the expired month and list the next one at its model value."""
        if not self._calendar.is_last_day_of_month(day):
            return
        listed = len(self.months)
        newest = np.rint(self._model_ticks(day, listed + 1)[-1])
        self.settlement_ticks = np.append(self.settlement_ticks[1:], np.int64(newest))
        self.settlement_tier = np.append(self.settlement_tier[1:], np.int64(0))
        self._variance = np.append(self._variance[1:], self._variance[-1])
        self.slots = np.roll(self.slots, -1)

    def margin_inputs(self, day: int) -> tuple[IntArray, IntArray, IntArray]:
        """Return settlement price, tenor and share of fixings to come (bps), by slot, for a coming day."""
        tenor = np.arange(len(self.months))
        days = self._calendar.days_per_month
        remaining = np.full(len(self.months), _BPS)
        remaining[0] = -(-(days - day % days) * _BPS // days)
        return self.settlement_by_slot(), self._by_slot(tenor), self._by_slot(remaining)

    def _by_slot(self, by_tenor: NDArray[Any]) -> NDArray[Any]:
        by_slot = np.empty_like(by_tenor)
        by_slot[self.slots] = by_tenor
        return by_slot

    def _model_ticks(self, day: int, months: int) -> FloatArray:
        tick_usd = self._contract.tick_size_usd_micro / 1e6
        return self._desk.model_curve_usd(day, months) / tick_usd

    def _first_daily_variance(self) -> FloatArray:
        days = self._calendar.days_per_month
        to_mid_delivery = (np.arange(self._contract.listed_months) + 0.5) * days
        yearly = self._desk.process.futures_volatility(to_mid_delivery / self._calendar.days_per_year)
        variance: FloatArray = yearly**2 / self._calendar.days_per_year
        return variance
