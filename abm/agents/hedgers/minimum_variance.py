"""Minimum-variance hedge ratios that enterprises estimate from their own bills, on past data only.

The ratio of a tenor is h* = Cov(dC, dF) / Var(dF) (Johnson 1960, Ederington 1979), where the pairs are the
hedges that could have been made: for a finished delivery month and each day on which it was that many
months ahead,

- dF = final settlement of the month - its settlement price on that day,
- dC = own cost of the month's tokens, in index terms, - the same price, which was the budget rate that day.

Cost and future are compared over the life of a hedge, not from day to day: where prices revert, today's price
moves more than that of a far month, and the ratio of the two daily changes would hedge the far month too
much.

dC - dF is what the month cost beyond the index, the same on each day, so that h* = 1 + Cov(excess, dF) /
Var(dF).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from abm.core.arrays import FloatArray

LARGEST_RATIO = 2.0
"""Bound on estimated ratios (judgement): few months of data can give any number."""


class _Sums(NamedTuple):
    """Sums over the hedges of finished months, by tenor; the last two also by enterprise.

    Where each enterprise lives on a price path of its own, all but the days are by enterprise.
    """

    days: FloatArray
    change: FloatArray
    square: FloatArray
    excess: FloatArray
    excess_change: FloatArray


def _total(months: Iterable[_Sums]) -> _Sums:
    return _Sums(*(np.sum(part, axis=0) for part in zip(*months, strict=True)))


class MinimumVarianceRatios:
    """Hedge ratio of each enterprise and tenor, estimated anew when a month has settled.

    Parameters
    ----------
    prior : array of float, shape (listed months,)
        Ratios held without data; the estimate gains weight in proportion to the days seen, until
        ``estimation_days``, from which on it stands alone.
    multiples : array of float, shape (enterprises,)
        Price at the own provider as a multiple of the index, which turns own cost into index terms.
    expected_need_msit : array of float, shape (enterprises,)
        Need of a month that the programme counts on.
    estimation_days : int
        Days of hedges over which the prior fades; 0 trusts the first estimate.
    window_months : int
        Months that an estimate looks back; 0 for all.
    with_quantity : bool
        Whether the cost of a month is its whole bill over the expected need, so that the ratio also
        answers to need that moves with the price, or the mean price paid.
    """

    def __init__(
        self,
        prior: FloatArray,
        *,
        multiples: FloatArray,
        expected_need_msit: FloatArray,
        estimation_days: int,
        window_months: int,
        with_quantity: bool,
    ) -> None:
        self._prior, self._multiples = prior, multiples
        self._expected_need_msit = expected_need_msit
        self._estimation_days, self._window_months = estimation_days, window_months
        self._with_quantity = with_quantity
        self._prices_usd: defaultdict[int, list[tuple[int, float | FloatArray]]] = defaultdict(list)
        self._seen: deque[_Sums] = deque()
        self.ratios: FloatArray = np.tile(prior, (len(multiples), 1))

    def see_settlement(self, front_month: int, settlement_usd: FloatArray) -> None:
        """Note a day's settlement prices of all listed months, in tenor order.

        Parameters
        ----------
        front_month : int
            Month at tenor 0.
        settlement_usd : array of float, shape (listed months,) or (enterprises, listed months)
            Prices of the market that all share, or of each enterprise's own price path.
        """
        for tenor in range(1, settlement_usd.shape[-1]):
            price = settlement_usd[..., tenor]
            seen = price.copy() if price.ndim else float(price)
            self._prices_usd[front_month + tenor].append((tenor, seen))

    def see_month(
        self, month: int, final_usd: float | FloatArray, need_msit: FloatArray, bill_usd: FloatArray
    ) -> None:
        """Learn from a month that has settled.

        Parameters
        ----------
        month : int
            The month.
        final_usd : float or array of float, shape (enterprises,)
            Its final settlement price, of the market that all share or of each price path.
        need_msit, bill_usd : array of float, shape (enterprises,)
            What each enterprise bought, and what it paid.
        """
        prices = self._prices_usd.pop(month, [])
        days = np.zeros(len(self._prior))
        change, square = np.zeros((2, *np.shape(final_usd), len(self._prior)))
        for tenor, price_usd in prices:
            days[tenor] += 1.0
            change[..., tenor] += final_usd - price_usd
            square[..., tenor] += (final_usd - price_usd) ** 2
        quantity = self._expected_need_msit if self._with_quantity else need_msit
        bought = quantity > 0.0
        paid_usd = np.divide(
            bill_usd,
            quantity * self._multiples,
            out=np.broadcast_to(final_usd, bill_usd.shape).astype(np.float64),
            where=bought,
        )
        excess = (paid_usd - final_usd)[:, None]
        self._seen.append(_Sums(days, change, square, excess * days, excess * change))
        if self._window_months == 0:
            self._seen = deque([_total(self._seen)])
        elif len(self._seen) > self._window_months:
            self._seen.popleft()
        self.ratios = self._estimated()

    def expect(self, need_msit: FloatArray) -> None:
        """Count on another need of a month from now on, shape (enterprises,)."""
        self._expected_need_msit = need_msit

    def _estimated(self) -> FloatArray:
        """Return the shrunk estimate, shape (enterprises, listed months)."""
        sums = _total(self._seen)
        days = np.maximum(sums.days, 1.0)
        mean, square = sums.change / days, sums.square / days
        variance = square - mean * mean
        covariance = sums.excess_change / days - sums.excess / days * mean
        # Rounding leaves a variance of the order of 1e-16 of the mean square where all changes are equal.
        moved = variance > 1e-12 * square
        slope = np.divide(covariance, variance, out=np.zeros_like(covariance), where=moved)
        own = np.clip(1.0 + slope, 0.0, LARGEST_RATIO)
        trust = np.minimum(1.0, sums.days / max(self._estimation_days, 1)) * moved
        ratios: FloatArray = trust * own + (1.0 - trust) * self._prior
        return ratios

    def update_digest(self, digest: Any) -> None:
        """Feed what has been learnt into a running hash."""
        digest.update(self.ratios.tobytes())
        for sums in self._seen:
            for learnt in sums:
                digest.update(np.ascontiguousarray(learnt).tobytes())
        for month, prices in sorted(self._prices_usd.items()):
            digest.update(f"{month}: {prices}".encode())
