"""Switching traders: the rates between roles, the groups, the state of the curve, and the orders."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, WEIGHTS, rows

from abm.agents.switching.build import first_roles
from abm.agents.switching.kernel import (
    ON_VALUE,
    OPTIMIST,
    PESSIMIST,
    SWITCHING_DTYPE,
    count_roles,
    curve_state,
    decide_switching,
    switch_roles,
    switching_rates,
    value_distance,
    whole_lots,
)
from abm.core.orders import MessageKind, TradingPhase

SET_IV = {
    "opinion_rate": 2.0, "strategy_rate": 0.6, "herding": 0.8, "trend_weight": 2.0, "profit_weight": 1.0,
    "value_discount": 0.75, "carry_per_day": 4e-4, "alternative_per_day": 4e-4,
}  # fmt: skip
KEPT = 11


def traders(optimists, pessimists, on_value, **values):
    roles = np.repeat([OPTIMIST, PESSIMIST, ON_VALUE], [optimists, pessimists, on_value])
    lots = {"chartist_lots_per_day": 12.0, "value_lots_per_day": 120.0, "max_position_lots": 60}
    return rows(SWITCHING_DTYPE, len(roles), **SET_IV | lots | {"role": roles, "next_role": roles} | values)


def sent_by(columns, months, positions=None, *, streams=None, growth=0.0, day_share=DAY_SHARE, **how):
    """Send one round's messages after prices have grown steadily, by a share a day."""
    history = np.zeros((len(months), KEPT))
    for back in range(KEPT):
        history[months["slot"], (200 - back) % KEPT] = months["reference_ticks"] * math.exp(
            -growth * back * day_share
        )
    positions = no_positions(len(columns)) if positions is None else positions
    streams = keys(len(columns)) if streams is None else streams
    first = np.zeros(len(months), dtype=np.int64)
    middle = (WEIGHTS, history, first, 0.2, 4, months, positions, 200, day_share)
    return decide(decide_switching, columns, streams, *middle, **how)


def by_hand(role, n_plus, n_minus, n_f, g, m):
    """Rates to optimist, pessimist and value of the module's formulas with the numbers of set IV."""
    n_c, n = n_plus + n_minus, n_plus + n_minus + n_f
    u_1 = 0.8 * (n_plus - n_minus) / n_c + (2.0 / 2.0) * g
    u_plus = 1.0 * (4e-4 * (1 + m) + g / 0.6 - 4e-4 - 0.75 * abs(m))
    u_minus = 1.0 * (4e-4 - 4e-4 * (1 + m) - g / 0.6 - 0.75 * abs(m))
    return {
        OPTIMIST: (0.0, 2.0 * n_c / n * math.exp(-u_1), 0.6 * n_f / n * math.exp(-u_plus)),
        PESSIMIST: (2.0 * n_c / n * math.exp(u_1), 0.0, 0.6 * n_f / n * math.exp(-u_minus)),
        ON_VALUE: (0.6 * n_plus / n * math.exp(u_plus), 0.6 * n_minus / n * math.exp(u_minus), 0.0),
    }[role]


@pytest.mark.parametrize(("trend", "distance"), [(0.0, 0.0), (0.15, -0.03), (-0.4, 0.08)])
@pytest.mark.parametrize("role", [OPTIMIST, PESSIMIST, ON_VALUE])
def test_rates_are_those_of_lux_and_marchesi(role, trend, distance):
    me = traders(1, 1, 1)[[OPTIMIST, PESSIMIST, ON_VALUE].index(role)]
    rates = switching_rates(me, 60, 40, 400, trend, distance)
    assert rates == pytest.approx(by_hand(role, 60, 40, 400, trend, distance), rel=1e-12)


@pytest.mark.parametrize("role", [OPTIMIST, PESSIMIST, ON_VALUE])
def test_so_many_switch_each_way_as_the_rates_say(role):
    """4,000 members of a role, 40 rounds of 0.05 days: binomial counts within four standard errors."""
    crowd = traders(*(4_000 if r == role else 2_000 for r in (OPTIMIST, PESSIMIST, ON_VALUE)))
    streams = keys(len(crowd))
    counts = tuple(int(count) for count in count_roles(crowd))
    mine = crowd["role"] == role
    rates = np.array(by_hand(role, *counts, 0.3, -0.05))
    seen = np.zeros(3)
    for _ in range(40):
        copy = crowd.copy()
        switch_roles(copy, streams, 0.3, -0.05, 0.05, 4)
        for way, target in enumerate((OPTIMIST, PESSIMIST, ON_VALUE)):
            seen[way] += (copy["role"][mine] == target).sum() if target != role else 0
    trials = 40 * 4_000
    leaves = -math.expm1(-rates.sum() * 0.05)
    expected = trials * leaves * rates / rates.sum()
    assert np.abs(seen - expected).max() < 4 * math.sqrt(expected.max())
    for way in np.flatnonzero(rates):
        assert seen[way] == pytest.approx(expected[way], abs=4 * math.sqrt(expected[way]))


