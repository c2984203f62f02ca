"""Entry and exit by results: a class loses members that earn too little, and regains them when it earns.

At the start of a month each trader's return of the last one, its change of equity without what its owners
brought in or took out over its equity at the start of that month, goes into a mean with an exponential
memory. Who is in with a mean below a bound leaves, the worst first. If those who are in earn more than
another bound on average, some that have left come back, the earliest first. At most a share of the class
changes state in a month, so that capital moves slowly: what flows to and from speculators follows their past
returns (Shleifer and Vishny 1997), with the delays that Mitchell, Pedersen and Pulvino (2007) describe.

Nothing is drawn: who leaves follows from results alone, ties from the order of accounts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESULTS_DTYPE = np.dtype(
    [
        ("start_usd", np.float64),
        ("flows_usd", np.float64),
        ("mean_return", np.float64),
        ("left_on_day", np.int64),
    ],
    align=True,
)
"""Results of one trader. ``start_usd``: equity at the start of the month, NaN before the first;
``flows_usd``: what its owners have brought in since, negative if taken out; ``mean_return``: of a month,
with a memory."""


@dataclass(frozen=True)
class ResultRules:
    """When traders leave and come back.

    Attributes
    ----------
    memory_months : float
        Memory of the mean return, at least as long as one month counts.
    exit_below, enter_above : float
        Monthly returns: of a trader below which it leaves, and of those in above which others come back.
    turnover_per_month : float
        Largest share of the class that changes state in a month.
    """

    memory_months: float
    exit_below: float
    enter_above: float
    turnover_per_month: float

    def most_moves(self, traders: int) -> int:
        """Return how many traders of a class may leave or come back in a month."""
        if self.turnover_per_month == 0.0:
            return 0
        return max(1, math.floor(self.turnover_per_month * traders + 1e-9))


class TradingResults:
    """Results of all traders of a class.

    Parameters
    ----------
    count : int
        Traders.
    rules : ResultRules
        When they leave and come back.

    Attributes
    ----------
    rows : structured array, shape (count,)
        ``RESULTS_DTYPE``.
    """

    def __init__(self, count: int, rules: ResultRules) -> None:
        self.rules = rules
        self.rows: NDArray[Any] = np.zeros(count, dtype=RESULTS_DTYPE)
        self.rows["start_usd"] = np.nan

    def begin_month(self, equity_usd: NDArray[np.float64]) -> None:
        """Take the month that is over into each trader's mean return, and start the next one.

        Equity that was not positive earned nothing to speak of: it counts as a return of zero.
        """
        rows = self.rows
        start = rows["start_usd"]
        gain = equity_usd - start - rows["flows_usd"]
        known = start > 0.0
        returns = np.divide(gain, start, out=np.zeros(len(rows)), where=known)
        weight = 1.0 / max(self.rules.memory_months, 1.0)
        rows["mean_return"] += np.where(np.isnan(start), 0.0, weight * (returns - rows["mean_return"]))
        rows["start_usd"], rows["flows_usd"] = equity_usd, 0.0

    def note_flows(self, flows_usd: NDArray[np.float64]) -> None:
        """Note what owners have brought in since the last open, negative if they took it out."""
        self.rows["flows_usd"] += flows_usd

    def moves(
        self, day: int, is_in: NDArray[np.bool_], may_return: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return who leaves and who comes back today, and note it.

        Parameters
        ----------
        day : int
            Trading day of the run.
        is_in, may_return : array of bool, shape (traders,)
            Who follows its rule, and who has left and could come back.

        Returns
        -------
        leaving, returning : array of bool, shape (traders,)
            Together no more than may move in a month; those who leave come first. The others' results decide
            on a return where nobody is in.
        """
        rows, rules = self.rows, self.rules
        most, mean = rules.most_moves(len(rows)), rows["mean_return"]
        poor = np.flatnonzero(is_in & (mean < rules.exit_below))
        leaving = poor[np.argsort(mean[poor], kind="stable")][:most]
        looked_at = is_in if is_in.any() else may_return
        returning = np.zeros(0, dtype=np.int64)
        if looked_at.any() and mean[looked_at].mean() > rules.enter_above:
            waiting = np.flatnonzero(may_return)
            returning = waiting[np.argsort(rows["left_on_day"][waiting], kind="stable")][
                : most - len(leaving)
            ]
        rows["left_on_day"][leaving] = day
        rows["mean_return"][returning] = 0.0
        return _flags(leaving, len(rows)), _flags(returning, len(rows))

    def update_digest(self, digest: Any) -> None:
        """Feed the results into a running hash."""
        for name in self.rows.dtype.names or ():
            digest.update(np.ascontiguousarray(self.rows[name]).tobytes())


def _flags(rows: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    flags = np.zeros(count, dtype=np.bool_)
    flags[rows] = True
    return flags
