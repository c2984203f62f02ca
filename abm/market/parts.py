"""What a market is made of, from the day it is built to the end of its run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Population
from abm.clearing import ClearingHouse
from abm.core.contract import ContractSpec
from abm.exchange import Exchange
from abm.market.day.clock import MarketClock
from abm.market.day.curve import FuturesCurve
from abm.market.day.spot_desk import SpotDesk
from abm.market.venue.position_limits import PositionLimits
from abm.recording import Recorder
from abm.scenario import Scenario
from abm.spot.index.list_prices import ListPriceFit


@dataclass
class MarketParts:
    """Parts of a market; they change inside, none is replaced.

    Attributes
    ----------
    scenario : Scenario
        The scenario as resolved.
    contract, clock
        What is traded, and the day and round now.
    desk : SpotDesk
        Spot price, provider quotes and index.
    curve : FuturesCurve
        Listed months in tenor order: model values, settlement prices, limits.
    exchange, clearing
        The books, and the clearing house.
    populations : list of Population
        All traders, in account order.
    position_limits : PositionLimits
        Largest net positions, and who is exempt.
    list_prices : ListPriceFit
        Level and trend of the published prices that the scenario starts from.
    recorder : Recorder or None
        Keeps the run's tables.
    messages_sent : array of int64, shape (accounts,)
        Messages since day 0; in a warm-up, since it began.
    refusals : array of int64, shape (accounts, reject reasons)
        Messages refused in that time, by reason.
    trade_value_ticks : array of int64, shape (accounts, listed months)
        Signed lots times price of every open month so far, by slot; positions carried into day 0 count as
        traded at the last settlement before it.
    """

    scenario: Scenario
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
