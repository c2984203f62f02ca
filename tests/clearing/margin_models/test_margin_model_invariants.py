"""What holds for every margin model, in any market."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from margin_days import USD, basis, lots, market, observed, random_moves

from abm.clearing.margin_models import Concentration, margin_model, wrap_margin_model

SLOTS = 4
HISTORY = random_moves(1, 400, SLOTS)
DAYS = market(random_moves(2, 70, SLOTS), start=5_000)
PLAIN = ("flat", "ewma", "filtered_historical", "scan")
WRAPPED = ("buffer", "stressed_weight", "floor")
WITH_NORM = ("flat", "scan", "ewma", "buffer", "stressed_weight", "floor")
"""Models whose margin of two portfolios together is at most that of both apart; a quantile promises no such
thing."""


def build(name):
    on = basis(HISTORY, slots=SLOTS)
    if name == "concentration":
        return Concentration(margin_model("ewma", on), on)
    if name in WRAPPED:
        return wrap_margin_model(name, margin_model("ewma", on), on)
    return margin_model(name, on)


TRADED = {name: observed(build(name), DAYS[:31]) for name in (*PLAIN, *WRAPPED, "concentration")}
portfolios = st.lists(st.integers(-200, 200), min_size=SLOTS, max_size=SLOTS)
names = st.sampled_from(sorted(TRADED))


def margin(name, *portfolio_rows):
    return TRADED[name].per_account_usd_micro(lots(*portfolio_rows)).tolist()


@settings(max_examples=60)
@given(name=names, portfolio=portfolios)
def test_invariant_24_margin_is_not_negative_and_zero_when_flat(name, portfolio):
    required, flat = margin(name, portfolio, [0] * SLOTS)
    assert required >= 0
    assert flat == 0
    if any(portfolio):
        assert required > 0


@settings(max_examples=60)
@given(name=st.sampled_from([*PLAIN, *WRAPPED]), portfolio=portfolios, times=st.integers(2, 50))
def test_invariant_24_margin_is_homogeneous_before_add_ons(name, portfolio, times):
    once, many = margin(name, portfolio, [times * lot for lot in portfolio])
    # Rounded up, by a wrapper twice: the exact margin lies up to two micro-USD under. Floats carry 15 digits.
    assert times * (once - 2) - 1e-12 * many <= many <= times * once + 2 + 1e-12 * many


@settings(max_examples=150)
@given(name=st.sampled_from(WITH_NORM), one=portfolios, other=portfolios)
def test_invariant_25_two_portfolios_together_need_no_more_than_both_apart(name, one, other):
    apart_one, apart_other, together = margin(
        name, one, other, [a + b for a, b in zip(one, other, strict=True)]
    )
    tolerance = 0 if name in ("flat", "scan") else 1 + 1e-12 * together
    assert together <= apart_one + apart_other + tolerance


@given(name=names, portfolio=portfolios)
@settings(max_examples=60)
def test_a_portfolio_needs_no_more_than_the_pre_trade_check_counts_for_its_lots(name, portfolio):
    if name in ("concentration", "filtered_historical"):
        return
    outright = np.abs(portfolio) @ TRADED[name].per_lot_usd_micro()
    assert margin(name, portfolio)[0] <= outright + 2


@pytest.mark.parametrize("name", sorted(TRADED))
def test_one_lot_needs_the_same_as_an_account_and_as_an_outright_lot(name):
    model = TRADED[name]
    one_lot = np.maximum(
        model.per_account_usd_micro(np.eye(SLOTS, dtype=np.int64)),
        model.per_account_usd_micro(-np.eye(SLOTS, dtype=np.int64)),
    )
    assert np.abs(one_lot - model.per_lot_usd_micro()).max() <= 1


@pytest.mark.parametrize("name", sorted(TRADED))
def test_invariant_27_a_different_future_does_not_move_the_past(name):
    portfolio = lots([3, -2, 0, 5], [0, 0, -7, 1])
    other_future = [*DAYS[:40], *market(3.0 * random_moves(9, 70, SLOTS), start=9_000)[40:]]
    courses = []
    for days in (DAYS, other_future):
        model, course = build(name), []
        for each in days:
            model.observe(each)
            course.append(
                [*model.per_lot_usd_micro().tolist(), *model.per_account_usd_micro(portfolio).tolist()]
            )
        courses.append(course)
    assert courses[0][:40] == courses[1][:40]
    assert courses[0][40:] != courses[1][40:]


@pytest.mark.parametrize("name", sorted(TRADED))
def test_margin_set_at_a_close_does_not_change_when_the_market_reuses_its_arrays(name):
    model = build(name)
    shown = DAYS[5]
    own = {field.name: getattr(shown, field.name).copy() for field in fields(shown)}
    model.observe(type(shown)(**own))
    positions = lots([3, -2, 0, 5])
    before = model.per_account_usd_micro(positions).tolist()
    model.per_lot_usd_micro()[:] = 0
    model.per_account_usd_micro(positions)[:] = 0
    for array in own.values():
        array[:] = 1
    assert model.per_account_usd_micro(positions).tolist() == before
    positions[0] = [0, 0, 0, 1]
    assert margin_of(model, positions[0]) == margin_of(observed(build(name), [shown]), [0, 0, 0, 1])
    model.observe(DAYS[6])
    assert margin_of(model, positions[0]) == margin_of(observed(build(name), [shown, DAYS[6]]), [0, 0, 0, 1])


@pytest.mark.parametrize("name", sorted(TRADED))
def test_margin_stays_positive_when_prices_pass_through_zero(name):
    model = build(name)
    prices = np.array([40, 60, 80, 90])
    for shift in range(0, -120, -10):
        shown = DAYS[0]
        model.observe(
            type(shown)(
                prices + shift, shown.tenor, shown.remaining_share_bps, shown.months, shown.volume_lots
            )
        )
        assert (model.per_lot_usd_micro() > 0).all()
        assert margin_of(model, [1, -1, 0, 0]) > 0


def margin_of(model, portfolio):
    return int(model.per_account_usd_micro(lots(portfolio))[0])


@pytest.mark.parametrize("name", sorted(TRADED))
def test_nothing_is_at_risk_in_a_month_that_is_fixed(name):
    model = build(name)
    shown = DAYS[0]
    fixed = np.where(shown.tenor == 0, 0, shown.remaining_share_bps)
    model.observe(type(shown)(shown.settlement_ticks, shown.tenor, fixed, shown.months, shown.volume_lots))
    assert model.per_lot_usd_micro()[0] == 0
    assert margin_of(model, [10, 0, 0, 0]) == 0


@pytest.mark.parametrize("name", sorted(TRADED))
def test_a_position_too_large_for_the_money_type_stops_the_run(name):
    with pytest.raises(AssertionError, match="overflow"):
        margin_of(TRADED[name], [2**45, 0, 0, 0])


class Collected:
    def __init__(self):
        self.taken = b""

    def update(self, data):
        self.taken += data


@pytest.mark.parametrize("name", sorted(TRADED))
def test_the_state_hash_tells_apart_two_pasts(name):
    def digest(days):
        collected = Collected()
        observed(build(name), days).update_digest(collected)
        return collected.taken

    assert digest(DAYS[:5]) == digest(DAYS[:5])
    assert digest(DAYS[:5]) != digest(DAYS[:6])


def test_a_trader_sees_plausible_margins():
    by_model = {
        name: TRADED[name].per_lot_usd_micro()[1] / (DAYS[30].settlement_ticks[1] * USD) for name in PLAIN
    }
    assert all(0.03 < share < 0.25 for share in by_model.values()), by_model
