"""Concentration add-on: a position that is large against the market's volume takes longer to liquidate."""

from __future__ import annotations

import numpy as np

from abm.clearing.margin_models.confidence import period_scale
from abm.clearing.margin_models.interface import Digest, MarginBasis, MarginDay, MarginModel
from abm.clearing.margin_models.requirement import round_up_usd_micro
from abm.core.arrays import FloatArray, IntArray
from abm.core.errors import ParameterError


class Concentration:
    """Adds to any model the margin of lots that cannot be liquidated within the margin period.

    A house that trades a share of average daily volume gets rid of ``share x volume x MPOR`` lots of a month
    within the margin period. Of a larger position the excess is held for longer: its outright margin
    grows with the square root of days to liquidate over MPOR. The add-on of a month is therefore
    ``excess x margin per lot x (sqrt(|lots| / liquid lots) - 1)``; legs of a spread count one by one, as
    they are liquidated. EMIR asks for such margin in RTS 153/2013, Art. 26.

    Parameters
    ----------
    model : MarginModel
        The model that the add-on is for; it is observed through this one.
    basis : MarginBasis
        Contract.
    volume_share : float
        Share of average daily volume that can be traded a day, in (0, 1].
    mpor_days : int
        Margin period of risk of the model.
    decay : float
        Of the exponentially weighted average of daily volume by tenor, in (0, 1); the weights are divided by
        their sum. There is no add-on before the first day of trading is known.
    minimum_volume_lots : float
        Least average volume assumed.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain.
    """

    def __init__(
        self,
        model: MarginModel,
        basis: MarginBasis,
        *,
        volume_share: float = 0.25,
        mpor_days: int = 2,
        decay: float = 0.95,
        minimum_volume_lots: float = 1.0,
    ) -> None:
        if not 0.0 < volume_share <= 1.0:
            raise ParameterError(f"margin.volume_share: {volume_share} is not in (0, 1]")
        if not 0.0 < decay < 1.0:
            raise ParameterError(f"margin.volume_decay: {decay} is not in (0, 1)")
        if not minimum_volume_lots > 0.0:
            raise ParameterError(f"margin.minimum_volume_lots: {minimum_volume_lots} is not > 0")
        self._model, self._decay, self._minimum = model, decay, minimum_volume_lots
        self._liquid_days = volume_share * period_scale(mpor_days) ** 2
        self._volume_sum: FloatArray = np.zeros(basis.n_slots)
        self._weight = 0.0
        self._tenor: IntArray | None = None
        self._liquid_lots: FloatArray = np.full(basis.n_slots, np.inf)

    def observe(self, day: MarginDay) -> None:
        """Give the day's volume to the tenors of the day, and pass the day on."""
        self._model.observe(day)
        if self._tenor is not None:
            by_tenor = np.zeros_like(self._volume_sum)
            by_tenor[self._tenor] = day.volume_lots
            self._volume_sum = self._decay * self._volume_sum + by_tenor
            self._weight = self._decay * self._weight + 1.0
            average = np.maximum(self._volume_sum / self._weight, self._minimum)
            self._liquid_lots = self._liquid_days * average[day.tenor]
        self._tenor = day.tenor

    def per_lot_usd_micro(self) -> IntArray:
        """Return the model's margin per lot: a first lot is never concentrated."""
        return self._model.per_lot_usd_micro()

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the model's margin plus the add-on, rounded up."""
        lots = np.abs(position_lots).astype(np.float64)
        excess = np.maximum(lots - self._liquid_lots, 0.0)
        growth = np.sqrt(np.maximum(lots / self._liquid_lots, 1.0)) - 1.0
        add_on = round_up_usd_micro((excess * growth * self.per_lot_usd_micro()).sum(axis=1))
        return self._model.per_account_usd_micro(position_lots) + add_on

    def update_digest(self, digest: Digest) -> None:
        """Feed the average volumes, and the model, into a running hash."""
        self._model.update_digest(digest)
        digest.update(self._volume_sum.tobytes())
        digest.update(self._liquid_lots.tobytes())
