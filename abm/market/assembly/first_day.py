"""Sets up the first day of a market: curve, opening positions, books of hedging, and what is recorded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import CustomPopulation
from abm.core.calendar import whole_rounds
from abm.core.orders import RejectReason, SelfMatch
from abm.market.assembly.build import MarketBuild
from abm.market.day.curve import FuturesCurve
from abm.market.day.departures import Departures
from abm.market.day.hedge_days import open_hedge_accounts
from abm.market.day.market_data import MarketDataFeed
from abm.market.day.observation import TradingDayRecord
from abm.market.day.opening_positions import bring_in_positions
from abm.market.parts import MarketParts
from abm.market.state import MarketState
from abm.market.tables.tables import MarketTables
from abm.market.venue.phase_times import Sessions
from abm.market.venue.rule_generators import RuleGenerators
from abm.recording import Recorder
from abm.scenario import Scenario


def set_up_first_day(
    scenario: Scenario, built: MarketBuild, *, seed: int, recorder: Recorder | None
) -> MarketState:
    """Return the state of a market before its first round.

    Parameters
    ----------
    scenario : Scenario
        The scenario as resolved.
    built : MarketBuild
        What has been built of it.
    seed : int
        Seed of the run, for generators of rules.
    recorder : Recorder, optional
        Keeps the run's tables.
    """
    accounts, slots = sum(p.count for p in built.populations), built.contract.listed_months
    parts = MarketParts(
        scenario=scenario,
        contract=built.contract,
        clock=built.clock,
        desk=built.desk,
        curve=FuturesCurve(built.now.prices, built.contract, built.clock.calendar, built.desk),
        exchange=built.exchange,
        clearing=built.clearing,
        populations=built.populations,
        position_limits=built.now.position_limits,
        list_prices=built.list_prices,
        recorder=recorder,
        messages_sent=_counts(accounts),
        refusals=_counts(accounts, len(RejectReason)),
        trade_value_ticks=_counts(accounts, slots),
    )
    parts.clearing.set_margin(parts.curve.margin_day(parts.clock.day, _counts(slots)))
    if not parts.clock.is_warm_up:
        bring_in_positions(parts)
    outbox = Outbox(self_match=SelfMatch[scenario.exchange.self_match.upper()])
    for population in built.populations:
        if isinstance(population, CustomPopulation):
            population.outbox = outbox  # a player outside may send before its class is asked
    shown = scenario.exchange.market_data
    return MarketState(
        **vars(parts),
        outbox=outbox,
        feed=MarketDataFeed(
            built.exchange,
            depth_levels=shown.depth_levels,
            trades_shown=shown.trades_shown,
            delay_rounds=whole_rounds(shown.delay_days, built.clock.calendar.rounds_per_day),
        ),
        sessions=Sessions(built.exchange),
        departures=Departures(built.exchange, built.populations),
        tables=MarketTables(parts),
        hedge_accounts=open_hedge_accounts(parts),
        rule_generator=RuleGenerators(seed),
        today=TradingDayRecord(slots),
    )


def _counts(*shape: int) -> NDArray[np.int64]:
    return np.zeros(shape, dtype=np.int64)
