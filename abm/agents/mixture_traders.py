"""The population of mixture traders, with the prices they remember."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents import mixture
from abm.agents.base import TraderAgent
from abm.agents.outbox import Outbox
from abm.agents.speculators import TenorPickers
from abm.agents.view import MarketView

LONGEST_MEMORY_DAYS = 63.0
"""Trends are looked for over a quarter at most (judgement), however long a trader's horizon."""


class MixtureTrader(TraderAgent):
    """Trader on value, trend and noise; see :mod:`abm.agents.mixture`."""


class MixtureTraders(TenorPickers):
    """All mixture traders: columns ``MIXTURE_DTYPE``, and the reference prices of the last rounds."""

    agent_class: ClassVar[type[TraderAgent]] = MixtureTrader
    name: ClassVar[str] = "mixture"
    history: NDArray[np.float64] = np.zeros((0, 0))

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all mixture traders."""
        self.form_opinions(view)
        if self.history.size == 0:
            self._begin_history(len(view.months), view.day_share)
        now_round = round((view.day / view.day_share) + view.round)
        mixture.remember_prices(view.months, self.history, self.first_round, self.slot_month, now_round)
        outbox.reserve(mixture.MESSAGES_PER_AGENT * self.count)
        outbox.count = mixture.decide_mixture(
            self.columns, self.streams, self.tenor_weights, self.time_share(view),
            self.history, self.first_round, view.months, position_lots, now_round, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed columns, streams, opinions and remembered prices into a running hash."""
        super().update_digest(digest)
        if self.count > 0:
            digest.update(self.history.tobytes())

    def _begin_history(self, slots: int, day_share: float) -> None:
        trends = self.columns["horizon_days"][self.columns["trend_weight"] > 0.0]
        longest_days = min(float(trends.max(initial=0.0)), LONGEST_MEMORY_DAYS)
        self.history = np.zeros((slots, 1 + math.ceil(longest_days / day_share)))
        self.first_round = np.zeros(slots, dtype=np.int64)
        self.slot_month = np.full(slots, -1, dtype=np.int64)
