"""Turns the scenario's section ``agents`` into populations: columns, streams and funding of every class.

Parameters are drawn from streams named by class and parameter, so that one more agent, or another law of one
parameter, leaves every other draw as it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base import CustomPopulation, Funding, Population, TraderAgent
from abm.agents.chartist import CHARTIST_DTYPE
from abm.agents.fundamentalist import FUNDAMENTALIST_DTYPE
from abm.agents.hedgers import Enterprises, Providers
from abm.agents.hedging import HEDGER_DTYPE
from abm.agents.market_maker import MAKER_DTYPE
from abm.agents.member_accounts import MemberAccounts
from abm.agents.noise import NOISE_DTYPE
from abm.agents.speculators import Chartists, Fundamentalists, MarketMakers, NoiseTraders
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError
from abm.core.money import USD_MICRO
from abm.core.randomness import RandomStreams
from abm.scenario.hedger_sections import HedgeProgramme
from abm.scenario.populations import PopulationsSection

FloatArray = NDArray[np.float64]
_NEAR_TENORS, _MID_TENORS = 4, 7


@dataclass(frozen=True)
class CustomAgents:
    """A user's traders to add to the market.

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
        if self.count < 1:
            raise ParameterError(f"custom agents: count {self.count} is not >= 1")
        if not (self.cash_usd > 0 and self.credit_usd >= 0):
            raise ParameterError(
                f"custom agents: cash_usd {self.cash_usd} is not > 0 or credit_usd {self.credit_usd} not >= 0"
            )


