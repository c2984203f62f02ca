"""A user's own traders, agent by agent or as a whole class, and how they join the market."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.custom_class import can_take, check_class
from abm.agents.base.population import CustomPopulation, Funding, Population, TraderAgent
from abm.agents.base.population_room import PopulationRoom
from abm.core.arguments import finite, shown, whole
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError
from abm.core.randomness import RandomStreams


@dataclass(frozen=True)
class CustomAgents:
    """A user's traders to add to the market, each asked by itself.

    Parameters
    ----------
    agent_class : type of TraderAgent
        Class that overrides ``decide(view)``.
    count : int
        Number of agents.
    cash_usd : float
        Capital of each, USD.
    credit_usd : float
        Credit line of each, USD.
    """

    agent_class: type[TraderAgent]
    count: int = 1
    cash_usd: float = 1_000_000.0
    credit_usd: float = 0.0

    def __post_init__(self) -> None:
        try:
            check_class(self.agent_class, TraderAgent)
        except ParameterError as error:
            raise ParameterError(f"custom agents: {error}") from None
        _settle_terms("custom agents", self)


@dataclass(frozen=True, eq=False)
class NewAccounts:
    """Accounts opened for a population that a user builds, and what it may be built from.

    Attributes
    ----------
    name : str
        Of the population.
    first_account, count : int
        The accounts, one for each trader.
    streams : array of uint64, shape (count,)
        Decision stream of each trader, for compiled rules.
    funding : Funding
        Their money at the start.
    contract : ContractSpec
        The contract.
    days_per_month : int
        Trading days in a delivery month.
    latency_jitter : float
        Log standard deviation of every trader's latency.
    tenor_weights : array of float, shape (listed months,)
        Cumulative weights with which the built-in speculators pick a tenor.
    """

    name: str
    first_account: int
    count: int
    streams: NDArray[np.uint64]
    funding: Funding
    contract: ContractSpec
    days_per_month: int
    latency_jitter: float
    tenor_weights: NDArray[np.float64]
    random_streams: RandomStreams
    population_streams: RandomStreams

    def columns(self, dtype: np.dtype[Any], **values: Any) -> NDArray[Any]:
        """Return columns with the accounts and the given values filled in, zero elsewhere."""
        columns = np.zeros(self.count, dtype=dtype)
        columns["account"] = np.arange(self.first_account, self.first_account + self.count)
        for name, value in values.items():
            if name not in (dtype.names or ()):
                raise ParameterError(f"columns: {name!r} is not one of {', '.join(dtype.names or ())}")
            given = np.asarray(value)
            columns[name] = given
            if columns.dtype[name].kind in "iu" and (columns[name] != given).any():
                raise ParameterError(f"columns: {name} {shown(value)} is not whole, as its column is")
        return columns

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a generator for draws of this population's own: of parameters, or round by round."""
        return self.random_streams.generator("population", f"custom/{self.name}", purpose)

    def parameter_generator(self, purpose: str) -> np.random.Generator:
        """Return a generator for draws of who the traders are, by ``run.population_seed`` if there is one."""
        return self.population_streams.generator("population", f"custom/{self.name}/parameters", purpose)


@dataclass(frozen=True)
class PopulationSpec:
    """A population of a user's own that decides for all its traders at once.

    Parameters
    ----------
    name : str
        Names its random streams: two populations of one market have two names.
    count : int
        Number of traders.
    build : callable
        Gets ``NewAccounts`` and returns a ``Population`` of these accounts.
    cash_usd, credit_usd : float
        Capital and credit line of each trader, USD.
    """

    name: str
    count: int
    build: Callable[[NewAccounts], Population]
    cash_usd: float = 1_000_000.0
    credit_usd: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ParameterError(f"population: its name is empty or no text: {shown(self.name)}")
        if not callable(self.build):
            raise ParameterError(
                f"population {self.name!r}: build {shown(self.build)} is not a function of NewAccounts"
            )
        if not can_take(self.build, 1):
            raise ParameterError(f"population {self.name!r}: build cannot be called as build(accounts)")
        _settle_terms(f"population {self.name!r}", self)


CustomTraders = CustomAgents | PopulationSpec
"""What ``custom_agents`` takes."""