def test_the_length_of_a_round_does_not_matter():
    """A day in 48 rounds and in 96: both groups of chartists and their fluctuation, four standard errors."""
    results = {}
    for per_day in (48, 96):
        final = []
        for run in range(150):
            crowd, streams = traders(30, 30, 60), keys(120, seed=run + 1)
            for _ in range(2 * per_day):
                switch_roles(crowd, streams, 0.0, 0.02, 1 / per_day, 4)
            final.append(count_roles(crowd))
        results[per_day] = np.array(final, dtype=np.float64)
    coarse, fine = results[48], results[96]
    error = np.sqrt((coarse.var(axis=0) + fine.var(axis=0)) / 150)
    assert (np.abs(coarse.mean(axis=0) - fine.mean(axis=0)) < 4 * error).all()
    ratio = coarse.std(axis=0) / fine.std(axis=0)
    assert (np.abs(np.log(ratio)) < 4 / math.sqrt(150)).all()  # log of a ratio of two deviations: 1 / sqrt(n)


def test_a_role_never_has_fewer_than_its_least_members():
    crowd, streams = traders(6, 6, 40, strategy_rate=40.0, opinion_rate=40.0), keys(52)
    seen = []
    for step in range(400):
        switch_roles(crowd, streams, 0.5 * math.cos(step / 20), 0.2, 0.05, 4)
        seen.append(count_roles(crowd))
    assert np.min(seen, axis=0).tolist() == [4, 4, 4]
    assert np.max(seen, axis=0).min() > 20


def test_who_is_out_of_the_market_neither_votes_nor_switches():
    crowd = traders(50, 50, 100)
    crowd["chartist_lots_per_day"][:40] = crowd["value_lots_per_day"][:40] = 0.0
    assert count_roles(crowd) == (10, 50, 100)
    before, streams = crowd["role"].copy(), keys(200)
    drawn = streams.copy()
    for _ in range(30):
        switch_roles(crowd, streams, 0.0, 0.0, 0.2, 0)
    assert (crowd["role"][:40] == before[:40]).all()
    assert (streams[:40] == drawn[:40]).all()
    assert (crowd["role"][40:] != before[40:]).any()


def test_the_order_of_traders_does_not_matter():
    """Everybody switches by the groups of the start of the round."""
    crowd, streams = traders(50, 30, 120), keys(200)
    turned, back = crowd[::-1].copy(), streams[::-1].copy()
    for _ in range(20):
        switch_roles(crowd, streams, 0.1, 0.01, 0.1, 4)
        switch_roles(turned, back, 0.1, 0.01, 0.1, 4)
    np.testing.assert_array_equal(crowd["role"], turned["role"][::-1])


def test_a_forced_rate_stays_finite():
    me = traders(1, 1, 1)
    for trend, distance in ((1e6, 0.0), (-1e6, 1e9), (0.0, 1e300)):
        for row in range(3):
            assert np.isfinite(switching_rates(me[row], 10, 10, 10, trend, distance)).all()
    frozen = traders(40, 40, 40, opinion_rate=0.0, strategy_rate=0.0)
    switch_roles(frozen, keys(120), 5.0, 0.1, 1.0, 0)
    assert count_roles(frozen) == (40, 40, 40)


def test_the_compiled_rule_does_what_its_plain_original_does():
    months = months_around()
    months["model_ticks"] *= 1.04
    fast, plain = traders(60, 40, 100), traders(60, 40, 100)
    compiled = sent_by(fast, months, growth=0.3)
    original = sent_by(plain, months, growth=0.3, compiled=False)
    assert len(compiled) > 20
    assert (fast["role"] != traders(60, 40, 100)["role"]).any()
    np.testing.assert_array_equal(fast["role"], plain["role"])
    for field in compiled.dtype.names:
        np.testing.assert_allclose(compiled[field], original[field], rtol=1e-12, err_msg=field)


def test_trend_and_distance_are_means_over_the_months_with_the_weights_of_trading():
    months = months_around(listed=3)
    weights = np.array([0.5, 0.8, 1.0])
    months["model_ticks"] = months["reference_ticks"] * [1.1, 1.0, 0.9]
    history, first = np.zeros((3, KEPT)), np.zeros(3, dtype=np.int64)
    for back in range(KEPT):
        growth = np.array([0.2, -0.1, 0.4]) * back * 0.1
        history[months["slot"], (200 - back) % KEPT] = months["reference_ticks"] * np.exp(-growth)
    trend, distance = curve_state(months, weights, history, first, 200, 0.5, 0.1)
    assert trend == pytest.approx(0.5 * 0.2 - 0.3 * 0.1 + 0.2 * 0.4, rel=1e-9)
    assert distance == pytest.approx(0.5 * 0.1 - 0.2 * 0.1, rel=1e-9)
    months["model_ticks"][0] = math.nan
    trend, distance = curve_state(months, weights, history, first, 200, 0.5, 0.1)
    assert trend == pytest.approx((-0.3 * 0.1 + 0.2 * 0.4) / 0.5, rel=1e-9)
    short, _ = curve_state(months, weights, history, first, 200, 0.001, 0.1)  # a round at least
    assert short == pytest.approx(trend, rel=1e-9)


