"""A trader as a Mesa agent, and a population: all traders of one class with their shared columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import mesa
import numpy as np
from numpy.typing import NDArray

from abm.agents.base.custom_class import HOW_TO_INIT, check_agent, check_latency, new_agent, note_where
from abm.agents.base.order_entry import OrderEntry
from abm.agents.base.outbox import Outbox
from abm.agents.base.timing import arrival_ms, rows_that_act
from abm.agents.base.view import MarketView
from abm.agents.limits.shell import ClassOpening, RiskLimits
from abm.core.arguments import whole_number
from abm.core.copying import never_copied
from abm.core.errors import ParameterError


@dataclass(frozen=True)
class Funding:
    """Money and terms that the accounts of a population start with.

    Attributes
    ----------
    cash_usd_micro, credit_limit_usd_micro : array of int64, shape (traders,)
        Own bank money and credit line.
    credit_rate_bps : int
        Yearly rate of the credit line, basis points.
    """

    cash_usd_micro: NDArray[np.int64]
    credit_limit_usd_micro: NDArray[np.int64]
    credit_rate_bps: int


@dataclass(frozen=True)
class DayOpening:
    """What a population may use at the open of a day to set its targets and costs.

    Attributes
    ----------
    day, day_of_month : int
        Trading day of the run, negative in a warm-up, and of its month, from zero.
    days_open : int
        Days that the market has traded before today: the clock by which a trader counts how long ago
        something was. On the first of all days it is 0.
    log_level_ratio : float
        Log of today's deterministic price level over that of day 0.
    log_price_surprise : float
        Today's unexpected log change of the spot price in units of its daily standard deviation.
    provider_prices_usd : array of float, shape (providers,)
        Today's provider quotes, USD per mSIT.
    front_month : int
        Delivery month in delivery today.
    settlement_usd : array of float, shape (listed months,)
        Last settlement price of today's listed months in tenor order, USD per mSIT.
    expired_final_usd : float
        Final settlement price of the month that expired last; NaN before the first.
    margin_per_lot_usd_micro : array of int64, shape (listed months,)
        Initial margin of one lot, in tenor order.
    free_funds_usd_micro, initial_margin_usd_micro : array of int64, shape (accounts,)
        What each account could pay beyond its requirement, and that requirement; a trader looks at its own.
    position_lots : array of int64, shape (accounts, listed months)
        Signed positions in tenor order; a trader looks at its own.
    equity_usd_micro : array of int64, shape (accounts,)
        Collateral plus bank money less drawn credit as of the last mark; a trader knows its own row only.
    days_to_delivery : array of float, shape (listed months,)
        Days from the open to the middle of each delivery month, of what is left of the front one; rising.
    log_level_ahead : array of float, shape (listed months,)
        Log of the deterministic price level expected on those days over today's.
    target_equity_usd_micro : array of int64, shape (accounts,)
        Equity that the account's owner wants in it: that of the start unless ``agents.capital`` has a rule.
    owner_flow_usd_micro : array of int64, shape (accounts,)
        Money since the start from outside all trading: brought in by the owner less paid out to it, and
        gained by other business. Equity less this is what trading has made of the equity at the start.
    """

    day: int
    days_open: int
    day_of_month: int
    log_level_ratio: float
    log_price_surprise: float
    provider_prices_usd: NDArray[np.float64]
    front_month: int
    settlement_usd: NDArray[np.float64]
    expired_final_usd: float
    margin_per_lot_usd_micro: NDArray[np.int64]
    free_funds_usd_micro: NDArray[np.int64]
    initial_margin_usd_micro: NDArray[np.int64]
    position_lots: NDArray[np.int64]
    equity_usd_micro: NDArray[np.int64]
    days_to_delivery: NDArray[np.float64]
    log_level_ahead: NDArray[np.float64]
    target_equity_usd_micro: NDArray[np.int64]
    owner_flow_usd_micro: NDArray[np.int64]

    def of_class(self, accounts: slice) -> ClassOpening:
        """Return what the traders of some accounts know of themselves."""
        return ClassOpening(
            day=self.days_open,
            begins_month=self.day_of_month == 0,
            equity_usd_micro=self.equity_usd_micro[accounts],
            position_lots=self.position_lots[accounts],
            lot_margin_usd_micro=self.margin_per_lot_usd_micro,
            owner_flow_usd_micro=self.owner_flow_usd_micro[accounts],
        )


@never_copied("a trader belongs to one market; build that market again from the same scenario and seed")
class TraderAgent(OrderEntry, mesa.Agent):  # type: ignore[misc]
    """A trader with one clearing account: a Mesa agent.

    Built-in classes decide for all their agents at once. To write your own trader, subclass this one,
    override :meth:`decide`, and pass the class to ``TokenFuturesMarket(custom_agents=...)``.

    One that is removed (``remove()``) stops at once: it is asked no more, what it has sent in the round is
    dropped, and its resting orders are cancelled. Its position stays, settled and margined to the end.

    Attributes
    ----------
    account : int
        Row of this trader in every per-account array.
    row : int
        Row of this trader in its population's columns.
    """

    latency_ms: float = 50.0
    """Time from the start of a round until this trader's messages reach the exchange, milliseconds."""
    looks_per_day: float = math.inf
    """How often a custom trader is asked, at random times, at most once a round; infinite is every round.
    Read when the market is built. While it is well below the rounds of a day, a trader looks as often however
    many there are, and one that is not asked costs next to nothing."""

    def __init__(self, model: Any, population: Population | None = None, row: int = 0) -> None:
        if population is None:
            if getattr(model, "_admits_traders", False):  # it is being built: the class forgot to pass it on
                raise ParameterError(f"{type(self).__name__}: {HOW_TO_INIT}")
            self._refuse_to_join()
        super().__init__(model)
        self.population = population
        self.row = row
        self.account = population.first_account + row
        self.drawn_for_batch, self.arrival_ms = 0, 0.0

    def decide(self, view: MarketView) -> None:
        """Look at the market and send messages: :meth:`limit`, :meth:`quote`, :meth:`cancel` and the others.

        Called for custom agents as often as ``looks_per_day`` says; the built-in classes decide in compiled
        code instead.
        """
        if isinstance(self.population, CustomPopulation):
            raise ParameterError(f"{type(self).__name__}: it does not override decide(view)")
        self._refuse_to_be_asked("decide")

    def step(self) -> None:
        """Refuse: the market asks its traders itself, each at its own times."""
        self._refuse_to_be_asked("step")

    def advance(self) -> None:
        """Refuse, as :meth:`step` does."""
        self._refuse_to_be_asked("advance")

    @classmethod
    def create_agents(cls, model: Any, n: int, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: traders get their accounts when the market is built."""
        cls._refuse_to_join()

    @classmethod
    def _refuse_to_join(cls) -> NoReturn:
        name = cls.__name__
        raise ParameterError(
            f"{name}: no trader can join a market that is built; build one with "
            f"custom_agents=[CustomAgents({name})]"
        )

    def _refuse_to_be_asked(self, method: str) -> NoReturn:
        raise ParameterError(
            f"{type(self).__name__}: {method}() does nothing, traders are asked in every market.step(), "
            "the built-in classes in compiled code"
        )

    def position_lots(self, tenor: int = 0) -> int:
        """Return this trader's signed position in a listed month, in lots.

        Raises
        ------
        ParameterError
            If the tenor is none of a listed month.
        """
        return int(self.model.position_lots(self.account, tenor))

    @property
    def equity_usd(self) -> float:
        """Collateral plus own bank money less drawn credit, USD, as of the last mark."""
        return float(self.model.equity_usd(self.account))

    def _send(self, kind: int, month: int, *message: Any, **named: Any) -> int:
        population = self.population
        if not isinstance(population, CustomPopulation):
            raise ParameterError(f"{type(self).__name__}: a built-in trader decides in compiled code")
        return population.outbox.add(
            self.account, population.arrival_ms(self), kind, month, *message, **named
        )


@never_copied("its columns belong to one market; build that market again from the same scenario and seed")
class Population:
    """All traders of one class: one account each, in consecutive rows of shared columns.

    A subclass sets the class attributes and overrides :meth:`decide_all`; ``new_day`` is a hook. The market
    calls :meth:`open_day` and :meth:`act`, which hold the class to its risk limits, if it has any.

    Parameters
    ----------
    columns : structured array, shape (n,)
        One row per trader, with at least ``account``.
    streams : array of uint64, shape (n,)
        Decision stream of each trader.
    first_account : int
        Account of the first row.
    funding : Funding
        Money at the start.
    """

    agent_class: ClassVar[type[TraderAgent]] = TraderAgent
    name: ClassVar[str] = ""
    activity_columns: ClassVar[tuple[str, ...]] = ("actions_per_day",)
    """Rates that are set to zero when a trader is suspended."""
    derived_columns: ClassVar[tuple[str, ...]] = ()
    """Columns that follow from other state, so that the state hash leaves them out."""
    is_market_maker: ClassVar[bool] = False

    def __init__(
        self, columns: NDArray[Any], streams: NDArray[np.uint64], *, first_account: int, funding: Funding
    ) -> None:
        self.columns = columns
        self.streams = streams
        self.first_account = first_account
        self.count = len(columns)
        self.funding = funding
        self.limits: RiskLimits | None = None
        self._is_suspended: NDArray[np.bool_] = np.zeros(self.count, dtype=np.bool_)

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which traders are neither in default nor gone, nor out by their risk limits, shape (traders,)."""
        if self.limits is None:
            return ~self._is_suspended
        return ~(self._is_suspended | self.limits.stopped | self.limits.gone)

    @property
    def accounts(self) -> slice:
        """Rows of this population in per-account arrays."""
        return slice(self.first_account, self.first_account + self.count)

    def create_agents(self, model: Any) -> None:
        """Create the Mesa agents of this population."""
        for row in range(self.count):
            self.agent_class(model, self, row)

    def open_day(self, opening: DayOpening) -> None:
        """Stop traders that have lost too much, let others back in, then prepare for the day."""
        if self.limits is not None:
            rates = {name: self.columns[name] for name in self.activity_columns}
            self.limits.open_day(opening.of_class(self.accounts), rates)
        self.new_day(opening)

    def act(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of the whole class, within its risk limits; nothing without members."""
        if self.count == 0:
            return
        first = outbox.count
        try:
            self.decide_all(view, position_lots, outbox)
        except Exception as error:
            note_where(error, f"{type(self).__name__}.decide_all", view)
            raise
        if self.limits is not None:
            self.limits.apply(view, position_lots, outbox, first, self.streams)

    def new_day(self, opening: DayOpening) -> None:
        """Prepare for a trading day (targets, costs); does nothing by default."""

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of the whole class into the outbox."""
        raise ParameterError(f"population {type(self).__name__}: it does not override decide_all")

    def suspend(self, account: int) -> None:
        """Stop a trader that is in default or has left: it sends nothing any more."""
        row = self.row_of(account)
        self._is_suspended[row] = True
        for name in self.activity_columns:
            self.columns[name][row] = 0.0
        if self.limits is not None:
            self.limits.suspend(row)

    def row_of(self, account: int) -> int:
        """Return the row of an account of this population, or raise ``ParameterError``."""
        last = self.first_account + self.count - 1
        return whole_number("account", account, least=self.first_account, most=last) - self.first_account

    def update_digest(self, digest: Any) -> None:
        """Feed the class's columns and streams into a running hash."""
        for name in self.columns.dtype.names or ():
            if name not in self.derived_columns:
                digest.update(np.ascontiguousarray(self.columns[name]).tobytes())
        digest.update(self.streams.tobytes())
        if self.limits is not None:
            self.limits.update_digest(digest)


CUSTOM_DTYPE = np.dtype([("account", np.int64), ("actions_per_day", np.float64)], align=True)
"""One custom agent: ``actions_per_day`` it is asked, infinite for every round."""


class CustomPopulation(Population):
    """Traders of a user's class, each asked through ``decide(view)`` in turn.

    Arrival times are the agent's ``latency_ms`` with the lognormal ``jitter``, drawn from its own stream.

    Parameters
    ----------
    custom_class : type of TraderAgent
        The user's class.
    streams, first_account, funding
        As in ``Population``.
    jitter : float
        Log standard deviation of the latency.
    """

    def __init__(
        self,
        custom_class: type[TraderAgent],
        streams: NDArray[np.uint64],
        *,
        first_account: int,
        funding: Funding,
        jitter: float,
    ) -> None:
        columns = np.zeros(len(streams), dtype=CUSTOM_DTYPE)
        columns["account"] = first_account + np.arange(len(streams))
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.custom_class = custom_class
        self.jitter = jitter
        self.outbox = Outbox(0)
        self.agents: list[TraderAgent] = []
        self._rows = np.zeros(len(streams), dtype=np.int64)
        self._stopped: set[int] = set()

    def create_agents(self, model: Any) -> None:
        """Create the Mesa agents of the user's class and take down how often each is asked.

        Raises
        ------
        ParameterError
            If an agent is not what the market can work with; see ``abm.agents.base.custom_class``.
        """
        self.agents = [new_agent(self.custom_class, model, self, row) for row in range(self.count)]
        for agent in self.agents:
            if agent.row not in self._stopped:
                self.columns["actions_per_day"][agent.row] = agent.looks_per_day

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Ask each agent whose time has come; its messages of this round share one arrival time."""
        self.outbox = outbox
        due = rows_that_act(self.columns, self.streams, view.day_share, self._rows)
        asked = self.agents if due == self.count else [self.agents[row] for row in self._rows[:due].tolist()]
        first_account = self.first_account
        for agent in asked:
            if agent.row in self._stopped:  # another one may have removed it a moment ago
                continue
            try:
                agent.decide(view)
            except Exception as error:
                note_where(error, f"{type(agent).__name__}.decide", view)
                raise
            if agent.account - agent.row != first_account:  # it would trade for somebody else
                check_agent(agent, self, self.agents.index(agent))

    def suspend(self, account: int) -> None:
        """Ask a trader no more, from now on."""
        super().suspend(account)
        self._stopped.add(account - self.first_account)

    def arrival_ms(self, agent: TraderAgent) -> float:
        """Return when an agent's messages of a batch arrive, drawn at its first message of the batch."""
        batch = self.outbox.first_order_id  # each batch with messages begins with another one
        if agent.drawn_for_batch != batch:
            agent.drawn_for_batch = batch
            check_latency(agent)
            agent.arrival_ms = arrival_ms(self.streams, agent.row, agent.latency_ms, self.jitter)
        return agent.arrival_ms
