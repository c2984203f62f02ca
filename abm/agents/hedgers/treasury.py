"""The money behind a hedge: how large a hedge it carries, when it is given up, and when it is taken up again.

A long hedger gains on its bill what it loses on its futures, but the bill falls due months later and the
margin call today: a firm that cannot fund the calls ends a hedge that was right (Metallgesellschaft 1993:
Culp and Miller 1995). The rule here acts before a default does: it looks once a day at the free funds
left. A treasury that knows this hedges less than it would like where margin is dear: liquidity-constrained
firms under-hedge (Rampini and Viswanathan 2010; Rampini, Sufi and Viswanathan 2014 for airlines and fuel).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import row_number
from abm.core.arrays import BoolArray, IntArray

BUDGET_STEPS = 20
"""Steps in which a hedge follows its budget of margin: judgement, a twentieth of the programme each."""


@dataclass(frozen=True)
class AbandonmentRule:
    """When a hedge is given up and taken up again.

    Attributes
    ----------
    abandon_below : float
        The hedge ends when free funds (bank cash, undrawn credit, collateral above initial margin) fall under
        this share of the initial margin; 0 for never.
    reenter_above : float
        It begins anew when the funds would leave that share of initial margin free with the programme
        finished.
    unwind_days : int
        Days over which the position is closed, in equal parts of what is left.
    cooling_days : int
        Days from the end of a hedge to the next look.
    """

    abandon_below: float = 0.0
    reenter_above: float = 0.0
    unwind_days: int = 1
    cooling_days: int = 0


@dataclass(frozen=True)
class HedgeEvents:
    """Hedges given up or taken up at the open of a day, one entry per hedger.

    Attributes
    ----------
    event : str
        ``abandoned`` or ``resumed``.
    rows : array of int64, shape (k,)
        Rows of the hedgers in their population.
    free_funds_usd_micro, initial_margin_usd_micro : array of int64, shape (k,)
        What the rule saw.
    """

    event: str
    rows: IntArray
    free_funds_usd_micro: IntArray
    initial_margin_usd_micro: IntArray


class HedgeTreasury:
    """Who of a class of hedgers has given up its hedge, and since when.

    Parameters
    ----------
    count : int
        Hedgers.
    rule : AbandonmentRule
        The same for all of them.

    Attributes
    ----------
    abandoned : array of bool, shape (count,)
        Hedge given up and not taken up again.
    started_day : array of int64, shape (count,)
        Day on which the present programme began; here days are those that the market has been open.
    events : list of HedgeEvents
        Of the last day that was judged.
    """

    def __init__(self, count: int, rule: AbandonmentRule) -> None:
        self.rule = rule
        self.abandoned: BoolArray = np.zeros(count, dtype=np.bool_)
        self.started_day: IntArray = np.zeros(count, dtype=np.int64)
        self.events: list[HedgeEvents] = []
        self._since_day: IntArray = np.zeros(count, dtype=np.int64)
        self._in_default: BoolArray = np.zeros(count, dtype=np.bool_)

    @property
    def is_watching(self) -> bool:
        """Whether a hedge can be given up at all."""
        return self.rule.abandon_below > 0.0

    def close(self, row: int) -> None:
        """Note a default: that treasury decides nothing any more."""
        self._in_default[row_number("row", row, len(self._in_default))] = True

    def judge(
        self,
        day: int,
        *,
        free_funds_usd_micro: IntArray,
        initial_margin_usd_micro: IntArray,
        programme_margin_usd_micro: IntArray,
    ) -> None:
        """Give hedges up, or take them up again, on what each treasury sees at the open.

        Parameters
        ----------
        free_funds_usd_micro, initial_margin_usd_micro : array of int64, shape (count,)
            Funds beyond the requirement of the present position, and that requirement.
        programme_margin_usd_micro : array of int64, shape (count,)
            Requirement of the finished programme at today's margin.
        """
        self.events = []
        if not self.is_watching:
            return
        rule, free, margin = self.rule, free_funds_usd_micro, initial_margin_usd_micro
        needed = programme_margin_usd_micro
        active = ~self._in_default
        leaves = active & ~self.abandoned & (margin > 0) & (free < rule.abandon_below * margin)
        cooled = day - self._since_day >= rule.cooling_days
        affordable = free + margin - needed >= rule.reenter_above * needed
        returns = active & self.abandoned & cooled & affordable & (needed > 0)
        self.abandoned = (self.abandoned | leaves) & ~returns
        self._since_day[leaves] = day
        self.started_day[returns] = day
        for event, who in (("abandoned", leaves), ("resumed", returns)):
            if who.any():
                rows = np.flatnonzero(who)
                self.events.append(HedgeEvents(event, rows, free[rows], margin[rows]))

    def unwinding_lots(self, day: int, position_lots: IntArray) -> IntArray:
        """Return what those who gave up still hold at the close of a day, never more than at its open.

        Parameters
        ----------
        position_lots : array of int64, shape (count, months)
            Signed positions at the open.
        """
        kept: IntArray = np.trunc(position_lots * self.kept_share(day)[:, None]).astype(np.int64)
        return kept

    def kept_share(self, day: int) -> NDArray[np.float64]:
        """Return which share of today's position those who gave up keep at its close, shape (count,)."""
        days_left = np.maximum(self.rule.unwind_days - (day - self._since_day), 1)
        share: NDArray[np.float64] = 1.0 - 1.0 / days_left
        return share

    def update_digest(self, digest: Any) -> None:
        """Feed the state into a running hash."""
        for state in (self.abandoned, self.started_day, self._since_day):
            digest.update(state.tobytes())


def affordable_share(
    margin_budget: float,
    *,
    free_funds_usd_micro: IntArray,
    initial_margin_usd_micro: IntArray,
    programme_margin_usd_micro: IntArray,
) -> NDArray[np.float64]:
    """Return which share of its finished programme each treasury carries within its budget of margin.

    Shares are whole steps, so that a hedge is not traded up and down with each day's funds.

    Parameters
    ----------
    margin_budget : float
        Largest initial margin of the finished programme as a share of all funds; 0 for no bound.
    free_funds_usd_micro, initial_margin_usd_micro : array of int64, shape (hedgers,)
        Funds beyond the requirement of the present position, and that requirement: together all funds.
    programme_margin_usd_micro : array of int64, shape (hedgers,)
        Requirement of the finished programme at today's margin.

    Returns
    -------
    array of float, shape (hedgers,)
        In [0, 1]; one without a budget.
    """
    if margin_budget <= 0.0:
        return np.ones(len(free_funds_usd_micro))
    funds = np.maximum(free_funds_usd_micro + initial_margin_usd_micro, 0)
    share = margin_budget * funds / np.maximum(programme_margin_usd_micro, 1)
    steps: NDArray[np.float64] = np.floor(np.minimum(share, 1.0) * BUDGET_STEPS) / BUDGET_STEPS
    return steps
