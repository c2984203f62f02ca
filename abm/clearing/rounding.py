"""Exact integer scaling of money: a requirement is rounded up, a payment of interest down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def scale_up(
    amount_usd_micro: NDArray[np.int64], numerator: NDArray[np.int64] | int, denominator: int
) -> NDArray[np.int64]:
    """Return ``ceil(amount x numerator / denominator)`` without overflow in the product.

    Parameters
    ----------
    amount_usd_micro : array of int64, shape (n,)
        Amounts, not negative.
    numerator : int or array of int64, shape (n,)
        Not negative.
    denominator : int
        Positive; ``numerator x denominator`` must fit into an int64.

    Returns
    -------
    array of int64, shape (n,)
        Scaled amounts in micro-USD.
    """
    # amount = whole * denominator + rest, so only rest (< denominator) is multiplied before dividing.
    whole = amount_usd_micro // denominator
    rest = amount_usd_micro - whole * denominator
    return whole * numerator - (-(rest * numerator) // denominator)


def scale_down(
    amount_usd_micro: NDArray[np.int64], numerator: NDArray[np.int64] | int, denominator: int
) -> NDArray[np.int64]:
    """Return ``floor(amount x numerator / denominator)``; parameters as of ``scale_up``."""
    whole = amount_usd_micro // denominator
    rest = amount_usd_micro - whole * denominator
    return whole * numerator + rest * numerator // denominator