def test_distances_at_prices_near_zero_and_below_are_finite():
    months = months_around(listed=3)
    months["reference_ticks"], months["model_ticks"] = [0.0, -40.0, -500.0], [50.0, -90.0, -400.0]
    assert [value_distance(at) for at in months] == pytest.approx([0.5, -0.5, 0.2])


def test_optimists_buy_pessimists_sell_and_traders_on_value_close_the_gap():
    months = months_around()
    months["model_ticks"] = 0.9 * months["reference_ticks"]
    crowd = traders(100, 100, 100, opinion_rate=0.0, strategy_rate=0.0, max_position_lots=10_000)
    crowd["value_lots_per_day"] = 4_800.0
    sent = sent_by(crowd, months, day_share=1 / 12)
    assert (sent["kind"] == MessageKind.MARKET).all()
    role = crowd["role"][sent["account"]]
    np.testing.assert_array_equal(sent["side"], np.where(role == ON_VALUE, -1, role))
    assert (sent["lots"][role != ON_VALUE] == 1).all()  # 12 a day in a twelfth of it
    assert (sent["lots"][role == ON_VALUE] == 40).all()  # 4,800 x 0.1 / 12
    assert len(sent) == 300


def test_flow_is_so_many_lots_a_day_however_long_the_rounds_are():
    """Whole lots have the right mean: 12 a day of 200 traders, binomial rounding, four standard errors."""
    for per_day in (24, 240):
        crowd, streams, lots = traders(200, 0, 0, opinion_rate=0.0, strategy_rate=0.0), keys(200), 0
        crowd["max_position_lots"] = 10_000
        for _ in range(per_day):
            sent = sent_by(crowd, months_around(), streams=streams, day_share=1 / per_day)
            lots += sent["lots"].sum()
        assert lots == pytest.approx(2_400, abs=4 * math.sqrt(2_400))


def test_whole_lots_are_the_number_below_or_above():
    streams = keys(1)
    draws = np.array([whole_lots(streams, 0, 2.25) for _ in range(4_000)])
    assert set(draws) == {2, 3}
    assert draws.mean() == pytest.approx(2.25, abs=4 * math.sqrt(0.25 * 0.75 / 4_000))
    assert [whole_lots(streams, 0, lots) for lots in (0.0, -1.0, math.nan, math.inf, 3.0)] == [0, 0, 0, 0, 3]


@pytest.mark.parametrize(("held", "growing"), [(59, 1), (60, -1), (-60, 1)])
def test_a_full_position_is_not_enlarged(held, growing):
    crowd = traders(100, 100, 0, opinion_rate=0.0, strategy_rate=0.0, chartist_lots_per_day=480.0)
    sent = sent_by(crowd, months_around(), no_positions(200) + held)
    after = held + sent["side"] * sent["lots"]
    assert np.abs(after).max() <= 60
    assert (sent["side"] == -np.sign(held)).sum() == 100
    assert (sent["side"] == np.sign(held)).sum() == (100 if abs(held) == 59 else 0)


def test_in_a_halt_nothing_is_sent_but_opinions_go_on():
    halted = months_around()
    halted["phase"] = TradingPhase.HALT
    crowd = traders(100, 100, 100, chartist_lots_per_day=480.0)
    for _ in range(5):
        assert len(sent_by(crowd, halted, day_share=0.1)) == 0
    assert count_roles(crowd) != (100, 100, 100)


@pytest.mark.parametrize("field", ["model_ticks", "reference_ticks"])
@pytest.mark.parametrize("belief", [math.nan, math.inf, -math.inf])
def test_without_a_price_or_a_value_nobody_switches_and_nobody_trades_on_value(field, belief):
    months = months_around()
    months[field] = belief
    crowd = traders(50, 50, 100, chartist_lots_per_day=48.0, value_lots_per_day=1e6)
    plain = crowd.copy()
    sent = sent_by(crowd, months)
    assert count_roles(crowd) == (50, 50, 100)
    assert set(sent["account"]) == set(range(100))  # chartists ask for no value
    assert (sent["kind"] == MessageKind.MARKET).all()
    np.testing.assert_array_equal(sent, sent_by(plain, months, compiled=False))


@pytest.mark.parametrize(
    ("count", "share", "least", "expected"),
    [(500, 0.1, 4, 25), (60, 0.1, 4, 4), (60, 1.0, 4, 28), (9, 0.5, 4, 3), (2, 0.9, 4, 1), (1, 0.5, 4, 0)],
)
def test_first_roles_leave_no_role_empty(count, share, least, expected):
    roles = first_roles(np.random.default_rng(1).random(count), share, least)
    assert (roles == OPTIMIST).sum() == (roles == PESSIMIST).sum() == expected
    assert len(roles) == count
