"""Keeps the market-maker contract: announces what is asked, measures it, pays, and takes the status away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.makers.contract import MakerTerms
from abm.agents.makers.shell import MarketMakers
from abm.clearing import PostingKind
from abm.core.money import BPS, USD_MICRO
from abm.core.orders import NO_PRICE, TradingPhase
from abm.exchange import MatchResult
from abm.market.state import MarketState
from abm.market.venue.fee_tiers import FeeTiers
from abm.market.venue.limits_reached import find_limits_reached
from abm.market.venue.maker_contract import MakerScores
from abm.market.venue.maker_pay import MonthOutlook, announced_pay, monthly_pay
from abm.market.venue.rules import MarketRule

_HALT = int(TradingPhase.HALT)
_EASE = 1e-9


class MakerRegime(MarketRule):
    """The venue's side of the contract with its market makers.

    Parameters
    ----------
    terms : MakerTerms
        The contract.
    makers : MarketMakers
        Who has signed it; the regime writes what it asks into their ``duties``.
    fee_tiers : FeeTiers or None
        Where the makers' rebates by volume start from.

    Attributes
    ----------
    scores : MakerScores
        The running score.
    misses : array of int64, shape (makers,)
        Months missed in a row.
    """

    def __init__(self, terms: MakerTerms, makers: MarketMakers, fee_tiers: FeeTiers | None = None) -> None:
        self.makers, self._fee_tiers = makers, fee_tiers
        self._take_terms(terms)
        self.misses: NDArray[np.int64] = np.zeros(makers.count, dtype=np.int64)
        self._fees_before_usd_micro = 0
        self._fees_last_month_usd_micro: int | None = None
        self._stress_rounds_last_month = 0

    def _take_terms(self, terms: MakerTerms) -> None:
        self.terms, makers = terms, self.makers
        makers.duties = makers.duties._replace(
            maker_fee_usd=np.full(makers.count, terms.fee_usd_micro / USD_MICRO),
            level_score=np.array([reached_from for reached_from, _ in terms.pay.levels]),
            level_share=np.array([share_bps / BPS for _, share_bps in terms.pay.levels]),
        )
        duties = makers.duties
        duties.max_spread[:], duties.quote_lots[:] = terms.max_spread, terms.quote_lots
        duties.min_lots[:] = terms.min_lots
        self.scores = MakerScores(terms, makers.count)

    def change_terms(self, market: MarketState, terms: MakerTerms) -> None:
        """Have another contract from now on, between two months; a status that was lost stays lost."""
        self._take_terms(terms)
        for row in np.flatnonzero(~self.makers.duties.under_contract).tolist():
            self._charge_without_status(market, row)

    def before_round(self, market: MarketState) -> None:
        """Say what is asked in the coming round; a new day starts calm."""
        if market.clock.is_open:
            self._open_day(market)
        if not self.terms.stress.never:
            self._relax(market)

    def after_matching(self, market: MarketState, batch: NDArray[Any], result: MatchResult) -> None:
        """Measure the round's quotes, and note what changes the terms from the next round on."""
        makers, record, trades = self.makers, market.last_round, result.trades
        if makers.count == 0:
            return
        assert record is not None, "the regime is asked before any round"
        months = record.months
        quotes = market.exchange.own_quotes(makers.first_account, makers.count)
        self.scores.observe(*quotes, months, makers.duties)
        makers.observe(trades, *quotes, months, 1.0 / market.clock.calendar.rounds_per_day)
        if not self.terms.stress.never:
            self._note_triggers(market, trades, months)

    def close_day(self, market: MarketState) -> None:
        """Close the makers' day, and at month end pay those who kept their duty and judge the others."""
        score = self.scores.close_day(self.makers.duties.under_contract.copy())
        paid = np.zeros(self.makers.count, dtype=np.int64)
        if market.clock.calendar.is_last_day_of_month(market.clock.day):
            paid = self._close_month(market)
        market.tables.record_makers(self.makers, score, paid)

    def update_digest(self, digest: Any) -> None:
        """Feed the standing of the makers into the state hash, where it can change."""
        if self.terms.misses_allowed > 0 or not self.terms.stress.never:
            duties = self.makers.duties
            digest.update(self.misses.tobytes() + duties.under_contract.tobytes())
            digest.update(duties.stressed.tobytes() + duties.suspended.tobytes())

    def _open_day(self, market: MarketState) -> None:
        """Forget yesterday's stress and publish how the month stands."""
        duties, calendar, day = self.makers.duties, market.clock.calendar, market.clock.day
        duties.stressed[:] = False
        duties.suspended[:] = (
            "index_unavailable" in self.terms.stress.suspended_by and not market.desk.fixing.available
        )
        day_of_month = day % calendar.days_per_month
        left = calendar.days_per_month - day_of_month
        duties.days[:] = left, self.scores.month_days + left
        duties.score_days[:] = self.scores.month_complying
        reaches = self._may_be_due(market)
        pay = announced_pay(
            self.terms.pay, self._outlook(market, reaches), rounds_per_day=calendar.rounds_per_day
        )
        duties.full_pay_usd[:] = np.where(reaches, pay.month_usd_micro / USD_MICRO, 0.0)
        duties.stress_pay_usd[:] = np.where(reaches, pay.stress_usd_micro / USD_MICRO, 0.0)

    def _may_be_due(self, market: MarketState) -> NDArray[np.bool_]:
        """Say which makers can be paid and still reach the lowest level, if they comply from now on."""
        duties = self.makers.duties
        missing = duties.level_score[0] * duties.days[1] - duties.score_days
        may: NDArray[np.bool_] = self._entitled(market) & (missing <= duties.days[0] + _EASE)
        return may

    def _entitled(self, market: MarketState) -> NDArray[np.bool_]:
        """Say which makers have the status and can be paid: an account in default receives nothing."""
        first = self.makers.first_account
        in_default = market.clearing.in_default[first : first + self.makers.count]
        entitled: NDArray[np.bool_] = self.makers.duties.under_contract & ~in_default
        return entitled

    def _outlook(self, market: MarketState, reaches: NDArray[np.bool_]) -> MonthOutlook | None:
        """Expect the month to go on at its pace so far, and on its first day to be as the last one was."""
        calendar, day = market.clock.calendar, market.clock.day
        fees, stress_rounds = self._fees_last_month_usd_micro, self._stress_rounds_last_month
        so_far, day_of_month = self._month_fees(market), day % calendar.days_per_month
        if day_of_month > 0:
            fees = so_far * calendar.days_per_month // day_of_month
            stress_rounds = int(self.scores.month_stress_rounds[reaches].sum())
            stress_rounds = stress_rounds * calendar.days_per_month // day_of_month
        if fees is None:
            return None
        return MonthOutlook(
            net_fees_usd_micro=fees,
            revenue_usd_micro=market.clearing.fee_revenue_usd_micro + fees - so_far,
            stress_rounds=stress_rounds,
            makers=int(reaches.sum()),
        )

    def _relax(self, market: MarketState) -> None:
        """Write the terms of the round into the duties."""
        duties, terms, stress = self.makers.duties, self.terms, self.terms.stress
        if "halt" in stress.suspended_by:
            duties.suspended[market.sessions.phases[market.curve.slots] == _HALT] = True
        stressed, suspended = duties.stressed, duties.suspended
        multiple = np.where(stressed, stress.spread_multiple, 1.0)
        duties.max_spread[:] = np.where(suspended, np.inf, multiple * terms.max_spread)
        size = np.where(stressed, stress.size_share, 1.0)
        duties.quote_lots[:] = np.maximum(1, np.ceil(size * terms.quote_lots))
        duties.min_lots[:] = np.where(suspended, 0, np.maximum(1, np.ceil(size * terms.min_lots)))

    def _note_triggers(self, market: MarketState, trades: NDArray[Any], months: NDArray[Any]) -> None:
        duties, stress = self.makers.duties, self.terms.stress
        if stress.move > 0.0:
            usual = months["volatility_per_day"] * months["scale_ticks"]
            moved = np.abs(months["reference_ticks"] - months["settlement_ticks"])
            duties.stressed[_has_a_market_price(months) & (moved >= stress.move * usual)] = True
        if stress.on_interruption:
            duties.stressed[market.sessions.interrupted[market.curve.slots]] = True
        if "daily_limit" in stress.suspended_by:
            reached = np.zeros(market.exchange.n_slots, dtype=np.bool_)
            if find_limits_reached(trades, months, reached):
                reached &= market.curve.has_daily_limit_by_slot(market.clock.day)
                duties.suspended[reached[market.curve.slots]] = True

    def _close_month(self, market: MarketState) -> NDArray[np.int64]:
        """Pay for the month, count misses, and return what was paid."""
        makers, clearing = self.makers, market.clearing
        month = self.scores.close_month()
        fees = self._month_fees(market)
        due = monthly_pay(
            self.terms.pay,
            score=month.score,
            stress_rounds=month.stress_rounds,
            rounds_per_day=market.clock.calendar.rounds_per_day,
            entitled=self._entitled(market),
            net_fees_usd_micro=fees,
            revenue_usd_micro=clearing.fee_revenue_usd_micro,
        )
        is_share = self.terms.pay.revenue_share_bps is not None
        kind = PostingKind.MARKET_MAKER_REVENUE_SHARE if is_share else PostingKind.MARKET_MAKER_STIPEND
        paid = np.zeros(makers.count, dtype=np.int64)
        for row in range(makers.count):
            account = makers.first_account + row
            paid[row] = clearing.pay(account, int(due.month[row]), kind)
            paid[row] += clearing.pay(account, int(due.stress[row]))
        assert (paid == due.month + due.stress).all(), "pay exceeds the revenue it was cut to"
        reached = self._entitled(market) & (month.score >= makers.duties.level_score[0])
        self._stress_rounds_last_month = int(month.stress_rounds[reached].sum())
        self._fees_last_month_usd_micro = fees
        self._fees_before_usd_micro += fees
        self._judge(market, month.score < self.terms.presence_required)
        return paid

    def _judge(self, market: MarketState, missed: NDArray[np.bool_]) -> None:
        """Count months missed in a row; too many cost the status and its rebate for good."""
        duties, terms = self.makers.duties, self.terms
        self.misses[:] = np.where(missed & duties.under_contract, self.misses + 1, 0)
        if terms.misses_allowed == 0:
            return
        for row in np.flatnonzero(self.misses >= terms.misses_allowed).tolist():
            duties.under_contract[row] = False
            self._charge_without_status(market, row)

    def _charge_without_status(self, market: MarketState, row: int) -> None:
        account, fee = self.makers.first_account + row, self.terms.fee_without_status_usd_micro
        self.makers.duties.maker_fee_usd[row] = fee / USD_MICRO
        market.clearing.change_maker_fee(account, fee)
        if self._fee_tiers is not None:
            self._fee_tiers.change_maker_fee(account, fee)

    def _month_fees(self, market: MarketState) -> int:
        """Return the fees less rebates posted since the month began, of all accounts."""
        return int(market.clearing.fees_usd_micro.sum()) - self._fees_before_usd_micro


def _has_a_market_price(months: NDArray[Any]) -> NDArray[np.bool_]:
    """Say in which months the reference price is one of the market: quotes, an auction or a trade."""
    is_quoted = (months["best_bid_ticks"] != NO_PRICE) & (months["best_ask_ticks"] != NO_PRICE)
    priced: NDArray[np.bool_] = (
        is_quoted | (months["indicative_ticks"] != NO_PRICE) | (months["last_trade_ticks"] != NO_PRICE)
    )
    return priced
