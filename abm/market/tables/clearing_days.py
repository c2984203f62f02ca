"""The clearing house's day in sums: margin, variation margin and credit of all accounts together."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Population
from abm.agents.holders.member_accounts import MemberAccounts
from abm.clearing.liquidity import LiquidityNeed
from abm.market.assembly.margin_build import margin_basis
from abm.market.parts import MarketParts
from abm.recording import Recorder


class ClearingDays:
    """Adds the day's row of ``clearing_days`` at each close.

    Parameters
    ----------
    market : MarketParts
        Where the sums come from.
    recorder : Recorder
        Takes the rows.
    """

    def __init__(self, market: MarketParts, recorder: Recorder) -> None:
        self._market, self._recorder = market, recorder
        self._is_member = members_own(market.populations)
        no_history = np.zeros((0, market.contract.listed_months))
        section = market.scenario.clearing.margin
        self._basis = margin_basis(section, market.contract, no_history)
        self._variation = market.clearing.variation_usd_micro.copy()
        self._interest = int(market.clearing.credit_interest_usd_micro.sum())
        self._need = LiquidityNeed(market.clearing.parts)

    def record(self, volume_lots: NDArray[np.int64]) -> None:
        """Add today's row; positions and prices are those that are held over the close.

        Parameters
        ----------
        volume_lots : array of int64, shape (listed months,)
            Lots traded today, by slot.
        """
        market, house = self._market, self._market.clearing
        day, slots = market.clock.day, market.curve.slots
        value = self._basis.notional_usd_micro(market.curve.margin_day(day + 1, volume_lots))
        of_lots = house.margin_per_lot_usd_micro[slots[1:]] / value[slots[1:]]
        margin, variation = house.initial_margin(), house.variation_usd_micro
        interest = int(house.credit_interest_usd_micro.sum())
        self._recorder.append(
            "clearing_days",
            day=day,
            accounts=int(house.position_lots.any(axis=1).sum()),
            initial_margin_usd_micro=int(margin.sum()),
            member_margin_usd_micro=int(margin[self._is_member].sum()),
            notional_usd_micro=int(np.abs(house.position_lots).sum(axis=0) @ value),
            variation_usd_micro=int(np.maximum(self._variation - variation, 0).sum()),
            credit_drawn_usd_micro=int(house.credit_drawn_usd_micro.sum()),
            credit_interest_usd_micro=interest - self._interest,
            lot_margin_share=float(np.mean(of_lots)) if len(of_lots) else math.nan,
            liquidity_need_usd_micro=self._need.of_the_day(),
            owed_usd_micro=self._need.owed_usd_micro(),
        )
        self._variation, self._interest = variation.copy(), interest


def members_own(populations: list[Population]) -> NDArray[np.bool_]:
    """Return which accounts are clearing members' own, shape (n_accounts,)."""
    counts = [population.count for population in populations]
    return np.repeat([isinstance(population, MemberAccounts) for population in populations], counts)
