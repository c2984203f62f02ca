"""The token futures market as a Mesa model: one step is one trading round."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, Self, cast

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import Population, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.hedgers.shell import Companies, Enterprises
from abm.agents.makers.shell import MarketMakers
from abm.clearing import ClearingHouse
from abm.core.arguments import row_number, seed_number, shown
from abm.core.contract import ContractSpec
from abm.core.copying import never_copied
from abm.core.errors import ParameterError
from abm.core.money import USD_MICRO
from abm.core.orders import ORDER_DTYPE
from abm.exchange import Exchange
from abm.market.assembly.build import build, population_seed_of
from abm.market.assembly.custom_build import CustomTraders, checked_traders
from abm.market.assembly.first_day import set_up_first_day
from abm.market.daily_collector import DailyCollector, daily_collector
from abm.market.day.clock import MarketClock
from abm.market.day.curve import FuturesCurve
from abm.market.day.departures import Departures
from abm.market.day.hedge_accounts import HedgeAccounts
from abm.market.day.market_data import MarketDataFeed
from abm.market.day.observation import TradingDayRecord
from abm.market.day.phases import PhaseTimer
from abm.market.day.risk_desk import RiskDesk
from abm.market.day.rounds import TradingRounds
from abm.market.day.spot_desk import SpotDesk
from abm.market.memory import STANDING_MARKETS
from abm.market.round_record import RoundRecord
from abm.market.snapshot.fork import forked, load_market, save_market
from abm.market.state import MarketState
from abm.market.state_hash import state_hash
from abm.market.tables.daily_scalars import DAILY_SCALARS
from abm.market.tables.tables import MarketTables
from abm.market.venue.fee_tiers import FeeTiers
from abm.market.venue.maker_regime import MakerRegime
from abm.market.venue.phase_times import Sessions
from abm.market.venue.position_limits import PositionLimits
from abm.market.venue.rules import MarketRule, checked_rules
from abm.recording import Recorder
from abm.scenario import Scenario
from abm.spot.index.list_prices import ListPriceFit

_CHANGING = ("scenario", "today", "last_round", "margin_calls_made", "trades_made", "rule_generator")
_PARTS = tuple(field.name for field in fields(MarketState) if field.name not in _CHANGING)
"""What a market shows of its state under the same name; the rest are properties and methods."""


@never_copied("fork() gives an independent market, save(path) a file")
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
    state : MarketState
        Everything that the market remembers; its parts are attributes of the market too.
    companies : dict of str to Companies
        The companies that the scenario names, each a population of one.
    makers, enterprises
        The populations of market makers and of enterprises.
    running : bool
        Until the days of the scenario are traded, when ``run_model`` ends; ``step`` goes on all the same.

    Notes
    -----
    The first steps are those of a warm-up (``run.warm_up_months``): its days are negative and not recorded.
    """

    contract: ContractSpec
    clock: MarketClock
    desk: SpotDesk
    curve: FuturesCurve
    exchange: Exchange
    clearing: ClearingHouse
    populations: list[Population]
    position_limits: PositionLimits
    list_prices: ListPriceFit
    recorder: Recorder | None
    messages_sent: NDArray[np.int64]
    refusals: NDArray[np.int64]
    trade_value_ticks: NDArray[np.int64]
    outbox: Outbox
    feed: MarketDataFeed
    sessions: Sessions
    departures: Departures
    tables: MarketTables
    hedge_accounts: HedgeAccounts

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
        built = build(
            resolved,
            seed=self.seed_used,
            population_seed=self.population_seed_used,
            custom_agents=checked_traders(custom_agents),
            journal=recorder is not None and recorder.keeps("ledger"),
        )
        self.rules = (*built.rules, *checked_rules(rules))
        self.makers = next(p for p in built.populations if isinstance(p, MarketMakers))
        tiers = next((rule for rule in built.rules if isinstance(rule, FeeTiers)), None)
        self.maker_regime = MakerRegime(built.now.makers, self.makers, tiers)
        self.timer = PhaseTimer()
        self.state = set_up_first_day(resolved, built, seed=self.seed_used, recorder=recorder)
        self.risk_desk = RiskDesk(self.state, built.margin_history)
        self._day = TradingRounds(
            self.state, self, self.rules, self.maker_regime, self.risk_desk, self.timer, built.later
        )
        for name in _PARTS:
            setattr(self, name, getattr(self.state, name))
        self._admits_traders = True
        for population in self.populations:
            population.create_agents(self)
        self._admits_traders = False
        self.enterprises = next(p for p in self.populations if isinstance(p, Enterprises))
        self.companies = {p.labels[0]: p for p in self.populations if isinstance(p, Companies)}
        self._view: MarketView | None = None
        self._batch: NDArray[Any] | None = None
        self.datacollector = mesa.DataCollector(model_reporters=DAILY_SCALARS)

    def step(self) -> None:
        """Run one trading round; the open and the close of a day belong to its first and last round.

        Whoever has looked or acted already (:meth:`observe`, :meth:`act`) finds the rest of the round done.
        """
        batch = self._batch if self._batch is not None else self.act(self.observe())
        self._settle(batch)

    def observe(self) -> MarketView:
        """Return what every trader sees in this round; before the first one of a day the market opens.

        A second call in the same round returns the same view. A custom trader may send messages from now on
        until :meth:`act`, from outside as in its ``decide``.
        """
        if self._view is None:
            if self.clock.is_open:
                self._day.open_day()
            self._day.begin_round()
            self._view = self.public_view()
        return self._view

    def act(self, view: MarketView | None = None) -> NDArray[Any]:
        """Let all traders decide on the view, and return the round's messages in order of arrival.

        Parameters
        ----------
        view : MarketView, optional
            What they see; the view of the round by default.

        Returns
        -------
        array of ORDER_DTYPE
            Messages of all traders, close-outs and what rules made of them.

        Raises
        ------
        ParameterError
            If the traders of this round have acted already.
        """
        if self._batch is not None:
            raise ParameterError("act: the traders of this round have acted: settle(batch) comes next")
        seen = self.observe()
        self._batch = self._day.collect_orders(seen if view is None else view)
        return self._batch

    def settle(self, batch: NDArray[Any]) -> None:
        """Match the messages of a round, and do all that follows until the next one.

        Parameters
        ----------
        batch : array of ORDER_DTYPE
            What :meth:`act` has returned, or some of it.

        Raises
        ------
        ParameterError
            If nobody has acted in this round, or the messages are of another kind.
        """
        if self._batch is None:
            raise ParameterError("settle: nobody has acted in this round: call act() first")
        if not isinstance(batch, np.ndarray) or batch.dtype != ORDER_DTYPE or batch.ndim != 1:
            raise ParameterError(f"settle: {shown(batch)} is no array of ORDER_DTYPE")
        self._batch = batch
        self.step()  # the one that counts

    def _settle(self, batch: NDArray[Any]) -> None:
        self._view = self._batch = None
        self._day.note(self._day.match(batch))
        self._day.clear()
        if self.clock.is_close:
            self._day.close_day()
            if not self.clock.is_warm_up:
                self.datacollector.collect(self)
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
    def market_scenario(self) -> Scenario:
        """The scenario as resolved."""
        return self.state.scenario

    @property
    def front_month(self) -> int:
        """The delivery month in delivery now."""
        return self.clock.front_month

    @property
    def today(self) -> TradingDayRecord:
        """Trading of the day so far."""
        return self.state.today

    @property
    def last_round(self) -> RoundRecord | None:
        """The round that has been matched last."""
        return self.state.last_round

    @property
    def trades_made(self) -> int:
        """Trades since day 0; in a warm-up, since it began."""
        return self.state.trades_made

    @property
    def margin_calls_made(self) -> int:
        """Margin calls since day 0; in a warm-up, since it began."""
        return self.state.margin_calls_made

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
        return self.clearing.equity_usd_micro

    def rule_generator(self, name: str) -> np.random.Generator:
        """Return the random generator of a rule; the same one each time, and nobody else's."""
        return self.state.rule_generator(name)

    def fork(self) -> Self:
        """Return a market equal to this one that goes its own way from here; ``copy.deepcopy`` does the same.

        Stepped alike, both have the same path, to the hash and to every recorded table. They share the
        scenario and what else never changes; a user's own traders and rules are copied with all they hold.

        Raises
        ------
        CopyError
            In the middle of a round, or if a user's trader or rule holds something that cannot be copied, as
            an open file; the message says where.
        """
        return forked(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return forked(self, memo)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the market to a file in one move, and return its path; one that is there is replaced.

        The file holds arrays and plain values, no code; it names the classes of a user's traders and rules.

        Raises
        ------
        CopyError
            In the middle of a round, or if something cannot be saved: a class of ``__main__`` or of a
            function is found by no other program.
        SnapshotError
            If the file cannot be written.
        """
        return save_market(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the market that :meth:`save` wrote, to be stepped on, with the recorder it had.

        Modules of a user's own classes are imported, so load only what you would import.

        Raises
        ------
        SnapshotError
            If the file is missing, damaged or no saved market, if another version of the program has saved
            it, or if a class in it cannot be imported.
        """
        return cast(Self, load_market(path, cls))

    def state_hash(self) -> str:
        """Return a SHA-256 over order books, ledger, positions and agents: equal for equal worlds."""
        return state_hash(self.state, self.maker_regime, (*self.rules, *self._day.coming))

    def public_view(self) -> MarketView:
        """Return what every trader sees now."""
        with self.timer("view"):
            months = self.curve.refresh(self.exchange.top_of_book())
            return self.state.feed.view(
                months,
                day=self.clock.day,
                round_of_day=self.clock.round,
                day_share=1.0 / self.clock.calendar.rounds_per_day,
                index_usd=self.desk.index_usd,
            )
