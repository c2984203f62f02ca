"""Confidence levels and margin periods of risk: their domains and the quantiles they stand for."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError

_ROUND_OFF = 1e-9


def check_confidence(confidence: float) -> None:
    """Raise a ParameterError unless the confidence is above a half and below one."""
    if not 0.5 < confidence < 1.0:
        raise ParameterError(f"margin.confidence: {confidence} is not in (0.5, 1)")


def period_scale(mpor_days: int) -> float:
    """Return the square root of the margin period of risk (MPOR): how a daily move grows over it."""
    whole_number("margin.mpor_days", mpor_days, least=1)
    return math.sqrt(mpor_days)


def normal_quantile(confidence: float) -> float:
    """Return the quantile of the standard normal law."""
    check_confidence(confidence)
    return NormalDist().inv_cdf(confidence)


def larger_losses(scenarios: int, confidence: float) -> int:
    """Return how many of equally likely losses lie above their quantile.

    The quantile is the smallest loss that at least the share ``confidence`` of them does not exceed: the 8th
    largest of 750 at 99 %, the 6th of 500. NumPy calls the rule ``inverted_cdf``; nothing is interpolated.
    """
    check_confidence(confidence)
    return scenarios - math.ceil(scenarios * confidence - _ROUND_OFF)


def empirical_quantile(losses: FloatArray, confidence: float) -> FloatArray:
    """Return the quantile of each row of losses by that rule; shape (rows, scenarios) gives (rows,)."""
    at = losses.shape[1] - 1 - larger_losses(losses.shape[1], confidence)
    quantile: FloatArray = np.partition(losses, at, axis=1)[:, at]
    return quantile
