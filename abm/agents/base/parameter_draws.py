"""Draws of traders' parameters from the laws of a scenario: each class and parameter has a stream of its own.

One more agent, or another law of one parameter, leaves every other draw as it was.
"""

from __future__ import annotations

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.randomness import RandomStreams
from abm.core.settings.laws import ChoiceLaw, ExponentialLaw, LognormalLaw, Parameter, UniformLaw


def parameter_draws(
    streams: RandomStreams,
    agent_class: str,
    name: str,
    value: Parameter,
    count: int,
    bounds: tuple[float, float],
) -> FloatArray:
    """Return a parameter of every trader of a class, shape (count,); a fixed number draws nothing.

    A lognormal or exponential draw beyond a bound is held at it.
    """
    if isinstance(value, UniformLaw):
        share = uniform_draws(streams, agent_class, name, count)
        uniform: FloatArray = value.low + (value.high - value.low) * share
        return uniform
    if isinstance(value, LognormalLaw):
        draws = value.median * np.exp(value.log_sd * standard_draws(streams, agent_class, name, count))
        held: FloatArray = np.clip(draws, *bounds)
        return held
    if isinstance(value, ExponentialLaw):
        waits = -value.mean * np.log1p(-uniform_draws(streams, agent_class, name, count))
        within: FloatArray = np.clip(waits, *bounds)
        return within
    if isinstance(value, ChoiceLaw):
        weights = np.array(value.weights or np.ones(len(value.values)), dtype=np.float64)
        ends = np.cumsum(weights) / weights.sum()
        place = np.searchsorted(ends, uniform_draws(streams, agent_class, name, count), side="right")
        chosen: FloatArray = np.array(value.values)[np.minimum(place, len(ends) - 1)]
        return chosen
    return np.full(count, float(value))


def standard_draws(streams: RandomStreams, agent_class: str, parameter: str, count: int) -> FloatArray:
    """Return the standard normal draws of one parameter of a class, shape (count,)."""
    return streams.generator("population", agent_class, parameter).standard_normal(count)


def uniform_draws(streams: RandomStreams, agent_class: str, parameter: str, count: int) -> FloatArray:
    """Return the uniform draws of one parameter of a class, shape (count,)."""
    return streams.generator("population", agent_class, parameter).random(count)
