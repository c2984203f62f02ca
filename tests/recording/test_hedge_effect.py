"""Volatility and variance reduction of the hedge, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abm.recording.hedging import hedge_abandonment, hedge_effect, surprises


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


@pytest.mark.parametrize(
    ("rho", "reductions"),
    [
        (1.0, {0.6: 0.60, 0.8: 0.80, 1.0: 1.0}),
        (0.9755, {0.6: 0.565, 0.8: 0.719, 1.0: 0.779}),
        (0.95, {0.6: 0.531, 0.8: 0.654, 1.0: 0.684}),
        (0.925, {0.6: 0.500, 0.8: 0.600, 1.0: 0.613}),
    ],
)
def test_correlation_and_coverage_say_what_a_hedge_can_do(rho: float, reductions: dict[float, float]) -> None:
    """Volatility reduction is 1 - sqrt(1 - 2 h rho + h^2), h in units of the ratio of standard deviations."""
    rng = np.random.default_rng(4)
    months = np.arange(40_000)
    future, other = rng.standard_normal((2, len(months)))
    future, other = (part / part.std() for part in (future - future.mean(), other - other.mean()))
    other -= future * (future * other).mean()
    cost = rho * future + math.sqrt(1.0 - rho**2) * other / other.std()
    for coverage, expected in reductions.items():
        bill, hedged = 100.0 + cost, 100.0 + cost - coverage * future
        table = bills(
            *zip(
                months,
                [1] * len(months),
                [True] * len(months),
                [100.0] * len(months),
                bill,
                hedged,
                strict=True,
            )
        )
        found = hedge_effect(table).volatility_reduction
        assert found == pytest.approx(1.0 - math.sqrt(1.0 - 2.0 * coverage * rho + coverage**2), abs=1e-3)
        assert found == pytest.approx(expected, abs=2e-3)


def test_a_hedge_that_was_given_up_or_ended_in_default_counts_once() -> None:
    hedging = pd.DataFrame({"account": [1, 2, 3, 4, 1, 2, 3, 4], "hedges": [True, True, True, False] * 2})
    events = pd.DataFrame(
        {"account": [1, 1, 2, 9], "event": ["abandoned", "resumed", "resumed", "abandoned"]}
    )
    defaults = pd.DataFrame(
        {"account": [1, 3, 4, 2], "event": ["client_default", "client_default", "client_default", "x"]}
    )
    assert hedge_abandonment(hedging, events, defaults) == pytest.approx(2 / 3)
    assert hedge_abandonment(hedging, events, defaults[:0]) == pytest.approx(1 / 3)
    assert math.isnan(hedge_abandonment(hedging[~hedging["hedges"]], events, defaults))
