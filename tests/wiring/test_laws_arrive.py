"""Every law that a parameter of a class may follow gives each trader its draw, by each of its fields."""

from __future__ import annotations

import typing

import numpy as np
import pytest
from field_table import BASE, SEED
from probes import draws, traders

from abm.core.randomness import RandomStreams
from abm.core.settings.laws import Law
from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

_UNIFORM = RandomStreams(SEED).generator("population", "noise", "mean_lots").random(10)
_NORMAL = draws(SEED, "noise", "mean_lots", 10)

LAWS = {
    "uniform": ({"low": 2.0, "high": 6.5}, 2.0 + 4.5 * _UNIFORM),
    "lognormal": ({"median": 70.0, "log_sd": 0.4}, 70.0 * np.exp(0.4 * _NORMAL)),
    # Held at the lowest mean number of lots, which is one.
    "exponential": ({"mean": 7.5}, np.maximum(1.0, -7.5 * np.log1p(-_UNIFORM))),
    "choice": (
        {"values": [2.5, 4.0, 9.0], "weights": [2.0, 1.0, 1.0]},
        np.where(_UNIFORM < 0.5, 2.5, np.where(_UNIFORM < 0.75, 4.0, 9.0)),
    ),
}


def test_every_field_of_every_law_is_set_here():
    declared = {
        typing.get_args(law.model_fields["law"].annotation)[0]: set(law.model_fields) - {"law"}
        for law in typing.get_args(Law)
    }
    assert {law: set(fields) for law, (fields, _) in LAWS.items()} == declared


@pytest.mark.parametrize("law", LAWS)
def test_each_trader_gets_its_own_draw_of_the_law(law):
    fields, expected = LAWS[law]
    scenario = Scenario().replace(BASE | {"agents.noise.mean_lots": {"law": law, **fields}})
    found = traders(TokenFuturesMarket(scenario, rng=SEED), "noise").columns["mean_lots"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert len(set(found.tolist())) > 2
