"""What hedgers need and make: drawn before anybody trades, as the index weighs providers by it."""

from __future__ import annotations

import numpy as np

from abm.agents.base.parameter_draws import standard_draws
from abm.agents.classes import PopulationsSection
from abm.core.arrays import FloatArray
from abm.core.randomness import RandomStreams


def mean_needs(agents: PopulationsSection, streams: RandomStreams) -> FloatArray:
    """Return the mean token need of each enterprise, mSIT a day."""
    section = agents.enterprises
    draws = standard_draws(streams, "enterprise", "need", section.count)
    needs: FloatArray = section.need_msit_per_day * np.exp(section.need_log_sd * draws)
    return needs


def provider_capacity(agents: PopulationsSection, streams: RandomStreams) -> FloatArray:
    """Return the expected output of each provider, mSIT a day; they are its volumes in the index too.

    Lognormal with mean ``capacity_msit_per_day`` whatever the dispersion. A provider's own draw decides: who
    else is in the market does not matter, so that one more enterprise changes nobody's forward sales.
    """
    section = agents.providers
    spread = section.capacity_log_sd
    draws = standard_draws(streams, "provider", "capacity", section.count)
    capacity: FloatArray = section.capacity_msit_per_day * np.exp(spread * draws - 0.5 * spread**2)
    return capacity
