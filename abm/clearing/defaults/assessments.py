"""Assessments: what surviving members are called for once the guaranty fund is used up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.money import allocate_largest_remainder


class Assessments(NamedTuple):
    """Who paid an assessment, and who could not."""

    paid_usd_micro: NDArray[np.int64]
    """Shape (n_members,)."""
    failed: NDArray[np.bool_]
    """Members that were called for more than their capital, shape (n_members,)."""


def share_assessments(
    amount_usd_micro: int, caps_usd_micro: NDArray[np.int64], capital_usd_micro: NDArray[np.int64]
) -> Assessments:
    """Call the surviving members for an amount pro rata to their caps, and the others for what one lacks.

    A member that is called for more than its capital pays all of it and fails; its unpaid part is called
    from those left, up to their caps, which may fail the next.

    Parameters
    ----------
    amount_usd_micro : int
        What is called for; what is beyond all caps, or beyond what members have, stays unpaid.
    caps_usd_micro, capital_usd_micro : array of int64, shape (n_members,)
        Limit of each member, zero for one that is not called, and what it has.
    """
    paid = np.zeros_like(caps_usd_micro)
    failed = np.zeros(len(paid), dtype=np.bool_)
    left = amount_usd_micro
    while left > 0:
        room = np.where(failed, 0, caps_usd_micro - paid)
        called = allocate_largest_remainder(min(left, int(room.sum())), room)
        if not called.any():
            break
        failing = paid + called > capital_usd_micro
        now = np.minimum(called, capital_usd_micro - paid)
        paid += now
        failed |= failing
        left -= int(now.sum())
    assert (paid <= caps_usd_micro).all(), "a survivor pays more than its cap"
    assert (paid <= capital_usd_micro).all(), "a survivor pays more than it has"
    return Assessments(paid, failed)
