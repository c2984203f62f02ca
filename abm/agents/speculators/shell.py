"""Populations of the built-in speculators: Mesa classes over compiled decision rules."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.curve_risk import CurveRisk
from abm.agents.base.outbox import Outbox
from abm.agents.base.population import DayOpening, Funding, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.sentiment.attention import Attention
from abm.agents.sentiment.carriers import OpinionCarriers
from abm.agents.speculators import chartist, fundamentalist, noise


class NoiseTrader(TraderAgent):
    """Zero-intelligence trader; see :mod:`abm.agents.speculators.noise`."""


class Fundamentalist(TraderAgent):
    """Trader on value; see :mod:`abm.agents.speculators.fundamentalist`."""


class Chartist(TraderAgent):
    """Trend follower; see :mod:`abm.agents.speculators.chartist`."""


class TenorPickers(OpinionCarriers):
    """Traders that look at one month at a time, drawn with the same cumulative tenor weights."""

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        tenor_weights: NDArray[np.float64],
        *,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.tenor_weights = tenor_weights
        self.attention: Attention | None = None

    def time_share(self, view: MarketView) -> float:
        """Return the length of a round in days of the class's own clock, which attention sets the pace of."""
        pace = 1.0 if self.attention is None else self.attention.pace(view)
        return view.day_share * pace

    def update_digest(self, digest: Any) -> None:
        """Feed columns, streams, opinions and attention into a running hash."""
        super().update_digest(digest)
        if self.attention is not None:
            self.attention.update_digest(digest)


class NoiseTraders(TenorPickers):
    """All noise traders: columns ``NOISE_DTYPE``."""

    agent_class: ClassVar[type[TraderAgent]] = NoiseTrader
    name: ClassVar[str] = "noise"
    activity_columns: ClassVar[tuple[str, ...]] = ("actions_per_day", "cancels_per_day")
    tilts_belief: ClassVar[bool] = False

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all noise traders."""
        self.form_opinions(view)
        outbox.reserve(noise.MESSAGES_PER_AGENT * self.count)
        outbox.count = noise.decide_noise(
            self.columns, self.streams, self.tenor_weights, view.months, position_lots,
            self.time_share(view),
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip


class Fundamentalists(TenorPickers):
    """All fundamentalists: columns ``FUNDAMENTALIST_DTYPE``.

    Parameters
    ----------
    risk : CurveRisk
        Their aversion to the risk that they hold; none where it is 0.
    columns, streams, tenor_weights, first_account, funding
        As in ``TenorPickers``.
    """

    agent_class: ClassVar[type[TraderAgent]] = Fundamentalist
    name: ClassVar[str] = "fundamentalist"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        tenor_weights: NDArray[np.float64],
        *,
        risk: CurveRisk,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, tenor_weights, first_account=first_account, funding=funding)
        self.risk = risk

    def new_day(self, opening: DayOpening) -> None:
        """Take down the own equity and the time to delivery."""
        self.risk.open_day(opening.equity_usd_micro[self.accounts], opening.days_to_delivery)

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all fundamentalists."""
        self.form_opinions(view)
        outbox.reserve(fundamentalist.MESSAGES_PER_AGENT * self.count)
        outbox.count = fundamentalist.decide_fundamentalists(
            self.columns, self.streams, self.tenor_weights, view.months, position_lots, self.risk,
            view.day + view.round * view.day_share, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed the state into a running hash, with the risk of those who ask to be paid for it."""
        super().update_digest(digest)
        self.risk.update_digest(digest)


class Chartists(OpinionCarriers):
    """All chartists: columns ``CHARTIST_DTYPE``."""

    agent_class: ClassVar[type[TraderAgent]] = Chartist
    name: ClassVar[str] = "chartist"

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all chartists."""
        self.form_opinions(view)
        outbox.reserve(chartist.MESSAGES_PER_AGENT * self.count)
        outbox.count = chartist.decide_chartists(
            self.columns, self.streams, view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip
