"""What several seeds say, against SciPy, statsmodels, closed forms and cases by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abm.core.errors import ParameterError
from analysis.inference import (
    PairedDifference,
    adjusted_confidence,
    holm,
    mean_interval,
    paired_difference,
    power,
    seeds_needed,
    verdict,
)

NAN = math.nan
FEW_AND_SKEWED = "few and skewed: the interval may be too short"
FEW = "few: a bootstrap interval is too short"


def two_sides(n, effect=0.5, seed=1):
    rng = np.random.default_rng(seed)
    base = rng.normal(10.0, 3.0, n)
    return base, base + rng.normal(effect, 1.0, n)


@pytest.mark.parametrize("n", [2, 3, 8, 16, 64])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_an_interval_of_pairs_is_that_of_the_paired_t_test(n, confidence):
    base, variant = two_sides(n)
    found, known = (
        paired_difference(base, variant, confidence=confidence),
        stats.ttest_rel(variant, base),
    )
    bounds = known.confidence_interval(confidence)
    assert found[1:5] == pytest.approx(((variant - base).mean(), *bounds, known.pvalue), rel=1e-9)
    assert found.base == pytest.approx(base.mean())
    assert found.sd == pytest.approx(np.std(variant - base, ddof=1))
    assert (found.n, found.left_out, found.method, found.confidence) == (n, 0, "t", confidence)
    alone = mean_interval(base, confidence=confidence)
    bounds = stats.ttest_1samp(base, 0.0).confidence_interval(confidence)
    assert alone[:4] == pytest.approx((base.mean(), *bounds, base.std(ddof=1)), rel=1e-9)


def test_three_differences_by_hand():
    # Differences 1, 2, 3: mean 2, sd 1, t = 2 sqrt(3) on 2 degrees of freedom: p = 1 - t / sqrt(t^2 + 2).
    found = paired_difference([10, 10, 10], [11, 12, 13])
    t = 2.0 * math.sqrt(3.0)
    assert found[:7] == pytest.approx(
        (10, 2, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5, 1 - t / math.sqrt(t**2 + 2), 1, 3), abs=1e-6
    )
    assert found.reason == ""
    back = paired_difference([11, 12, 13], [10, 10, 10])
    assert (back.difference, back.low, back.high) == pytest.approx((-2, -found.high, -found.low))
    assert back.p_value == pytest.approx(found.p_value)


def test_series_are_paired_by_seed_whatever_their_order():
    base, variant = two_sides(20)
    first = pd.Series(base, index=range(1, 21))
    second = pd.Series(variant, index=range(1, 21)).sample(frac=1.0, random_state=3)
    assert paired_difference(first, second) == paired_difference(base, variant)
    assert paired_difference(first, second).p_value != paired_difference(base, second.to_numpy()).p_value


def test_a_seed_that_one_side_lacks_is_left_out_and_counted():
    base = pd.Series([1.0, 2.0, NAN, 4.0, 7.0, 9.0], index=[1, 2, 3, 4, 5, 8])
    variant = pd.Series([2.5, 3.0, 3.0, NAN, 7.5, 3.0], index=[1, 2, 3, 4, 5, 7])
    found = paired_difference(base, variant)
    plain = paired_difference([1.0, 2.0, 7.0], [2.5, 3.0, 7.5])
    assert found[:8] == plain[:8]
    assert (found.n, found.left_out) == (3, 4)
    assert found.reason == "4 of 7 pairs left out: no value"
    assert plain.reason == ""
    nullable = paired_difference(base.astype("Float64"), variant.astype("Float64"))
    assert nullable == found
    alone = mean_interval([1.0, None, 2.0, NAN])
    assert (alone.mean, alone.n, alone.left_out) == (1.5, 2, 2)
    assert alone.reason == "2 of 4 values left out: no value"


@pytest.mark.parametrize(
    ("base", "variant", "expected", "reason"),
    [
        ([], [], (NAN, NAN, NAN, NAN, NAN, NAN, 0), "no value on either side"),
        ([NAN, NAN], [NAN, NAN], (NAN, NAN, NAN, NAN, NAN, NAN, 0), "no value on either side"),
        ([1.0, 3.0], [NAN, NAN], (2.0, NAN, NAN, NAN, NAN, NAN, 0), "the variant has no value"),
        ([], [1.0, 3.0], (NAN, NAN, NAN, NAN, NAN, NAN, 0), "the base has no value"),
        ([1.0, NAN], [NAN, 3.0], (1.0, NAN, NAN, NAN, NAN, NAN, 0), "no seed has a value on both sides"),
        ([1.0], [3.0], (1.0, 2.0, NAN, NAN, NAN, NAN, 1), "one seed"),
        ([1.0, 5.0], [1.0, 5.0], (3.0, 0.0, 0.0, 0.0, 1.0, 0.0, 2), "the same in every seed"),
        ([1.0, 5.0], [3.0, 7.0], (3.0, 2.0, 2.0, 2.0, 0.5, 0.0, 2), "the same in every seed"),
        ([1.0] * 8, [0.0] * 8, (1.0, -1.0, -1.0, -1.0, 2.0**-7, 0.0, 8), "the same in every seed"),
        (
            [1.0, 2.0],
            [3.0, math.inf],
            (1.5, NAN, NAN, NAN, NAN, NAN, 2),
            "a value is infinite or beyond 1e150",
        ),
        (
            [math.inf, 2.0],
            [math.inf, 3.0],
            (NAN, NAN, NAN, NAN, NAN, NAN, 2),
            "a value is infinite or beyond 1e150",
        ),
        (
            [1.0, 1e308],
            [1.0, -1e308],
            (NAN, NAN, NAN, NAN, NAN, NAN, 2),
            "a value is infinite or beyond 1e150",
        ),
        ([0.0, 0.0], [1e-320, 9e-320], (0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 2), "the same in every seed"),
        ([0.1 + 0.2] * 3, [0.3] * 3, (0.3, 0.0, 0.0, 0.0, 1.0, 0.0, 3), "the same in every seed"),
    ],
)
@pytest.mark.parametrize("method", ["t", "bootstrap", "percentile"])
def test_what_cannot_be_told_is_said(base, variant, expected, reason, method):
    found = paired_difference(base, variant, method=method)
    assert found[:7] == pytest.approx(expected, nan_ok=True)
    assert found.reason == reason
    assert found.method == method


@pytest.mark.parametrize(
    ("values", "expected", "reason"),
    [
        ([], (NAN, NAN, NAN, NAN, 0), "no value"),
        ([NAN], (NAN, NAN, NAN, NAN, 0), "no value"),
        ([4.0], (4.0, NAN, NAN, NAN, 1), "one seed"),
        ([4.0, 4.0], (4.0, 4.0, 4.0, 0.0, 2), "the same in every seed"),
        ([4.0, -math.inf], (NAN, NAN, NAN, NAN, 2), "a value is infinite or beyond 1e150"),
    ],
)
def test_a_mean_that_has_no_interval_says_why(values, expected, reason):
    found = mean_interval(values)
    assert found[:5] == pytest.approx(expected, nan_ok=True)
    assert found.reason == reason


def test_differences_that_are_equal_up_to_round_off_are_equal():
    levels = np.array([0.1, 0.7, 1.3, 123.4])
    assert len(set((levels + 0.3) - levels)) > 1
    found = paired_difference(levels, levels + 0.3)
    assert (found.low, found.high, found.p_value) == (found.difference, found.difference, 0.125)
    assert found.difference == pytest.approx(0.3)


def test_sides_that_are_no_pairs_are_refused():
    with pytest.raises(ParameterError, match="variant: 3 values cannot be paired with 2 of the base"):
        paired_difference([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ParameterError, match="variant: a Series is paired by its index"):
        paired_difference(pd.Series([1.0, 2.0]), [1.0, 2.0])
    with pytest.raises(ParameterError, match="variant: seed 7 occurs more than once"):
        paired_difference(pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0], index=[7, 7]))


@pytest.mark.parametrize(
    ("differences", "method", "reason"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 1], "t", FEW_AND_SKEWED),
        ([0, 0, 0, 0, 0, 0, 0, -1], "t", FEW_AND_SKEWED),
        ([0, 0, 0, 0, 0, 0, 0, 1], "percentile", FEW_AND_SKEWED),
        ([0, 0, 0, 1, 1, 1], "t", ""),
        ([0, 0, 0, 1, 1, 1], "bootstrap", FEW),
        ([0, 0, 0, 1, 1, 1], "percentile", FEW),
        ([0, 0, 0, 0, 0, 1, 1], "t", FEW_AND_SKEWED),  # 1.23, of which 0.95 without the correction for n
        ([0, 1], "t", ""),
        ([0] * 8 + [1] * 8, "percentile", ""),
        ([0] * 29 + [1], "t", FEW_AND_SKEWED),  # one seed of thirty: skewness 5.5
        ([0] * 12 + [1] * 4, "t", ""),  # skewness 1.3
        ([0] * 11 + [1] * 4, "t", FEW_AND_SKEWED),  # 1.2, but one fewer than sixteen
    ],
)
def test_a_doubtful_interval_says_so(differences, method, reason):
    assert mean_interval(differences, method=method, draws=100).reason == reason
    zeros = np.zeros(len(differences))
    assert paired_difference(zeros, differences, method=method, draws=100).reason == reason


@pytest.mark.parametrize(("method", "known"), [("bootstrap", "BCa"), ("percentile", "percentile")])
def test_bounds_of_the_bootstrap_are_those_of_scipy_within_the_noise_of_draws(method, known):
    base, variant = two_sides(24)
    variant[3] += 4.0
    found = paired_difference(base, variant, method=method, confidence=0.9)
    other = stats.bootstrap(
        (variant - base,),
        np.mean,
        confidence_level=0.9,
        method=known,
        n_resamples=9_999,
        random_state=np.random.default_rng(7),
    )
    # The 5 % point of 9,999 draws is uncertain by 2 % of their standard deviation; here are two of them.
    tolerance = 4 * 0.02 * math.sqrt(2.0) * other.standard_error
    assert found[2:4] == pytest.approx(other.confidence_interval, abs=tolerance)
    assert found[1:4] == mean_interval(variant - base, method=method, confidence=0.9)[:3]


@pytest.mark.parametrize("method", ["t", "bootstrap", "percentile"])
@pytest.mark.parametrize("effect", [0.4, -0.3])
def test_a_p_value_is_where_the_interval_ends_at_zero(method, effect):
    base, variant = two_sides(18, effect)
    variant[5] += 2.0 * effect
    p_value = paired_difference(base, variant, method=method).p_value
    assert 0.001 < p_value < 0.5
    touching = paired_difference(base, variant, method=method, confidence=1.0 - p_value)
    nearest = touching.low if touching.difference > 0.0 else touching.high
    assert nearest == pytest.approx(0.0, abs=1e-9 if method == "t" else 2e-3 * touching.sd)


def test_a_p_value_of_the_bootstrap_is_no_smaller_than_its_draws_allow():
    base = np.arange(20.0)
    far = paired_difference(base, base + 50.0 + np.sin(base), method="percentile", draws=999)
    assert far.p_value == pytest.approx(2.0 / 1_000)
    assert paired_difference(base, base + 50.0 + np.sin(base), method="bootstrap").p_value < 0.001
    outlier = base + 1.0 + (base == 7.0)  # skewed away from zero
    assert paired_difference(base, outlier, method="bootstrap", draws=999).p_value == pytest.approx(0.002)
    balanced = paired_difference(base, base + np.tile([1.0, -1.0], 10), method="bootstrap")
    assert balanced.p_value == pytest.approx(1.0, abs=0.02)


def test_the_same_seed_draws_the_same_bootstrap():
    base, variant = two_sides(16)
    one, two, other = (paired_difference(base, variant, method="bootstrap", seed=s) for s in (1, 1, 2))
    assert one == two
    assert one.low != other.low


def test_holm_by_hand():
    # Sorted .01 .02 .03 .2: times 4, 3, 2, 1 = .04 .06 .06 .2, and none below the one before it.
    assert holm([0.03, 0.2, 0.01, 0.02]) == pytest.approx([0.06, 0.2, 0.04, 0.06])
    assert holm([0.03, NAN, 0.2, 0.01, NAN, 0.02]) == pytest.approx(
        [0.06, NAN, 0.2, 0.04, NAN, 0.06], nan_ok=True
    )
    assert holm([0.6, 0.7]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []
    assert np.isnan(holm([NAN, NAN])).all()
    table = holm(pd.Series([0.5, 0.02], index=["spread", "depth"], name="p"))
    assert table.to_dict() == {"spread": 0.5, "depth": 0.04}


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(5)
    for count in (1, 2, 9, 40):
        p_values = np.round(rng.random(count) ** 3, 2)  # with ties
        assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_intervals_of_a_whole_table_agree_with_bonferroni_and_are_no_narrower_than_holm():
    assert adjusted_confidence(1) == pytest.approx(0.95)
    assert adjusted_confidence(10) == pytest.approx(0.995)
    assert adjusted_confidence(3, 0.7) == pytest.approx(0.9)
    table = [two_sides(12, effect, seed) for seed, effect in enumerate(np.linspace(0.0, 1.4, 10))]
    plain = [paired_difference(*sides).p_value for sides in table]
    wide = [paired_difference(*sides, confidence=adjusted_confidence(10)) for sides in table]
    outside = [found.low > 0.0 or found.high < 0.0 for found in wide]
    assert outside == [10 * p < 0.05 for p in plain]
    assert 0 < sum(outside) <= sum(holm(plain) < 0.05) < 10


def test_power_is_that_of_statsmodels():
    from statsmodels.stats.power import TTestPower

    known = TTestPower()
    for ratio, n, confidence in [
        (0.1, 2, 0.95),
        (0.5, 34, 0.95),
        (-0.8, 12, 0.9),
        (0.2, 500, 0.99),
        (3.0, 5, 0.95),
    ]:
        assert power(2.5 * ratio, 2.5, n, confidence) == pytest.approx(
            known.power(abs(ratio), n, 1.0 - confidence, alternative="two-sided"), abs=1e-7
        )
    for ratio, share, confidence in [(0.5, 0.8, 0.95), (0.15, 0.9, 0.95), (1.2, 0.8, 0.99), (2.0, 0.5, 0.9)]:
        exact = known.solve_power(ratio, None, 1.0 - confidence, share, alternative="two-sided")
        found = seeds_needed(4.0, effect=4.0 * ratio, power=share, confidence=confidence)
        assert found == max(math.ceil(float(np.squeeze(exact))), 2)


def test_power_at_its_ends():
    assert power(0.0, 1.0, 7) == pytest.approx(0.05)
    assert power(0.0, 0.0, 7) == pytest.approx(0.05)
    assert power(1e-9, 0.0, 2) == 1.0
    assert power(500.0, 1.0, 1_000) == 1.0
    found = [power(0.3, 1.0, n) for n in (2, 10, 50, 100, 1_000)]
    assert all(one < two for one, two in pairwise(found))


def test_power_never_falls_with_the_effect_nor_with_the_seeds_whatever_the_confidence():
    # The noncentral t of SciPy 1.17 has no value in 191 of these 3,240 places.
    ratios = np.logspace(-6, 7, 45)
    for confidence in (0.5, 0.8, 0.95, 0.99, 0.999, 1 - 1e-5, 1 - 1e-9, 1 - 1e-12):
        before = np.zeros(len(ratios))
        for n in (2, 3, 4, 8, 16, 100, 1_000, 100_000, 2_000_000):
            found = np.array([power(ratio, 1.0, n, confidence) for ratio in ratios])
            assert ((found >= before - 1e-9) & (found <= 1.0)).all()
            assert (np.diff(found) >= -1e-9).all()
            assert found[0] == pytest.approx(1.0 - confidence, rel=1e-3)
            assert found[-1] == pytest.approx(1.0) or (n == 2 and confidence > 0.9999)
            before = found
    # The normal law and its correction for large n: (z + z')^2 / ratio^2 + z^2 / 2 = 2,765.6 + 9.8.
    assert seeds_needed(1.0, effect=0.1, confidence=1 - 1e-5) == 2_776


def test_no_fewer_seeds_would_do():
    assert seeds_needed(1.0, effect=0.5) == 34  # Cohen's table of the paired test
    for ratio in (0.05, 0.31, 0.9, 4.0):
        n = seeds_needed(2.0, effect=-2.0 * ratio)
        assert power(2.0 * ratio, 2.0, n) >= 0.8
        assert n == 2 or power(2.0 * ratio, 2.0, n - 1) < 0.8
    for width in (0.02, 0.3, 1.0, 9.0, 20.0):
        counts = np.arange(2, 20_000)
        by_trying = counts[stats.t.ppf(0.975, counts - 1) / np.sqrt(counts) <= width][0]
        assert seeds_needed(3.0, half_width=3.0 * width) == by_trying
    assert seeds_needed(0.0, half_width=1.0) == seeds_needed(0.0, effect=1.0) == 2
    assert seeds_needed(1.0, effect=1.0, power=0.01) == 2
    for asked in ({"effect": 1e-3}, {"half_width": 1e-3}):
        exact = ((1.959964 + (0.841621 if "effect" in asked else 0.0)) / 1e-3) ** 2
        assert seeds_needed(1.0, **asked) == pytest.approx(exact, rel=1e-5)
    for asked in ({}, {"effect": 1.0, "half_width": 1.0}):
        with pytest.raises(ParameterError, match="half_width or effect, one of them"):
            seeds_needed(1.0, **asked)


def difference(mean, sd, n=20, p_value=None, reason=""):
    """A difference as a table has it."""
    if p_value is None:
        p_value = 2.0 * float(stats.t.sf(abs(mean) / sd * math.sqrt(n), n - 1))
    return PairedDifference(5.0, mean, NAN, NAN, p_value, sd, n, "t", reason, 0, 0.95)


@pytest.mark.parametrize(
    ("found", "word", "seeds", "more"),
    [
        (difference(2.0, 1.0), "up", 5, ""),
        (difference(-2.0, 1.0), "down", 5, ""),
        (difference(-2.0, 1.0, p_value=0.05), "down", 5, ""),
        (difference(-2.0, 1.0, p_value=0.0501), "no sign yet", 21, ", about 25 seeds would show it"),
        (difference(0.45, 1.0), "no sign yet", 41, ", about 45 seeds would show it"),
        (difference(-0.45, 1.0), "no sign yet", 41, ", about 45 seeds would show it"),
        (difference(0.1, 1.0), "no sign yet", 787, ", about 790 seeds would show it"),
        (difference(0.9, 1.0, 6), "no sign yet", 12, ", about 12 seeds would show it"),
        (difference(0.01, 1.0), "no sign yet", 78_491, ", about 79,000 seeds would show it"),
        (difference(5e-4, 1.0), "no sign yet", 31_395_521, ", more than a million seeds would show it"),
        (difference(0.0, 1.0, p_value=1.0), "no sign yet", None, ": the mean difference is zero"),
        (difference(1e-17, 1.0, p_value=1.0), "no sign yet", None, ": the mean difference is zero"),
        (difference(0.0, 0.0, p_value=1.0), "no sign yet", None, ": no difference in any seed"),
        (difference(2.0, 0.0, 3, 0.25), "no sign yet", 6, ", about 6 seeds would show it"),
        (difference(2.0, 0.0, 6, 1 / 32), "up", 6, ""),
        (difference(2.0, NAN, 1, NAN, "one seed"), "no sign yet", None, ": one seed"),
        (difference(NAN, NAN, 0, NAN, "no value"), "no sign yet", None, ": no value"),
    ],
)
def test_a_verdict_is_a_direction_or_a_number_of_seeds(found, word, seeds, more):
    assert verdict(found) == (word, seeds, word + more)
    assert verdict(found, found.p_value) == verdict(found)


def test_a_verdict_names_more_seeds_than_were_taken_and_more_for_a_larger_table():
    for mean in np.linspace(0.02, 0.9, 23):
        for comparisons in (1, 12):
            found = difference(mean, 1.0)
            said = verdict(found, min(12 * found.p_value, 1.0), comparisons=comparisons)
            assert said.word == ("up" if 12 * found.p_value <= 0.05 else "no sign yet")
            assert said.word == "up" or said.seeds > found.n
    found = difference(0.45, 1.0)
    assert verdict(found, comparisons=12).seeds == seeds_needed(
        1.0, effect=0.45, confidence=adjusted_confidence(12)
    )
    assert verdict(found, comparisons=10**18).word == "no sign yet"
    assert verdict(found, power=0.95).seeds == seeds_needed(1.0, effect=0.45, power=0.95)
    assert verdict(difference(0.45, 1.0), confidence=0.9).word == "up"
    assert verdict(difference(0.45, 1.0, p_value=0.5), confidence=0.5).word == "up"
