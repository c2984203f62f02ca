"""The population of mixture traders, with the prices they remember."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.mixture import kernel as mixture
from abm.agents.sentiment.price_memory import PriceMemory
from abm.agents.speculators.shell import TenorPickers

LONGEST_MEMORY_DAYS = 63.0
"""Trends are looked for over a quarter at most (judgement), however long a trader's horizon."""


class MixtureTrader(TraderAgent):
    """Trader on value, trend and noise; see :mod:`abm.agents.mixture.kernel`."""


class MixtureTraders(TenorPickers):
    """All mixture traders: columns ``MIXTURE_DTYPE``, and the reference prices of the last rounds."""

    agent_class: ClassVar[type[TraderAgent]] = MixtureTrader
    name: ClassVar[str] = "mixture"
    memory: PriceMemory | None = None

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all mixture traders."""
        self.form_opinions(view)
        if self.memory is None:
            self.memory = PriceMemory(len(view.months), self._longest_days(), view.day_share)
        now_round = self.memory.remember(view)
        outbox.reserve(mixture.MESSAGES_PER_AGENT * self.count)
        outbox.count = mixture.decide_mixture(
            self.columns, self.streams, self.tenor_weights, self.time_share(view),
            self.memory.history, self.memory.first_round, view.months, position_lots, now_round,
            view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed columns, streams, opinions and remembered prices into a running hash."""
        super().update_digest(digest)
        if self.memory is not None:
            self.memory.update_digest(digest)

    def _longest_days(self) -> float:
        trends = self.columns["horizon_days"][self.columns["trend_weight"] > 0.0]
        return min(float(trends.max(initial=0.0)), LONGEST_MEMORY_DAYS)
