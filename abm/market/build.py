"""Builds the parts of a market from a scenario: the one place that knows scenario fields and engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm.agents.base import Population
from abm.clearing import AccountTerms, ClearingHouse, ClearingRules, FlatMargin, MemberTerms
from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.money import usd_to_micro
from abm.core.randomness import RandomStreams
from abm.exchange import CompiledExchange, Exchange, ReferenceExchange
from abm.market.clock import MarketClock
from abm.market.maker_contract import MakerTerms
from abm.market.populate import CustomAgents, PopulationBuilder, provider_capacity
from abm.market.spot_build import build_desk, fit_provider_prices
from abm.market.spot_desk import SpotDesk
from abm.scenario import Scenario
from abm.spot.list_prices import ListPriceFit

_BPS = 10_000


@dataclass(frozen=True)
class MarketParts:
    """Everything a market is made of, ready to trade."""

    contract: ContractSpec
    clock: MarketClock
    desk: SpotDesk
    exchange: Exchange
    clearing: ClearingHouse
    populations: list[Population]
    maker_terms: MakerTerms
    list_prices: ListPriceFit


def build(
    scenario: Scenario,
    *,
    seed: int,
    custom_agents: tuple[CustomAgents, ...] = (),
    journal: bool = False,
) -> MarketParts:
    """Build the parts of a market.

    Parameters
    ----------
    scenario : Scenario
        A validated scenario.
    seed : int
        Seed of every random stream.
    custom_agents : tuple of CustomAgents
        A user's own traders.
    journal : bool
        Keep every ledger posting for the recorder.
    """
    streams = RandomStreams(seed)
    contract = ContractSpec(
        product_code=scenario.contract.product_code,
        contract_size_msit=scenario.contract.contract_size_msit,
        tick_size_usd_micro=usd_to_micro(scenario.contract.tick_size_usd),
        listed_months=scenario.contract.listed_months,
    )
    clock = _clock(scenario)
    list_prices = fit_provider_prices(scenario)
    capacity = provider_capacity(scenario.agents, streams)
    desk = build_desk(scenario, clock.calendar, list_prices, capacity, streams)
    populations = PopulationBuilder(
        agents=scenario.agents,
        contract=contract,
        days_per_month=clock.calendar.days_per_month,
        initial_price_usd=desk.process.level.initial_price_usd,
        provider_multiples=desk.quotes.expected_multiples,
        streams=streams,
    ).build(custom_agents)
    return MarketParts(
        contract=contract,
        clock=clock,
        desk=desk,
        exchange=_exchange(scenario, contract, populations),
        clearing=_clearing(scenario, contract, clock.calendar, populations, journal),
        populations=populations,
        maker_terms=_maker_terms(scenario),
        list_prices=list_prices,
    )


def _clock(scenario: Scenario) -> MarketClock:
    calendar = TradingCalendar(
        rounds_per_day=scenario.calendar.rounds_per_day,
        days_per_month=scenario.calendar.days_per_month,
        months_per_year=scenario.calendar.months_per_year,
        listed_months=scenario.contract.listed_months,
        first_year=scenario.calendar.first_year,
        first_month=scenario.calendar.first_month,
    )
    return MarketClock(
        calendar=calendar,
        intraday_cycles=scenario.clearing.intraday_cycles,
        closing_window=scenario.exchange.closing_window,
    )


def _exchange(scenario: Scenario, contract: ContractSpec, populations: list[Population]) -> Exchange:
    engine = CompiledExchange if scenario.exchange.engine == "compiled" else ReferenceExchange
    return engine(
        n_accounts=sum(population.count for population in populations),
        n_slots=contract.listed_months,
        max_order_lots=scenario.exchange.max_order_lots,
    )


def _clearing(
    scenario: Scenario,
    contract: ContractSpec,
    calendar: TradingCalendar,
    populations: list[Population],
    journal: bool,
) -> ClearingHouse:
    section = scenario.clearing
    rounds = calendar.rounds_per_day
    near, far = round(section.margin.rate * _BPS), round(section.margin.far_rate * _BPS)
    buckets = [(section.margin.far_from_tenor - 1, near), (contract.listed_months - 1, far)]
    if section.margin.far_from_tenor >= contract.listed_months:
        buckets = [(contract.listed_months - 1, near)]
    return ClearingHouse(
        contract=contract,
        n_slots=contract.listed_months,
        accounts=_account_terms(scenario, populations),
        members=MemberTerms(
            capital_usd_micro=np.full(
                section.members, usd_to_micro(section.member_capital_usd), dtype=np.int64
            ),
            fund_contribution_usd_micro=np.full(
                section.members, usd_to_micro(section.fund_contribution_usd), dtype=np.int64
            ),
        ),
        rules=ClearingRules(
            skin_in_the_game_usd_micro=usd_to_micro(section.skin_in_the_game_usd),
            call_deadline_rounds=max(1, round(section.call_deadline_days * rounds)),
            close_out_slice_share=min(1.0, 1.0 / (section.close_out_days * rounds)),
            close_out_protection=section.close_out_protection,
            days_per_year=calendar.days_per_year,
            client_ratio_bps=round(section.margin.client_ratio * _BPS),
            excess_buffer_bps=round(section.excess_buffer * _BPS),
        ),
        margin=FlatMargin(
            buckets, floor_price_ticks=max(1, contract.price_to_ticks(section.margin.floor_price_usd))
        ),
        journal=journal,
    )


def _account_terms(scenario: Scenario, populations: list[Population]) -> AccountTerms:
    exchange, share = scenario.exchange, scenario.agents.initial_collateral_share
    counts = [population.count for population in populations]
    cash = np.concatenate([population.funding.cash_usd_micro for population in populations])
    maker_fees = [
        exchange.dmm_maker_fee_usd if population.is_market_maker else exchange.maker_fee_usd
        for population in populations
    ]
    return AccountTerms(
        member=np.arange(sum(counts), dtype=np.int64) % scenario.clearing.members,
        cash_usd_micro=cash,
        initial_collateral_usd_micro=np.floor(cash * share).astype(np.int64),
        credit_limit_usd_micro=np.concatenate([p.funding.credit_limit_usd_micro for p in populations]),
        credit_rate_per_year_bps=np.repeat(
            np.array([p.funding.credit_rate_bps for p in populations], dtype=np.int64), counts
        ),
        maker_fee_usd_micro=np.repeat(
            np.array([usd_to_micro(fee) for fee in maker_fees], dtype=np.int64), counts
        ),
        taker_fee_usd_micro=np.full(sum(counts), usd_to_micro(exchange.taker_fee_usd), dtype=np.int64),
        is_client=np.ones(sum(counts), dtype=np.bool_),
    )


def _maker_terms(scenario: Scenario) -> MakerTerms:
    section = scenario.agents.market_makers
    near = np.arange(scenario.contract.listed_months) < section.near_tenors
    shown = np.where(near, section.quote_lots_near, section.quote_lots_far)
    return MakerTerms(
        max_spread=np.where(near, section.max_spread_near, section.max_spread_far),
        min_lots=np.ceil(section.min_size_share * shown).astype(np.int64),
        presence_required=section.presence_required,
        monthly_pay_usd_micro=usd_to_micro(section.monthly_pay_usd),
    )
