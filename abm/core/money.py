"""Integer money: micro-USD amounts, explicit rounding, exact allocation.

Every amount of money is an ``int`` (or ``int64`` array) of micro-USD. Rounding is explicit: requirements
round up (never in the member's favour), interest that is paid rounds down, and a pro-rata split loses and
creates nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import finite_number, whole_array, whole_number
from abm.core.errors import ParameterError

USD_MICRO = 1_000_000
"""Micro-USD in one USD."""
BPS = 10_000
"""Basis points of a whole."""


def usd_to_micro(amount_usd: float) -> int:
    """Return the micro-USD nearest to an amount in USD (ties to even)."""
    finite_number("amount_usd", amount_usd)
    return round(amount_usd * USD_MICRO)


def ceil_div(numerator: int, denominator: int) -> int:
    """Return the quotient rounded towards plus infinity, for a positive denominator."""
    whole_number("denominator", denominator, least=1)
    given: Any = numerator
    if isinstance(given, np.ndarray) and given.ndim > 0:
        return -(-whole_array("numerator", given) // denominator)  # type: ignore[return-value]
    return -(-whole_number("numerator", given) // denominator)


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


def allocate_largest_remainder(
    total_usd_micro: int, weights: NDArray[np.int64] | list[int]
) -> NDArray[np.int64]:
    """Split an amount in proportion to integer weights so that the parts sum to it exactly.

    Each part is the floor of its exact share; the units left over go one each to the largest
    remainders, ties to the lower index. Arithmetic is in Python integers, so it never overflows.

    Parameters
    ----------
    total_usd_micro : int
        Amount to split, not negative.
    weights : array of int, shape (n,)
        Not negative, with a positive sum.

    Returns
    -------
    array of int64, shape (n,)
        Parts, in the order of the weights.

    Raises
    ------
    ParameterError
        If the total or a weight is negative or not whole, or all weights are zero while the total is not.

    Notes
    -----
    The method of Hamilton (largest remainder), as used to allocate pro-rata losses.
    """
    total_usd_micro = whole_number("total_usd_micro", total_usd_micro)
    parts = [whole_number("weights", weight) for weight in weights]
    if total_usd_micro < 0 or any(w < 0 for w in parts):
        raise ParameterError(f"allocation of {total_usd_micro} over {parts}: all must be >= 0")
    weight_sum = sum(parts)
    if weight_sum == 0:
        if total_usd_micro != 0:
            raise ParameterError(f"allocation of {total_usd_micro} over {parts}: weights sum to zero")
        return np.zeros(len(parts), dtype=np.int64)
    floors = [total_usd_micro * w // weight_sum for w in parts]
    remainders = [total_usd_micro * w % weight_sum for w in parts]
    left_over = total_usd_micro - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[:left_over]:
        floors[i] += 1
    return np.array(floors, dtype=np.int64)
