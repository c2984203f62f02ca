"""Three-factor supply: growth rates of supply and demand become the trend of the price."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.spot.process.level import LevelShift
from abm.spot.process.supply import ThreeFactorSupply

STILL = ThreeFactorSupply(
    energy_cost_growth=0.0,
    hardware_efficiency_growth=0.0,
    algorithmic_efficiency_growth=0.0,
    capital_growth=0.0,
    demand_growth=0.0,
)
growth = st.floats(-2.0, 2.0)
elasticity = st.floats(0.05, 20.0)


def test_the_defaults_give_the_papers_fall_of_forty_times_in_two_years():
    supply = ThreeFactorSupply()
    assert supply.trend_per_year == pytest.approx(math.log(40.0) / 2.0, abs=0.01)
    assert supply.unit_cost_decline == pytest.approx(1.34, abs=0.01)


@pytest.mark.parametrize("supply_elasticity", [0.0, 1.0, math.inf])
def test_without_growth_the_price_stands_still(supply_elasticity):
    assert replace(STILL, supply_elasticity=supply_elasticity).trend_per_year == 0.0


@pytest.mark.parametrize("supply_elasticity", [0.0, 2.0])
@pytest.mark.parametrize(
    ("factor", "sign"),
    [
        ("energy_cost_growth", -1),
        ("hardware_efficiency_growth", 1),
        ("algorithmic_efficiency_growth", 1),
        ("capital_growth", 1),
        ("demand_growth", -1),
    ],
)
def test_efficiency_and_capital_make_tokens_cheaper_dear_energy_and_demand_dearer(
    factor, sign, supply_elasticity
):
    grown = replace(STILL, supply_elasticity=supply_elasticity, **{factor: 0.3})
    assert math.copysign(1.0, grown.trend_per_year) == sign


def test_demand_that_answers_strongly_to_the_price_damps_the_trend():
    assert replace(STILL, capital_growth=1.0, price_elasticity=2.0).trend_per_year == pytest.approx(0.5)
    assert replace(STILL, capital_growth=1.0, price_elasticity=0.5).trend_per_year == pytest.approx(2.0)


def test_in_the_competitive_limit_the_fall_of_unit_cost_is_passed_through_whatever_demand_does():
    booming = ThreeFactorSupply(demand_growth=5.0, capital_growth=0.5, supply_elasticity=math.inf)
    costs = math.log(2.0) / 2.07 + math.log(2.0) * 1.5 - 0.03
    assert booming.trend_per_year == booming.unit_cost_decline == pytest.approx(costs)
    nearly = replace(booming, supply_elasticity=1e6)
    assert nearly.trend_per_year == pytest.approx(booming.unit_cost_decline, abs=1e-4)
    inelastic = replace(booming, price_elasticity=0.0)
    assert inelastic.trend_per_year == booming.unit_cost_decline


@given(rates=st.tuples(growth, growth, growth, growth, growth), epsilon=elasticity, phi=elasticity)
def test_supply_and_demand_grow_alike_along_the_trend(rates, epsilon, phi):
    supply = ThreeFactorSupply(*rates, price_elasticity=epsilon, supply_elasticity=phi)
    margin_growth = supply.unit_cost_decline - supply.trend_per_year
    supplied = supply.supply_growth + phi * margin_growth
    assert supply.quantity_growth == pytest.approx(supplied, abs=1e-9)


def test_the_level_starts_at_the_price_and_falls_with_the_trend():
    supply = replace(STILL, capital_growth=math.log(2.0))
    shift = LevelShift(math.log(3.0), 2.0, 0.0)
    level = supply.level(4.0, shifts=(shift,))
    assert level.usd([0.0, 1.0, 2.0]) == pytest.approx([4.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capital_growth": math.nan}, "supply.capital_growth: nan is not a finite number"),
        ({"price_elasticity": -1.0}, "supply.price_elasticity: -1.0 is not a finite number >= 0"),
        ({"supply_elasticity": -1.0}, "supply.supply_elasticity: -1.0 is not >= 0"),
        ({"price_elasticity": 0.0}, "supply.price_elasticity: 0.0 is not > 0 when supply_elasticity is 0"),
    ],
)
def test_refused_growth_names_field_value_and_what_is_allowed(changes, message):
    with pytest.raises(ParameterError, match=message):
        ThreeFactorSupply(**changes)
