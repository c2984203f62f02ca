"""What the builders of populations share: account numbers, streams, parameter draws and funding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.parameter_draws import parameter_draws, standard_draws, uniform_draws
from abm.agents.base.population import Funding
from abm.agents.classes import PopulationsSection
from abm.core.arrays import FloatArray
from abm.core.contract import ContractSpec
from abm.core.errors import ScenarioError
from abm.core.money import USD_MICRO
from abm.core.randomness import RandomStreams
from abm.core.settings.laws import Parameter, ParametersSection

MOST_USD = 1e12
"""Most cash, credit or hedged notional of an account on day 0; judgement: int64 holds nine times as much."""


class PopulationRoom:
    """Room in which the populations of one market are built, one after the other.

    Parameters are drawn from streams named by class and parameter, so that one more agent, or another law of
    one parameter, leaves every other draw as it was.

    Parameters
    ----------
    agents : PopulationsSection
        The scenario's section.
    contract : ContractSpec
        For lots and tick values.
    days_per_month : int
        Trading days in a delivery month.
    months_per_year : int
        Delivery months in a year.
    warm_up_days : int
        Trading days before day 0, whole months.
    cost_decline_per_day : float or None
        Fall of the log cost of a token per day, where the scenario says it.
    initial_price_usd : float
        Price level on day 0, USD per mSIT.
    provider_multiples : array of float, shape (providers,)
        Expected price of each provider as a multiple of the index: what a token bought or sold there weighs
        in index terms, and so in lots.
    taker_fee_usd, auction_fee_usd : float
        Fees of an incoming order and of a trade in an auction, USD per lot.
    streams : RandomStreams
        Named streams of the run, for what traders do.
    population_streams : RandomStreams
        Named streams of who they are: needs, money and parameters.

    Attributes
    ----------
    next_account : int
        Account of the next trader.
    tenor_weights : array of float, shape (listed months,)
        Cumulative weights with which speculators pick a tenor.
    """

    def __init__(
        self,
        *,
        agents: PopulationsSection,
        contract: ContractSpec,
        days_per_month: int,
        months_per_year: int,
        warm_up_days: int = 0,
        cost_decline_per_day: float | None,
        initial_price_usd: float,
        provider_multiples: FloatArray,
        taker_fee_usd: float,
        auction_fee_usd: float,
        streams: RandomStreams,
        population_streams: RandomStreams,
    ) -> None:
        self.agents, self.contract, self.streams = agents, contract, streams
        self.population_streams = population_streams
        self.days_per_month, self.months_per_year = days_per_month, months_per_year
        self.warm_up_days = warm_up_days
        self.cost_decline_per_day = cost_decline_per_day
        self.initial_price_usd = initial_price_usd
        self.provider_multiples = provider_multiples
        self.taker_fee_usd, self.auction_fee_usd = taker_fee_usd, auction_fee_usd
        self.next_account = 0
        self.tenor_weights = cumulative_tenor_weights(contract.listed_months, agents.tenor_decay)

    @property
    def first_recorded_month(self) -> int:
        """The delivery month that day 0 falls in; months are counted from the first that trades."""
        return self.warm_up_days // self.days_per_month

    @property
    def tick_value_usd(self) -> float:
        """Value of a tick of one lot, USD."""
        return self.contract.tick_value_usd_micro / USD_MICRO

    def fee_ticks(self, fee_usd: float) -> float:
        """Return a fee per lot in ticks; a rebate counts as no fee."""
        return max(0.0, fee_usd) / self.tick_value_usd

    def take_accounts(self, count: int) -> int:
        """Give the next ``count`` accounts away and return the first of them."""
        first = self.next_account
        self.next_account += count
        return first

    def columns(
        self, dtype: np.dtype[Any], agent_class: str, count: int, latency_ms: Parameter
    ) -> NDArray[Any]:
        """Return zeroed columns with account, latency and jitter filled in; takes the accounts."""
        columns = np.zeros(count, dtype=dtype)
        first = self.take_accounts(count)
        columns["account"] = np.arange(first, first + count)
        columns["latency_ms"] = self.drawn(agent_class, "latency_ms", latency_ms, count, (1e-9, np.inf))
        columns["jitter"] = self.agents.latency_jitter
        return columns

    def fill(self, columns: NDArray[Any], agent_class: str, section: ParametersSection, *names: str) -> None:
        """Fill columns from the parameters of the same name; whole numbers are rounded, at least one."""
        for name in names:
            draws = self.parameter(agent_class, section, name, len(columns))
            if columns.dtype[name].kind == "i":
                draws = np.maximum(1.0, np.rint(draws))
            columns[name] = draws

    def parameter(self, agent_class: str, section: ParametersSection, name: str, count: int) -> FloatArray:
        """Return a parameter of every trader of a class, shape (count,), drawn by its law."""
        return self.drawn(agent_class, name, getattr(section, name), count, section.bounds_of(name))

    def drawn(
        self, agent_class: str, name: str, value: Parameter, count: int, bounds: tuple[float, float]
    ) -> FloatArray:
        """Return draws of a number or a law; a fixed number draws nothing.

        A lognormal or exponential draw beyond a bound is held at it.
        """
        return parameter_draws(self.population_streams, agent_class, name, value, count, bounds)

    def normals(self, agent_class: str, parameter: str, count: int) -> FloatArray:
        """Return the standard normal draws of one parameter of a class, shape (count,)."""
        return standard_draws(self.population_streams, agent_class, parameter, count)

    def uniforms(self, agent_class: str, parameter: str, count: int) -> FloatArray:
        """Return the uniform draws of one parameter of a class, shape (count,)."""
        return uniform_draws(self.population_streams, agent_class, parameter, count)

    def month_lots(self, index_msit_per_day: FloatArray) -> FloatArray:
        """Return a daily quantity in index terms as lots of a delivery month."""
        return index_msit_per_day * self.days_per_month / self.contract.contract_size_msit

    def funding(
        self,
        cash_usd: FloatArray,
        credit_usd: FloatArray | float = 0.0,
        *,
        cash_field: str = "cash_usd",
        credit_field: str = "credit_usd",
    ) -> Funding:
        """Return the funding of accounts with that cash and credit, USD, shape (count,).

        Raises
        ------
        ScenarioError
            Naming the field, if an account would begin with more than ``MOST_USD``.
        """
        credit = np.broadcast_to(np.asarray(credit_usd, dtype=np.float64), cash_usd.shape)
        check_amounts(cash_field, "the cash", cash_usd)
        check_amounts(credit_field, "the credit line", credit)
        return Funding(
            cash_usd_micro=np.rint(cash_usd * USD_MICRO).astype(np.int64),
            credit_limit_usd_micro=np.rint(credit * USD_MICRO).astype(np.int64),
            credit_rate_bps=round(self.agents.credit_rate * 10_000),
        )


def check_amounts(field: str, what: str, usd: FloatArray) -> None:
    """Refuse amounts that an account cannot hold; they come from a field, its law and the draws.

    Parameters
    ----------
    field : str
        The scenario field to name.
    what : str
        What the amounts are.
    usd : array of float, shape (traders,)
        One amount a trader.

    Raises
    ------
    ScenarioError
        If one is above ``MOST_USD``, or no number.
    """
    wrong = np.flatnonzero(~(usd <= MOST_USD))
    if wrong.size:
        row = int(wrong[0])
        raise ScenarioError(
            f"{field}: {what} of trader {row} of its class comes to {usd[row]:.3g} USD, "
            f"which is not <= {MOST_USD:g}, the most of one account"
        )


def cumulative_tenor_weights(listed_months: int, decay_months: float) -> FloatArray:
    """Return the cumulative weights e^(-tenor/decay) of the tenors, the last one 1."""
    weights = np.exp(-np.arange(listed_months) / decay_months)
    cumulative: FloatArray = np.cumsum(weights) / weights.sum()
    return cumulative
