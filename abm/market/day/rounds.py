"""The trading day, round by round: who does what with the market's state, in which order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.view import MarketView
from abm.market.day.capital_desk import settle_with_owners
from abm.market.day.clearing_link import close_out_orders
from abm.market.day.day_end import expire_front_month, roll_to_next_day, settle_prices
from abm.market.day.day_start import open_trading_day
from abm.market.day.hedge_days import charge_interest
from abm.market.day.margin_calls import hold_margin_cycle, manage_defaults, marks_if_due
from abm.market.day.observation import add_trade_values, count_messages
from abm.market.day.phases import PhaseTimer
from abm.market.day.risk_desk import RiskDesk
from abm.market.round_record import RoundRecord
from abm.market.state import MarketState
from abm.market.tables.study_tables import record_positions
from abm.market.venue.maker_regime import MakerRegime
from abm.market.venue.rule_change import RuleChange, RuleSet
from abm.market.venue.rules import MarketRule, call_rules, messages_by_rules


class TradingRounds:
    """Calls the desks of a market in the order of the day; it remembers nothing itself.

    Parameters
    ----------
    state : MarketState
        The market's memory.
    market : TokenFuturesMarket
        The market itself, which rules are asked with.
    rules : tuple of MarketRule
        Rules of the venue, a user's own after the built-in ones.
    maker_regime : MakerRegime
        The contract with market makers. What it asks in a round is said after all rules have changed what
        holds in it, and measured before any rule reacts to the round.
    risk_desk : RiskDesk
        Back-test, exposures and guaranty fund.
    timer : PhaseTimer
        Counts the time.
    later : RuleSet, optional
        Rules that hold from day 0 on, where a warm-up has others.

    Attributes
    ----------
    coming : tuple of RuleChange
        The change to them, while it is to come.
    """

    def __init__(
        self,
        state: MarketState,
        market: Any,
        rules: tuple[MarketRule, ...],
        maker_regime: MakerRegime,
        risk_desk: RiskDesk,
        timer: PhaseTimer,
        later: RuleSet | None = None,
    ) -> None:
        self._state, self._market = state, market
        self._rules, self._timer = rules, timer
        self._maker_regime, self._risk_desk = maker_regime, risk_desk
        self._before = (*rules, maker_regime)
        self.coming: tuple[RuleChange, ...] = ()
        if later is not None:
            no_volume = np.zeros_like(state.curve.slots)
            self.coming = (RuleChange(later, state.curve.margin_day(state.clock.day, no_volume)),)

    def open_day(self) -> None:
        """Fix the index, value the curve, set the price limits, and let every trader plan its day."""
        state = self._state
        if state.clock.ends_warm_up:
            self._timer.sum_up("warm_up")
        with self._timer("open"):
            if state.clock.ends_warm_up:
                self._change_rules()
            open_trading_day(state)
            call_rules(self._rules, self._market, "open_day")
            state.tables.record_spot()

    def _change_rules(self) -> None:
        for change in self.coming:
            change.take_effect(self._state, self._maker_regime)
        self.coming = ()

    def begin_round(self) -> None:
        """End the halts whose time is up, and let every rule change what holds in this round."""
        state = self._state
        with self._timer("rules"):
            state.sessions.resume(state.clock.now_round)
            call_rules(self._before, self._market, "before_round")

    def collect_orders(self, view: MarketView) -> NDArray[Any]:
        """Let all traders decide on the same view, add close-outs, apply the rules, sort by arrival."""
        state = self._state
        with self._timer("agents"):
            positions = state.clearing.position_lots
            for population in state.populations:
                population.act(view, positions, state.outbox)
            if state.clearing.has_positions_to_close:
                state.outbox.extend(close_out_orders(state))
            messages = messages_by_rules(self._rules, self._market, state.outbox.messages)
            return state.outbox.take_sorted(state.departures.without_their_messages(messages))

    def match(self, batch: NDArray[Any]) -> RoundRecord:
        """Match the batch in all months at once, end the auctions that are due, and book all trades."""
        state = self._state
        with self._timer("match"):
            state.tables.before_matching()
            state.sessions.begin_matching()
            result = state.sessions.uncross_due(state.exchange.match(batch), state.clock, state.curve)
            top = state.exchange.top_of_book()
            months = state.curve.refresh(top)
        with self._timer("book"):
            state.clearing.book_trades(result.trades)
            add_trade_values(result.trades, state.trade_value_ticks)
        state.trades_made += len(result.trades)
        return RoundRecord(batch, result, top, months)

    def note(self, record: RoundRecord) -> None:
        """Take down the round: counts, quotes, makers' duties, and the tables of the run."""
        state = self._state
        batch, result, top, _ = state.last_round = record
        with self._timer("observe"):
            state.today.observe(result.trades, top, in_closing_window=state.clock.in_closing_window)
            count_messages(batch, result.outcomes, state.messages_sent, state.refusals)
            self._maker_regime.after_matching(state, batch, result)
            state.feed.publish(result.trades, day=state.clock.day, round_of_day=state.clock.round)
            state.tables.record_round(record, state.today)
        with self._timer("rules"), state.departures.after_reading():
            call_rules(self._rules, self._market, "after_matching", batch, result)

    def clear(self) -> None:
        """Hold a margin cycle if one is due, and deal with those who have not met a call in time."""
        state = self._state
        with self._timer("clearing"):
            marks = marks_if_due(state)
            if marks is not None:
                hold_margin_cycle(state, marks)
            manage_defaults(state)

    def close_day(self) -> None:
        """Settle the day: prices, variation margin, calls, fees, interest; at month end the final price."""
        state = self._state
        with self._timer("close"):
            expires = settle_prices(state)
            self._risk_desk.settle()
            if expires:
                expire_front_month(state)
            roll_to_next_day(state)
            for change in self.coming:
                change.learn(state.curve.margin_day(state.clock.day + 1, state.today.volume_lots))
            state.clearing.charge_fees()
            call_rules(self._rules, self._market, "close_day")
            charge_interest(state)
            self._maker_regime.close_day(state)
        with self._timer("clearing"):
            hold_margin_cycle(state, state.curve.settlement_by_slot())
        with self._timer("close"):
            self._risk_desk.size_fund()
            self._risk_desk.hold()
            state.clearing.sweep_excess()
            settle_with_owners(state)
            state.tables.record_ended_lines(state.clearing.review_credit())
            state.tables.record_accounts(state.today)
            record_positions(state)
