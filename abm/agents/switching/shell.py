"""The population of switching traders, with the prices they remember."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import Funding, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.sentiment.price_memory import PriceMemory
from abm.agents.speculators.shell import TenorPickers
from abm.agents.switching import kernel as switching


class SwitchingTrader(TraderAgent):
    """Trader that is an optimist, a pessimist or on value by turns; see the kernel of this room."""


class SwitchingTraders(TenorPickers):
    """All switching traders: columns ``SWITCHING_DTYPE``, and the reference prices of the last rounds.

    Parameters
    ----------
    trend_days : float
        Time over which the trend of prices is looked for.
    least_group : int
        Members that each role keeps.
    """

    agent_class: ClassVar[type[TraderAgent]] = SwitchingTrader
    name: ClassVar[str] = "switching"
    activity_columns: ClassVar[tuple[str, ...]] = ("chartist_lots_per_day", "value_lots_per_day")

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        tenor_weights: NDArray[np.float64],
        *,
        trend_days: float,
        least_group: int,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, tenor_weights, first_account=first_account, funding=funding)
        self.trend_days, self.least_group = trend_days, least_group
        self.memory: PriceMemory | None = None

    @property
    def groups(self) -> tuple[int, int, int]:
        """Optimists, pessimists and traders on value among those in the market."""
        optimists, pessimists, on_value = switching.count_roles(self.columns)
        return int(optimists), int(pessimists), int(on_value)

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Let traders switch roles and write the round's messages of all of them."""
        if self.memory is None:
            self.memory = PriceMemory(len(view.months), self.trend_days, view.day_share)
        now_round = self.memory.remember(view)
        outbox.reserve(switching.MESSAGES_PER_AGENT * self.count)
        outbox.count = switching.decide_switching(
            self.columns, self.streams, self.tenor_weights, self.memory.history, self.memory.first_round,
            self.trend_days, self.least_group, view.months, position_lots, now_round, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed columns with the roles, streams and remembered prices into a running hash."""
        super().update_digest(digest)
        if self.memory is not None:
            self.memory.update_digest(digest)
