"""Builds the clearing house and the terms of its accounts from a scenario."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Population
from abm.agents.hedgers.shell import Companies
from abm.agents.holders.member_accounts import MemberAccounts
from abm.agents.holders.shell import Holders
from abm.clearing import AccountTerms, CapitalTerms, ClearingHouse, ClearingRules, MarginModel, MemberTerms
from abm.clearing.capital.terms import MILLION
from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.money import BPS, scale_down, usd_to_micro
from abm.scenario import Scenario


def build_clearing(
    scenario: Scenario,
    contract: ContractSpec,
    calendar: TradingCalendar,
    accounts: AccountTerms,
    margin: MarginModel,
    *,
    journal: bool,
    capital: CapitalTerms | None = None,
) -> ClearingHouse:
    """Return the clearing house; ``journal`` keeps every posting for the recorder."""
    section = scenario.clearing
    return ClearingHouse(
        contract=contract,
        n_slots=contract.listed_months,
        accounts=accounts,
        members=MemberTerms(
            capital_usd_micro=_each(section.members, section.member_capital_usd),
            fund_contribution_usd_micro=_each(section.members, section.fund_contribution_usd),
        ),
        rules=clearing_rules(scenario, calendar),
        margin=margin,
        journal=journal,
        capital=capital,
    )


def clearing_rules(scenario: Scenario, calendar: TradingCalendar) -> ClearingRules:
    """Return the rules of the house in integers: rounds, basis points, micro-USD."""
    section, rounds = scenario.clearing, calendar.rounds_per_day
    recovery = section.recovery
    return ClearingRules(
        skin_in_the_game_usd_micro=usd_to_micro(section.skin_in_the_game_usd),
        call_deadline_rounds=max(1, round(section.call_deadline_days * rounds)),
        close_out_slice_share=min(1.0, 1.0 / (section.close_out_days * rounds)),
        close_out_protection=section.close_out_protection,
        days_per_year=calendar.days_per_year,
        client_ratio_bps=_bps(section.margin.client_ratio),
        member_ratio_bps=_bps(section.member_ratio),
        excess_buffer_bps=_bps(section.excess_buffer),
        ad_hoc_call_loss_share_bps=_bps(section.ad_hoc_call_loss_share),
        collateral_rate_per_year_bps=_bps(section.collateral_rate),
        reduction_grace_rounds=_rounds(section.reduction_grace_days, rounds),
        close_out_method=section.close_out_method,
        close_out_participation=section.close_out_participation,
        auction_discount_bps=_bps(section.auction_discount),
        assessment_bps=_bps(recovery.assessment_multiple),
        variation_haircut_bps=_bps(recovery.variation_haircut),
        tear_up=recovery.tear_up,
        replenish_rounds=_rounds(recovery.replenish_days, rounds),
        fund_floor_usd_micro=usd_to_micro(section.fund.floor_usd),
    )


def account_terms(
    scenario: Scenario, populations: list[Population], money_ratio: float = 1.0
) -> AccountTerms:
    """Return the terms of every trader's account, in account order; members take turns over the accounts.

    Parameters
    ----------
    scenario : Scenario
        A validated scenario.
    populations : list of Population
        Who has an account.
    money_ratio : float
        Money that an account starts with, and its credit line, over what the scenario says of day 0.
    """
    exchange, share = scenario.exchange, scenario.agents.initial_collateral_share
    treasury = scenario.clearing.treasury
    counts = [population.count for population in populations]
    is_own = np.repeat([isinstance(population, MemberAccounts) for population in populations], counts)
    member = np.arange(sum(counts), dtype=np.int64) % scenario.clearing.members
    member[is_own] = np.arange(int(is_own.sum()))
    for population in populations:
        if isinstance(population, Holders):
            own = population.member
            member[population.accounts] = np.where(own >= 0, own, member[population.accounts])
    # Companies take turns among themselves: how many other accounts there are does not choose their member.
    companies = [population for population in populations if isinstance(population, Companies)]
    for turn, company in enumerate(companies):
        member[company.accounts] = turn % scenario.clearing.members
    millionths = round(money_ratio * MILLION)
    cash = scale_down(np.concatenate([p.funding.cash_usd_micro for p in populations]), millionths, MILLION)
    credit = np.concatenate([p.funding.credit_limit_usd_micro for p in populations])
    maker_fees = [
        exchange.dmm_maker_fee_usd if population.is_market_maker else exchange.maker_fee_usd
        for population in populations
    ]
    return AccountTerms(
        member=member,
        cash_usd_micro=cash,
        initial_collateral_usd_micro=np.floor(cash * share).astype(np.int64),
        credit_limit_usd_micro=scale_down(credit, millionths, MILLION),
        credit_rate_per_year_bps=np.repeat(
            np.array([p.funding.credit_rate_bps for p in populations], dtype=np.int64), counts
        ),
        maker_fee_usd_micro=np.repeat(
            np.array([usd_to_micro(fee) for fee in maker_fees], dtype=np.int64), counts
        ),
        taker_fee_usd_micro=_each(sum(counts), exchange.taker_fee_usd),
        auction_fee_usd_micro=_each(sum(counts), exchange.auction_fee_usd),
        is_client=~is_own,
        cash_reserve_usd_micro=np.floor(cash * treasury.reserve_share).astype(np.int64),
        credit_first=np.full(sum(counts), treasury.credit_first),
        commitment_fee_per_year_bps=np.full(sum(counts), _bps(scenario.agents.credit_commitment_fee)),
        credit_end_share_bps=np.full(sum(counts), _bps(scenario.agents.credit_end_share)),
    )


def _each(count: int, usd: float) -> NDArray[np.int64]:
    return np.full(count, usd_to_micro(usd), dtype=np.int64)


def _bps(share: float) -> int:
    return round(share * BPS)


def _rounds(days: float, rounds_per_day: int) -> int:
    """Return a time in rounds, at least one unless it is zero."""
    return max(1, round(days * rounds_per_day)) if days > 0 else 0
