"""The Token Price Index of the day, by either method, from SIT-equivalent provider quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from abm.core.arrays import FloatArray
from abm.spot.index.chained_index import ChainedFisherIndex
from abm.spot.index.index import IndexFixing, IndexUnavailable, UnavailableReason, token_price_index


class DailyIndex(Protocol):
    """An index method: call ``fix`` once a day."""

    def fix(self, prices_usd: FloatArray, ages_days: FloatArray) -> IndexFixing | IndexUnavailable:
        """Return the index of today's quotes (USD per mSIT, days old), shape (providers,) each."""


class NoIndex:
    """The index of no providers: there never is one."""

    def fix(self, prices_usd: FloatArray, ages_days: FloatArray) -> IndexFixing | IndexUnavailable:
        """Return that there is none."""
        return IndexUnavailable(0, UnavailableReason.TOO_FEW_PROVIDERS)


@dataclass(frozen=True)
class VolumeWeightedIndex:
    """Volume-weighted mean with capped weights (Xing 2026, arXiv:2603.21690).

    Attributes
    ----------
    volumes : array of float, shape (providers,)
        Volume behind each quote.
    quality : float
        Quality of every quote, which is also the reference: the quotes are SIT-equivalent.
    cap, min_providers, stale_after_days
        As for ``token_price_index``.
    """

    volumes: FloatArray
    quality: float
    cap: float
    min_providers: int
    stale_after_days: float

    def fix(self, prices_usd: FloatArray, ages_days: FloatArray) -> IndexFixing | IndexUnavailable:
        """Return the index of today's quotes."""
        return token_price_index(
            prices_usd,
            self.volumes,
            qualities=np.full(len(prices_usd), self.quality),
            reference_quality=self.quality,
            minimum_quality=self.quality,
            cap=self.cap,
            min_providers=self.min_providers,
            age_days=ages_days,
            stale_after_days=self.stale_after_days,
        )


class ChainedIndex:
    """Chain of Fisher links over the quotes of two days, with the rules of a volume-weighted index.

    Parameters
    ----------
    rules : VolumeWeightedIndex
        Volumes, cap, gate and staleness.
    base_value_usd : float
        Index on the first day, USD per mSIT.
    """

    def __init__(self, rules: VolumeWeightedIndex, *, base_value_usd: float) -> None:
        self._rules = rules
        self._chain = ChainedFisherIndex(
            base_value_usd,
            rules.cap,
            rules.min_providers,
            reference_quality=rules.quality,
            minimum_quality=rules.quality,
            stale_after_days=rules.stale_after_days,
        )

    def fix(self, prices_usd: FloatArray, ages_days: FloatArray) -> IndexFixing | IndexUnavailable:
        """Return the index of today's quotes."""
        qualities = np.full(len(prices_usd), self._rules.quality)
        return self._chain.fix(prices_usd, self._rules.volumes, qualities, ages_days)
