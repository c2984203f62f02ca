"""The basis estimated from prices, against simulated series of a known basis."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.hedging import ProviderBasis
from abm.hedging.basis_estimate import estimate_basis, read_basis

DAY = 1.0 / 252.0


def series(rng, count, *, multiple=1.1, sd=0.08, kappa=20.0):
    """Index, and price at a provider whose mean-one basis reverts; exact steps."""
    kept = math.exp(-kappa * DAY)
    shocks = rng.standard_normal(count) * sd * np.where(np.arange(count) == 0, 1.0, math.sqrt(1 - kept**2))
    basis = np.empty(count)
    basis[0] = shocks[0]
    for step in range(1, count):
        basis[step] = kept * basis[step - 1] + shocks[step]
    index = 3.0 * np.exp(np.cumsum(0.02 * rng.standard_normal(count)))
    return multiple * index * np.exp(basis - sd**2 / 2), index


def test_over_many_series_the_truth_is_found_and_the_errors_are_what_they_say():
    """300 series of two years: means within four standard errors of the mean, spreads within a fifth."""
    rng = np.random.default_rng(5)
    found = [estimate_basis(*series(rng, 504), DAY) for _ in range(300)]
    for name, truth in {"multiple": 1.1, "sd": 0.08, "kappa": 20.0}.items():
        values = np.array([getattr(one, name) for one in found])
        stated = np.array([getattr(one, f"{name}_error") for one in found])
        assert abs(values.mean() - truth) < 4.0 * values.std() / math.sqrt(len(found)) + 0.002 * truth, name
        assert np.median(stated) == pytest.approx(values.std(), rel=0.2), name
    assert not any(one.warnings for one in found)


def test_the_estimate_is_a_basis_of_a_study():
    found = estimate_basis(*series(np.random.default_rng(1), 252), DAY)
    assert found.basis == ProviderBasis(found.sd, found.kappa, "stationary", found.multiple)
    assert (found.observations, found.years) == (252, pytest.approx(1.0))


def test_a_price_tied_to_the_index_has_no_basis():
    index = np.exp(np.cumsum(0.02 * np.random.default_rng(1).standard_normal(100)))
    found = estimate_basis(1.25 * index, index, DAY)
    assert (found.multiple, found.sd) == (pytest.approx(1.25), 0.0)
    assert "moved together exactly" in found.warnings[0]
    assert found.basis.sd == 0.0


def test_a_basis_that_drifts_away_or_is_gone_in_a_step_is_bounded_and_said():
    index = np.full(252, 3.0)
    straight = estimate_basis(index * np.exp(np.linspace(0.0, 1.0, 252)), index, DAY)
    assert straight.kappa == pytest.approx(math.log(2.0))
    assert "no reversion can be seen" in straight.warnings[0]
    flickers = estimate_basis(index * np.exp(0.05 * (-1.0) ** np.arange(252)), index, DAY)
    assert flickers.kappa == pytest.approx(-math.log(0.01) / DAY)
    assert "gone within a step" in flickers.warnings[0]


def test_the_multiple_is_the_mean_price_over_the_index_not_the_median():
    index = np.full(252, 3.0)
    price = index * np.exp(0.2 * (-1.0) ** np.arange(252))
    assert estimate_basis(price, index, DAY).multiple == pytest.approx((price / index).mean(), rel=1e-3)


@pytest.mark.parametrize(
    ("prices", "index", "dt", "complaint"),
    [
        (np.ones(29), np.ones(29), DAY, "price_usd: 29 prices is not at least 30"),
        (np.ones(40), np.ones(41), DAY, "index_usd"),
        (np.ones((2, 40)), np.ones((2, 40)), DAY, "price_usd"),
        (np.append(np.ones(39), 0.0), np.ones(40), DAY, "price_usd: 0.0 is not > 0"),
        (np.ones(40), np.append(np.ones(39), -1.0), DAY, "index_usd: -1.0 is not > 0"),
        (np.append(np.ones(39), np.nan), np.ones(40), DAY, "price_usd"),
        (np.ones(40), np.ones(40), 0.0, "dt: 0.0 is not a finite number > 0"),
    ],
)
def test_what_is_no_history_is_refused(prices, index, dt, complaint):
    with pytest.raises(ParameterError, match=complaint):
        estimate_basis(prices, index, dt)


def history(path, *, providers, days=60, dates=True):
    rng = np.random.default_rng(3)
    index = 3.0 * np.exp(np.cumsum(0.02 * rng.standard_normal(days)))
    columns = {name: series(rng, days)[0] / 3.0 for name in providers}
    first = np.datetime64("2026-01-01")
    rows = [
        ",".join(
            ([str(first + day)] if dates else [])
            + [repr(float(index[day]))]
            + [repr(float(columns[name][day])) for name in providers]
        )
        for day in range(days)
    ]
    head = ",".join((["date"] if dates else []) + ["index", *providers])
    path.write_text("\n".join([head, *rows]) + "\n")
    return index, columns


def test_a_basket_is_the_mean_price_weighted_by_need(tmp_path):
    path = tmp_path / "prices.csv"
    index, columns = history(path, providers=("nimbus", "strato"))
    basket = 0.75 * columns["nimbus"] + 0.25 * columns["strato"]
    found = read_basis(path, {"nimbus": 0.75, "strato": 0.25}, days_per_year=365.0)
    assert found == estimate_basis(basket, index, 1.0 / 365.0)


def test_the_only_provider_of_a_file_needs_no_name(tmp_path):
    path = tmp_path / "prices.csv"
    index, columns = history(path, providers=("nimbus",), dates=False)
    assert read_basis(path, {}, days_per_year=252.0) == estimate_basis(columns["nimbus"], index, DAY)


def test_a_history_that_does_not_fit_is_refused_in_one_line(tmp_path):
    path = tmp_path / "prices.csv"
    history(path, providers=("nimbus", "strato"))
    for shares, days, complaint in (
        ({}, 365.0, ":1: nimbus, strato is not one provider"),
        ({"cirrus": 1.0}, 365.0, "column 'cirrus' is not once in the header"),
        ({"nimbus": 1.0}, 252.0, "days per year: 252 is not within 10 %"),
        ({"nimbus": 1.0}, 0.0, "days per year: 0.0 is not a finite number > 0"),
    ):
        with pytest.raises(ParameterError) as refused:
            read_basis(path, shares, days_per_year=days)
        assert complaint in str(refused.value)
    history(path, providers=("nimbus",), days=29)
    with pytest.raises(ParameterError, match=r"prices.csv: nimbus: 29 prices is not at least 30"):
        read_basis(path, {}, days_per_year=365.0)
