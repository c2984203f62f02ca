"""Hedge programmes: which position a hedger wants in each listed month, given what it expects to need.

Each rule is a pure function of tenors and calendar. All of them leave the delivery month (tenor 0) alone:
what is held there was bought before and rolls off with the fixings.

- ``layered``: near, mid and far shares, the usual policy table of a treasury;
- ``strip``: one share in every listed month, each month's need in its own contract;
- ``rolling``: the same share, but a month is hedged only from ``roll_tenor`` months ahead on, in its own
  contract and until delivery. Where prices revert at the speed kappa, most of what moved them before has
  died down by delivery, and the hedge removes about 1 - e^(-kappa (roll_tenor + 1/2) / 12) of the volatility;
- ``stack``: the whole need piled up in one contract, rolled from month to month and never delivered
  (Metallgesellschaft's hedge: Culp and Miller 1995, Mello and Parsons 1995);
- ``minimum_variance``: a strip whose share is estimated, see :mod:`abm.agents.hedgers.minimum_variance`;
- ``none``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from abm.core.arrays import FloatArray

ProgrammeKind = Literal["layered", "strip", "rolling", "stack", "minimum_variance", "none"]


@dataclass(frozen=True)
class Programme:
    """Terms of a hedge programme, the same for a class of hedgers.

    Attributes
    ----------
    kind : ProgrammeKind
        Rule.
    days_per_month : int
        Trading days in a delivery month.
    near_ratio, mid_ratio, far_ratio : float
        Shares of ``layered`` in its near, middle and far months.
    first_mid_tenor, first_far_tenor : int
        Tenors from which on a month is a middle and a far one: the quarters 1-3, 4-6, and from 7 on.
    ratio : float
        Share of the other kinds; of ``minimum_variance`` the prior.
    roll_tenor, stack_tenor : int
        Farthest month of ``rolling``, and the month of ``stack``.
    roll_days : int
        Trading days at the end of a month over which ``rolling`` and ``stack`` go one month on.
    stack_damping_per_month : float
        Reversion speed per month by which ``stack`` scales far needs down; 0 for a naive stack.
    tail_rate_per_day : float
        Interest rate per trading day of tailing; 0 without.
    margin_budget : float
        Largest initial margin of the finished programme as a share of the hedger's funds, own and credit,
        beyond which it hedges less; 0 for no bound. ``target_lots`` knows no money and leaves it out.
    """

    kind: ProgrammeKind
    days_per_month: int
    near_ratio: float = 0.0
    mid_ratio: float = 0.0
    far_ratio: float = 0.0
    first_mid_tenor: int = 4
    first_far_tenor: int = 7
    ratio: float = 1.0
    roll_tenor: int = 1
    stack_tenor: int = 1
    roll_days: int = 1
    stack_damping_per_month: float = 0.0
    tail_rate_per_day: float = 0.0
    margin_budget: float = 0.0

    def target_lots(
        self, need_lots: FloatArray, day_of_month: int, ratios: FloatArray | None = None
    ) -> FloatArray:
        """Return the positions of the finished programme at the close of a day, not rounded.

        Parameters
        ----------
        need_lots : array of float, shape (hedgers, listed months)
            Lots of each month's expected quantity by tenor, positive for buyers and negative for sellers.
        day_of_month : int
            Trading day of the month, from zero.
        ratios : array of float, shape (hedgers, listed months), optional
            Estimated shares of ``minimum_variance``.
        """
        listed = need_lots.shape[1]
        rolled = rolled_share(day_of_month, self.days_per_month, self.roll_days)
        if self.kind == "stack":
            weights = self.ratio * stack_weights(listed, self.stack_tenor, self.stack_damping_per_month)
            targets = stack_targets(need_lots, weights, self.stack_tenor, rolled)
        else:
            targets = need_lots * (self._ratios(listed, rolled) if ratios is None else ratios)
        if self.tail_rate_per_day > 0.0:
            targets = targets * tail(listed, day_of_month, self.days_per_month, self.tail_rate_per_day)
        return targets

    def _ratios(self, listed: int, rolled: float) -> FloatArray:
        if self.kind == "layered":
            shares = self.near_ratio, self.mid_ratio, self.far_ratio
            return layered_ratios(listed, *shares, self.first_mid_tenor, self.first_far_tenor)
        if self.kind == "rolling":
            return rolling_ratios(listed, self.ratio, self.roll_tenor, rolled)
        return strip_ratios(listed, 0.0 if self.kind == "none" else self.ratio)

    @property
    def delivers(self) -> bool:
        """Whether positions are held through delivery; what a stack has left there is too much."""
        return self.kind != "stack"


def strip_ratios(listed: int, ratio: float) -> FloatArray:
    """Return one ratio in every month but that in delivery, shape (listed,)."""
    return np.where(np.arange(listed) == 0, 0.0, ratio)


def layered_ratios(
    listed: int, near: float, mid: float, far: float, first_mid_tenor: int, first_far_tenor: int
) -> FloatArray:
    """Return one ratio for each of three bands of tenors, shape (listed,)."""
    tenor = np.arange(listed)
    ratios = np.where(tenor < first_mid_tenor, near, np.where(tenor < first_far_tenor, mid, far))
    return np.where(tenor == 0, 0.0, ratios)


def rolling_ratios(listed: int, ratio: float, roll_tenor: int, rolled: float) -> FloatArray:
    """Return the ratio up to ``roll_tenor``, and its share ``rolled`` one month beyond; shape (listed,)."""
    tenor = np.arange(listed)
    near = np.where((tenor > 0) & (tenor <= roll_tenor), ratio, 0.0)
    return np.where(tenor == roll_tenor + 1, ratio * rolled, near)


def stack_weights(listed: int, stack_tenor: int, damping_per_month: float) -> FloatArray:
    """Return how many lots of the stack's contract one lot of each month is worth, shape (listed,).

    e^(-kappa (T - T_stack)): a price move in the near contract is expected to have died down to that share by
    month T. Without damping, a need eleven months off weighs as much as the next month's, which hedges it
    many times over and raises the volatility of cost.
    """
    tenor = np.arange(listed)
    return np.where(tenor == 0, 0.0, np.exp(-damping_per_month * (tenor - stack_tenor)))


def stack_targets(need_lots: FloatArray, weights: FloatArray, stack_tenor: int, rolled: float) -> FloatArray:
    """Return the weighted sum of all needs in one contract, the share ``rolled`` already in the next.

    Parameters
    ----------
    need_lots : array of float, shape (hedgers, listed months)
        As in :meth:`Programme.target_lots`.
    weights : array of float, shape (listed months,)
        Lots of the stack for each lot of need.
    stack_tenor : int
        Month that holds the stack; the next one must be listed too.
    rolled : float
        Share that has moved on.
    """
    targets = np.zeros_like(need_lots)
    stack = need_lots @ weights
    targets[:, stack_tenor] = (1.0 - rolled) * stack
    targets[:, stack_tenor + 1] = rolled * stack
    return targets


def rolled_share(day_of_month: int, days_per_month: int, roll_days: int) -> float:
    """Return which share has rolled by the close of a day, in equal steps over the last days of a month."""
    return min(1.0, max(0, day_of_month + 1 + roll_days - days_per_month) / roll_days)


def tail(listed: int, day_of_month: int, days_per_month: int, rate_per_day: float) -> FloatArray:
    """Return e^(-r (T - t)) with T the final settlement of each month, shape (listed,).

    A future pays its gains at once and they earn interest until the bill comes, so a little less than the
    need is enough (Figlewski, Landskroner and Silber 1991).
    """
    days = np.arange(1, listed + 1) * days_per_month - 1 - day_of_month
    decay: FloatArray = np.exp(-rate_per_day * days)
    return decay
