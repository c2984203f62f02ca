"""The token futures market as a Mesa model: one step is one trading round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.hedgers.shell import Companies, Enterprises
from abm.agents.makers.shell import MarketMakers
from abm.core.arguments import row_number, seed_number
from abm.core.calendar import whole_rounds
from abm.core.copying import never_copied
from abm.core.errors import ParameterError
from abm.core.money import USD_MICRO
from abm.core.orders import RejectReason, SelfMatch
from abm.core.randomness import RandomStreams
from abm.exchange import MatchResult
from abm.market.build.build import build, population_seed_of
from abm.market.build.custom_build import CustomTraders, checked_traders
from abm.market.daily_collector import DailyCollector, daily_collector
from abm.market.day.clearing_link import close_out_orders, load_risk
from abm.market.day.curve import FuturesCurve
from abm.market.day.day_end import expire_front_month, final_price_ticks
from abm.market.day.departures import Departures
from abm.market.day.hedge_days import charge_interest, day_opening, note_hedges, open_hedge_accounts
from abm.market.day.market_data import MarketDataFeed
from abm.market.day.observation import TradingDayRecord, add_trade_values, count_messages
from abm.market.day.opening_positions import bring_in_positions
from abm.market.day.phases import PhaseTimer
from abm.market.day.private_signals import give_signals
from abm.market.day.risk_desk import RiskDesk
from abm.market.memory import STANDING_MARKETS
from abm.market.state_hash import state_hash
from abm.market.tables.study_tables import record_positions
from abm.market.tables.tables import MarketTables
from abm.market.venue.maker_regime import MakerRegime
from abm.market.venue.rules import MarketRule, call_rules, checked_rules, messages_by_rules
from abm.market.venue.sessions import Sessions
from abm.recording import Recorder
from abm.scenario import Scenario


@never_copied("build it again from the same scenario and seed, and step it as far")
class TokenFuturesMarket(mesa.Model):  # type: ignore[misc]
    """The SIT futures market: agents, order books of all listed months, and a clearing house.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, the name of a packaged one, or the path of a TOML file.
    rng : int, optional
        Seed of the run; the scenario's ``run.seed`` by default.
    population_seed : int, optional
        Seed of who is there; the scenario's ``run.population_seed`` by default, and without one the run's.
    custom_agents : sequence of CustomAgents or PopulationSpec
        A user's own traders, added to the scenario's.
    rules : sequence of MarketRule
        A user's own rules, called after those of the scenario.
    recorder : Recorder, optional
        Keeps the run's tables; none by default, as when a Mesa user steps the model by hand.
    seed : int, optional
        Another name of ``rng``, which is Mesa's older one.

    Attributes
    ----------
    market_scenario : Scenario
        The scenario as resolved.
    companies : dict of str to Companies
        The companies that the scenario names, each a population of one.
    clock : MarketClock
        Trading day and round now.
    running : bool
        Until the days of the scenario are traded, when ``run_model`` ends; ``step`` goes on all the same.
    """

    def __init__(
        self,
        scenario: Scenario | str = "baseline",
        rng: int | None = None,
        custom_agents: Sequence[CustomTraders] = (),
        rules: tuple[MarketRule, ...] | list[MarketRule] = (),
        recorder: Recorder | None = None,
        *,
        population_seed: int | None = None,
        seed: int | None = None,
    ) -> None:
        resolved = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
        if rng is not None and seed is not None:
            raise ParameterError(f"seed: {seed} is another name of rng, which is {rng}: give one of them")
        STANDING_MARKETS.admit(self)
        rng = seed if rng is None else rng
        self.seed_used = resolved.run.seed if rng is None else seed_number("rng", rng)
        self.population_seed_used = population_seed_of(resolved, population_seed, self.seed_used)
        self._next_agent_number = 1
        super().__init__(rng=self.seed_used)
        self.market_scenario = resolved
        self.recorder = recorder
        parts = build(
            resolved,
            seed=self.seed_used,
            population_seed=self.population_seed_used,
            custom_agents=checked_traders(custom_agents),
            journal=recorder is not None and recorder.keeps("ledger"),
        )
        self.contract, self.clock, self.desk = parts.contract, parts.clock, parts.desk
        self.exchange, self.clearing = parts.exchange, parts.clearing
        self.populations, self.list_prices = parts.populations, parts.list_prices
        self.position_limits, self.rules = parts.position_limits, (*parts.rules, *checked_rules(rules))
        self.rule_generators: dict[str, np.random.Generator] = {}
        self.sessions = Sessions(self.exchange)
        self.timer = PhaseTimer()
        self.departures = Departures(self.exchange, self.populations)
        self._admits_traders = True
        for population in self.populations:
            population.create_agents(self)
        self._admits_traders = False
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
        self.feed = MarketDataFeed(
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
        self.companies = {p.labels[0]: p for p in self.populations if isinstance(p, Companies)}
        self.hedge_accounts = open_hedge_accounts(self)

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
            if self.clock.day + 1 >= self.market_scenario.run.days:
                self.running = False
        if isinstance(self.datacollector, DailyCollector):
            self.datacollector.hold(self.steps)
        self.clock.advance()

    def register_agent(self, agent: Any) -> None:
        """Take in an agent; a trader only while the market is built, when accounts are opened."""
        is_trader = isinstance(agent, TraderAgent)
        if is_trader and not self._admits_traders:
            agent._refuse_to_join()
        super().register_agent(agent)
        numbers = getattr(type(agent), "_ids", None)
        if numbers is not None:  # before 3.4 Mesa numbers by model in a table that would hold it for good
            numbers.pop(self, None)
            agent.unique_id = self._next_agent_number
            self._next_agent_number += 1

    def deregister_agent(self, agent: Any) -> None:
        """Let an agent go, as its ``remove()`` asks: a trader stops, its orders go, its position stays."""
        super().deregister_agent(agent)
        if isinstance(agent, TraderAgent):
            self.departures.leave(agent.account)

    def reset_rng(self, rng: Any = None) -> NoReturn:
        """Refuse: the market's own draws would go on as before."""
        self._refuse_reset("reset_rng")

    def reset_randomizer(self, seed: Any = None) -> NoReturn:
        """Refuse, as :meth:`reset_rng` does."""
        self._refuse_reset("reset_randomizer")

    def _refuse_reset(self, method: str) -> NoReturn:
        raise ParameterError(
            f"{method}: the market draws from streams of its own seed; build it again with another rng="
        )

    @property
    def datacollector(self) -> mesa.DataCollector:
        """A few scalars at the close of each day; another collector may take its place."""
        return self._datacollector

    @datacollector.setter
    def datacollector(self, collector: mesa.DataCollector) -> None:
        self._datacollector = daily_collector(collector)

    @property
    def front_month(self) -> int:
        """The delivery month in delivery now."""
        return self.clock.calendar.month_of(self.clock.day)

    def position_lots(self, account: int, tenor: int) -> int:
        """Return an account's signed position in a listed month, which ``tenor`` counts from the front."""
        positions = self.clearing.position_lots
        row = row_number("account", account, len(positions))
        months_ahead = row_number("tenor", tenor, self.contract.listed_months)
        return int(positions[row, self.clock.calendar.slot(self.front_month + months_ahead)])

    def equity_usd(self, account: int) -> float:
        """Return an account's collateral plus bank money less drawn credit, USD, as of the last mark."""
        equity = self.equity_usd_micro
        return float(equity[row_number("account", account, len(equity))]) / USD_MICRO

    @property
    def equity_usd_micro(self) -> NDArray[np.int64]:
        """Collateral plus bank money less drawn credit of every account, micro-USD."""
        house = self.clearing
        return house.collateral_usd_micro + house.bank_cash_usd_micro - house.credit_drawn_usd_micro

    def rule_generator(self, name: str) -> np.random.Generator:
        """Return the random generator of a rule; the same one each time, and nobody else's."""
        if name not in self.rule_generators:
            self.rule_generators[name] = RandomStreams(self.seed_used).generator("rule", name)
        return self.rule_generators[name]

    def state_hash(self) -> str:
        """Return a SHA-256 over order books, ledger, positions and agents: equal for equal worlds."""
        return state_hash(self)

    def public_view(self) -> MarketView:
        """Return what every trader sees now."""
        with self.timer("view"):
            months = self.curve.refresh(self.exchange.top_of_book())
            return self.feed.view(
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
            load_risk(self)
            opening = day_opening(self)
            for population in self.populations:
                population.open_day(opening)
            give_signals(self)
            note_hedges(self)
            self.today = TradingDayRecord(self.contract.listed_months)
            self.feed.open_day(day)
            self.sessions.open_day()
            call_rules(self, "open_day")
            self.tables.record_spot()

    def _begin_round(self) -> None:
        """End the halts whose time is up, and let every rule change what holds in this round."""
        with self.timer("rules"):
            self.sessions.resume(self.clock.now_round)
            call_rules(self, "before_round")
            self.maker_regime.announce(self)

    def _collect_orders(self, view: MarketView) -> NDArray[Any]:
        """Let all traders decide on the same view, add close-outs, apply the rules, sort by arrival."""
        with self.timer("agents"):
            positions = self.clearing.position_lots
            for population in self.populations:
                population.act(view, positions, self.outbox)
            if self.clearing.has_positions_to_close:
                self.outbox.extend(close_out_orders(self))
            messages = messages_by_rules(self.rules, self, self.outbox.messages)
            return self.outbox.take_sorted(self.departures.without_their_messages(messages))

    def _match(self, batch: NDArray[Any]) -> MatchResult:
        """Match the batch in all months at once, end the auctions that are due, and book all trades."""
        with self.timer("match"):
            self.tables.before_matching()
            self.sessions.begin_matching()
            result = self.sessions.uncross_due(self.exchange.match(batch), self.clock, self.curve)
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
            self.maker_regime.observe(self, result.trades)
            self.feed.publish(result.trades, day=self.clock.day, round_of_day=self.clock.round)
            self.tables.record_round(batch, result, top)
        with self.timer("rules"), self.departures.after_reading():
            call_rules(self, "after_matching", batch, result)

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
            results = self.clearing.finish_close_outs(now_round=now)
            for finished in results:
                self.tables.record_close_out(finished)
                for account in finished.own_accounts_in_default:
                    self.departures.suspend(account)
            moved = self.clearing.drain_transfers()
            add_trade_values(moved, self.trade_value_ticks)
            self.tables.record_moves(results, moved)
            load_risk(self)

    def _manage_defaults(self) -> None:
        """Put accounts whose call ran past its deadline into default, or reduce them; pull their orders."""
        with self.timer("clearing"):
            events = self.clearing.process_deadlines(now_round=self.clock.now_round)
            for event in events:
                self.departures.suspend(event.account)
                self.tables.record_default(event)
            for notice in self.clearing.drain_reduction_notices():
                self.departures.pull_orders(notice.account)
                self.tables.record_reduction(notice)
            if events or self.clearing.reducing_changed:
                load_risk(self)

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
            call_rules(self, "close_day")
            charge_interest(self)
            self.maker_regime.close_day(self)
        self._margin_cycle(self.curve.settlement_by_slot())
        with self.timer("close"):
            self.risk_desk.size_fund()
            self.risk_desk.hold()
            self.clearing.sweep_excess()
            self.tables.record_accounts()
            record_positions(self)
            self.datacollector.collect(self)
