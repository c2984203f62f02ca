"""Each class of traders by day: who is in, what was refused, what was sold to shrink; and lost credit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing import EndedLine
from abm.core.orders import RejectReason
from abm.market.parts import MarketParts
from abm.recording import Recorder

_FOR_MARGIN = int(RejectReason.INSUFFICIENT_MARGIN)


class ClassDays:
    """Adds the day's rows of ``class_days`` and ``credit_events``; classes without a trader have none.

    Parameters
    ----------
    market : MarketParts
        Where the numbers come from.
    recorder : Recorder
        Takes the rows.
    """

    def __init__(self, market: MarketParts, recorder: Recorder) -> None:
        self._market, self._recorder = market, recorder
        self._names = list(dict.fromkeys(group.name for group in market.populations if group.count > 0))
        self._before = self._totals()

    def record(self) -> None:
        """Add today's rows of ``class_days``, one a class in the order of accounts."""
        now = self._totals()
        traders, active, shrinking, stopped, left = self._standing()
        messages, refused, for_margin, shrinking_orders = now - self._before
        self._before = now
        self._recorder.append(
            "class_days",
            day=self._market.clock.day,
            agent_class=np.array(self._names),
            traders=traders,
            active=active,
            shrinking=shrinking,
            stopped=stopped,
            left=left,
            messages=messages,
            refused=refused,
            refused_for_margin=for_margin,
            shrinking_orders=shrinking_orders,
        )

    def record_ended(self, lines: list[EndedLine]) -> None:
        """Add one row of ``credit_events`` for each line that was ended today."""
        for line in lines:
            self._recorder.append("credit_events", day=self._market.clock.day, **line._asdict())

    def _standing(self) -> NDArray[np.int64]:
        """Return traders, and those active, shrinking, stopped and gone, shape (5, classes)."""
        numbers = np.zeros((5, len(self._names)), dtype=np.int64)
        for group in self._market.populations:
            if group.count == 0:
                continue
            limits = group.limits
            of_limits = (0, 0, 0)
            if limits is not None:
                of_limits = (int(limits.shrinking.sum()), int(limits.stopped.sum()), int(limits.gone.sum()))
            numbers[:, self._names.index(group.name)] += (group.count, int(group.active.sum()), *of_limits)
        return numbers

    def _totals(self) -> NDArray[np.int64]:
        """Return messages, refusals, those for margin, and shrinking orders since day 0, (4, classes)."""
        market = self._market
        totals = np.zeros((4, len(self._names)), dtype=np.int64)
        for group in market.populations:
            if group.count == 0:
                continue
            refusals = market.refusals[group.accounts]
            totals[:, self._names.index(group.name)] += (
                int(market.messages_sent[group.accounts].sum()),
                int(refusals.sum()),
                int(refusals[:, _FOR_MARGIN].sum()),
                0 if group.limits is None else group.limits.shrinking_orders,
            )
        return totals
