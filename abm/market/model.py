"""The token futures market as a Mesa model: one step is one trading round."""

from __future__ import annotations

import hashlib
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.agents.base import DayOpening
from abm.agents.hedgers import Enterprises
from abm.agents.outbox import Outbox
from abm.agents.view import MarketView
from abm.core.money import USD_MICRO
from abm.core.orders import CancelCause, RejectReason
from abm.exchange import MatchResult, final_settlement_ticks
from abm.market.build import build
from abm.market.curve import FuturesCurve
from abm.market.hedge_accounts import HedgeAccounts
from abm.market.maker_contract import MakerScores
from abm.market.observation import TradingDayRecord, add_trade_values, count_messages, follow_quotes
from abm.market.phases import PhaseTimer
from abm.market.populate import CustomAgents
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
    custom_agents : sequence of CustomAgents
        A user's own traders, added to the scenario's.
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
        custom_agents: tuple[CustomAgents, ...] | list[CustomAgents] = (),
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
        self.timer = PhaseTimer()
        for population in self.populations:
            population.create_agents(self)
        self._set_up_books()
        self._makers = next(p for p in self.populations if p.is_market_maker)
        self._maker_scores = MakerScores(parts.maker_terms, self._makers.count)
        self._quote_ticks = np.zeros((self._makers.count, self.contract.listed_months, 2), dtype=np.int64)
        self.tables = MarketTables(self)
        self.datacollector = mesa.DataCollector(model_reporters=self.tables.daily_reporters())

    def _set_up_books(self) -> None:
        accounts, slots = sum(p.count for p in self.populations), self.contract.listed_months
        self.outbox = Outbox()
        self.messages_sent: NDArray[np.int64] = np.zeros(accounts, dtype=np.int64)
        self.refusals: NDArray[np.int64] = np.zeros((accounts, len(RejectReason)), dtype=np.int64)
        self.trade_value_ticks: NDArray[np.int64] = np.zeros((accounts, slots), dtype=np.int64)
        self.margin_calls_made = 0
        self.trades_made = 0
        self.desk.advance_to(0)
        self.curve = FuturesCurve(
            self.market_scenario.exchange, self.contract, self.clock.calendar, self.desk
        )
        self.today = TradingDayRecord(slots)
        self.clearing.set_margin(*self.curve.margin_inputs(self.clock.day))
        self.enterprises = next(p for p in self.populations if isinstance(p, Enterprises))
        self.hedge_accounts = HedgeAccounts(
            self.enterprises,
            tick_value_usd_micro=self.contract.tick_value_usd_micro,
            expected_unit_cost_usd=self._expected_unit_costs(),
        )

    def step(self) -> None:
        """Run one trading round; the open and the close of a day belong to its first and last round."""
        if self.clock.is_open:
            self._open_day()
        view = self.public_view()
        batch = self._collect_orders(view)
        result = self._match(batch)
        self._observe(batch, result)
        if self.clock.is_margin_cycle:
            self._margin_cycle(self.curve.mark_ticks(self.exchange.top_of_book()))
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

    def state_hash(self) -> str:
        """Return a SHA-256 over order books, ledger, positions and agents: equal for equal worlds."""
        digest = hashlib.sha256(f"{self.clock.day}/{self.clock.round}".encode())
        self.exchange.update_digest(digest)
        self.clearing.update_digest(digest)
        for population in self.populations:
            population.update_digest(digest)
        digest.update(np.array([fixing.usd_micro for fixing in self.desk.fixings]).tobytes())
        return digest.hexdigest()

    def public_view(self) -> MarketView:
        """Return what every trader sees now."""
        with self.timer("view"):
            months = self.curve.refresh(self.exchange.top_of_book())
            return MarketView(
                day=self.clock.day,
                round=self.clock.round,
                day_share=1.0 / self.clock.calendar.rounds_per_day,
                index_usd=self.desk.index_usd,
                months=months,
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
            if day % self.clock.calendar.days_per_month == 0:
                slot = self.clock.calendar.slot(self.front_month)
                self.hedge_accounts.begin_delivery(self.clearing.position_lots[:, slot])
            opening = DayOpening(
                day=day,
                day_of_month=day % self.clock.calendar.days_per_month,
                log_level_ratio=self.desk.log_level_ratio(day),
                log_price_surprise=self.desk.log_price_surprise,
                provider_prices_usd=self.desk.provider_prices_usd,
            )
            for population in self.populations:
                population.new_day(opening)
            self.today = TradingDayRecord(self.contract.listed_months)
            self.tables.record_spot()

    def _collect_orders(self, view: MarketView) -> NDArray[Any]:
        """Let every trader decide on the same view, add close-out orders, and sort by arrival."""
        with self.timer("agents"):
            positions = self.clearing.position_lots
            for population in self.populations:
                population.decide_all(view, positions, self.outbox)
            if self.clearing.in_default.any():
                self.outbox.extend(self._close_out_orders())
            return self.outbox.take_sorted()

    def _close_out_orders(self) -> NDArray[Any]:
        top, terms = self.exchange.top_of_book(), self.curve.day_terms(self.clock.day)
        return self.clearing.close_out_orders(
            best_bid_ticks=top.best_bid_ticks,
            best_ask_ticks=top.best_ask_ticks,
            low_ticks=terms["low_ticks"],
            high_ticks=terms["high_ticks"],
            months=terms["months"],
            first_order_id=self.outbox.first_order_id + self.outbox.count,
        )

    def _match(self, batch: NDArray[Any]) -> MatchResult:
        """Match the batch in all months at once and book its trades with the clearing house."""
        with self.timer("match"):
            result = self.exchange.match(batch)
        with self.timer("book"):
            self.clearing.book_trades(result.trades)
            add_trade_values(result.trades, self.trade_value_ticks)
        self.trades_made += len(result.trades)
        return result

    def _observe(self, batch: NDArray[Any], result: MatchResult) -> None:
        """Take down the round: counts, quotes, makers' duties, and the tables of the run."""
        with self.timer("observe"):
            top = self.exchange.top_of_book()
            self.today.observe(result.trades, top, in_closing_window=self.clock.in_closing_window)
            count_messages(batch, result.outcomes, self.messages_sent, self.refusals)
            if self._makers.count > 0:
                follow_quotes(batch, result.outcomes, self._makers.first_account, self._quote_ticks)
                self._maker_scores.observe(
                    self._quote_ticks,
                    self.exchange.open_order_lots[self._makers.accounts],
                    self.curve.months,
                )
            self.tables.record_round(batch, result, top)

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
            self._load_risk()

    def _manage_defaults(self) -> None:
        """Put accounts whose call ran past its deadline into default and pull their orders."""
        with self.timer("clearing"):
            events = self.clearing.process_deadlines(now_round=self.clock.now_round)
            for event in events:
                self._suspend(event.account)
                self.tables.record_default(event)
            if events:
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
                self.curve.settlement_ticks[0] = self._final_price_ticks()
            self.tables.record_day(front_is_final=expires)
            if expires:
                self._expire_front_month()
            self.curve.roll_to_next(day)
            self.clearing.set_margin(*self.curve.margin_inputs(day + 1))
            self.clearing.charge_fees()
            self.hedge_accounts.add_interest(self.clearing.daily_interest())
            self._pay_makers()
        self._margin_cycle(self.curve.settlement_by_slot())
        with self.timer("close"):
            self.clearing.sweep_excess()
            self.tables.record_accounts()
            self.datacollector.collect(self)

    def _final_price_ticks(self) -> int:
        return final_settlement_ticks(
            self.desk.month_fixings_usd_micro(self.front_month),
            self.contract.tick_size_usd_micro,
            scheduled_fixings=self.clock.calendar.days_per_month,
        )

    def _expire_front_month(self) -> None:
        """Settle the front month at the mean of its fixings; its positions and orders go."""
        month = self.front_month
        slot = self.clock.calendar.slot(month)
        final = int(self.curve.settlement_ticks[0])
        self.exchange.expire_month(month)
        rows = self.hedge_accounts.close_month(
            month,
            position_lots=self.clearing.position_lots[:, slot],
            value_ticks=self.trade_value_ticks[:, slot],
            final_ticks=final,
            fees_usd_micro=self.clearing.fees_usd_micro,
        )
        self.tables.record_hedging(rows)
        self.clearing.final_settlement(slot, final)
        self.exchange.check()
        self.trade_value_ticks[:, slot] = 0

    def _pay_makers(self) -> None:
        """Close the makers' day, and at month end pay those who kept their duty."""
        score = self._maker_scores.close_day()
        paid = np.zeros(self._makers.count, dtype=np.int64)
        if self.clock.calendar.is_last_day_of_month(self.clock.day):
            for row, due in enumerate(self._maker_scores.close_month().tolist()):
                paid[row] = self.clearing.pay(self._makers.first_account + row, due)
        self.tables.record_makers(self._makers, score, paid)

    def _load_risk(self) -> None:
        self.exchange.load_risk(
            position_lots=self.clearing.position_lots,
            funds_usd_micro=self.clearing.pre_trade_funds(),
            margin_per_lot_usd_micro=self.clearing.margin_per_lot_usd_micro,
            may_trade=self.clearing.may_trade,
        )

    def _expected_unit_costs(self) -> NDArray[np.float64]:
        """Return day 0's expected mean price of each month of the run at each enterprise's provider."""
        last_month = self.clock.calendar.month_of(max(self.market_scenario.run.days - 1, 0))
        by_month = self.desk.model_curve_usd(0, last_month + 1)
        multiples = self.desk.quotes.expected_multiples[self.enterprises.provider]
        return np.outer(multiples, by_month)
