"""Rounding never hides a breach, an exception or which side of a threshold a share is on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.wording import basis_points, class_name, decimal, money_scale, percent, usd, whole


@pytest.mark.parametrize(
    ("share", "places", "shown"),
    [
        (1.0, 2, "100.00 %"),
        (1.0 - 1e-15, 2, "100.00 %"),  # a sum of floats, not an exception
        (0.99998, 2, "99.99 %"),
        (1.0 - 1e-9, 2, "99.99 %"),
        (0.9996, 1, "99.9 %"),
        (0.9994, 1, "99.9 %"),
        (0.0, 1, "0.0 %"),
        (-0.0, 1, "0.0 %"),
        (1e-6, 1, "<0.1 %"),
        (-1e-6, 1, ">-0.1 %"),
        (0.0006, 1, "0.1 %"),
        (0.0004, 1, "<0.1 %"),
        (12.345, 1, "1,234.5 %"),
        (-0.125, 1, "-12.5 %"),
    ],
)
def test_a_share_reads_all_or_none_only_where_it_is(share: float, places: int, shown: str) -> None:
    assert percent(share, places) == shown


def test_a_share_reads_the_same_as_a_number_of_numpys() -> None:
    assert percent(np.float64(0.0065)) == percent(0.0065) == "0.7 %"


@pytest.mark.parametrize(("share", "shown"), [(0.94996, "94.9 %"), (0.95, "95.0 %"), (0.9604, "96.0 %")])
def test_a_share_short_of_what_is_asked_never_reads_as_if_it_reached_it(share: float, shown: str) -> None:
    assert percent(share, threshold=0.95) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0.0, "USD 0"),
        (0.2, "USD 0.2"),
        (-0.004, "-USD 0.004"),
        (999_499.0, "USD 999,499"),
        (999_999.0, "USD 1.00 m"),
        (-3_250_000.0, "-USD 3.25 m"),
    ],
)
def test_money_names_its_unit_and_a_little_is_not_nothing(amount: float, shown: str) -> None:
    assert usd(amount) == shown


def test_what_is_not_known_is_said_so() -> None:
    for unknown in (math.nan, math.inf, -math.inf):
        for written in (percent, usd, basis_points, whole, decimal):
            assert written(unknown) == "n/a"


def test_a_cost_that_rounds_to_nothing_has_no_sign() -> None:
    assert (basis_points(-0.000001), basis_points(-0.00001)) == ("0.0 bp", "-0.1 bp")


def test_classes_and_basis_points_are_named() -> None:
    assert (class_name("dmm"), class_name("poisson_flow"), class_name("DipBuyer")) == (
        "market makers",
        "Poisson order flow",
        "DipBuyer",
    )
    assert (basis_points(0.00035), basis_points(0.019), basis_points(0.000994)) == (
        "3.5 bp",
        "190 bp",
        "9.9 bp",
    )


@pytest.mark.parametrize(
    ("largest", "amount", "shown"),
    [
        (12.0, 11.999, "12.00 USD"),
        (12.0, 0.004, "<0.01 USD"),
        (1_999.0, 1_999.0, "1,999 USD"),
        (2_000.0, -0.1, ">-0.001 USD thousand"),
        (2_000.0, -1_234.4, "-1.234 USD thousand"),
        (1_515_917.0, 995_801.0, "996 USD thousand"),
        (1_515_917.0, 0.0, "0 USD thousand"),
        (1_515_917.0, -1e-10, "0 USD thousand"),
        (2e6, 1_999_999.0, "2.000 USD million"),
        (3.3e10, 1.25e10, "12,500 USD million"),
        (math.inf, 3.0, "3.00 USD"),
        (5.0, math.nan, "n/a USD"),
    ],
)
def test_amounts_of_one_table_have_one_unit_and_a_little_is_not_nothing(
    largest: float, amount: float, shown: str
) -> None:
    scale = money_scale(largest)
    assert f"{scale.amount(amount)} {scale.unit}" == shown
