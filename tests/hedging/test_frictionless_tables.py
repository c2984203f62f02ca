"""What programmes do without frictions: closed forms where there are any, and both measures of one hedge.

Day 0 is the close before the first fixing; programmes trade at the closes of the last and the first day of
a month; bands of the layered programme are tenors 1-3, 4-6 and 7 on, looked up at both closes; a stack holds
the nearest month that is not in delivery; the basis starts at zero and has mean one.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_moments import ClosedYear
from company import DEMAND_EXPLOSION, reduction_with_error

from abm.hedging import (
    FixedShift,
    Frictions,
    FuturesHedge,
    HedgeStudy,
    Listing,
    Need,
    ProviderBasis,
    QuantityRisk,
)
from abm.spot.process.level import LevelShift

QUANTITY = Need(1_000.0, QuantityRisk(0.15, 1.0, 0.3))
CLOSED_FORMS = {"rolling:2": 0.7714, "layered": 0.7176, "stack:scaled": 0.7109}
SHIFT = FixedShift(LevelShift(0.41, 1 / 252, 63 / 252))


def study(*programmes, paths=40_000, **terms):
    return HedgeStudy(DEMAND_EXPLOSION, programmes, paths=paths, **terms).run()


def rule(word):
    (hedge,) = HedgeStudy(DEMAND_EXPLOSION, [word]).hedges[1:]
    return hedge.terms(Listing(), DEMAND_EXPLOSION.kappa)


def assert_close_to_closed_form(result, word, errors, **basis):
    """The year, and the mean of the months, within so many standard errors; return what they are exactly."""
    year, months = ClosedYear(DEMAND_EXPLOSION, **basis).volatility_reductions(rule(word))
    hedged, bare = result[word].bill_usd, result.bill_usd
    exact = year, float(np.mean(months))
    for own, unhedged, closed in zip(
        (hedged.sum(axis=0), hedged), (bare.sum(axis=0), bare), exact, strict=True
    ):
        found, error = reduction_with_error(own, unhedged)
        # The square root of what rounding leaves of a variance is of the order of 1e-8.
        assert abs(found - closed) < errors * error + 1e-7, (word, found, closed, error)
    return exact


def test_without_basis_a_strip_removes_its_share_of_the_volatility():
    """With h = 1 the cost of every month is known before the year begins, within a path and across paths."""
    result = study("strip", "strip:0.8", "strip:0.6", paths=400)
    for word, share in {"strip": 1.0, "strip:0.8": 0.8, "strip:0.6": 0.6}.items():
        for period in ("year", "month"):
            found = [one.volatility for one in result.across_paths(word, period)]
            assert found == pytest.approx([share] * len(found), abs=1e-9)
        assert result.within_a_path(word) == pytest.approx(share, abs=1e-9)


def test_rolling_and_stacked_hedges_agree_with_their_closed_forms():
    result = study(*CLOSED_FORMS, paths=2_500)
    for word, year in CLOSED_FORMS.items():
        found, error = reduction_with_error(result.horizon_bill(word), result.bill_usd.sum(axis=0))
        assert abs(found - year) < 4.5 * error < 0.03


@pytest.mark.verify
@pytest.mark.parametrize("word", CLOSED_FORMS)
def test_the_closed_forms_above_are_what_the_moments_give(word):
    closed = ClosedYear(DEMAND_EXPLOSION).year_reduction(rule(word))
    assert closed == pytest.approx(CLOSED_FORMS[word], abs=5e-5)


@pytest.mark.verify
@pytest.mark.parametrize(
    ("basis_sd", "table"),
    [
        (0.0, {"strip": (1.0, 1.0), "strip:0.8": (0.8, 0.8), "strip:0.6": (0.6, 0.6),
               "rolling:1": (0.59, 0.62), "rolling:2": (0.77, 0.80), "rolling:3": (0.87, 0.89),
               "layered": (0.72, 0.74), "rolling:5": (0.96, 0.97), "strip:0.3": (0.3, 0.3)}),
        (0.08, {"strip": (0.83, 0.76), "strip:0.8": (0.74, 0.69), "strip:0.6": (0.57, 0.54)}),
        (0.12, {"strip": (0.75, 0.65), "strip:0.8": (0.68, 0.60), "strip:0.6": (0.54, 0.48)}),
    ],
    ids=["no basis", "basis 8 %", "basis 12 %"],
)  # fmt: skip
def test_every_row_is_within_three_standard_errors_of_its_closed_form(basis_sd, table):
    result = study(*table, basis=ProviderBasis(basis_sd))
    for word, expected in table.items():
        exact = assert_close_to_closed_form(result, word, 3.0, basis_sd=basis_sd)
        assert exact == pytest.approx(expected, abs=0.01)


@pytest.mark.verify
def test_quantity_risk_takes_its_part_of_a_strips_effect():
    """Need moves by 15 % a year, reverts at 1 and follows prices by 0.3; no closed form with jumps."""
    table = {"strip": (0.61, 0.65), "strip:0.8": (0.53, 0.57), "strip:0.6": (0.42, 0.45)}
    result = study(*table, basis=ProviderBasis(0.08), need=QUANTITY)
    for word, expected in table.items():
        months = np.mean([one.volatility for one in result.across_paths(word, "month")])
        found = result.across_paths(word)[0].volatility, months
        assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.verify
def test_a_naive_stack_raises_volatility_and_a_scaled_one_lowers_it():
    result = study("stack", "stack:scaled")
    naive, _ = assert_close_to_closed_form(result, "stack", 3.0)
    scaled, _ = assert_close_to_closed_form(result, "stack:scaled", 3.0)
    assert (naive, scaled) == pytest.approx((-0.48, 0.711), abs=0.001)
    # Booked by contract month, a stack's gains stand before the bills they are meant for.
    assert np.mean([one.volatility for one in result.across_paths("stack", "month")]) < naive


def test_even_few_paths_show_that_a_naive_stack_is_no_hedge():
    result = study("stack", "strip", paths=1_000)
    assert result.across_paths("stack")[0].volatility < -0.2
    assert result.peak_liquidity_usd("stack", 0.95) > 2.0 * result.peak_liquidity_usd("strip", 0.95)


@pytest.mark.verify
@pytest.mark.parametrize(
    ("ramp_days", "basis", "need", "within", "across"),
    [
        (1, ProviderBasis(), Need(1_000.0), (0.48, 0.50), (0.69, 0.73)),
        (21, ProviderBasis(), Need(1_000.0), (0.48, 0.52), (0.66, 0.69)),
        (1, ProviderBasis(0.08), QUANTITY, (0.41, 0.45), (0.47, 0.52)),
    ],
    ids=["plain", "built up over a month", "basis and quantity risk"],
)
def test_one_layered_programme_has_two_measures(ramp_days, basis, need, within, across):
    """Demand explosion with its unforeseen shift: the median within a path, and the year across paths."""
    result = study("layered", shifts=SHIFT, basis=basis, need=need, frictions=Frictions(ramp_days=ramp_days))
    inside = result.within_a_path("layered")
    assert within[0] <= np.median(inside) <= within[1]
    assert 0.16 < inside.std() < 0.21
    assert across[0] <= result.across_paths("layered")[0].volatility <= across[1]


def test_the_two_measures_of_a_layered_hedge_are_far_apart():
    result = study("layered", shifts=SHIFT, paths=2_500)
    across = result.across_paths("layered")[0]
    assert across.volatility - np.median(result.within_a_path("layered")) > 0.15
    assert across.variance == pytest.approx(1.0 - (1.0 - across.volatility) ** 2)


@pytest.mark.verify
def test_rolling_keeps_at_least_what_has_not_died_down_by_delivery():
    for lead in (1, 2, 3):
        year, _ = ClosedYear(DEMAND_EXPLOSION).volatility_reductions(
            FuturesHedge("rolling", lead_months=lead).terms(Listing(), 6.0)
        )
        assert year > 1.0 - math.exp(-6.0 * (lead + 0.5) / 12)