class PopulationBuilder:
    """Builds the populations of one market in account order.

    Parameters
    ----------
    agents : PopulationsSection
        The scenario's section.
    contract : ContractSpec
        For lots and tick values.
    days_per_month : int
        Trading days in a delivery month.
    initial_price_usd : float
        Price level on day 0, USD per mSIT.
    provider_multiples : array of float, shape (providers,)
        Expected price of each provider as a multiple of the index: what a token bought or sold there weighs
        in index terms, and so in lots.
    streams : RandomStreams
        Named streams of the run.
    members : int
        Clearing members.
    member_account_usd : float
        Cash of each member's own account; without any there are no such accounts.
    """

    def __init__(
        self,
        *,
        agents: PopulationsSection,
        contract: ContractSpec,
        days_per_month: int,
        initial_price_usd: float,
        provider_multiples: FloatArray,
        streams: RandomStreams,
        members: int = 0,
        member_account_usd: float = 0.0,
    ) -> None:
        self._agents = agents
        self._members, self._member_account_usd = members, member_account_usd
        self._contract = contract
        self._days_per_month = days_per_month
        self._price_usd = initial_price_usd
        self._multiples = provider_multiples
        self._streams = streams
        self._next_account = 0
        self._tenor_weights = cumulative_tenor_weights(contract.listed_months, agents.tenor_decay)

    def build(self, custom_agents: tuple[CustomAgents, ...]) -> list[Population]:
        """Return every population, custom agents last so that they move no built-in account."""
        populations: list[Population] = [
            self._enterprises(),
            self._providers(),
            self._noise(),
            self._fundamentalists(),
            self._chartists(),
            self._makers(),
        ]
        if self._member_account_usd > 0.0:
            populations.append(self._member_accounts())
        return populations + [self._custom(custom) for custom in custom_agents]

    def _enterprises(self) -> Enterprises:
        section = self._agents.enterprises
        first = self._next_account
        need = mean_needs(self._agents, self._streams)
        provider_draw = self._uniforms("enterprise", "provider", section.count)
        provider = (provider_draw * self._agents.providers.count).astype(np.int64)
        month_lots = self._month_lots(need * self._multiples[provider])
        targets = month_lots[:, None] * self._ratios(section.programme)
        hedging = self._uniforms("enterprise", "hedges", section.count) < section.hedging_share
        cash_spread = np.exp(section.cash_log_sd * self._draws("enterprise", "cash", section.count))
        return Enterprises(
            self._hedger_columns(section.programme, month_lots),
            self._streams.keys("enterprise", section.count),
            targets,
            mean_need_msit=need,
            provider=provider,
            hedges=hedging,
            need_volatility=section.need_volatility,
            need_reversion_per_day=section.need_reversion_per_day,
            need_price_correlation=section.need_price_correlation,
            need_streams=self._streams.keys("enterprise-need", section.count),
            ramp_days=section.programme.ramp_days,
            first_account=first,
            funding=self._hedger_funding(targets, section.cash_share * cash_spread, section.credit_share),
        )

    def _providers(self) -> Providers:
        section = self._agents.providers
        first = self._next_account
        month_lots = self._month_lots(provider_capacity(self._agents, self._streams) * self._multiples)
        targets = -month_lots[:, None] * self._ratios(section.programme)
        cost_ticks = self._contract.price_to_ticks(section.marginal_cost_share * self._price_usd)
        return Providers(
            self._hedger_columns(section.programme, month_lots),
            self._streams.keys("provider", section.count),
            targets,
            marginal_cost_ticks=np.full(section.count, float(cost_ticks)),
            ramp_days=section.programme.ramp_days,
            first_account=first,
            funding=self._hedger_funding(
                targets, np.full(section.count, section.cash_share), section.credit_share
            ),
        )

    def _noise(self) -> NoiseTraders:
        section = self._agents.noise
        first = self._next_account
        columns = self._columns(NOISE_DTYPE, section.count, section.latency_ms)
        for name in ("actions_per_day", "cancels_per_day", "market_order_share", "mean_lots"):
            columns[name] = getattr(section, name)
        columns["price_distance"] = section.price_distance
        columns["max_position_lots"] = section.max_position_lots
        return NoiseTraders(
            columns,
            self._streams.keys("noise", section.count),
            self._tenor_weights,
            first_account=first,
            funding=self._funding(section.count, section.cash_usd),
        )

    def _fundamentalists(self) -> Fundamentalists:
        section = self._agents.fundamentalists
        first = self._next_account
        columns = self._columns(FUNDAMENTALIST_DTYPE, section.count, section.latency_ms)
        for name in ("actions_per_day", "belief_sd", "belief_reversion_per_day", "threshold", "mean_lots"):
            columns[name] = getattr(section, name)
        columns["max_position_lots"] = section.max_position_lots
        columns["belief_error"] = section.belief_sd * self._draws("fundamentalist", "belief", section.count)
        return Fundamentalists(
            columns,
            self._streams.keys("fundamentalist", section.count),
            self._tenor_weights,
            first_account=first,
            funding=self._funding(section.count, section.cash_usd),
        )

    def _chartists(self) -> Chartists:
        section = self._agents.chartists
        first = self._next_account
        columns = self._columns(CHARTIST_DTYPE, section.count, section.latency_ms)
        for name in ("actions_per_day", "fast_days", "slow_days", "threshold", "slice_lots"):
            columns[name] = getattr(section, name)
        columns["max_position_lots"] = section.max_position_lots
        spread_over = min(section.tenors, self._contract.listed_months - 1)
        columns["tenor"] = 1 + np.arange(section.count) % spread_over if spread_over > 0 else 0
        columns["month"] = -1
        return Chartists(
            columns,
            self._streams.keys("chartist", section.count),
            first_account=first,
            funding=self._funding(section.count, section.cash_usd),
        )

    def _makers(self) -> MarketMakers:
        section = self._agents.market_makers
        first = self._next_account
        columns = self._columns(MAKER_DTYPE, section.count, section.latency_ms)
        for name in MAKER_DTYPE.names or ():
            if name not in ("account", "latency_ms", "jitter", "belief_error"):
                columns[name] = getattr(section, name)
        columns["belief_error"] = section.belief_sd * self._draws("dmm", "belief", section.count)
        near = np.arange(self._contract.listed_months) < section.near_tenors
        return MarketMakers(
            columns,
            self._streams.keys("dmm", section.count),
            quote_lots=np.where(near, section.quote_lots_near, section.quote_lots_far).astype(np.int64),
            max_spread=np.where(near, section.max_spread_near, section.max_spread_far),
            tick_value_usd=self._contract.tick_value_usd_micro / USD_MICRO,
            first_account=first,
            funding=self._funding(section.count, section.cash_usd),
        )

    def _member_accounts(self) -> MemberAccounts:
        first = self._next_account
        self._next_account += self._members
        funding = self._funding(self._members, self._member_account_usd)
        return MemberAccounts(self._members, first_account=first, funding=funding)

    def _custom(self, custom: CustomAgents) -> CustomPopulation:
        name = f"{custom.agent_class.__module__}.{custom.agent_class.__qualname__}"
        first = self._next_account
        self._next_account += custom.count
        return CustomPopulation(
            custom.agent_class,
            self._streams.keys(f"custom/{name}", custom.count),
            first_account=first,
            funding=self._funding(custom.count, custom.cash_usd, custom.credit_usd),
            jitter=self._agents.latency_jitter,
        )

    def _columns(self, dtype: np.dtype[Any], count: int, latency_ms: float) -> NDArray[Any]:
        columns = np.zeros(count, dtype=dtype)
        columns["account"] = np.arange(self._next_account, self._next_account + count)
        self._next_account += count
        columns["latency_ms"] = latency_ms
        columns["jitter"] = self._agents.latency_jitter
        return columns

    def _hedger_columns(self, programme: HedgeProgramme, month_lots: FloatArray) -> NDArray[Any]:
        columns = self._columns(HEDGER_DTYPE, len(month_lots), programme.latency_ms)
        columns["actions_per_day"] = programme.actions_per_day
        columns["cross_probability"] = programme.cross_probability
        columns["max_premium"] = programme.max_premium
        columns["floor_ticks"] = -math.inf
        columns["slice_lots"] = np.maximum(1, np.rint(programme.slice_share * month_lots))
        columns["band_lots"] = np.floor(programme.band_share * month_lots)
        return columns

    def _month_lots(self, index_msit_per_day: FloatArray) -> FloatArray:
        return index_msit_per_day * self._days_per_month / self._contract.contract_size_msit

    def _ratios(self, programme: HedgeProgramme) -> FloatArray:
        tenor = np.arange(self._contract.listed_months)
        ratios = np.where(
            tenor < _NEAR_TENORS,
            programme.near_ratio,
            np.where(tenor < _MID_TENORS, programme.mid_ratio, programme.far_ratio),
        )
        return np.where(tenor == 0, 0.0, ratios)

    def _hedger_funding(self, targets: FloatArray, cash_share: FloatArray, credit_share: float) -> Funding:
        notional_usd = np.abs(targets).sum(axis=1) * self._contract.contract_size_msit * self._price_usd
        return Funding(
            cash_usd_micro=np.rint(notional_usd * cash_share * USD_MICRO).astype(np.int64),
            credit_limit_usd_micro=np.rint(notional_usd * credit_share * USD_MICRO).astype(np.int64),
            credit_rate_bps=round(self._agents.credit_rate * 10_000),
        )

    def _funding(self, count: int, cash_usd: float, credit_usd: float = 0.0) -> Funding:
        return Funding(
            cash_usd_micro=np.full(count, round(cash_usd * USD_MICRO), dtype=np.int64),
            credit_limit_usd_micro=np.full(count, round(credit_usd * USD_MICRO), dtype=np.int64),
            credit_rate_bps=round(self._agents.credit_rate * 10_000),
        )

    def _draws(self, agent_class: str, parameter: str, count: int) -> FloatArray:
        return standard_draws(self._streams, agent_class, parameter, count)

    def _uniforms(self, agent_class: str, parameter: str, count: int) -> FloatArray:
        return self._streams.generator("population", agent_class, parameter).random(count)