def build_custom_populations(room: PopulationRoom, traders: Sequence[CustomTraders]) -> list[Population]:
    """Return the populations of a user's traders, each with random streams of its own.

    Raises
    ------
    ParameterError
        If what a ``PopulationSpec`` builds is not a population of its accounts, or two have one name.
    """
    named: Counter[str] = Counter()
    populations: list[Population] = []
    for custom in checked_traders(traders):
        if isinstance(custom, PopulationSpec):
            named[custom.name] += 1
            if named[custom.name] > 1:
                raise ParameterError(f"population {custom.name!r}: another one has this name")
            populations.append(_built_population(room, custom))
        else:
            name = f"{custom.agent_class.__module__}.{custom.agent_class.__qualname__}"
            again = (
                f"/{named[name]}" if named[name] else ""
            )  # the same class once more, e.g. with other money
            named[name] += 1
            populations.append(_asked_one_by_one(room, custom, name + again))
    return populations


def _asked_one_by_one(room: PopulationRoom, custom: CustomAgents, name: str) -> CustomPopulation:
    first = room.take_accounts(custom.count)
    return CustomPopulation(
        custom.agent_class,
        room.streams.keys(f"custom/{name}", custom.count),
        first_account=first,
        funding=room.funding(np.full(custom.count, custom.cash_usd), custom.credit_usd),
        jitter=room.agents.latency_jitter,
    )


def _built_population(room: PopulationRoom, spec: PopulationSpec) -> Population:
    accounts = NewAccounts(
        name=spec.name,
        first_account=room.take_accounts(spec.count),
        count=spec.count,
        streams=room.streams.keys(f"custom/{spec.name}", spec.count),
        funding=room.funding(np.full(spec.count, spec.cash_usd), spec.credit_usd),
        contract=room.contract,
        days_per_month=room.days_per_month,
        latency_jitter=room.agents.latency_jitter,
        tenor_weights=room.tenor_weights,
        random_streams=room.streams,
        population_streams=room.population_streams,
    )
    population: Any = spec.build(accounts)
    if not isinstance(population, Population):
        raise ParameterError(f"population {spec.name!r}: build returned {shown(population)}, no Population")
    if not _columns_with_accounts(population):
        raise ParameterError(
            f"population {spec.name!r}: its __init__ does not call super().__init__ with columns "
            "that have an account (see NewAccounts.columns)"
        )
    if type(population).decide_all is Population.decide_all:
        raise ParameterError(f"population {spec.name!r}: {type(population).__name__} has no decide_all")
    if not can_take(population.decide_all, 3):
        raise ParameterError(
            f"population {spec.name!r}: decide_all cannot be called as "
            "decide_all(view, position_lots, outbox)"
        )
    built = population.columns["account"].tolist()
    given = list(range(accounts.first_account, accounts.first_account + spec.count))
    if built != given or population.first_account != accounts.first_account:
        raise ParameterError(f"population {spec.name!r}: its accounts {built} are not {given}")
    missing = set(population.activity_columns) - set(population.columns.dtype.names or ())
    if missing:
        raise ParameterError(f"population {spec.name!r}: activity_columns {sorted(missing)} are no columns")
    return population


def checked_traders(traders: Any) -> tuple[CustomTraders, ...]:
    """Return a user's traders as a tuple, or raise ``ParameterError``."""
    if isinstance(traders, (str, type, set, frozenset)) or not isinstance(traders, Iterable):
        raise ParameterError(
            f"custom_agents: {shown(traders)} is not a list of CustomAgents and PopulationSpec"
        )
    listed = tuple(traders)
    for custom in listed:
        if not isinstance(custom, (CustomAgents, PopulationSpec)):
            raise ParameterError(
                f"custom_agents: {shown(custom)} is neither CustomAgents nor a PopulationSpec"
            )
    return listed


def _settle_terms(who: str, terms: CustomTraders) -> None:
    """Check count and money, and keep them as plain numbers."""
    count = whole(terms.count)
    if count is None or count < 1:
        allowed = "a whole number >= 1" if count is None else ">= 1"
        raise ParameterError(f"{who}: count {shown(terms.count)} is not {allowed}")
    cash_usd, credit_usd = finite(terms.cash_usd), finite(terms.credit_usd)
    if cash_usd is None or cash_usd <= 0:
        raise ParameterError(f"{who}: cash_usd {shown(terms.cash_usd)} is not a finite number > 0")
    if credit_usd is None or credit_usd < 0:
        raise ParameterError(f"{who}: credit_usd {shown(terms.credit_usd)} is not a finite number >= 0")
    for name, value in (("count", count), ("cash_usd", cash_usd), ("credit_usd", credit_usd)):
        object.__setattr__(terms, name, value)


def _columns_with_accounts(population: Population) -> bool:
    columns = getattr(population, "columns", None)
    return isinstance(columns, np.ndarray) and "account" in (columns.dtype.names or ())
