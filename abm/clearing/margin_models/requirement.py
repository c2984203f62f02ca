"""From a risk estimate to money: integer micro-USD, rounded up, with a guard against overflow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from abm.clearing.ledger import MONEY_BOUND_USD_MICRO
from abm.clearing.margin_models.interface import FloatArray, IntArray


def round_up_usd_micro(amount_usd_micro: FloatArray) -> IntArray:
    """Return amounts that are not negative as whole micro-USD, rounded up."""
    assert np.all((amount_usd_micro >= 0.0) & (amount_usd_micro < MONEY_BOUND_USD_MICRO)), (
        "an initial margin is negative, not a number or near overflow"
    )
    return np.ceil(amount_usd_micro).astype(np.int64)


def gross_usd_micro(position_lots: IntArray, per_lot_usd_micro: IntArray) -> IntArray:
    """Return the sum over slots of absolute lots times an amount per lot, shape (n_accounts,)."""
    lots = np.abs(position_lots)
    # einsum adds up short rows four times as fast as sum(axis=1), and this is done for every account.
    largest = int(np.einsum("ij->i", lots).max(initial=0)) * int(per_lot_usd_micro.max(initial=0))
    assert largest < MONEY_BOUND_USD_MICRO, "an initial margin is near overflow"
    return lots @ per_lot_usd_micro


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
