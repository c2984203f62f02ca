"""Provider quotes: each provider's price stays near its own multiple of the spot price."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arrays import FloatArray
from abm.spot.index.index import capped_weights
from abm.spot.index.outages import QuoteOutages
from abm.spot.process.domain import require, require_generator, require_number


class QuoteProcess(Protocol):
    """What a market asks of provider quotes, whether they follow the spot price or stand as list prices."""

    log_offsets: FloatArray
    volume_shares: FloatArray
    index_weights: FloatArray

    @property
    def basis(self) -> FloatArray:
        """Log deviation of each provider's price from its usual multiple of the spot price, shape (n,)."""

    @property
    def expected_multiples(self) -> FloatArray:
        """Expected price of each provider over the spot price, shape (n,)."""

    @property
    def ages_days(self) -> FloatArray:
        """Age of each provider's quote in days, shape (n,)."""

    def __len__(self) -> int: ...

    def quote(self, spot_usd: float) -> FloatArray:
        """Return today's prices, USD per mSIT, shape (n,)."""

    def advance(self, spot_usd: float, dt: float, rng: np.random.Generator) -> FloatArray:
        """Let dt years pass and return the prices, USD per mSIT, shape (n,)."""


def offset_multiples(
    log_offsets: ArrayLike, volume_shares: ArrayLike, weight_cap: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log offsets, index weights, and the price of each provider over the index of the offsets.

    Parameters
    ----------
    log_offsets : array of float, shape (n,)
        Lasting log price of each provider against the index.
    volume_shares : array of float, shape (n,)
        Volumes behind the index weights, positive.
    weight_cap : float
        Largest index weight.

    Raises
    ------
    ParameterError
        If an argument is outside its domain or the arrays differ in length.
    """
    offsets = np.array(log_offsets, dtype=np.float64)
    finite = offsets.ndim == 1 and offsets.size > 0 and bool(np.all(np.isfinite(offsets)))
    require(finite, "log_offsets", log_offsets, "a non-empty list of finite numbers")
    weights = capped_weights(volume_shares, weight_cap)
    require(weights.shape == offsets.shape, "volume_shares", volume_shares, f"a list of {offsets.size}")
    multiples = np.exp(offsets)
    return offsets, weights, multiples / (weights @ multiples)


class SpotAlone:
    """Stands for the quotes where there are no providers: a token costs the spot price, exactly."""

    def __init__(self) -> None:
        self.log_offsets: FloatArray = np.zeros(1)
        self.volume_shares: FloatArray = np.ones(1)
        self.index_weights: FloatArray = np.ones(1)

    @property
    def basis(self) -> FloatArray:
        """No deviation from the spot price, shape (1,)."""
        return np.zeros(1)

    @property
    def expected_multiples(self) -> FloatArray:
        """The spot price itself, shape (1,)."""
        return np.ones(1)

    @property
    def ages_days(self) -> FloatArray:
        """Always of today, shape (1,)."""
        return np.zeros(1)

    def __len__(self) -> int:
        return 1

    def quote(self, spot_usd: float) -> FloatArray:
        """Return the spot price, USD per mSIT, shape (1,)."""
        return np.array([spot_usd])

    def advance(self, spot_usd: float, dt: float, rng: np.random.Generator) -> FloatArray:
        """Return the spot price, USD per mSIT, shape (1,); nothing is drawn."""
        return self.quote(spot_usd)


class ProviderQuotes:
    """Quotes of n providers around the spot price: price_i = S exp(offset_i + basis_i) / normaliser.

    The bases are independent stationary Ornstein-Uhlenbeck processes, independent of the spot price. The
    normaliser makes the Token Price Index of the quotes equal S in expectation: it holds the index of the
    offsets and E[exp(basis)].

    Parameters
    ----------
    log_offsets : array of float, shape (n,)
        Lasting log price of each provider against the index.
    volume_shares : array of float, shape (n,)
        Volumes behind the index weights, positive.
    weight_cap : float
        Largest index weight.
    basis_kappa : float
        Mean reversion of the bases per year, positive.
    basis_sd : float
        Stationary standard deviation of a basis, in log price; not negative.
    rng : numpy.random.Generator
        Draws the starting bases from their stationary law.
    outage_rate_per_year, outage_days, days_per_year, outage_rng
        Outages of the price feeds, see ``QuoteOutages``; none by default and none in the first step. The last
        published price of a provider in an outage stands, and its age grows.

    Attributes
    ----------
    basis : array of float, shape (n,)
        Log basis of each provider now.
    index_weights : array of float, shape (n,)
        Capped weights of the volume shares.

    Raises
    ------
    ParameterError
        If an argument is outside its domain or the arrays differ in length.

    Notes
    -----
    Quotes are SIT-equivalent, USD per mSIT: give the index the reference quality for every provider.
    """

    def __init__(
        self,
        log_offsets: ArrayLike,
        volume_shares: ArrayLike,
        *,
        weight_cap: float,
        basis_kappa: float,
        basis_sd: float,
        rng: np.random.Generator,
        outage_rate_per_year: float = 0.0,
        outage_days: float = 0.0,
        days_per_year: float = 252.0,
        outage_rng: np.random.Generator | None = None,
    ) -> None:
        require_number("basis_kappa", basis_kappa)
        require_number("basis_sd", basis_sd)
        require_generator(rng)
        require(0.0 < basis_kappa < math.inf, "basis_kappa", basis_kappa, "a finite number > 0")
        require(0.0 <= basis_sd < math.inf, "basis_sd", basis_sd, "a finite number >= 0")
        self.log_offsets, self.index_weights, multiples = offset_multiples(
            log_offsets, volume_shares, weight_cap
        )
        self.volume_shares = np.array(volume_shares, dtype=np.float64)
        self.basis_kappa = basis_kappa
        self.basis_sd = basis_sd
        self.basis: FloatArray = basis_sd * rng.standard_normal(len(self))
        self._multiples: FloatArray = multiples / math.exp(0.5 * basis_sd**2)
        self._outages = QuoteOutages(
            len(self),
            rate_per_year=outage_rate_per_year,
            mean_days=outage_days,
            days_per_year=days_per_year,
            rng=outage_rng,
        )
        self._published: FloatArray | None = None

    @property
    def expected_multiples(self) -> FloatArray:
        """Expected price of each provider over the spot price, shape (n,)."""
        return self._multiples * math.exp(0.5 * self.basis_sd**2)

    @property
    def ages_days(self) -> FloatArray:
        """Days since each provider last published its price, shape (n,); 0 without an outage."""
        return self._outages.ages_days.copy()

    def __len__(self) -> int:
        return self.log_offsets.size

    def quote(self, spot_usd: float) -> FloatArray:
        """Return today's prices at a spot price, USD per mSIT, shape (n,); the bases stay where they are.

        A provider in an outage shows the last price it published.
        """
        require_number("spot_usd", spot_usd)
        require(0.0 < spot_usd < math.inf, "spot_usd", spot_usd, "a finite number > 0")
        prices: FloatArray = spot_usd * self._multiples * np.exp(self.basis)
        if self._published is None:
            return prices
        return np.where(self._outages.silent, self._published, prices)

    def advance(self, spot_usd: float, dt: float, rng: np.random.Generator) -> FloatArray:
        """Move the bases by dt years, exactly, and return the prices at the new spot price.

        Parameters
        ----------
        spot_usd : float
            New spot price, USD per mSIT.
        dt : float
            Years since the last call, not negative.
        rng : numpy.random.Generator
            Gives n draws a call, whatever the parameters; outages have a generator of their own.

        Returns
        -------
        array of float, shape (n,)
            USD per mSIT.
        """
        require_number("dt", dt)
        require(0.0 <= dt < math.inf, "dt", dt, "a finite number >= 0")
        require_generator(rng)
        shocks = rng.standard_normal(len(self))
        spread = self.basis_sd * math.sqrt(-math.expm1(-2.0 * self.basis_kappa * dt))
        self.basis = self.basis * math.exp(-self.basis_kappa * dt) + spread * shocks
        if self._published is not None:
            self._outages.advance(dt)
        self._published = self.quote(spot_usd)
        return self._published.copy()
