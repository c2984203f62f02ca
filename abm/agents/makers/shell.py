"""The population of designated market makers: columns, duties and what they have learned."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import DayOpening, Funding, Population, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.makers.kernel import decide_makers
from abm.agents.makers.learning import blank_mind, close_estimates, note_round, see_months
from abm.agents.makers.risk_budget import MakerRisk
from abm.agents.makers.strategy import plan_month
from abm.agents.makers.style import Duties, MakerStyle


class DesignatedMarketMaker(TraderAgent):
    """Market maker with a contract; see :mod:`abm.agents.makers.kernel`."""


class MarketMakers(Population):
    """All designated market makers.

    Parameters
    ----------
    columns : structured array, shape (n,)
        ``MAKER_DTYPE``.
    streams : array of uint64, shape (n,)
        Decision streams.
    habits : structured array, shape (n,)
        ``HABITS_DTYPE``.
    style : MakerStyle
        How they quote.
    duties : Duties
        The contract as it stands; whoever keeps the contract writes into it.
    risk : MakerRisk
        What they are paid for risk, and their budgets of margin.
    tick_value_usd : float
        USD that one lot gains when the price moves by one tick.
    sample_days, markout_days : float
        Interval at which mids are sampled, and time after which a fill is judged, shares of a day.
    first_account, funding
        As in ``Population``.
    """

    agent_class: ClassVar[type[TraderAgent]] = DesignatedMarketMaker
    name: ClassVar[str] = "dmm"
    activity_columns: ClassVar[tuple[str, ...]] = ("requotes_per_day",)
    is_market_maker: ClassVar[bool] = True

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        *,
        habits: NDArray[Any],
        style: MakerStyle,
        duties: Duties,
        risk: MakerRisk,
        tick_value_usd: float,
        sample_days: float,
        markout_days: float,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.habits, self.style, self.duties, self.risk = habits, style, duties, risk
        self.tick_value_usd = tick_value_usd
        self._sample_days, self._markout_days = sample_days, markout_days
        self.mind = blank_mind(0, len(duties.quote_lots), 1)

    def new_day(self, opening: DayOpening) -> None:
        """Take down the own equity, margin and positions, and the time to delivery."""
        own = self.accounts
        self.risk.open_day(
            equity_usd_micro=opening.equity_usd_micro[own],
            days_to_delivery=opening.days_to_delivery,
            initial_margin_usd_micro=opening.initial_margin_usd_micro[own],
            margin_per_lot_usd_micro=opening.margin_per_lot_usd_micro,
            position_lots=opening.position_lots[own],
        )

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's quotes of all market makers."""
        if self.style.learns:
            self._learn(view)
        outbox.reserve(len(view.months) * self.count)
        outbox.count = decide_makers(
            self.columns, self.streams, self.habits, self.style, self.duties, self.mind, self.risk,
            1.0 - view.round * view.day_share, self.tick_value_usd, view.months, position_lots,
            view.day_share, outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def observe(
        self,
        trades: NDArray[Any],
        quote_ticks: NDArray[np.int64],
        quote_lots: NDArray[np.int64],
        months: NDArray[Any],
        day_share: float,
    ) -> None:
        """Let the makers count their fills of a round, and what is left of their quotes.

        Parameters
        ----------
        trades : array of TRADE_DTYPE
            Trades of the round; each maker takes in its own.
        quote_ticks, quote_lots : array of int64, shape (makers, slots, 2)
            Live quotes after the round.
        months : structured array
            ``MONTH_DTYPE`` rows after the round.
        day_share : float
            Length of the round.
        """
        if self.style.learns and len(self.mind.variance) > 0:
            note_round(self.mind, self.columns, months, trades.copy(), day_share)
            self.mind.quote_ticks[:], self.mind.quote_lots[:] = quote_ticks, quote_lots

    def _learn(self, view: MarketView) -> None:
        """Take in the round's prices; once a day, estimate anew and plan the rest of the month."""
        if len(self.mind.variance) < self.count:
            rounds = max(1, round(self._markout_days / view.day_share))
            self.mind = blank_mind(self.count, len(view.months), rounds)
        see_months(self.mind, self.habits, view.months, view.day_share, self._sample_days)
        if view.round == 0:
            self.mind.quote_lots[:] = 0  # quotes end with the day
            close_estimates(self.mind, self.columns, self.habits, 1.0)
            if self.style.strategic:
                plan_month(
                    self.columns, self.habits, self.mind, self.style, self.duties, self.tick_value_usd,
                    0.5 * (1.0 + view.day_share), view.months,
                )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed columns, streams and what the makers have learned into a running hash."""
        super().update_digest(digest)
        if self.style.learns:
            for part in self.mind:
                digest.update(part.tobytes())
        if self.style.to_delivery:
            self.risk.curve.update_digest(digest)
        self.risk.update_digest(digest)
