"""Why margin is called: what a call adds up from since the last margin cycle, exact to the micro-USD.

A call restores initial margin, so it is the requirement now less the equity now. Between two margin cycles
the equity falls by variation margin, and the requirement rises twice: first the margin per lot changes on
the positions held then, next the positions change at the margin per lot of now. What is left was missing
before, or was there in excess, or left and entered collateral in between without a price or a trade.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from abm.core.arrays import IntArray


class CallCauses(NamedTuple):
    """Parts of a margin call in the order in which they are taken, micro-USD; their sum is the amount called.

    A part that lowers the call is negative.
    """

    loss_usd_micro: int
    """Variation margin and final settlements paid since the last cycle; a gain is negative."""
    model_rise_usd_micro: int
    """Rise of the requirement of the positions held then, because the margin model asks for more."""
    position_rise_usd_micro: int
    """Rise of the requirement through trades, transfers and expiries."""
    carried_usd_micro: int
    """All else: what was missing after the last cycle, fees, levies and returned collateral, less deposits,
    pay and the excess held over initial margin."""


class CycleMemory(NamedTuple):
    """What held when the last margin cycle ended, less the months that have expired since."""

    position_lots: IntArray
    """Signed lots, shape (n_accounts, n_slots)."""
    requirement_usd_micro: IntArray
    """Their initial margin then, shape (n_accounts,)."""
    expiry_rise_usd_micro: IntArray
    """Change of the requirement since then through expiries, not positive in most models; same shape."""
    variation_usd_micro: IntArray
    """Variation margin from the start of the run to then; same shape."""

    def expire(self, slot: int, requirement_without_usd_micro: IntArray) -> None:
        """Let a month go: its slot will hold another one, for which nobody had a position.

        Parameters
        ----------
        slot : int
            Slot of the month; its lots are set to zero.
        requirement_without_usd_micro : array of int64, shape (n_accounts,)
            Initial margin without those lots.
        """
        self.position_lots[:, slot] = 0
        self.expiry_rise_usd_micro[:] += requirement_without_usd_micro - self.requirement_usd_micro
        self.requirement_usd_micro[:] = requirement_without_usd_micro

    def keep(self, position_lots: IntArray, requirement_usd_micro: IntArray, variation: IntArray) -> None:
        """Take down what holds at the end of a margin cycle."""
        self.position_lots[:] = position_lots
        self.requirement_usd_micro[:] = requirement_usd_micro
        self.expiry_rise_usd_micro[:] = 0
        self.variation_usd_micro[:] = variation


def no_cycle_yet(n_accounts: int, n_slots: int) -> CycleMemory:
    """Return the memory before the first margin cycle: no positions, no requirement."""
    zeros = (np.zeros(n_accounts, dtype=np.int64) for _ in range(3))
    return CycleMemory(np.zeros((n_accounts, n_slots), dtype=np.int64), *zeros)


def call_causes(
    due_usd_micro: IntArray,
    before: CycleMemory,
    *,
    requirement_usd_micro: IntArray,
    requirement_of_held_usd_micro: IntArray,
    variation_usd_micro: IntArray,
) -> dict[int, CallCauses]:
    """Return why each account with something due is called, by account.

    Parameters
    ----------
    due_usd_micro : array of int64, shape (n_accounts,)
        Amounts called; zero for an account that is not.
    before : CycleMemory
        What held at the end of the last cycle.
    requirement_usd_micro, requirement_of_held_usd_micro : array of int64, shape (n_accounts,)
        Initial margin now, and what the positions of the last cycle would need now.
    variation_usd_micro : array of int64, shape (n_accounts,)
        Variation margin from the start of the run.
    """
    loss = before.variation_usd_micro - variation_usd_micro
    model_rise = requirement_of_held_usd_micro - before.requirement_usd_micro
    position_rise = requirement_usd_micro - requirement_of_held_usd_micro + before.expiry_rise_usd_micro
    carried = due_usd_micro - loss - model_rise - position_rise
    called = np.flatnonzero(due_usd_micro)
    parts = np.stack([loss, model_rise, position_rise, carried], axis=1)[called]
    return {account: CallCauses(*row) for account, row in zip(called.tolist(), parts.tolist(), strict=True)}
