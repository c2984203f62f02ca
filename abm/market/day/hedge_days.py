"""The hedgers' day in the market: what every trader may know at the open, and the books of hedging."""

from __future__ import annotations

import copy
import math

import numpy as np

from abm.agents.base.population import DayOpening
from abm.agents.hedgers.shell import Enterprises, Hedgers
from abm.market.day.hedge_accounts import HedgeAccounts
from abm.market.parts import MarketParts
from abm.market.state import MarketState
from abm.market.tables.study_tables import record_bills


def open_hedge_accounts(market: MarketParts) -> HedgeAccounts:
    """Return the books of all who buy tokens, with the prices that each of them expects on the first day."""
    agents = market.scenario.agents
    own = [population for population in market.populations if isinstance(population, Enterprises)]
    funds_rates = [agents.enterprises.programme.cost_of_funds] * own[0].count
    funds_rates += [company.programme.cost_of_funds for company in agents.companies]
    return HedgeAccounts(
        own,
        tick_value_usd_micro=market.contract.tick_value_usd_micro,
        outlook=copy.deepcopy(market.desk),
        day=market.clock.day,
        days=market.scenario.run.days,
        funds_rate_per_day=np.array(funds_rates) / market.clock.calendar.days_per_year,
    )


def day_opening(market: MarketState) -> DayOpening:
    """Return what traders may use at the open: the day's fixing, and settlements up to the day before."""
    day, desk, house, slots = market.clock.day, market.desk, market.clearing, market.curve.slots
    final_ticks = market.hedge_accounts.last_final_ticks
    days_to_delivery = np.array(market.clock.calendar.days_to_delivery(day))
    return DayOpening(
        day=day,
        days_open=market.clock.calendar.days_open(day),
        day_of_month=day % market.clock.calendar.days_per_month,
        log_level_ratio=desk.log_level_ratio(day),
        log_price_surprise=desk.log_price_surprise,
        provider_prices_usd=desk.provider_prices_usd,
        front_month=market.clock.front_month,
        settlement_usd=market.curve.settlement_ticks.astype(np.float64) * market.contract.ticks_to_usd(1),
        expired_final_usd=math.nan if final_ticks is None else market.contract.ticks_to_usd(final_ticks),
        margin_per_lot_usd_micro=house.margin_per_lot_usd_micro[slots],
        free_funds_usd_micro=house.free_funds(),
        initial_margin_usd_micro=house.initial_margin(),
        position_lots=house.position_lots[:, slots],
        days_to_delivery=days_to_delivery,
        log_level_ahead=desk.log_level_ahead(day, days_to_delivery),
        equity_usd_micro=house.equity_usd_micro,
        target_equity_usd_micro=house.owners.target_usd_micro.copy(),
        owner_flow_usd_micro=house.outside_flow_usd_micro,
    )


def note_hedges(market: MarketState) -> None:
    """Take down who hedges what, and who pays how much, after everybody has planned the day."""
    if market.clock.day % market.clock.calendar.days_per_month == 0:
        slot = market.clock.calendar.slot(market.clock.front_month)
        market.hedge_accounts.begin_delivery(market.clearing.position_lots[:, slot])
    market.hedge_accounts.count_abandoned()
    bills = market.hedge_accounts.pay_bills(market.desk.provider_prices_usd)
    record_bills(market, bills)
    for population in market.populations:
        if isinstance(population, Hedgers):
            for events in population.treasury.events:
                market.tables.record_hedge_events(population.first_account, events)


def charge_interest(market: MarketState) -> None:
    """Charge the day's interest on drawn credit, and reckon what the margin of each hedge costs besides.

    The second is no payment: it is interest that the enterprise's own money in the hedge could have
    earned. That money is initial margin plus the losses paid on open months so far, less what the credit
    line lent for it.
    """
    house = market.clearing
    market.hedge_accounts.add_interest(house.daily_interest())
    value_ticks = np.einsum("ij,j->i", house.position_lots, market.curve.settlement_by_slot())
    gains = (value_ticks - np.einsum("ij->i", market.trade_value_ticks)) * (
        market.contract.tick_value_usd_micro
    )
    own_money = house.initial_margin() - gains - house.credit_drawn_usd_micro
    market.hedge_accounts.add_margin_cost(np.asarray(own_money))
