"""The population of informed traders: a Mesa class over a compiled rule, with a channel of its own."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base import Funding, TraderAgent
from abm.agents.informed import MESSAGES_PER_AGENT, decide_informed, draw_signal_errors
from abm.agents.outbox import Outbox
from abm.agents.speculators import TenorPickers
from abm.agents.view import MarketView


class InformedTrader(TraderAgent):
    """Knows tomorrow's values with an error; see :mod:`abm.agents.informed`."""


class InformedTraders(TenorPickers):
    """All informed traders: columns ``INFORMED_DTYPE``.

    The market tells them tomorrow's values at the open through :meth:`learn`, and tells nobody else.

    Parameters
    ----------
    fee_ticks : float
        Fee of an incoming order per lot, in ticks.

    Attributes
    ----------
    values_ticks : array of float, shape (listed months,)
        Tomorrow's value of each month by tenor; NaN before the first signal.
    """

    agent_class: ClassVar[type[TraderAgent]] = InformedTrader
    name: ClassVar[str] = "informed"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        tenor_weights: NDArray[np.float64],
        *,
        fee_ticks: float,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, tenor_weights, first_account=first_account, funding=funding)
        self.fee_ticks = fee_ticks
        self.values_ticks: NDArray[np.float64] = np.full(len(tenor_weights), np.nan)

    def learn(self, values_ticks: NDArray[np.float64]) -> None:
        """Take in the day's signal: each trader sees it with an error of its own.

        Parameters
        ----------
        values_ticks : array of float, shape (listed months,)
            Tomorrow's value of each listed month, by tenor.
        """
        self.values_ticks[:] = values_ticks
        draw_signal_errors(self.columns, self.streams)

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all informed traders."""
        if self.count == 0:
            return
        outbox.reserve(MESSAGES_PER_AGENT * self.count)
        outbox.count = decide_informed(
            self.columns, self.streams, self.tenor_weights, self.values_ticks, self.fee_ticks,
            view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip
