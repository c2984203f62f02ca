"""The token futures market as a Mesa model: one step is one trading round."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.agents.hedgers import Enterprises
from abm.agents.makers import MarketMakers
from abm.agents.outbox import Outbox
from abm.agents.view import MarketView
from abm.core.calendar import whole_rounds
from abm.core.money import USD_MICRO
from abm.core.orders import NO_PRICE, CancelCause, RejectReason, SelfMatch, TradingPhase
from abm.core.randomness import RandomStreams
from abm.exchange import MatchResult
from abm.market.build import build
from abm.market.curve import FuturesCurve
from abm.market.custom_build import CustomTraders
from abm.market.day_end import expire_front_month, final_price_ticks
from abm.market.hedge_accounts import HedgeAccounts
from abm.market.hedge_days import charge_interest, day_opening, note_hedges
from abm.market.holder_build import bring_in_positions
from abm.market.maker_regime import MakerRegime
from abm.market.market_data import MarketDataFeed
from abm.market.observation import TradingDayRecord, add_trade_values, count_messages
from abm.market.phases import PhaseTimer
from abm.market.private_signals import give_signals
from abm.market.risk_desk import RiskDesk
from abm.market.rules import MarketRule, checked_rules, messages_by_rules
from abm.market.sessions import Sessions, joined
from abm.market.tables import MarketTables
from abm.recording import Recorder
from abm.scenario import Scenario


class TokenFuturesMarket(mesa.Model):  # type: ignore[misc]
    """The SIT futures market: agents, order books of all listed months, and a clearing house.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, the name of a packaged one, or the path of a TOML file.
    rng : int, optional
        Seed of the run; the scenario's ``run.seed`` by default.
    custom_agents : sequence of CustomAgents or PopulationSpec
        A user's own traders, added to the scenario's.
    rules : sequence of MarketRule
        A user's own rules, called after those of the scenario.
    recorder : Recorder, optional
        Keeps the run's tables; none by default, as when a Mesa user steps the model by hand.

    Attributes
    ----------
    market_scenario : Scenario
        The scenario as resolved.
    clock : MarketClock
        Trading day and round now.
    datacollector : mesa.DataCollector
        A few scalars at the close of each day.
    """

    def __init__(
        self,
        scenario: Scenario | str = "baseline",
        rng: int | None = None,
        custom_agents: Sequence[CustomTraders] = (),
        rules: tuple[MarketRule, ...] | list[MarketRule] = (),
        recorder: Recorder | None = None,
    ) -> None:
        resolved = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
        self.seed_used = resolved.run.seed if rng is None else int(rng)
        super().__init__(rng=self.seed_used)
        self.market_scenario = resolved
        self.recorder = recorder
        parts = build(
            resolved,
            seed=self.seed_used,
            custom_agents=tuple(custom_agents),
            journal=recorder is not None and recorder.keeps("ledger"),
        )
        self.contract, self.clock, self.desk = parts.contract, parts.clock, parts.desk
        self.exchange, self.clearing = parts.exchange, parts.clearing
        self.populations, self.list_prices = parts.populations, parts.list_prices
        self.position_limits, self.rules = parts.position_limits, (*parts.rules, *checked_rules(rules))
        self._rule_generators: dict[str, np.random.Generator] = {}
        self.sessions = Sessions(self.exchange)
        self.timer = PhaseTimer()
        for population in self.populations:
            population.create_agents(self)
        self._set_up_books()
        self.makers = next(p for p in self.populations if isinstance(p, MarketMakers))
        self.maker_regime = MakerRegime(parts.maker_terms, self.makers)
        self.tables = MarketTables(self)
        self.risk_desk = RiskDesk(self, parts.margin_history)
        self.datacollector = mesa.DataCollector(model_reporters=self.tables.daily_reporters())

    def _set_up_books(self) -> None:
        accounts, slots = sum(p.count for p in self.populations), self.contract.listed_months
        shown = self.market_scenario.exchange.market_data
        self.outbox = Outbox(self_match=SelfMatch[self.market_scenario.exchange.self_match.upper()])
        self._feed = MarketDataFeed(
            self.exchange,
            depth_levels=shown.depth_levels,
            trades_shown=shown.trades_shown,
            delay_rounds=whole_rounds(shown.delay_days, self.clock.calendar.rounds_per_day),
        )
        self.messages_sent: NDArray[np.int64] = np.zeros(accounts, dtype=np.int64)
        self.refusals: NDArray[np.int64] = np.zeros((accounts, len(RejectReason)), dtype=np.int64)
        self.trade_value_ticks: NDArray[np.int64] = np.zeros((accounts, slots), dtype=np.int64)
        self.margin_calls_made = 0
        self.trades_made = 0
        self.curve = FuturesCurve(
            self.market_scenario.exchange, self.contract, self.clock.calendar, self.desk
        )
        self.today = TradingDayRecord(slots)
        self.clearing.set_margin(self.curve.margin_day(0, np.zeros(slots, dtype=np.int64)))
        bring_in_positions(self)
        self.enterprises = next(p for p in self.populations if isinstance(p, Enterprises))
        self.hedge_accounts = HedgeAccounts(
            self.enterprises,
            tick_value_usd_micro=self.contract.tick_value_usd_micro,
            expected_unit_cost_usd=self._expected_unit_costs(),
            funds_rate_per_day=self.market_scenario.agents.enterprises.programme.cost_of_funds
            / self.clock.calendar.days_per_year,
        )

    def step(self) -> None:
        """Run one trading round; the open and the close of a day belong to its first and last round."""
        if self.clock.is_open:
            self._open_day()
        self._begin_round()
        view = self.public_view()
        batch = self._collect_orders(view)
        result = self._match(batch)
        self._observe(batch, result)
        self._margin_cycle_if_due()
        self._manage_defaults()
        if self.clock.is_close:
            self._close_day()
        self.clock.advance()

    @property
    def front_month(self) -> int:
        """The delivery month in delivery now."""
        return self.clock.calendar.month_of(self.clock.day)

    def position_lots(self, account: int, tenor: int) -> int:
        """Return an account's signed position in a listed month."""
        slot = self.clock.calendar.slot(self.front_month + tenor)
        return int(self.clearing.position_lots[account, slot])

    def equity_usd(self, account: int) -> float:
        """Return an account's collateral plus bank money less drawn credit, USD, as of the last mark."""
        return float(self.equity_usd_micro[account]) / USD_MICRO

    @property
    def equity_usd_micro(self) -> NDArray[np.int64]:
        """Collateral plus bank money less drawn credit of every account, micro-USD."""
        house = self.clearing
        return house.collateral_usd_micro + house.bank_cash_usd_micro - house.credit_drawn_usd_micro

    def rule_generator(self, name: str) -> np.random.Generator:
        """Return the random generator of a rule; the same one each time, and nobody else's."""
        if name not in self._rule_generators:
            self._rule_generators[name] = RandomStreams(self.seed_used).generator("rule", name)
        return self._rule_generators[name]

    def state_hash(self) -> str:
        """Return a SHA-256 over order books, ledger, positions and agents: equal for equal worlds."""
        digest = hashlib.sha256(f"{self.clock.day}/{self.clock.round}".encode())
        self.exchange.update_digest(digest)
        self.clearing.update_digest(digest)
        for population in self.populations:
            population.update_digest(digest)
        self.sessions.update_digest(digest)
        self.maker_regime.update_digest(digest)
        self._feed.update_digest(digest)
        for rule in self.rules:
            rule.update_digest(digest)
        for name, generator in sorted(self._rule_generators.items()):
            digest.update(f"{name}: {generator.bit_generator.state}".encode())
        digest.update(np.array([fixing.usd_micro for fixing in self.desk.fixings]).tobytes())
        return digest.hexdigest()

    def public_view(self) -> MarketView:
        """Return what every trader sees now."""
        with self.timer("view"):
            months = self.curve.refresh(self.exchange.top_of_book())
            return self._feed.view(
                months,
                day=self.clock.day,
                round_of_day=self.clock.round,
                day_share=1.0 / self.clock.calendar.rounds_per_day,
                index_usd=self.desk.index_usd,
            )

    def _open_day(self) -> None:
        """Fix the index, value the curve, set the price limits, and let every trader plan its day."""
        with self.timer("open"):
            day = self.clock.day
            if day > 0:
                self.desk.advance_to(day)
                self.curve.open_day(day)
            self.exchange.open_day(**self.curve.day_terms(day))
            self._load_risk()
            opening = day_opening(self)
            for population in self.populations:
                population.open_day(opening)
            give_signals(self)
            note_hedges(self)
            self.today = TradingDayRecord(self.contract.listed_months)
            self._feed.open_day(day)
            self.sessions.open_day()
            for rule in self.rules:
                rule.open_day(self)
            self.tables.record_spot()

    def _begin_round(self) -> None:
        """End the halts whose time is up, and let every rule change what holds in this round."""
        with self.timer("rules"):
            self.sessions.resume(self.clock.now_round)
            for rule in self.rules:
                rule.before_round(self)
            self.maker_regime.announce(self)

    def _collect_orders(self, view: MarketView) -> NDArray[Any]:
        """Let all traders decide on the same view, add close-outs, apply the rules, sort by arrival."""
        with self.timer("agents"):
            positions = self.clearing.position_lots
            for population in self.populations:
                population.act(view, positions, self.outbox)
            if self.clearing.has_positions_to_close:
                self.outbox.extend(self._close_out_orders())
            return self.outbox.take_sorted(messages_by_rules(self.rules, self, self.outbox.messages))

    def _close_out_orders(self) -> NDArray[Any]:
        """Return the clearing house's orders for defaulters; it trades in continuous trading only."""
        top, terms = self.exchange.top_of_book(), self.curve.day_terms(self.clock.day)
        trading = top.phase == TradingPhase.CONTINUOUS
        return self.clearing.close_out_orders(
            best_bid_ticks=np.where(trading, top.best_bid_ticks, NO_PRICE),
            best_ask_ticks=np.where(trading, top.best_ask_ticks, NO_PRICE),
            low_ticks=terms["low_ticks"],
            high_ticks=terms["high_ticks"],
            months=terms["months"],
            first_order_id=self.outbox.next_order_id,
            bid_lots=top.bid_lots,
            ask_lots=top.ask_lots,
        )

    def _match(self, batch: NDArray[Any]) -> MatchResult:
        """Match the batch in all months at once, end the auctions that are due, and book all trades."""
        with self.timer("match"):
            self.sessions.begin_matching()
            result = self._uncrossed(self.exchange.match(batch))
        with self.timer("book"):
            self.clearing.book_trades(result.trades)
            add_trade_values(result.trades, self.trade_value_ticks)
        self.trades_made += len(result.trades)
        return result

    def _uncrossed(self, result: MatchResult) -> MatchResult:
        """Return the round's result with the auctions that end with it; none outlasts the day."""
        clock, months = self.clock, self.curve.months["month"]
        while True:
            self.sessions.note_interruptions()
            due = self.sessions.end_auctions(clock.now_round, is_close=clock.is_close)
            if not due.any():
                return result
            result = MatchResult(*(part.copy() for part in result))
            result = joined(result, self.exchange.uncross(months[due[self.curve.slots]]))

    def _observe(self, batch: NDArray[Any], result: MatchResult) -> None:
        """Take down the round: counts, quotes, makers' duties, and the tables of the run."""
        with self.timer("observe"):
            top = self.exchange.top_of_book()
            self.today.observe(result.trades, top, in_closing_window=self.clock.in_closing_window)
            count_messages(batch, result.outcomes, self.messages_sent, self.refusals)
            self.maker_regime.observe(self, result.trades)
            self._feed.publish(result.trades, day=self.clock.day, round_of_day=self.clock.round)
            self.tables.record_round(batch, result, top)
        with self.timer("rules"):
            for rule in self.rules:
                rule.after_matching(self, batch, result)

    def _margin_cycle_if_due(self) -> None:
        """Hold a scheduled intraday margin cycle, or an extra one after a large loss."""
        house = self.clearing
        if self.clock.is_margin_cycle:
            self._margin_cycle(self.curve.mark_ticks(self.exchange.top_of_book()))
        elif house.rules.ad_hoc_call_loss_share_bps > 0 and not self.clock.is_close:
            marks = self.curve.mark_ticks(self.exchange.top_of_book())
            if house.needs_ad_hoc_call(marks):
                self._margin_cycle(marks)

    def _margin_cycle(self, mark_ticks: NDArray[np.int64]) -> None:
        """Mark to market, call margin, settle finished close-outs, and tell the exchange what is left."""
        with self.timer("clearing"):
            now = self.clock.now_round
            self.clearing.mark_to_market(mark_ticks, now_round=now)
            calls = self.clearing.margin_cycle(now_round=now)
            self.margin_calls_made += len(calls)
            self.tables.record_calls(calls)
            for finished in self.clearing.finish_close_outs(now_round=now):
                self.tables.record_close_out(finished)
                for account in finished.own_accounts_in_default:
                    self._suspend(account)
            add_trade_values(self.clearing.drain_transfers(), self.trade_value_ticks)
            self._load_risk()

    def _manage_defaults(self) -> None:
        """Put accounts whose call ran past its deadline into default, or reduce them; pull their orders."""
        with self.timer("clearing"):
            events = self.clearing.process_deadlines(now_round=self.clock.now_round)
            for event in events:
                self._suspend(event.account)
                self.tables.record_default(event)
            for notice in self.clearing.drain_reduction_notices():
                self.exchange.cancel_account(notice.account, CancelCause.SUSPENSION)
                self.tables.record_reduction(notice)
            if events or self.clearing.reducing_changed:
                self._load_risk()

    def _suspend(self, account: int) -> None:
        """Pull a defaulter's orders and stop its trader."""
        self.exchange.cancel_account(account, CancelCause.SUSPENSION)
        owner = next(p for p in self.populations if account < p.first_account + p.count)
        owner.suspend(account)

    def _close_day(self) -> None:
        """Settle the day: prices, variation margin, calls, fees, interest; at month end the final price."""
        with self.timer("close"):
            day = self.clock.day
            # Exchange and clearing house keep positions apart, each from the trades alone.
            assert np.array_equal(self.exchange.position_lots, self.clearing.position_lots), (
                "positions differ"
            )
            self.curve.settle(self.today, self.exchange.top_of_book())
            self.exchange.close_day()
            expires = self.clock.calendar.is_last_day_of_month(day)
            if expires:
                self.curve.settlement_ticks[0] = final_price_ticks(self)
            self.tables.record_day(front_is_final=expires)
            self.risk_desk.settle()
            if expires:
                expire_front_month(self)
            self.curve.roll_to_next(day)
            self.clearing.set_margin(self.curve.margin_day(day + 1, self.today.volume_lots))
            self.clearing.charge_fees()
            for rule in self.rules:
                rule.close_day(self)
            charge_interest(self)
            self.maker_regime.close_day(self)
        self._margin_cycle(self.curve.settlement_by_slot())
        with self.timer("close"):
            self.risk_desk.size_fund()
            self.risk_desk.hold()
            self.clearing.sweep_excess()
            self.tables.record_accounts()
            self.datacollector.collect(self)

    def _load_risk(self) -> None:
        self.exchange.load_risk(
            position_lots=self.clearing.position_lots,
            funds_usd_micro=self.clearing.pre_trade_funds(),
            margin_per_lot_usd_micro=self.clearing.margin_per_lot_usd_micro,
            may_trade=self.clearing.may_trade,
            position_limit_lots=self.position_limits.by_slot(
                self.exchange.n_slots, self.clock.calendar.slot(self.front_month)
            ),
            limit_exempt=self.position_limits.exempt,
        )

    def _expected_unit_costs(self) -> NDArray[np.float64]:
        """Return day 0's expected mean price of each month of the run at each enterprise's provider."""
        last_month = self.clock.calendar.month_of(max(self.market_scenario.run.days - 1, 0))
        by_month = self.desk.expected_month_mean_usd(0, last_month + 1)
        multiples = self.desk.quotes.expected_multiples[self.enterprises.provider]
        return np.outer(multiples, by_month)