def cumulative_tenor_weights(listed_months: int, decay_months: float) -> FloatArray:
    """Return the cumulative weights e^(-tenor/decay) of the tenors, the last one 1."""
    weights = np.exp(-np.arange(listed_months) / decay_months)
    cumulative: FloatArray = np.cumsum(weights) / weights.sum()
    return cumulative


def standard_draws(streams: RandomStreams, agent_class: str, parameter: str, count: int) -> FloatArray:
    """Return the standard normal draws of one parameter of a class, shape (count,)."""
    return streams.generator("population", agent_class, parameter).standard_normal(count)


def mean_needs(agents: PopulationsSection, streams: RandomStreams) -> FloatArray:
    """Return the mean token need of each enterprise, mSIT a day."""
    section = agents.enterprises
    draws = standard_draws(streams, "enterprise", "need", section.count)
    needs: FloatArray = section.need_msit_per_day * np.exp(section.need_log_sd * draws)
    return needs


def provider_capacity(agents: PopulationsSection, streams: RandomStreams) -> FloatArray:
    """Return the expected output of each provider, mSIT a day; they are its volumes in the index too."""
    section = agents.providers
    size = np.exp(section.capacity_log_sd * standard_draws(streams, "provider", "capacity", section.count))
    total = section.capacity_to_need * float(mean_needs(agents, streams).sum())
    capacity: FloatArray = total * size / size.sum()
    return capacity
