"""The futures curve of the day: model values, settlement prices, price limits and volatility by month."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.view import MONTH_DTYPE
from abm.clearing import MarginDay
from abm.core.arrays import FloatArray, IntArray
from abm.core.calendar import TradingCalendar
from abm.core.contract import SCALE_FLOOR_TICKS, ContractSpec
from abm.core.kernel import kernel
from abm.core.money import BPS
from abm.core.orders import NO_PRICE
from abm.exchange import Exchange, TopOfBook, daily_settlement
from abm.exchange.interface import MAX_LADDER_TICKS
from abm.market.day.observation import TradingDayRecord
from abm.market.day.spot_desk import SpotDesk
from abm.scenario.sections.exchange import ExchangeSection

VOLATILITY_DECAY = 0.94
"""Daily decay of the volatility estimate (RiskMetrics 1996)."""

_WIDEST_HALF_TICKS = MAX_LADDER_TICKS // 2 - 1
"""No limit lies farther from the settlement: a price risen a thousandfold would not fit a book else."""


@kernel
def refresh_months(
    months: NDArray[Any],
    best_bid_ticks: IntArray,
    best_ask_ticks: IntArray,
    bid_lots: IntArray,
    ask_lots: IntArray,
    last_trade_ticks: IntArray,
    indicative_ticks: IntArray,
    indicative_lots: IntArray,
    phase: IntArray,
) -> None:
    """Put the top of the book (by slot) into the public rows (by tenor).

    The reference price is the mid, else the indicative price of an auction, else the last trade, else the
    model curve inside the day's limits.
    """
    for tenor in range(months.shape[0]):
        at = months[tenor]
        at.best_bid_ticks = best_bid_ticks[at.slot]
        at.best_ask_ticks = best_ask_ticks[at.slot]
        at.bid_lots = bid_lots[at.slot]
        at.ask_lots = ask_lots[at.slot]
        at.last_trade_ticks = last_trade_ticks[at.slot]
        at.indicative_ticks = indicative_ticks[at.slot]
        at.phase = phase[at.slot]
        if at.best_bid_ticks != NO_PRICE and at.best_ask_ticks != NO_PRICE:
            at.reference_ticks = 0.5 * at.best_bid_ticks + 0.5 * at.best_ask_ticks
        elif at.indicative_ticks != NO_PRICE:
            at.reference_ticks = at.indicative_ticks
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
        Gives fixings and the model curve; it must stand at the first trading day.

    Attributes
    ----------
    months : structured array, shape (listed months,)
        ``MONTH_DTYPE`` rows that every trader sees.
    settlement_ticks, settlement_tier : array of int64, shape (listed months,)
        Last settlement price and the rule that gave it.
    slots, listed : array of int64, shape (listed months,)
        Row in every per-month array, and delivery month; once the close of a month's last day has listed
        the next one, those of the next day.
    """

    def __init__(
        self, rules: ExchangeSection, contract: ContractSpec, calendar: TradingCalendar, desk: SpotDesk
    ) -> None:
        self._rules, self._contract, self._calendar, self._desk = rules, contract, calendar, desk
        listed, first_day = contract.listed_months, calendar.first_trading_day
        self.months: NDArray[Any] = np.zeros(listed, dtype=MONTH_DTYPE)
        self.settlement_ticks: IntArray = np.rint(self._model_ticks(first_day, listed)).astype(np.int64)
        self.settlement_tier: IntArray = np.zeros(listed, dtype=np.int64)
        self._variance = self._first_daily_variance()
        self.slots: IntArray = np.zeros(listed, dtype=np.int64)
        self.listed: IntArray = np.zeros(listed, dtype=np.int64)
        self.open_day(first_day)

    def open_day(self, day: int) -> None:
        """Value the curve on today's fixing and set the day's price limits."""
        rows = self.months
        self.listed = np.array(self._calendar.listed(day))
        rows["month"] = self.listed
        self.slots = rows["month"] % self._contract.listed_months
        rows["slot"] = self.slots
        rows["model_ticks"] = self._model_ticks(day, len(rows))
        rows["scale_ticks"] = np.maximum(np.abs(rows["model_ticks"]), SCALE_FLOOR_TICKS)
        rows["settlement_ticks"] = self.settlement_ticks
        rows["volatility_per_day"] = np.sqrt(self._variance)
        width = np.full(len(rows), self._rules.daily_limit)
        if self._calendar.is_last_day_of_month(day):
            width[0] = self._rules.final_day_band
        self._set_limits(width)

    def change_rules(self, rules: ExchangeSection) -> None:
        """Have other price limits, bands and market-order protection from the next open on."""
        self._rules = rules

    def day_terms(self, day: int) -> dict[str, Any]:
        """Return the terms of the day for ``Exchange.open_day``, by slot."""
        return {
            "day": day,
            "months": self.by_slot(self.months["month"]),
            "reference_ticks": self.by_slot(self.settlement_ticks),
            "low_ticks": self.by_slot(self.months["low_ticks"]),
            "high_ticks": self.by_slot(self.months["high_ticks"]),
            "is_daily_limit": self.has_daily_limit_by_slot(day),
            "protection_ticks": self.by_slot(np.maximum(1, self._share_ticks(self._rules.market_protection))),
            "band_ticks": self.by_slot(self._share_ticks(self._rules.price_band)),
            "interruption_ticks": self.by_slot(self._share_ticks(self._rules.interruption.width)),
        }

    def limits_by_slot(self) -> tuple[IntArray, IntArray]:
        """Return today's lowest and highest prices, by slot."""
        return self.by_slot(self.months["low_ticks"]), self.by_slot(self.months["high_ticks"])

    def has_daily_limit_by_slot(self, day: int) -> NDArray[np.bool_]:
        """Return which months have a daily price limit today rather than a technical range, by slot."""
        is_daily_limit = np.ones(len(self.months), dtype=np.bool_)
        is_daily_limit[0] = not self._calendar.is_last_day_of_month(day)
        return self.by_slot(is_daily_limit)

    def widen_limits(self, slots: NDArray[np.bool_], width_by_slot: FloatArray, exchange: Exchange) -> None:
        """Give some months wider limits for the rest of the day, in the public rows and in the books.

        Parameters
        ----------
        slots : array of bool, shape (listed months,)
            Which months, by slot.
        width_by_slot : array of float, shape (listed months,)
            Their new limits, as shares of price either side of the settlement.
        exchange : Exchange
            Holds the books.
        """
        before = self.months[["low_ticks", "high_ticks"]].copy()
        self._set_limits(width_by_slot[self.slots])
        for name in ("low_ticks", "high_ticks"):
            self.months[name] = np.where(slots[self.slots], self.months[name], before[name])
        low, high = self.limits_by_slot()
        exchange.widen_range(low_ticks=low, high_ticks=high)

    def refresh(self, top: TopOfBook) -> NDArray[Any]:
        """Put the top of the book into the public rows and return them."""
        refresh_months(self.months, *top)
        return self.months

    def mark_ticks(self, top: TopOfBook) -> IntArray:
        """Return intraday mark prices by slot: the mid, else the last trade, else the model, on tick."""
        self.refresh(top)
        return self.by_slot(np.rint(self.months["reference_ticks"]).astype(np.int64))

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
        return self.by_slot(self.settlement_ticks)

    def roll_to_next(self, day: int) -> None:
        """After the last day of a month, drop the expired month and list the next one at its model value."""
        if not self._calendar.is_last_day_of_month(day):
            return
        listed = len(self.months)
        newest = np.rint(self._model_ticks(day, listed + 1)[-1])
        self.settlement_ticks = np.append(self.settlement_ticks[1:], np.int64(newest))
        self.settlement_tier = np.append(self.settlement_tier[1:], np.int64(0))
        self._variance = np.append(self._variance[1:], self._variance[-1])
        self.slots, self.listed = np.roll(self.slots, -1), self.listed + 1

    def margin_day(self, day: int, volume_lots: IntArray) -> MarginDay:
        """Return what a margin model may see of the latest settlement, for a coming day.

        Parameters
        ----------
        day : int
            The coming day.
        volume_lots : array of int64, shape (listed months,)
            Lots traded in each slot on the day that was settled.
        """
        tenor = np.arange(len(self.months))
        days = self._calendar.days_per_month
        remaining = np.full(len(self.months), BPS)
        fixings = self._desk.final_fixings
        to_come = min(fixings, days - day % days)
        remaining[0] = -(-to_come * BPS // fixings)
        return MarginDay(
            settlement_ticks=self.settlement_by_slot(),
            tenor=self.by_slot(tenor),
            remaining_share_bps=self.by_slot(remaining),
            months=self.by_slot(np.array(self._calendar.listed(day))),
            volume_lots=volume_lots,
        )

    def _set_limits(self, width: FloatArray) -> None:
        scale = np.maximum(np.abs(self.settlement_ticks), SCALE_FLOOR_TICKS)
        half = np.minimum(np.floor(width * scale), _WIDEST_HALF_TICKS).astype(np.int64)
        self.months["low_ticks"] = self.settlement_ticks - half
        self.months["high_ticks"] = self.settlement_ticks + half

    def _share_ticks(self, share: float) -> IntArray:
        """Return a share of every month's price in whole ticks, at least one unless the share is zero."""
        scale = np.maximum(np.abs(self.settlement_ticks), SCALE_FLOOR_TICKS)
        return np.maximum(np.rint(share * scale), share > 0.0).astype(np.int64)

    def by_slot(self, by_tenor: NDArray[Any]) -> NDArray[Any]:
        """Return values in tenor order rearranged by slot."""
        by_slot = np.empty_like(by_tenor)
        by_slot[self.slots] = by_tenor
        return by_slot

    def _model_ticks(self, day: int, months: int) -> FloatArray:
        tick_usd = self._contract.tick_size_usd_micro / 1e6
        return self._desk.model_curve_usd(day, months) / tick_usd

    def _first_daily_variance(self) -> FloatArray:
        days = self._calendar.days_per_month
        ends = (np.arange(self._contract.listed_months) + 1.0) * days
        to_mid_average = ends - 0.5 * self._desk.final_fixings
        yearly = self._desk.process.futures_volatility(to_mid_average / self._calendar.days_per_year)
        variance: FloatArray = yearly**2 / self._calendar.days_per_year
        return variance
