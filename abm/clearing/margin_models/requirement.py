"""From a risk estimate to money: integer micro-USD, rounded up, with a guard against overflow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO
from abm.core.arrays import FloatArray, IntArray
from abm.core.kernel import kernel


def round_up_usd_micro(amount_usd_micro: FloatArray) -> IntArray:
    """Return amounts that are not negative as whole micro-USD, rounded up."""
    assert np.all((amount_usd_micro >= 0.0) & (amount_usd_micro < MONEY_BOUND_USD_MICRO)), (
        "an initial margin is negative, not a number or near overflow"
    )
    return np.ceil(amount_usd_micro).astype(np.int64)


def gross_usd_micro(position_lots: IntArray, per_lot_usd_micro: IntArray) -> IntArray:
    """Return the sum over slots of absolute lots times an amount per lot, shape (n_accounts,)."""
    # Writable and contiguous whatever was passed in: the kernel keeps one type signature.
    gross, most_lots = _gross(np.require(position_lots, np.int64, ["C", "W"]), per_lot_usd_micro)
    largest = most_lots * int(per_lot_usd_micro.max(initial=0))
    assert largest < MONEY_BOUND_USD_MICRO, "an initial margin is near overflow"
    return gross


@kernel
def _gross(lots: IntArray, per_lot: IntArray) -> tuple[IntArray, int]:
    """Return the gross amount of each account, and the most absolute lots of one (many accounts are idle)."""
    gross = np.zeros(lots.shape[0], dtype=np.int64)
    most_lots = 0
    for account in range(lots.shape[0]):
        total = 0
        for slot in range(lots.shape[1]):
            held = abs(lots[account, slot])
            total += held
            gross[account] += held * per_lot[slot]
        most_lots = max(most_lots, total)
    return gross, most_lots


def weighted_up(amounts: Sequence[IntArray], weights: Sequence[int], denominator: int) -> IntArray:
    """Return ``ceil(sum(amount x weight) / denominator)``, rounded once, without overflow in the products.

    Parameters
    ----------
    amounts : sequence of array of int64
        Micro-USD, not negative, of one shape.
    weights : sequence of int
        Not negative, one for each.
    denominator : int
        Positive; ``weight x denominator`` must stay below 2**62 over the number of amounts.
    """
    assert min(weights) >= 0, "a weight is negative"
    whole = np.zeros_like(amounts[0])
    rest = np.zeros_like(amounts[0])
    bound = 0.0
    for amount, weight in zip(amounts, weights, strict=True):
        quotient = amount // denominator
        bound += float(amount.max(initial=0)) * weight / denominator
        assert bound < MONEY_BOUND_USD_MICRO, "an initial margin is near overflow"
        whole += quotient * weight
        rest += (amount - quotient * denominator) * weight
    return whole - (-rest // denominator)
