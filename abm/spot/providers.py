"""Provider quotes: each provider's price stays near its own multiple of the spot price."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.spot.domain import require
from abm.spot.index import capped_weights

FloatArray = NDArray[np.float64]


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
    ) -> None:
        offsets = np.array(log_offsets, dtype=np.float64)
        finite = offsets.ndim == 1 and offsets.size > 0 and bool(np.all(np.isfinite(offsets)))
        require(finite, "log_offsets", log_offsets, "a non-empty list of finite numbers")
        require(0.0 < basis_kappa < math.inf, "basis_kappa", basis_kappa, "a finite number > 0")
        require(0.0 <= basis_sd < math.inf, "basis_sd", basis_sd, "a finite number >= 0")
        self.index_weights = capped_weights(volume_shares, weight_cap)
        same_length = self.index_weights.shape == offsets.shape
        require(same_length, "volume_shares", volume_shares, f"a list of {offsets.size}")
        self.log_offsets = offsets
        self.volume_shares = np.array(volume_shares, dtype=np.float64)
        self.basis_kappa = basis_kappa
        self.basis_sd = basis_sd
        self.basis: FloatArray = basis_sd * rng.standard_normal(offsets.size)
        multiples = np.exp(offsets)
        self._multiples: FloatArray = (
            multiples / (self.index_weights @ multiples) / math.exp(0.5 * basis_sd**2)
        )

    @property
    def expected_multiples(self) -> FloatArray:
        """Expected price of each provider over the spot price, shape (n,)."""
        return self._multiples * math.exp(0.5 * self.basis_sd**2)

    def __len__(self) -> int:
        return self.log_offsets.size

    def quote(self, spot_usd: float) -> FloatArray:
        """Return today's prices at a spot price, USD per mSIT, shape (n,); the bases stay where they are."""
        require(0.0 < spot_usd < math.inf, "spot_usd", spot_usd, "a finite number > 0")
        prices: FloatArray = spot_usd * self._multiples * np.exp(self.basis)
        return prices

    def advance(self, spot_usd: float, dt: float, rng: np.random.Generator) -> FloatArray:
        """Move the bases by dt years, exactly, and return the prices at the new spot price.

        Parameters
        ----------
        spot_usd : float
            New spot price, USD per mSIT.
        dt : float
            Years since the last call, not negative.
        rng : numpy.random.Generator
            Gives n draws a call, whatever the parameters.

        Returns
        -------
        array of float, shape (n,)
            USD per mSIT.
        """
        require(0.0 <= dt < math.inf, "dt", dt, "a finite number >= 0")
        shocks = rng.standard_normal(len(self))
        spread = self.basis_sd * math.sqrt(-math.expm1(-2.0 * self.basis_kappa * dt))
        self.basis = self.basis * math.exp(-self.basis_kappa * dt) + spread * shocks
        return self.quote(spot_usd)
