"""Volatility and variance reduction of the hedge, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abm.recording.hedging import hedge_effect, surprises


def bills(*rows: tuple[int, int, bool, float, float, float]) -> pd.DataFrame:
    """Months are counted here from the first that could be hedged, which is month 1 of a run."""
    names = ["month", "account", "hedges", "expected_bill_usd", "bill_usd", "net_cost_usd"]
    frame = pd.DataFrame(rows, columns=names).astype({"hedges": bool})
    return frame.assign(month=frame["month"] + 1)


THREE_ENTERPRISES = bills(
    # account 1: surprises of -20 and +20 % become -5 and +5 %
    (0, 1, True, 100.0, 80.0, 95.0),
    (1, 1, True, 200.0, 240.0, 210.0),
    # account 2: surprises of 0 and 10 % become 2 and 8 %: the level is no volatility
    (0, 2, True, 50.0, 50.0, 51.0),
    (1, 2, True, 50.0, 55.0, 54.0),
    # account 3 does not hedge
    (0, 3, False, 100.0, 10.0, 10.0),
    (1, 3, False, 100.0, 300.0, 300.0),
)


def test_a_surprise_is_a_share_of_the_bill_that_was_expected() -> None:
    table = surprises(THREE_ENTERPRISES)
    assert table["unhedged"].tolist() == pytest.approx([-0.2, 0.2, 0.0, 0.1, -0.9, 2.0])
    assert table["hedged"].tolist() == pytest.approx([-0.05, 0.05, 0.02, 0.08, -0.9, 2.0])


def test_volatility_and_variance_reduction_by_enterprise_in_the_median_and_pooled() -> None:
    effect = hedge_effect(THREE_ENTERPRISES)
    assert effect.by_enterprise.index.tolist() == [1, 2]
    assert effect.by_enterprise["volatility_reduction"].tolist() == pytest.approx([0.75, 0.40])
    assert effect.by_enterprise["variance_reduction"].tolist() == pytest.approx([1 - 0.0625, 1 - 0.36])
    assert effect.volatility_reduction == pytest.approx((0.75 + 0.40) / 2)
    assert effect.variance_reduction == pytest.approx((0.9375 + 0.64) / 2)

    unhedged, hedged = np.std([-0.2, 0.2, 0.0, 0.1], ddof=1), np.std([-0.05, 0.05, 0.02, 0.08], ddof=1)
    assert (effect.unhedged_sd, effect.hedged_sd) == pytest.approx((unhedged, hedged))
    assert effect.volatility_reduction_pooled == pytest.approx(1 - hedged / unhedged)
    assert effect.variance_reduction_pooled == pytest.approx(1 - (hedged / unhedged) ** 2)


def test_a_hedge_without_basis_removes_all_volatility_and_a_stack_can_raise_it() -> None:
    perfect = bills((0, 1, True, 100.0, 80.0, 101.0), (1, 1, True, 100.0, 130.0, 101.0))
    assert hedge_effect(perfect).volatility_reduction == pytest.approx(1.0)
    stacked = bills((0, 1, True, 100.0, 90.0, 80.0), (1, 1, True, 100.0, 110.0, 120.0))
    assert hedge_effect(stacked).volatility_reduction == pytest.approx(-1.0)


def test_the_month_in_delivery_when_the_run_begins_does_not_count() -> None:
    """Nobody could hedge month 0, so its surprises say nothing of the hedge."""
    month_0 = bills((-1, 1, True, 100.0, 300.0, 300.0), (-1, 2, True, 50.0, 150.0, 150.0))
    with_it = pd.concat([month_0, THREE_ENTERPRISES], ignore_index=True)
    assert hedge_effect(with_it)[1:] == hedge_effect(THREE_ENTERPRISES)[1:]


@pytest.mark.parametrize(
    "hedging",
    [
        THREE_ENTERPRISES[THREE_ENTERPRISES["month"] > 5],
        THREE_ENTERPRISES[~THREE_ENTERPRISES["hedges"]],
        THREE_ENTERPRISES[(THREE_ENTERPRISES["month"] == 1) & (THREE_ENTERPRISES["account"] == 1)],
        bills((0, 1, True, 100.0, 100.0, 90.0), (1, 1, True, 100.0, 100.0, 110.0)),
        bills((0, 1, True, 0.0, 0.0, 0.0), (1, 1, True, 0.0, 0.0, 0.0)),
    ],
    ids=["no month", "nobody hedges", "one month", "bills that never surprise", "no need"],
)
def test_what_cannot_be_measured_is_nan(hedging: pd.DataFrame) -> None:
    effect = hedge_effect(hedging)
    assert math.isnan(effect.volatility_reduction)
    assert math.isnan(effect.volatility_reduction_pooled)
    assert math.isnan(effect.variance_reduction_pooled)
