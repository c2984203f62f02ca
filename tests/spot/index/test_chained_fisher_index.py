"""The matched-model Fisher index: its axioms, its cap, entry and exit, and days without enough matches."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.spot.index.chained_index import ChainedFisherIndex, fisher_link
from abm.spot.index.fixing import PublishedFixing, publish_fixing
from abm.spot.index.index import IndexFixing, IndexUnavailable, UnavailableReason

NO_QUOTE = math.nan
prices = st.floats(0.01, 100.0)
volumes = st.floats(1e-3, 1e6)
two_days = st.lists(st.tuples(prices, prices, volumes, volumes), min_size=4, max_size=9)
caps = st.sampled_from([0.25, 0.30, 0.5, 1.0])


def columns(rows):
    return [np.array(column) for column in zip(*rows, strict=True)]


def chain(**changes):
    arguments = {"base_value_usd": 3.0, "reference_quality": 86.0, "minimum_quality": 86.0} | changes
    return ChainedFisherIndex(**arguments)


def fix(index, quotes, volumes=None, qualities=None, **more):
    count = len(quotes)
    return index.fix(quotes, volumes or [1.0] * count, qualities or [88.0] * count, **more)


@settings(max_examples=60, deadline=None)
@given(rows=two_days)
def test_without_a_cap_the_link_is_the_textbook_fisher_index(rows):
    p0, p1, q0, q1 = columns(rows)
    link = fisher_link(p0, p1, q0, q1)
    assert link.laspeyres == pytest.approx((p1 @ q0) / (p0 @ q0), rel=1e-12)
    assert link.paasche == pytest.approx((p1 @ q1) / (p0 @ q1), rel=1e-12)
    assert link.fisher**2 == pytest.approx(link.laspeyres * link.paasche, rel=1e-12)
    # Factor reversal, which only Fisher's ideal index has: price link x quantity link = value ratio.
    quantity_link = fisher_link(q0, q1, p0, p1).fisher
    assert link.fisher * quantity_link == pytest.approx((p1 @ q1) / (p0 @ q0), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(rows=two_days, cap=caps, scale=prices)
def test_axioms_hold_with_and_without_a_cap(rows, cap, scale):
    p0, p1, q0, q1 = columns(rows)
    assert fisher_link(p0, p0, q0, q1, cap=cap).fisher == pytest.approx(1.0, rel=1e-13)
    assert fisher_link(p0, scale * p0, q0, q1, cap=cap).fisher == pytest.approx(scale, rel=1e-12)
    there = fisher_link(p0, p1, q0, q1, cap=cap)
    back = fisher_link(p1, p0, q1, q0, cap=cap)
    assert there.fisher * back.fisher == pytest.approx(1.0, rel=1e-12)
    dollars_for_cents = fisher_link(p0 * 100, p1 * 100, q0 / 1000, q1 / 1000, cap=cap)
    assert dollars_for_cents.fisher == pytest.approx(there.fisher, rel=1e-12)
    ratios = p1 / p0
    assert ratios.min() * (1 - 1e-12) <= there.fisher <= ratios.max() * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(rows=two_days, cap=caps, data=st.data())
def test_link_weights_sum_to_one_hold_the_cap_and_ignore_the_order_of_providers(rows, cap, data):
    link = fisher_link(*columns(rows), cap=cap)
    assert link.weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert link.weights.max() <= cap * (1 + 1e-15)
    order = data.draw(st.permutations(range(len(rows))))
    shuffled = fisher_link(*columns([rows[i] for i in order]), cap=cap)
    assert shuffled.fisher == pytest.approx(link.fisher, rel=1e-12)
    assert shuffled.weights == pytest.approx(link.weights[list(order)], rel=1e-11)


def largest_log_move(cap, push):
    return 0.5 * (math.log1p(cap * math.expm1(push)) - math.log1p(cap * math.expm1(-push)))


@settings(max_examples=100, deadline=None)
@given(rows=two_days, push=st.floats(-3.0, 3.0), data=st.data())
def test_one_provider_alone_moves_the_link_by_the_cap_times_its_own_move_to_first_order(rows, push, data):
    p0, _, q0, q1 = columns(rows)
    p1 = p0.copy()
    p1[data.draw(st.integers(0, len(rows) - 1))] *= math.exp(push)
    move = math.log(fisher_link(p0, p1, q0, q1, cap=0.30).fisher)
    assert abs(move) <= abs(largest_log_move(0.30, push)) + 1e-12
    assert move * push >= -1e-12
    if push > 0.0:
        assert math.expm1(move) <= 0.30 * math.expm1(push) + 1e-12


def test_the_bound_on_one_providers_influence_is_reached_and_is_the_cap_to_first_order():
    p0, q = np.ones(4), np.array([1e6, 1.0, 1.0, 1.0])
    p1 = np.array([math.exp(0.5), 1.0, 1.0, 1.0])
    move = math.log(fisher_link(p0, p1, q, q, cap=0.30).fisher)
    assert move == pytest.approx(largest_log_move(0.30, 0.5), rel=1e-12)
    assert largest_log_move(0.30, 1e-4) == pytest.approx(0.30 * 1e-4, rel=1e-6)
    uncapped = math.log(fisher_link(p0, p1, q, q).fisher)
    assert uncapped == pytest.approx(0.5, rel=1e-4)


def test_the_cap_binds_a_provider_not_its_models():
    p0, p1 = np.ones(6), np.array([2.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    sold = np.array([40.0, 40.0, 5.0, 5.0, 5.0, 5.0])
    link = fisher_link(p0, p1, sold, sold, cap=0.30, provider_of=[7, 7, 1, 2, 3, 4])
    assert link.laspeyres == pytest.approx(0.30 * 2.0 + 0.70)
    assert link.weights[:2] == pytest.approx([0.15, 0.15])
    assert fisher_link(p0, p1, sold, sold, cap=0.30).laspeyres == pytest.approx(0.60 * 2.0 + 0.40)


def test_the_chain_starts_at_its_base_and_multiplies_links():
    index = chain(cap=1.0)
    sold = [10.0, 20.0, 30.0, 40.0, 50.0]
    days = [[2.0, 4.0, 1.0, 9.0, 3.0], [2.2, 4.0, 1.0, 8.0, 3.0], [2.2, 3.0, 1.5, 8.0, 2.5]]
    first = fix(index, days[0], sold)
    assert isinstance(first, IndexFixing)
    assert (first.value_usd, first.n_qualified) == (3.0, 5)
    assert first.weights == pytest.approx(np.array([20, 80, 30, 360, 150]) / 640)
    value = 3.0
    for before, after in pairwise(days):
        value *= fisher_link(before, after, sold, sold).fisher
        assert fix(index, after, sold).value_usd == pytest.approx(value, rel=1e-14)
    assert index.value_usd == pytest.approx(value, rel=1e-14)
    assert index.restarts == 0


def test_the_index_scales_with_its_base_and_a_uniform_cut_passes_through():
    small, large = chain(base_value_usd=1.0), chain(base_value_usd=50.0)
    for quotes in ([2.0, 4.0, 1.0, 9.0], [1.0, 2.0, 0.5, 4.5]):
        values = fix(small, quotes).value_usd, fix(large, quotes).value_usd
        assert values[1] == pytest.approx(50.0 * values[0], rel=1e-14)
    assert small.value_usd == pytest.approx(0.5, rel=1e-13)


def test_a_provider_that_enters_or_leaves_moves_nothing_that_day():
    index = chain()
    fix(index, [2.0, 4.0, 1.0, 9.0, NO_QUOTE])
    entry = fix(index, [2.0, 4.0, 1.0, 9.0, 0.01])
    assert entry.value_usd == 3.0
    assert entry.weights[4] == 0.0
    assert fix(index, [2.0, 4.0, 1.0, 9.0, 0.02]).value_usd > 3.0
    before = index.value_usd
    leaver_gone = fix(index, [2.0, NO_QUOTE, 1.0, 9.0, 0.02])
    assert leaver_gone.value_usd == before
    assert leaver_gone.n_qualified == 4
    back_and_cheaper = fix(index, [2.0, 0.4, 1.0, 9.0, 0.02])
    assert back_and_cheaper.value_usd == before


@pytest.mark.parametrize("replaced", ["quality", "model", "volume", "gate"])
def test_a_provider_that_replaces_its_model_moves_nothing_that_day(replaced):
    index = chain()
    names, scores, sold = [1, 2, 3, 4, 5], [88.0] * 5, [1.0] * 5
    fix(index, [2.0, 4.0, 1.0, 9.0, 3.0], sold, scores, models=names)
    if replaced == "quality":
        scores = [90.0, *scores[1:]]
    elif replaced == "model":
        names = [6, *names[1:]]
    elif replaced == "volume":
        sold = [0.0, *sold[1:]]
    else:
        scores = [85.9, *scores[1:]]
    fixing = fix(index, [0.5, 4.0, 1.0, 9.0, 3.0], sold, scores, models=names)
    assert fixing.value_usd == 3.0
    assert fixing.weights[0] == 0.0
    assert fixing.n_qualified == 4


def test_a_free_model_has_no_price_ratio_and_drops_out():
    index = chain()
    fix(index, [2.0, 4.0, 1.0, 9.0, 3.0])
    fixing = fix(index, [0.0, 4.0, 1.0, 9.0, 3.0])
    assert (fixing.value_usd, fixing.n_qualified) == (3.0, 4)


def test_with_three_matched_providers_the_prior_fixing_stands_and_the_next_link_bridges_the_gap():
    index = chain()
    published = publish_fixing(fix(index, [2.0, 4.0, 1.0, 9.0]), prior_usd_micro=None)
    gap = fix(index, [1.0, NO_QUOTE, 0.5, 4.5])
    assert gap == IndexUnavailable(3, UnavailableReason.TOO_FEW_MATCHED)
    published = publish_fixing(gap, published.usd_micro)
    assert published == PublishedFixing(3_000_000, available=False)
    back = fix(index, [1.0, 2.0, 0.5, 4.5])
    assert publish_fixing(back, published.usd_micro) == PublishedFixing(1_500_000, available=True)
    assert index.restarts == 0


def test_when_enough_providers_qualify_but_too_few_match_the_chain_restarts_at_the_last_value():
    index = chain()
    fix(index, [2.0, 4.0, 1.0, 9.0, NO_QUOTE])
    swapped = fix(index, [1.0, NO_QUOTE, 0.5, 4.5, 7.0])
    assert swapped == IndexUnavailable(3, UnavailableReason.TOO_FEW_MATCHED)
    assert index.restarts == 1
    assert fix(index, [2.0, NO_QUOTE, 1.0, 9.0, 14.0]).value_usd == pytest.approx(6.0)


def test_too_few_providers_for_a_start_or_for_the_cap_are_outcomes():
    index = chain()
    assert fix(index, [2.0, 4.0, 1.0]) == IndexUnavailable(3, UnavailableReason.TOO_FEW_PROVIDERS)
    assert math.isnan(index.value_usd)
    lenient = chain(min_providers=2)
    assert fix(lenient, [2.0, 4.0, 1.0]) == IndexUnavailable(3, UnavailableReason.CAP_CANNOT_HOLD)
    one_house = chain(provider_of=[0, 0, 1, 2])
    assert fix(one_house, [2.0, 4.0, 1.0, 9.0]) == IndexUnavailable(3, UnavailableReason.TOO_FEW_PROVIDERS)


def test_a_stale_quote_drops_out_of_the_link():
    index = chain(stale_after_days=5)
    fix(index, [2.0, 4.0, 1.0, 9.0, 3.0], ages=[0.0] * 5)
    fixing = fix(index, [1.0, 4.0, 1.0, 9.0, 3.0], ages=[6.0, 0.0, 5.0, 0.0, 0.0])
    assert (fixing.value_usd, fixing.n_qualified) == (3.0, 4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: chain(base_value_usd=0.0), "base_value_usd: 0.0 is not a finite number > 0"),
        (lambda: chain(cap=1.5), r"cap: 1.5 is not in \(0, 1\]"),
        (lambda: chain(min_providers=0), "min_providers: 0 is not >= 1"),
        (lambda: fix(chain(provider_of=[0, 1]), [1.0] * 4), "provider_of: .* is not a list of 4"),
        (lambda: fix(chain(), [1.0] * 4, models=[1]), r"models: \[1\] is not a list of 4"),
        (lambda: fix(chain(), [-1.0] * 4), "prices_usd: .* is not finite and >= 0"),
        (lambda: fix(chain(stale_after_days=5), [1.0] * 4), "age_days and stale_after_days: only one"),
        (lambda: fisher_link([], [], [], []), "prices_then: .* is not a non-empty list"),
        (lambda: fisher_link([1.0], [0.0], [1.0], [1.0]), "prices_now: .* is not a list of finite numbers"),
        (lambda: fisher_link([1.0], [1.0], [1.0], [1.0, 2.0]), "volumes_now: .* is not a list of finite"),
        (lambda: fisher_link([1.0] * 3, [1.0] * 3, [1.0] * 3, [1.0] * 3, cap=0.3), "cap: 0.3 is not >= 1/3"),
    ],
)
def test_refused_arguments_name_field_value_and_what_is_allowed(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_the_number_of_slots_never_changes():
    index = chain()
    fix(index, [2.0, 4.0, 1.0, 9.0])
    with pytest.raises(ParameterError, match=r"prices_usd: .* is not 4 long"):
        fix(index, [2.0, 4.0, 1.0, 9.0, 3.0])
