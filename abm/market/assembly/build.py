"""Builds the parts of a market from a scenario: the one place that knows scenario fields and engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Population
from abm.agents.base.population_room import PopulationRoom
from abm.agents.classes import CLASSES
from abm.agents.makers.build import maker_terms
from abm.agents.sentiment.build import join_herd, pay_attention
from abm.clearing import ClearingHouse
from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError
from abm.core.orders import MatchingRule
from abm.exchange import BookRules, CompiledExchange, Exchange, ReferenceExchange
from abm.market.assembly.capital_build import capital_terms
from abm.market.assembly.clearing_build import account_terms, build_clearing
from abm.market.assembly.custom_build import CustomTraders
from abm.market.assembly.foundations import Foundations, lay_foundations
from abm.market.assembly.margin_build import build_margin
from abm.market.assembly.populate import build_populations
from abm.market.assembly.rule_build import build_rules
from abm.market.assembly.warm_up_rules import warm_up_scenario
from abm.market.day.clock import MarketClock
from abm.market.day.spot_desk import SpotDesk
from abm.market.venue.position_limits import PositionLimits
from abm.market.venue.rule_change import RuleSet
from abm.market.venue.rules import MarketRule
from abm.scenario import Scenario
from abm.scenario.sections.spot import SpotSection
from abm.spot.index.list_prices import ListPriceFit
from abm.spot.process.supply import ThreeFactorSupply

_SECTION_OF = {item.population: item.section for item in CLASSES} | {"company": "enterprises"}
"""Scenario section whose exemption holds for each built-in class; custom agents have none."""


@dataclass(frozen=True)
class MarketBuild:
    """What a market is built of, before its first day is set up."""

    contract: ContractSpec
    clock: MarketClock
    desk: SpotDesk
    exchange: Exchange
    now: RuleSet
    later: RuleSet | None
    rules: tuple[MarketRule, ...]
    clearing: ClearingHouse
    margin_history: NDArray[np.float64]
    populations: list[Population]
    list_prices: ListPriceFit


def build(
    scenario: Scenario,
    *,
    seed: int,
    population_seed: int | None = None,
    custom_agents: tuple[CustomTraders, ...] = (),
    journal: bool = False,
) -> MarketBuild:
    """Build the parts of a market.

    Parameters
    ----------
    scenario : Scenario
        A validated scenario.
    seed : int
        Seed of every random stream.
    population_seed : int, optional
        Seed of who is there instead: needs, capacities, providers, cash, parameters, and the social graph.
    custom_agents : tuple of CustomAgents or PopulationSpec
        A user's own traders.
    journal : bool
        Keep every ledger posting for the recorder.
    """
    base = lay_foundations(scenario, seed, population_seed)
    contract, streams, firms, desk = base.contract, base.streams, base.firms, base.desk
    clock = _clock(scenario, base.calendar)
    room = PopulationRoom(
        agents=scenario.agents,
        contract=contract,
        days_per_month=clock.calendar.days_per_month,
        months_per_year=clock.calendar.months_per_year,
        warm_up_days=clock.calendar.warm_up_days,
        cost_decline_per_day=_cost_decline_per_day(scenario.spot, clock.calendar),
        initial_price_usd=desk.process.level.initial_price_usd,
        provider_multiples=desk.quotes.expected_multiples,
        taker_fee_usd=scenario.exchange.taker_fee_usd,
        auction_fee_usd=scenario.exchange.auction_fee_usd,
        streams=streams,
        population_streams=firms,
    )
    populations = build_populations(
        room,
        custom_agents,
        members=scenario.clearing.members,
        member_account_usd=scenario.clearing.member_account_usd,
    )
    join_herd(scenario.agents.sentiment, populations, streams, firms, scenario.edge_list_path())
    pay_attention(scenario.agents.attention, populations)
    first = warm_up_scenario(scenario)
    now, history = _rule_set(first, base, populations)
    later, own_history = (None, history) if first is scenario else _rule_set(scenario, base, populations)
    return MarketBuild(
        contract=contract,
        clock=clock,
        desk=desk,
        exchange=_exchange(scenario, contract, populations),
        now=now,
        later=later,
        rules=build_rules(first, clock.calendar, now.accounts),
        clearing=build_clearing(
            scenario,
            contract,
            clock.calendar,
            now.accounts,
            now.margin,
            journal=journal,
            capital=capital_terms(scenario, populations),
        ),
        margin_history=own_history,
        populations=populations,
        list_prices=base.list_prices,
    )


def _rule_set(
    scenario: Scenario, base: Foundations, populations: list[Population]
) -> tuple[RuleSet, NDArray[np.float64]]:
    """Return the rules that can change while a market trades, and the history that margin starts from."""
    exchange, desk = scenario.exchange, base.desk
    margin = build_margin(
        scenario.clearing.margin,
        base.contract,
        base.calendar,
        desk.process,
        base.streams,
        final_fixings=desk.final_fixings,
    )
    terms = maker_terms(
        scenario.agents.market_makers,
        base.contract.listed_months,
        dmm_maker_fee_usd=exchange.dmm_maker_fee_usd,
        maker_fee_usd=exchange.maker_fee_usd,
    )
    limits, accounts = (
        _position_limits(scenario, populations),
        account_terms(scenario, populations, base.money_ratio),
    )
    return RuleSet(exchange, limits, accounts, margin.model, terms), margin.history


def _cost_decline_per_day(spot: SpotSection, calendar: TradingCalendar) -> float | None:
    """Return the fall of the log cost of a token per day, ``None`` where the scenario does not say it."""
    if spot.trend_per_year != "three_factor_supply":
        return None
    return ThreeFactorSupply(**spot.supply.model_dump()).unit_cost_decline / calendar.days_per_year


def population_seed_of(scenario: Scenario, given: int | None, seed: int) -> int:
    """Return the seed of who is there: the one given, or the scenario's, or that of the run.

    Raises
    ------
    ParameterError
        If the one given is not a whole number from 0 on.
    """
    if given is None:
        return seed if scenario.run.population_seed is None else scenario.run.population_seed
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 0:
        raise ParameterError(f"population_seed: {given!r} is not a whole number >= 0")
    return int(given)


def _clock(scenario: Scenario, calendar: TradingCalendar) -> MarketClock:
    return MarketClock(
        calendar=calendar,
        intraday_cycles=scenario.clearing.intraday_cycles,
        closing_window=scenario.exchange.closing_window,
        day=calendar.first_trading_day,
    )


def _exchange(scenario: Scenario, contract: ContractSpec, populations: list[Population]) -> Exchange:
    section = scenario.exchange
    engine = CompiledExchange if section.engine == "compiled" else ReferenceExchange
    return engine(
        n_accounts=sum(population.count for population in populations),
        n_slots=contract.listed_months,
        max_order_lots=section.max_order_lots,
        rules=BookRules(
            matching=MatchingRule[section.matching.upper()],
            spread_matching=MatchingRule[section.spreads.matching.upper()],
            top_order=section.top_order,
            pro_rata_min_lots=section.pro_rata_min_lots,
            spread_lengths=tuple(section.spreads.lengths),
            implied_in=section.spreads.implied_in,
        ),
    )


def _position_limits(scenario: Scenario, populations: list[Population]) -> PositionLimits:
    section = scenario.exchange.position_limits
    return PositionLimits(
        month_lots=section.month_lots,
        front_month_lots=section.front_month_lots,
        exempt=np.repeat(
            [_SECTION_OF.get(population.name) in section.exempt for population in populations],
            [population.count for population in populations],
        ),
    )
