"""Provider quotes as list prices: they stand still between rare changes, each near the provider's target."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arrays import BoolArray, FloatArray
from abm.spot.index.list_price_dynamics import ListPriceDynamics
from abm.spot.index.outages import QuoteOutages
from abm.spot.index.providers import offset_multiples
from abm.spot.process.domain import require, require_generator, require_number


class ListPriceQuotes:
    """List prices of n providers, each revised at its own random times.

    Provider i changes its price to price_i = S exp(offset_i + basis_i + error) / normaliser, with S the spot
    price of that moment, the basis a stationary Ornstein-Uhlenbeck process and the error that of
    ``ListPriceDynamics``; until the next change the price stands. The normaliser makes the Token Price Index
    of the quotes equal to the spot price in expectation: it holds the index of the offsets, E[exp(basis)],
    E[exp(error)] and, because providers look ahead, the mean factor changes / (changes - trend) by which a
    standing price falls behind a falling level.

    Parameters
    ----------
    log_offsets, volume_shares, weight_cap, basis_kappa, basis_sd
        As for ``ProviderQuotes``; the basis is that of the target.
    initial_spot_usd : float
        Spot price on day 0, USD per mSIT, positive.
    trend_per_year : float
        Yearly fall of the log level that the providers expect.
    dynamics : ListPriceDynamics or sequence of them
        Repricing, the same for all or one for each provider; the trend stays below its changes per year,
        as a price would otherwise fall behind its level without limit.
    rng : numpy.random.Generator
        Draws the starting bases, errors and ages from their stationary laws, as if the spot price had been
        on its trend so far.
    outage_rate_per_year, outage_days, days_per_year, outage_rng
        Outages of the price feeds, see ``QuoteOutages``; none by default.

    Attributes
    ----------
    list_prices_usd : array of float, shape (n,)
        Price each provider charges now, USD per mSIT, published or not.
    changed : array of bool, shape (n,)
        Who changed its price in the last step.
    target_basis : array of float, shape (n,)
        Log basis of each provider's target now.
    index_weights : array of float, shape (n,)
        Capped weights of the volume shares.

    Raises
    ------
    ParameterError
        If an argument is outside its domain or the arrays differ in length.
    """

    def __init__(
        self,
        log_offsets: ArrayLike,
        volume_shares: ArrayLike,
        *,
        weight_cap: float,
        basis_kappa: float,
        basis_sd: float,
        initial_spot_usd: float,
        trend_per_year: float,
        rng: np.random.Generator,
        dynamics: ListPriceDynamics | Sequence[ListPriceDynamics] | None = None,
        outage_rate_per_year: float = 0.0,
        outage_days: float = 0.0,
        days_per_year: float = 252.0,
        outage_rng: np.random.Generator | None = None,
    ) -> None:
        require(0.0 < basis_kappa < math.inf, "basis_kappa", basis_kappa, "a finite number > 0")
        require(0.0 <= basis_sd < math.inf, "basis_sd", basis_sd, "a finite number >= 0")
        allowed = "a finite number > 0"
        require(0.0 < initial_spot_usd < math.inf, "initial_spot_usd", initial_spot_usd, allowed)
        self.log_offsets, self.index_weights, multiples = offset_multiples(
            log_offsets, volume_shares, weight_cap
        )
        count = self.log_offsets.size
        self.volume_shares = np.array(volume_shares, dtype=np.float64)
        self.basis_kappa = basis_kappa
        self.basis_sd = basis_sd
        self.trend_per_year = trend_per_year
        self.dynamics = _one_each(dynamics, count)
        self._prepare(multiples)
        self._outages = QuoteOutages(
            count,
            rate_per_year=outage_rate_per_year,
            mean_days=outage_days,
            days_per_year=days_per_year,
            rng=outage_rng,
        )
        self._spot_usd = initial_spot_usd
        require_generator(rng)
        now, then = rng.standard_normal((2, count))
        errors = self._errors(rng)
        ages = rng.standard_exponential(count) / self._changes_per_year
        memory: FloatArray = np.exp(-basis_kappa * ages)
        basis_when_set = basis_sd * (memory * now + np.sqrt(1.0 - memory**2) * then)
        self.target_basis: FloatArray = basis_sd * now
        self.changed: BoolArray = np.zeros(count, dtype=np.bool_)
        self.list_prices_usd: FloatArray = (
            initial_spot_usd
            * self._target_multiples
            * np.exp(trend_per_year * ages + basis_when_set + errors)
        )
        self._published: FloatArray = self.list_prices_usd

    def _prepare(self, multiples: FloatArray) -> None:
        """Set the repricing parameters of each provider, shape (n,), and the normaliser."""
        rates = np.array([one.changes_per_year for one in self.dynamics])
        trend = self.trend_per_year
        allowed = f"a finite number < {rates.min()}, the fewest changes a year"
        require(-math.inf < trend < rates.min(), "trend_per_year", trend, allowed)
        mean_errors = np.array([one.mean_error_multiple for one in self.dynamics])
        mean_lag = rates / (rates - trend)
        self._changes_per_year = rates
        self._error_probability = np.array([one.error_probability for one in self.dynamics])
        self._error_scale = np.array([one.error_scale for one in self.dynamics])
        self._expected_multiples = multiples
        self._target_multiples: FloatArray = (
            multiples / math.exp(0.5 * self.basis_sd**2) / mean_errors / mean_lag
        )
        self._log_means: FloatArray = np.log(self._target_multiples) + trend / rates

    @property
    def basis(self) -> FloatArray:
        """Log of each list price over the spot price, less its mean, shape (n,)."""
        basis: FloatArray = np.log(self.list_prices_usd / self._spot_usd) - self._log_means
        return basis

    @property
    def expected_multiples(self) -> FloatArray:
        """Expected price of each provider over the expected spot price, shape (n,)."""
        return self._expected_multiples.copy()

    @property
    def ages_days(self) -> FloatArray:
        """Days since each provider last published its price, shape (n,); 0 without an outage.

        A price that is published again unchanged is not stale.
        """
        return self._outages.ages_days.copy()

    def __len__(self) -> int:
        return self.log_offsets.size

    def quote(self, spot_usd: float) -> FloatArray:
        """Return the published prices, USD per mSIT, shape (n,); they do not answer to the spot price."""
        require_number("spot_usd", spot_usd)
        require(0.0 < spot_usd < math.inf, "spot_usd", spot_usd, "a finite number > 0")
        return self._published.copy()

    def advance(self, spot_usd: float, dt: float, rng: np.random.Generator) -> FloatArray:
        """Let dt years pass, change the prices whose time has come, and return the published prices.

        Parameters
        ----------
        spot_usd : float
            New spot price, USD per mSIT.
        dt : float
            Years since the last call, not negative; several changes within one call show as one.
        rng : numpy.random.Generator
            Gives 4 n draws a call, whatever the parameters: a provider's changes do not depend on the
            parameters of another.

        Returns
        -------
        array of float, shape (n,)
            USD per mSIT; the last published price of a provider in an outage.
        """
        require_number("spot_usd", spot_usd)
        require(0.0 < spot_usd < math.inf, "spot_usd", spot_usd, "a finite number > 0")
        require_number("dt", dt)
        require(0.0 <= dt < math.inf, "dt", dt, "a finite number >= 0")
        require_generator(rng)
        shocks = rng.standard_normal(len(self))
        errors = self._errors(rng)
        self.changed = rng.random(len(self)) < -np.expm1(-self._changes_per_year * dt)
        spread = self.basis_sd * math.sqrt(-math.expm1(-2.0 * self.basis_kappa * dt))
        self.target_basis = self.target_basis * math.exp(-self.basis_kappa * dt) + spread * shocks
        fresh = spot_usd * self._target_multiples * np.exp(self.target_basis + errors)
        self.list_prices_usd = np.where(self.changed, fresh, self.list_prices_usd)
        self._spot_usd = spot_usd
        silent = self._outages.advance(dt)
        self._published = np.where(silent, self._published, self.list_prices_usd)
        return self._published.copy()

    def _errors(self, rng: np.random.Generator) -> FloatArray:
        """Draw pricing errors from two draws a provider: zero, or with some probability Laplace."""
        sizes = self._error_scale * rng.standard_exponential(len(self))
        kinds = rng.random(len(self))
        above = kinds < 0.5 * self._error_probability
        below = kinds >= 1.0 - 0.5 * self._error_probability
        errors: FloatArray = np.where(above, sizes, np.where(below, -sizes, 0.0))
        return errors


def _one_each(
    dynamics: ListPriceDynamics | Sequence[ListPriceDynamics] | None, count: int
) -> tuple[ListPriceDynamics, ...]:
    if dynamics is None:
        dynamics = ListPriceDynamics()
    if isinstance(dynamics, ListPriceDynamics):
        return (dynamics,) * count
    require(len(dynamics) == count, "dynamics", len(dynamics), f"one, or one for each of {count} providers")
    return tuple(dynamics)
