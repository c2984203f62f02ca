"""What every margin model would require of the positions of the day: a table, and nothing else.

The models see each settlement as the clearing house's own does, and the same positions. Nobody in the market
sees what they say. So requirements can be compared that were asked of one and the same book; what traders
would have done under another model is a question for another run.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing import MarginBacktest, MarginDay
from abm.market.assembly.margin_build import margin_basis, other_models
from abm.market.state import MarketState
from abm.market.tables.clearing_days import members_own


class _Value(NamedTuple):
    """Of one close: the value of a lot by slot, and that of all lots held."""

    lot_usd_micro: NDArray[np.int64]
    held_usd_micro: int


class ModelMargins:
    """Adds rows of ``margin_models`` and ``margin_model_lots``, each when its margin period is over.

    Parameters
    ----------
    market : MarketState
        Where positions and prices come from; it stands before its first round.
    history : array of float, shape (days, listed months)
        Daily relative moves by tenor before the launch, which the scenario's own model started from.
    """

    def __init__(self, market: MarketState, history: NDArray[np.float64]) -> None:
        self._market = market
        section = market.scenario.clearing.margin
        self._basis = margin_basis(section, market.contract, history)
        self._own = section.registered or section.model
        self._others = other_models(section, self._basis)
        no_volume = np.zeros(self._basis.n_slots, dtype=np.int64)
        before_trading = market.curve.margin_day(market.clock.day, no_volume)
        for model in self._others.values():
            model.observe(before_trading)
        self._is_member = members_own(market.populations)
        self._backtests = {
            name: MarginBacktest(
                tick_value_usd_micro=self._basis.tick_value_usd_micro, mpor_days=section.mpor_days
            )
            for name in (self._own, *self._others)
        }
        self._values: deque[_Value] = deque()

    def hold(self, day: MarginDay) -> None:
        """Note what each model requires of the positions held over a close, which it is shown now.

        In a warm-up models learn, and nothing is noted.
        """
        if self._market.clock.is_warm_up:
            for model in self._others.values():
                model.observe(day)
            return
        house = self._market.clearing
        lots = house.position_lots
        required = {self._own: (house.initial_margin(), house.margin_per_lot_usd_micro)}
        for name, model in self._others.items():
            model.observe(day)
            required[name] = (model.per_account_usd_micro(lots), model.per_lot_usd_micro())
        for name, (of_accounts, of_lots) in required.items():
            self._backtests[name].hold(
                day=self._market.clock.day,
                months=day.months,
                tenor=day.tenor,
                settlement_ticks=day.settlement_ticks,
                position_lots=lots,
                account_usd_micro=of_accounts,
                lot_usd_micro=of_lots,
            )
        value = self._basis.notional_usd_micro(day)
        self._values.append(_Value(value, int(np.abs(lots).sum(axis=0) @ value)))

    def settle(self, months: NDArray[np.int64], settlement_ticks: NDArray[np.int64]) -> None:
        """Add the rows of the close whose margin period ends with today's settlement, given by slot."""
        over = {
            name: backtest.close_day(months=months, settlement_ticks=settlement_ticks)
            for name, backtest in self._backtests.items()
        }
        if len(over[self._own][1]) == 0:
            return
        value = self._values.popleft()
        for name, (accounts, contracts) in over.items():
            self._record(name, value, accounts, contracts[contracts["side"] == 1])

    def _record(self, name: str, value: _Value, accounts: NDArray[Any], longs: NDArray[Any]) -> None:
        recorder = self._market.recorder
        assert recorder is not None, "margin models are compared for a recorder alone"
        shared = {"day": int(longs["day"][0]), "model": name, "own": name == self._own}
        requirement = accounts["requirement_usd_micro"]
        excess = np.maximum(accounts["loss_usd_micro"] - requirement, 0)
        recorder.append(
            "margin_models",
            **shared,
            accounts=len(accounts),
            requirement_usd_micro=int(requirement.sum()),
            member_requirement_usd_micro=int(requirement[self._is_member[accounts["account"]]].sum()),
            notional_usd_micro=value.held_usd_micro,
            breaches=int(accounts["breach"].sum()),
            largest_excess_usd_micro=int(excess.max(initial=0)),
            total_excess_usd_micro=int(excess.sum()),
        )
        recorder.append(
            "margin_model_lots",
            **shared,
            month=longs["month"],
            tenor=longs["tenor"],
            requirement_usd_micro=longs["requirement_usd_micro"],
            notional_usd_micro=value.lot_usd_micro,
            loss_usd_micro=longs["loss_usd_micro"],
        )
