"""The Token Price Index: caps, gates, invariances, and days without an index; the published fixing."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.spot.index.fixing import PublishedFixing, publish_fixing
from abm.spot.index.index import (
    IndexFixing,
    IndexUnavailable,
    UnavailableReason,
    capped_weights,
    sit_equivalent_price,
    token_price_index,
)

volumes_lists = st.lists(st.floats(1e-3, 1e6), min_size=4, max_size=9)
quotes = st.lists(
    st.tuples(st.floats(0.01, 100.0), st.floats(1e-3, 1e6), st.floats(86.0, 99.0)), min_size=4, max_size=9
)


def index_of(rows, **changes):
    prices, volumes, qualities = (list(column) for column in zip(*rows, strict=True))
    arguments = {"qualities": qualities, "reference_quality": 86.0, "minimum_quality": 86.0} | changes
    return token_price_index(prices, volumes, **arguments)


def redistribute_again_and_again(volumes, cap):
    """The cap rule word for word, in exact arithmetic."""
    total = sum(map(Fraction, volumes))
    weights = [Fraction(v) / total for v in volumes]
    capped = [False] * len(weights)
    while any(w > cap for w in weights):
        excess = sum((w - cap for w in weights if w > cap), Fraction(0))
        capped = [was or w > cap for was, w in zip(capped, weights, strict=True)]
        weights = [min(w, cap) for w in weights]
        room = sum(w for w, at_cap in zip(weights, capped, strict=True) if not at_cap)
        weights = [w if at_cap else w + excess * w / room for w, at_cap in zip(weights, capped, strict=True)]
    return weights


def test_sit_equivalent_price_is_cheaper_for_a_better_model():
    assert sit_equivalent_price([3.5, 6.0], [90.0, 60.0], 60.0).tolist() == pytest.approx([3.5 * 2 / 3, 6.0])
    with pytest.raises(ParameterError, match=r"quality: 0.0 is not > 0"):
        sit_equivalent_price(1.0, 0.0, 86.0)


def test_one_dominant_provider_is_capped_and_the_rest_share_in_proportion():
    assert capped_weights([90, 4, 3, 2, 1], 0.30) == pytest.approx([0.30, 0.28, 0.21, 0.14, 0.07])


def test_excess_can_push_another_provider_over_the_cap():
    weights = capped_weights([60, 25, 10, 3, 2], 0.30)
    assert weights == pytest.approx([0.30, 0.30, 0.4 * 10 / 15, 0.4 * 3 / 15, 0.4 * 2 / 15])


def test_equal_volumes_weigh_equally_even_at_the_tightest_cap():
    assert capped_weights([7.0] * 4, 0.25).tolist() == [0.25] * 4
    assert capped_weights([1, 2, 3], 1 / 3) == pytest.approx([1 / 3] * 3, rel=1e-14)
    assert capped_weights([1e300, 1e300, 1e-300, 1e-300], 0.3) == pytest.approx([0.3, 0.3, 0.2, 0.2])


@settings(max_examples=80, deadline=None)
@given(volumes=volumes_lists, cap=st.sampled_from([0.25, 0.30, 0.5, 1.0]))
def test_weights_follow_the_cap_rule_exactly(volumes, cap):
    weights = capped_weights(volumes, cap)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert weights.max() <= cap
    expected = [float(w) for w in redistribute_again_and_again(volumes, Fraction(cap))]
    assert weights == pytest.approx(expected, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize(
    ("volumes", "cap", "message"),
    [
        ([1, 1, 1], 0.30, "cap: 0.3 is not >= 1/3"),
        ([1, 1, 1, 1], 0.0, r"cap: 0.0 is not in \(0, 1\]"),
        ([1, 0, 1, 1], 0.30, "volumes: .* is not a non-empty list of finite numbers > 0"),
        ([], 0.30, "volumes: .* is not a non-empty list"),
    ],
)
def test_weights_that_cannot_be_are_refused(volumes, cap, message):
    with pytest.raises(ParameterError, match=message):
        capped_weights(volumes, cap)


def test_index_is_the_weighted_mean_of_sit_equivalent_prices():
    fixing = index_of([(2.0, 25, 86.0), (4.0, 25, 86.0), (1.0, 25, 86.0), (9.0, 25, 94.6)])
    assert fixing.value_usd == pytest.approx((2.0 + 4.0 + 1.0 + 9.0 * 86.0 / 94.6) / 4)
    assert fixing.n_qualified == 4


@settings(max_examples=60, deadline=None)
@given(rows=quotes, scale=st.floats(0.01, 100.0), data=st.data())
def test_index_scales_with_prices_and_ignores_the_order_of_providers(rows, scale, data):
    fixing = index_of(rows)
    assert fixing.weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert fixing.weights.max() <= 0.30
    equivalent = [p * 86.0 / q for p, _, q in rows]
    assert min(equivalent) * (1 - 1e-12) <= fixing.value_usd <= max(equivalent) * (1 + 1e-12)
    scaled = index_of([(p * scale, v, q) for p, v, q in rows])
    assert scaled.value_usd == pytest.approx(scale * fixing.value_usd, rel=1e-13)
    order = data.draw(st.permutations(range(len(rows))))
    shuffled = index_of([rows[i] for i in order])
    assert shuffled.value_usd == pytest.approx(fixing.value_usd, rel=1e-14)
    assert shuffled.weights == pytest.approx(fixing.weights[list(order)], rel=1e-14)


@settings(max_examples=60, deadline=None)
@given(rows=quotes, push=st.floats(0.0, 50.0), data=st.data())
def test_one_provider_moves_the_index_by_at_most_the_cap_times_its_own_move(rows, push, data):
    pushed = data.draw(st.integers(0, len(rows) - 1))
    at_reference = [(p, v, 86.0) for p, v, _ in rows]
    moved = [(p + push * (i == pushed), v, q) for i, (p, v, q) in enumerate(at_reference)]
    move = index_of(moved).value_usd - index_of(at_reference).value_usd
    assert -1e-9 <= move <= 0.30 * push + 1e-9


def five_rows():
    return [(2.0, 10, 88.0), (4.0, 20, 88.0), (1.0, 30, 88.0), (9.0, 15, 90.0), (3.0, 25, 87.0)]


@pytest.mark.parametrize(
    "changed",
    [(float("nan"), 10, 88.0), (2.0, 0, 88.0), (2.0, 10, 85.9), (2.0, 10, float("nan"))],
    ids=["no quote", "no volume", "below the quality gate", "quality unpublished"],
)
def test_an_unqualified_provider_drops_out_that_day(changed):
    without = index_of(five_rows()[1:])
    dropped = index_of([changed, *five_rows()[1:]])
    assert dropped.value_usd == without.value_usd
    assert dropped.weights.tolist() == [0.0, *without.weights]
    assert dropped.n_qualified == 4


def test_a_stale_quote_drops_out_and_a_quote_at_the_limit_does_not():
    rows = five_rows()
    fixing = index_of(rows, age_days=[5, 0, 5.5, 1, 2], stale_after_days=5)
    assert fixing.weights[2] == 0.0
    assert fixing.n_qualified == 4
    assert fixing.value_usd == index_of(rows[:2] + rows[3:]).value_usd


def test_three_providers_are_no_index_and_nobody_is_renormalised():
    few = index_of(five_rows()[:3])
    assert few == IndexUnavailable(3, UnavailableReason.TOO_FEW_PROVIDERS)
    assert index_of(five_rows()[:3], min_providers=3) == IndexUnavailable(
        3, UnavailableReason.CAP_CANNOT_HOLD
    )
    assert isinstance(index_of(five_rows()[:3], min_providers=3, cap=0.4), IndexFixing)
    nobody = token_price_index([], [], qualities=[], reference_quality=86.0, minimum_quality=86.0)
    assert nobody == IndexUnavailable(0, UnavailableReason.TOO_FEW_PROVIDERS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qualities": [86.0]}, r"qualities: \[86.0\] is not a list of 5"),
        ({"cap": 1.5}, r"cap: 1.5 is not in \(0, 1\]"),
        ({"min_providers": 0}, "min_providers: 0 is not >= 1"),
        ({"age_days": [0.0] * 5}, "age_days and stale_after_days: only one of them"),
        ({"age_days": [0.0], "stale_after_days": 5}, "age_days: .* is not a list of 5"),
        ({"age_days": [0.0] * 5, "stale_after_days": -1}, "stale_after_days: -1 is not >= 0"),
        ({"reference_quality": 0.0}, "reference_quality: 0.0 is not a finite number > 0"),
    ],
)
def test_refused_index_arguments_name_field_value_and_what_is_allowed(changes, message):
    with pytest.raises(ParameterError, match=message):
        index_of(five_rows(), **changes)


@pytest.mark.parametrize("bad_price", [-1.0, float("inf")])
def test_an_impossible_price_is_an_error_not_a_missing_quote(bad_price):
    with pytest.raises(ParameterError, match=r"prices_usd: .* is not finite and >= 0"):
        index_of([(bad_price, 10, 88.0), *five_rows()])


def test_fixing_is_published_in_whole_micro_usd():
    for value_usd, usd_micro in ((3.05979237816, 3_059_792), (3.05979278, 3_059_793)):
        outcome = IndexFixing(value_usd, np.full(4, 0.25), 4)
        assert publish_fixing(outcome, prior_usd_micro=None) == PublishedFixing(usd_micro, available=True)


def test_without_an_index_the_prior_fixing_is_repeated_and_flagged():
    missing = IndexUnavailable(3, UnavailableReason.TOO_FEW_PROVIDERS)
    assert publish_fixing(missing, prior_usd_micro=3_059_792) == PublishedFixing(3_059_792, available=False)
    with pytest.raises(ParameterError, match="first fixing: 3 qualified providers is not enough"):
        publish_fixing(missing, prior_usd_micro=None)
