"""The clearing house's daily work beside margin: back-test, exposures under stress, and the guaranty fund."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing import MarginBacktest
from abm.clearing.fund.stress import historical_moves, price_moves
from abm.market.day.model_margins import ModelMargins
from abm.market.state import MarketState


class RiskDesk:
    """Measures what margin covers and who owes whom, and sizes the guaranty fund.

    Parameters
    ----------
    market : MarketState
        Where positions and prices come from.
    history : array of float, shape (days, listed months)
        Daily relative moves by tenor before the launch.
    """

    def __init__(self, market: MarketState, history: NDArray[np.float64]) -> None:
        section = market.scenario.clearing
        self._market = market
        self._fund = section.fund
        self._history = history
        self._backtest = MarginBacktest(
            tick_value_usd_micro=market.contract.tick_value_usd_micro, mpor_days=section.margin.mpor_days
        )
        wanted = market.recorder is not None and market.recorder.keeps("margin_models")
        self._models = ModelMargins(market, history) if wanted else None

    def settle(self) -> None:
        """Complete the back-test of the positions whose margin period ends with today's settlement.

        Call it with final prices set and before the curve rolls.
        """
        market = self._market
        curve = market.curve
        months, ticks = curve.by_slot(curve.months["month"]), curve.settlement_by_slot()
        if self._models is not None:
            self._models.settle(months, ticks)
        if market.tables.keeps("margin_backtest"):
            market.tables.record_backtest(*self._backtest.close_day(months=months, settlement_ticks=ticks))

    def hold(self) -> None:
        """Note the margin of the positions that are held over the close; they are rolled and margined."""
        market = self._market
        day, house = market.clock.day, market.clearing
        if market.tables.keeps("exposures"):
            market.tables.record_exposures(house.exposure_rows(self.stress_ticks()))
        margin_day = market.curve.margin_day(day + 1, market.today.volume_lots)
        if self._models is not None:
            self._models.hold(margin_day)
        if not market.tables.keeps("margin_backtest"):
            return
        self._backtest.hold(
            day=day,
            months=margin_day.months,
            tenor=margin_day.tenor,
            settlement_ticks=margin_day.settlement_ticks,
            position_lots=house.position_lots,
            account_usd_micro=house.initial_margin(),
            lot_usd_micro=house.margin_per_lot_usd_micro,
        )

    def size_fund(self) -> None:
        """At month end size the guaranty fund, where the scenario asks for it; refill it when that is due."""
        market = self._market
        now = market.clock.now_round
        market.clearing.replenish_fund(now_round=now)
        month_ends = market.clock.calendar.is_last_day_of_month(market.clock.day)
        if self._fund.sizing == "cover_2" and month_ends:
            sizing = market.clearing.size_fund(self.stress_ticks(), now_round=now)
            market.tables.record_fund(sizing)

    def stress_ticks(self) -> NDArray[np.int64]:
        """Return the price moves of every stress scenario, shape (scenarios, listed months), by slot."""
        curve = self._market.curve
        settlement = curve.settlement_by_slot()
        moves = [price_moves(settlement, self._fund.stress_move)]
        if self._fund.stress_history_days > 0:
            tenor = curve.by_slot(np.arange(len(curve.months)))
            period = self._fund.stress_history_days
            moves.append(historical_moves(settlement, tenor, self._history, period_days=period))
        return np.concatenate(moves)
