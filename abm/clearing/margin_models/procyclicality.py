"""Anti-procyclicality tools around any margin model.

They are the three options of EMIR, Commission Delegated Regulation (EU) 153/2013, Art. 28(1): (a) a buffer of
at least 25 % that may be used up while requirements rise, (b) at least 25 % weight on stressed observations,
(c) a floor at the margin of volatility over ten years. Each applies one rule to a lot and to a portfolio.
"""

from __future__ import annotations

import numpy as np

from abm.clearing.margin_models.interface import Digest, MarginBasis, MarginDay, MarginModel
from abm.clearing.margin_models.requirement import weighted_up
from abm.core.arrays import IntArray
from abm.core.errors import ParameterError
from abm.core.money import BPS, scale_up

_PPM = 1_000_000
"""The buffer held is kept in parts per million, so that margin moves smoothly as it is released."""


class Buffer:
    """Adds a buffer to every requirement, and gives it up in proportion as requirements rise.

    Stress is the level of the unbuffered requirement (mean over months of margin per lot over the value of a
    lot) against its own slow average. Up to ``release_from`` the whole buffer is held; from there it falls in
    a straight line and is gone at ``release_at``; it comes back as the level falls or the average catches up.
    One number a day applies to all lots and portfolios. The ICE depletes its buffer linearly too.

    Parameters
    ----------
    model : MarginModel
        The model that the buffer is for; it is observed through this one.
    basis : MarginBasis
        Contract.
    buffer_bps : int
        Buffer over the requirement.
    release_from, release_at : float
        Stress at which the release begins and at which nothing is left.
    average_decay : float
        Daily decay of the slow average, in (0, 1); 0.996 halves a difference in about 170 days.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain; so much buffer within so short a release that the requirement
        would fall while risk rises is not allowed.

    Notes
    -----
    The points of release and the decay are judgement: the regulation leaves them to the clearing house.
    """

    def __init__(
        self,
        model: MarginModel,
        basis: MarginBasis,
        *,
        buffer_bps: int = 2_500,
        release_from: float = 1.25,
        release_at: float = 2.0,
        average_decay: float = 0.996,
    ) -> None:
        if buffer_bps < 0:
            raise ParameterError(f"margin.buffer_bps: {buffer_bps} is not >= 0")
        if not 1.0 <= release_from < release_at:
            raise ParameterError(
                f"margin.release_from: {release_from} is not in [1, {release_at}), the release_at"
            )
        # m(s) = s (1 + buffer (at - s) / (at - from)) is concave: it rises throughout if it rises at its end.
        latest = release_at * (1.0 - buffer_bps / BPS)
        if release_from > latest:
            raise ParameterError(
                f"margin.release_from: {release_from} is not <= {latest:.4g}, that is release_at less the"
                " buffer: the requirement would fall while risk rises"
            )
        if not 0.0 < average_decay < 1.0:
            raise ParameterError(f"margin.average_decay: {average_decay} is not in (0, 1)")
        self._model, self._basis = model, basis
        self._buffer_bps = buffer_bps
        self._release_from, self._release_at = release_from, release_at
        self._decay = average_decay
        self._average_level = 0.0
        self._held_ppm = buffer_bps * (_PPM // BPS)

    def observe(self, day: MarginDay) -> None:
        """Pass the day on, and set the part of the buffer that is held."""
        self._model.observe(day)
        exposure = self._basis.exposure_usd_micro(day)
        at_risk = exposure > 0.0
        level = (
            float(np.mean(self._model.per_lot_usd_micro()[at_risk] / exposure[at_risk]))
            if at_risk.any()
            else 0.0
        )
        before = self._average_level or level
        stress = level / before if before > 0.0 else 1.0
        held = (self._release_at - stress) / (self._release_at - self._release_from)
        self._held_ppm = round(self._buffer_bps * (_PPM // BPS) * min(max(held, 0.0), 1.0))
        self._average_level = self._decay * before + (1.0 - self._decay) * level

    @property
    def held_share(self) -> float:
        """Buffer held today as a share of the unbuffered requirement."""
        return self._held_ppm / _PPM

    def per_lot_usd_micro(self) -> IntArray:
        """Return the model's margin per lot plus the buffer held, rounded up."""
        return scale_up(self._model.per_lot_usd_micro(), _PPM + self._held_ppm, _PPM)

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the model's margin of each account plus the buffer held, rounded up."""
        return scale_up(self._model.per_account_usd_micro(position_lots), _PPM + self._held_ppm, _PPM)

    def update_digest(self, digest: Digest) -> None:
        """Feed the average level and the factor, and the model, into a running hash."""
        self._model.update_digest(digest)
        digest.update(np.array([self._average_level, self._held_ppm]).tobytes())


class StressedWeight:
    """Margin is a weighted mean of a model's and of the same under a stressed period.

    Parameters
    ----------
    model : MarginModel
        Margin of today; observed through this one.
    stressed : MarginModel
        Margin of the stressed period at today's prices, e.g. ``EwmaMargin`` on the worst days of the history
        with ``learns=False``; observed through this one.
    weight_bps : int
        Weight of the stressed margin.

    Raises
    ------
    ParameterError
        If the weight is not in 0..10,000.
    """

    def __init__(self, model: MarginModel, stressed: MarginModel, *, weight_bps: int = 2_500) -> None:
        if not 0 <= weight_bps <= BPS:
            raise ParameterError(f"margin.weight_bps: {weight_bps} is not in 0..{BPS}")
        self._model, self._stressed = model, stressed
        self._weights = (BPS - weight_bps, weight_bps)

    def observe(self, day: MarginDay) -> None:
        """Pass the day on to both models."""
        self._model.observe(day)
        self._stressed.observe(day)

    def per_lot_usd_micro(self) -> IntArray:
        """Return the weighted mean of both margins per lot, rounded up."""
        both = (self._model.per_lot_usd_micro(), self._stressed.per_lot_usd_micro())
        return weighted_up(both, self._weights, BPS)

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the weighted mean of both margins of each account, rounded up."""
        models = (self._model, self._stressed)
        return weighted_up([m.per_account_usd_micro(position_lots) for m in models], self._weights, BPS)

    def update_digest(self, digest: Digest) -> None:
        """Feed both models into a running hash."""
        self._model.update_digest(digest)
        self._stressed.update_digest(digest)


class Floor:
    """Margin is a model's, but never less than that of another model.

    Parameters
    ----------
    model : MarginModel
        Margin of today; observed through this one.
    floor : MarginModel
        Least margin, e.g. ``EwmaMargin`` with ``decay=1.0`` on ten years of history; observed through this
        one.
    """

    def __init__(self, model: MarginModel, floor: MarginModel) -> None:
        self._model, self._floor = model, floor

    def observe(self, day: MarginDay) -> None:
        """Pass the day on to both models."""
        self._model.observe(day)
        self._floor.observe(day)

    def per_lot_usd_micro(self) -> IntArray:
        """Return the larger of both margins per lot."""
        return np.maximum(self._model.per_lot_usd_micro(), self._floor.per_lot_usd_micro())

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the larger of both margins of each account."""
        least = self._floor.per_account_usd_micro(position_lots)
        return np.maximum(self._model.per_account_usd_micro(position_lots), least)

    def update_digest(self, digest: Digest) -> None:
        """Feed both models into a running hash."""
        self._model.update_digest(digest)
        self._floor.update_digest(digest)
