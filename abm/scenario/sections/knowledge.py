"""Section of what the public knows of the spot price's hidden parts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from abm.core.settings.fields import Section, field

Knowledge = Literal["exact", "filtered"]
FromQuotes = Literal["quotes"]
FixingsOnly = Literal["fixings_only"]


class BeliefSection(Section):
    """The public's filter over long-run factor and regime; read where spot.knowledge is "filtered"."""

    long_run_sd: Annotated[float, Field(ge=0, le=10)] = field(
        0.06,
        unit="log price",
        source="judgement: where a filter of fixings comes to rest at sigma .15, long_run.volatility .22",
        description="Uncertainty of the long-run factor on day 0; the price is known, its parts are not.",
    )
    index_noise: Annotated[float, Field(ge=0, le=10)] | FromQuotes = field(
        "quotes",
        unit="log price",
        source="derived: index.basis_sd times the root of the sum of squared shares in the index",
        description='Standard deviation of the index around the spot price, a number or "quotes"; it returns '
        "at index.basis_kappa.",
    )
    futures_noise: Annotated[float, Field(gt=0, le=1_000)] | FixingsOnly = field(
        1.0,
        unit="log price",
        source="judgement: twice .05 sqrt(2 x 42), a distance of 5 % from the value that lasts two months",
        description="Noise of an evening's settlement prices around what the price is worth, or "
        '"fixings_only" to learn nothing from them.',
    )
