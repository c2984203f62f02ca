"""The exponential of an array inside a kernel: several at a time, where the C library does one a call."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from abm.core.arrays import FloatArray

_Filling = Callable[[FloatArray, FloatArray, FloatArray], None]

# Added to a number below 2^51 it leaves the nearest whole number in the lowest bits.
_TO_WHOLE = 6755399441055744.0
_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
# ln 2 in two parts: the first has so few digits that a whole number times it is exact.
_LN_2 = float.fromhex("0x1.62e42fee00000p-1")
_LN_2_REST = float.fromhex("0x1.a39ef35793c76p-33")
# (e^r - 1 - r) / r^2, highest power first.
_TAIL = (
    2.0914717341716378e-09,
    2.5105259538448494e-08,
    2.755727357010214e-07,
    2.7557255297969643e-06,
    2.4801587325605324e-05,
    0.0001984126987490126,
    0.001388888888888373,
    0.008333333333326112,
    0.04166666666666667,
    0.1666666666666667,
    0.5,
)
_EXPONENT_BIAS, _FRACTION_BITS = 1023, 52
_LOWEST, _HIGHEST = -708.0, 709.0


def _compiled(plain: _Filling) -> _Filling:
    """Compile for pasting into kernels; a product and the sum it goes into may be rounded once."""
    compiled: _Filling = numba.njit(forceinline=True, error_model="numpy", _nrt=False, fastmath={"contract"})(
        plain
    )
    return compiled


@_compiled
def exponentials_of_sums(first: FloatArray, second: FloatArray, results: FloatArray) -> None:
    """Fill the exponentials of sums, each within one unit in the last place.

    With k the whole number nearest to x / ln 2 and r = x - k ln 2, e^x = 2^k e^r. The first factor is put
    together from bits; the second is a polynomial of degree 12, fitted at Chebyshev points for
    |r| <= ln 2 / 2. No branch depends on the numbers, so that the loop works on several at once. Arrays with
    a result near overflow or below the normal numbers, and NaN, are left to the C library.

    Parameters
    ----------
    first, second : array of float, shape (n,)
        The exponents are their sums.
    results : array of float, shape (n,)
        Filled.
    """
    outside = 0
    for i in range(results.size):
        exponent = first[i] + second[i]
        outside += not _LOWEST < exponent < _HIGHEST
        shifted = exponent * _LOG2_E + _TO_WHOLE
        whole = shifted - _TO_WHOLE
        r = (exponent - whole * _LN_2) - whole * _LN_2_REST
        tail = _TAIL[0]
        for coefficient in _TAIL[1:]:
            tail = tail * r + coefficient
        bits = (np.float64(shifted).view(np.int64) + _EXPONENT_BIAS) << _FRACTION_BITS
        results[i] = (1.0 + (r + r * r * tail)) * np.int64(bits).view(np.float64)
    if outside > 0:
        for i in range(results.size):
            results[i] = np.exp(first[i] + second[i])
