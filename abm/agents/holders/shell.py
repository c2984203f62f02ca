"""Position holders: traders that come with positions, hold them, and perhaps leave from some day on.

A crisis of a clearing house begins with positions that are there already. Holders come with one in each
delivery month on day 0, also where a warm-up is before it, hold it to final settlement, or work it down in
slices like a hedger that leaves (:mod:`abm.agents.hedgers.kernel`); they never add to it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import DayOpening, Funding, Population, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.hedgers.kernel import MESSAGES_PER_AGENT, PROGRESS_DTYPE, decide_hedgers


class PositionHolder(TraderAgent):
    """Trader with a position from day 0 on; see :mod:`abm.agents.holders.shell`."""

    @property
    def label(self) -> str:
        """What the scenario calls it."""
        return str(self.population.labels[self.row])  # type: ignore[attr-defined]


class Holders(Population):
    """All position holders.

    Parameters
    ----------
    columns : structured array, shape (n,)
        ``HEDGER_DTYPE``.
    streams : array of uint64, shape (n,)
        Decision streams.
    opening_lots : array of int64, shape (n, listed months)
        Signed positions on day 0 by tenor.
    labels : tuple of str
        What the scenario calls each holder.
    member : array of int64, shape (n,)
        Clearing member of each, -1 where members take turns.
    exit_day : array of int64, shape (n,)
        Day on which each begins to leave, -1 for never.
    exit_days : array of int64, shape (n,)
        Days that leaving takes.
    days_per_month : int
        Trading days in a delivery month.
    """

    agent_class: ClassVar[type[TraderAgent]] = PositionHolder
    name: ClassVar[str] = "holder"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        opening_lots: NDArray[np.int64],
        *,
        labels: tuple[str, ...],
        member: NDArray[np.int64],
        exit_day: NDArray[np.int64],
        exit_days: NDArray[np.int64],
        days_per_month: int,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.opening_lots, self.labels, self.member = opening_lots, labels, member
        self._exit_day, self._exit_days = exit_day, exit_days
        self._days_per_month = days_per_month
        self._rate = columns["actions_per_day"].copy()
        self.target_lots: NDArray[np.int64] = opening_lots.copy()
        self._progress: NDArray[Any] = np.zeros(opening_lots.shape, dtype=PROGRESS_DTYPE)
        self._no_floor: NDArray[np.float64] = np.ones(opening_lots.shape[1])

    def new_day(self, opening: DayOpening) -> None:
        """Set the targets of the day: the opening positions of the months left, less what is to be gone."""
        if opening.day < 0:  # they come on day 0
            self.columns["actions_per_day"] = 0.0
            self.target_lots[:] = 0
            return
        expired = opening.day // self._days_per_month
        leaving = (opening.day + 1 - self._exit_day) / self._exit_days
        kept = np.where(self._exit_day >= 0, 1.0 - np.clip(leaving, 0.0, 1.0), 1.0)
        listed = self.opening_lots.shape[1]
        self.target_lots[:] = 0
        if expired < listed:
            left = self.opening_lots[:, expired:]
            self.target_lots[:, : listed - expired] = np.rint(kept[:, np.newaxis] * left)
        # A tear-up may have taken lots from those who stay: without a rate they do not buy them back.
        self.columns["actions_per_day"] = np.where(kept < 1.0, self._rate, 0.0)

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of those who leave."""
        outbox.reserve(MESSAGES_PER_AGENT * self.count)
        outbox.count = decide_hedgers(
            self.columns, self.streams, self.target_lots, self._no_floor, self._progress,
            view.months, position_lots, view.day_share, outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def suspend(self, account: int) -> None:
        """Stop a holder in default for good."""
        super().suspend(account)
        self._rate[self.row_of(account)] = 0.0
