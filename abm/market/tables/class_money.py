"""Money of each class of traders by day: equity, margin, profit, and what trades gained on the model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.core.money import USD_MICRO
from abm.market.parts import MarketParts
from abm.recording import Recorder


class ClassMoney:
    """Adds the day's rows of ``class_money``; classes without a trader have none.

    Parameters
    ----------
    market : MarketParts
        Where the numbers come from, after positions have been brought in.
    recorder : Recorder
        Takes the rows.
    """

    def __init__(self, market: MarketParts, recorder: Recorder) -> None:
        self._market, self._recorder = market, recorder
        groups = [group for group in market.populations if group.count > 0]
        self._names = list(dict.fromkeys(group.name for group in groups))
        places = np.array([self._names.index(group.name) for group in groups], dtype=np.int64)
        self._class_of = np.repeat(places, [group.count for group in groups])
        self._profit_usd_micro = self._profits()
        self._edge_usd: FloatArray = np.zeros(len(self._names))
        self._note_positions()

    def value_trades(self) -> None:
        """Take down what the day's trades gained on the day's model values, before a month expires."""
        market = self._market
        model_ticks = market.curve.by_slot(market.curve.months["model_ticks"])
        bought = market.clearing.position_lots - self._lots
        paid_ticks = (market.trade_value_ticks - self._paid_ticks).sum(axis=1)
        gain_ticks = np.einsum("ij,j->i", bought, model_ticks) - paid_ticks
        tick_value_usd = market.contract.tick_value_usd_micro / USD_MICRO
        self._edge_usd = np.zeros(len(self._names))
        np.add.at(self._edge_usd, self._class_of, gain_ticks * tick_value_usd)

    def record(self) -> None:
        """Add today's rows, one a class in the order of accounts, as of the close."""
        house, profits = self._market.clearing, self._profits()
        self._recorder.append(
            "class_money",
            day=self._market.clock.day,
            agent_class=np.array(self._names),
            equity_usd_micro=self._by_class(house.equity_usd_micro),
            initial_margin_usd_micro=self._by_class(house.initial_margin()),
            profit_usd_micro=profits - self._profit_usd_micro,
            edge_usd=self._edge_usd,
        )
        self._profit_usd_micro = profits
        self._note_positions()

    def _note_positions(self) -> None:
        self._lots = self._market.clearing.position_lots.copy()
        self._paid_ticks = self._market.trade_value_ticks.copy()

    def _profits(self) -> NDArray[np.int64]:
        """Return variation margin after fees and pay since day 0, by class."""
        house = self._market.clearing
        return self._by_class(house.variation_usd_micro - house.fees_usd_micro + house.pay_usd_micro)

    def _by_class(self, amounts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum of each class, in whole numbers."""
        sums = np.zeros(len(self._names), dtype=np.int64)
        np.add.at(sums, self._class_of, amounts)
        return sums
