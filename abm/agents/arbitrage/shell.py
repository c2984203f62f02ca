"""The population of curve arbitrageurs: a Mesa class over two compiled rules."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.arbitrage.kernel import CURVE_MESSAGES, decide_curve
from abm.agents.arbitrage.spread_kernel import SPREAD_MESSAGES, decide_spreads
from abm.agents.base.outbox import Outbox
from abm.agents.base.population import Funding, Population, TraderAgent
from abm.agents.base.view import MarketView


class Arbitrageur(TraderAgent):
    """Keeps months and spreads in line; see :mod:`abm.agents.arbitrage.kernel`."""


class Arbitrageurs(Population):
    """All arbitrageurs: columns ``ARBITRAGEUR_DTYPE``.

    Parameters
    ----------
    fee_ticks : float
        Fee of an incoming order per lot, in ticks.
    """

    agent_class: ClassVar[type[TraderAgent]] = Arbitrageur
    name: ClassVar[str] = "arbitrageur"
    activity_columns: ClassVar[tuple[str, ...]] = ("actions_per_day", "quotes_per_day")

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        *,
        fee_ticks: float,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.fee_ticks = fee_ticks

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all arbitrageurs."""
        outbox.reserve((CURVE_MESSAGES + SPREAD_MESSAGES) * self.count)
        outbox.count = decide_curve(
            self.columns, self.streams, self.fee_ticks, view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip
        spreads = view.spreads
        if len(spreads) > 0:
            outbox.count = decide_spreads(
                self.columns, self.streams, self.fee_ticks, view.months, spreads, position_lots,
                view.day_share, outbox.rows, outbox.count, outbox.first_order_id,
            )  # fmt: skip
