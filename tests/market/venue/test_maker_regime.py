"""The contract in a market: triggers of stress and suspension, pay out of fees, loss of status."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import at_lower_limit, at_settlement, at_upper_limit, buys, play, quiet, sells, together

from abm.core.orders import MessageKind

CONTRACT = "agents__market_makers__contract__"
TWO_MAKERS = {"agents__market_makers__count": 2, "calendar__days_per_month": 3}


def contract(**terms):
    return {CONTRACT + name: value for name, value in terms.items()}


def quoting_market(players=2, **fields):
    """A market in which only the makers act, and the players by their scripts."""
    market, hands, recorder = quiet(players, **TWO_MAKERS, **fields)
    market.makers.columns["requotes_per_day"] = 1e9
    return market, hands, recorder


def duties_by_round(market, rounds, name, tenor=1):
    seen = []
    for _ in range(rounds):
        play(market, 1)
        seen.append(getattr(market.makers.duties, name)[tenor].item())
    return seen


def moved(share, tenor=1):
    """Trade so far above the settlement, in an otherwise empty book."""

    def price(view):
        return round(view.settlement_ticks(tenor) * (1 + share))

    return sells(price, 1, tenor), buys(price, 1, tenor)


def test_a_move_of_enough_daily_volatilities_is_stress_until_the_day_ends():
    market, (ann, bob), _ = quiet(**TWO_MAKERS, **contract(stress_move=2.0))
    usual = market.curve.months["volatility_per_day"][1]
    for round_of_day, moves in ((2, 1.9), (4, 2.1), (6, 0.0)):
        bob.script[0, round_of_day], _ = moved(moves * usual)
        _, ann.script[0, round_of_day + 1] = moved(moves * usual)
    in_force = duties_by_round(market, 24, "stressed")
    # the trade of round 5 puts it in stress, and what comes after does not end it
    assert in_force == [False] * 5 + [True] * 7 + [False] * 12


def test_stress_doubles_the_spread_and_halves_the_sizes_of_its_month_only():
    market, (ann, bob), _ = quiet(**TWO_MAKERS, **contract(stress_move=1.0))
    before = [part.copy() for part in market.makers.duties[:3]]
    bob.script[0, 0], _ = moved(0.06)
    _, ann.script[0, 1] = moved(0.06)
    play(market, 3)
    quote_lots, min_lots, max_spread = market.makers.duties[:3]
    assert (quote_lots[1], min_lots[1], max_spread[1]) == (13, 7, 0.03)  # 25, 13 and 1.5 %
    for now, usual in zip((quote_lots, min_lots, max_spread), before, strict=True):
        np.testing.assert_array_equal(np.delete(now, 1), np.delete(usual, 1))
    play(market, 12)  # the next day has begun
    np.testing.assert_array_equal(market.makers.duties.max_spread, before[2])
    np.testing.assert_array_equal(market.makers.duties.quote_lots, before[0])


def test_an_obliged_maker_in_stress_shows_half_the_size():
    market, (ann, bob), recorder = quiet(**TWO_MAKERS, **contract(stress_move=1.0))
    bob.script[0, 0], _ = moved(0.06)
    _, ann.script[0, 1] = moved(0.06)
    play(market, 2)
    market.makers.columns["requotes_per_day"] = 1e9
    play(market, 11)
    orders = recorder.table("orders")
    quotes = orders[orders.kind == int(MessageKind.QUOTE)]
    sizes = quotes.groupby(["day", "month"])["ask_lots"].max()
    assert sizes[0, 1] == 13
    assert sizes[0, 2] == sizes[1, 1] == 25


@pytest.mark.parametrize("is_trigger", [True, False])
def test_a_volatility_interruption_is_stress_if_the_contract_says_so(is_trigger):
    market, (ann, bob), _ = quiet(
        **TWO_MAKERS, **contract(stress_on_interruption=is_trigger, suspended_by=("daily_limit",)),
        exchange__interruption__width=0.01,
    )  # fmt: skip
    for round_of_day, plus in ((0, 0), (2, 100)):
        bob.script[0, round_of_day] = sells(at_settlement(1, plus), 1, 1)
        ann.script[0, round_of_day + 1] = buys(at_settlement(1, plus), 1, 1)
    in_force = duties_by_round(market, 12, "stressed")
    assert in_force == ([False] * 3 + [True] * 9 if is_trigger else [False] * 12)


@pytest.mark.parametrize(
    ("cause", "asked_again"), [("daily_limit", False), ("halt", False), (None, True)], ids=str
)
def test_what_suspends_the_duties_of_a_month_does_so_until_the_day_ends(cause, asked_again):
    market, (ann, bob), _ = quoting_market(
        **contract(suspended_by=() if cause is None else (cause,)),
        exchange__halts__expanded_limits=(0.2,),
        exchange__halts__duration_days=2 / 12,
        exchange__halts__reopening_auction=False,
    )
    market.makers.columns["requotes_per_day"] = 0.0
    bob.script[0, 2] = sells(at_upper_limit(1), 1, 1)
    ann.script[0, 3] = buys(at_upper_limit(1), 1, 1)
    suspended = duties_by_round(market, 12, "suspended")
    assert suspended[2] is False
    assert all(suspended[6:]) is not asked_again
    play(market, 1)
    assert not market.makers.duties.suspended.any()
    assert np.isfinite(market.makers.duties.max_spread).all()


def test_a_lower_limit_suspends_as_an_upper_one_does():
    market, (ann, bob), _ = quiet(**TWO_MAKERS, **contract(suspended_by=("daily_limit",)))
    bob.script[0, 0] = buys(at_lower_limit(1), 1, 1)
    ann.script[0, 1] = sells(at_lower_limit(1), 1, 1)
    assert duties_by_round(market, 4, "suspended") == [False, True, True, True]
    assert market.makers.duties.suspended.sum() == 1


def test_without_an_index_no_duties_hold_anywhere():
    market, _, recorder = quiet(
        **TWO_MAKERS, **contract(suspended_by=("index_unavailable",)), silent=True, players=1
    )
    market.desk.fixings[-1] = market.desk.fixings[-1]._replace(available=False)
    play(market, 12)
    assert market.makers.duties.suspended.all()
    dmm = recorder.table("dmm")
    assert dmm.obligation_met.all()  # nothing was asked of makers that quoted nothing
    play(market, 1)
    assert not market.makers.duties.suspended.any()


def test_status_is_lost_after_so_many_months_missed_in_a_row_and_its_rebate_with_it():
    market, (ann, _), recorder = quoting_market(**contract(misses_allowed=2))
    idle = market.makers.first_account
    market.makers.columns["requotes_per_day"][0] = 0.0
    for day in range(9):
        ann.script[day, 6] = buys(at_settlement(1, 100), 2, 1)  # takes the other maker's offer
    play(market, 9 * 12)
    dmm = recorder.table("dmm")
    status = dmm.pivot(index="day", columns="account", values="under_contract")
    assert status[idle].tolist() == [True] * 6 + [False] * 3
    assert status[idle + 1].all()
    pay = dmm.groupby("account")["pay_usd_micro"].sum()
    assert pay[idle] == 0
    assert pay[idle + 1] > 0
    house = market.clearing
    assert house.parts.books.charges.schedule.maker_fee_usd_micro[[idle, idle + 1]].tolist() == [
        200_000,
        -50_000,
    ]
    assert market.makers.duties.maker_fee_usd.tolist() == [0.2, -0.05]


def test_a_kept_month_forgives_the_one_missed_before():
    market, _, recorder = quoting_market(**contract(misses_allowed=2))
    columns = market.makers.columns
    for month in range(4):
        columns["requotes_per_day"][0] = 0.0 if month % 2 == 0 else 1e9
        play(market, 36)
    assert recorder.table("dmm").under_contract.all()
    assert market.maker_regime.misses.tolist() == [0, 0]


def test_a_lost_rebate_stays_lost_under_fee_tiers():
    tiers = ({"from_lots": 10, "maker_fee_usd": 0.15, "taker_fee_usd": 0.40},)
    market, _, _ = quiet(**TWO_MAKERS, **contract(misses_allowed=1), exchange__fee_tiers=tiers)
    play(market, 5 * 12)
    idle = market.makers.first_account
    assert market.clearing.parts.books.charges.schedule.maker_fee_usd_micro[idle] == 200_000


def test_a_maker_without_the_status_quotes_its_own_spread():
    fields = contract(misses_allowed=1) | {"agents__market_makers__fill_distance": 0.02}
    market, _, _ = quoting_market(**fields)
    market.makers.columns["belief_sd"] = market.makers.columns["belief_error"] = 0.0
    market.makers.duties.under_contract[0] = False
    play(market, 1)
    ticks, _ = market.exchange.own_quotes(market.makers.first_account, 2)
    slot, scale = market.curve.months["slot"][1], market.curve.months["scale_ticks"][1]
    spread = (ticks[:, slot, 1] - ticks[:, slot, 0]) / scale
    assert spread[0] == pytest.approx(0.04, abs=2 / scale)
    assert spread[1] == pytest.approx(0.015, abs=1 / scale)


def test_invariant_8_fees_pay_for_revenue_rebates_and_makers_and_never_less():
    market, (ann, _), recorder = quoting_market(
        **contract(pay_source="fees", stress_move=0.5, stress_pay_usd=50.0),
        agents__market_makers__monthly_pay_usd=10.0,
    )
    for day in range(6):
        ann.script[day, 6] = together(*(buys(at_settlement(t, 100), 4, t) for t in (1, 2, 3)))
    play(market, 72)
    ledger = recorder.table("ledger")
    moved_usd = ledger.groupby("kind")["amount_usd_micro"].sum()
    house = market.clearing
    revenue = int(house.parts.books.ledger.balance_usd_micro[house.chart.fee_revenue])
    assert moved_usd["fee"] == revenue + moved_usd["rebate"] + moved_usd["market_maker_stipend"]
    assert moved_usd["market_maker_stipend"] == recorder.table("dmm")["pay_usd_micro"].sum() > 0
    by_month = ledger.assign(month=ledger.day // 3).groupby(["month", "kind"])["amount_usd_micro"].sum()
    for month in (0, 1):
        paid = by_month[month]
        assert paid["market_maker_stipend"] <= paid["fee"] - paid["rebate"]


def paying_months(stipend_usd, days=6, **terms):
    """A market of months of three days, in which the same lots trade every day."""
    market, (ann, _), recorder = quoting_market(
        **contract(**terms), agents__market_makers__monthly_pay_usd=stipend_usd
    )
    for day in range(days):
        ann.script[day, 6] = together(*(buys(at_upper_limit(t), 4, t) for t in (1, 2, 3)))
    return market, recorder


@pytest.mark.parametrize("pay_source", ["revenue", "fees"])
def test_makers_that_did_the_same_are_paid_the_same_when_there_is_not_enough(pay_source):
    market, recorder = paying_months(1e6, pay_source=pay_source)
    play(market, 36)
    paid = recorder.table("dmm").set_index("day").loc[2, "pay_usd_micro"]
    assert paid.iloc[0] == paid.iloc[1] > 0
    assert market.clearing.fee_revenue_usd_micro in (0, 1)  # what two cannot share


def test_a_maker_in_default_has_no_claim_on_the_pay_of_the_others():
    market, recorder = paying_months(1e6)
    play(market, 35)
    market.clearing.parts.books.register.in_default[market.makers.first_account] = True
    market.maker_regime.close_day(market)
    paid = recorder.table("dmm").set_index("day").loc[2, "pay_usd_micro"].tolist()
    assert paid[0] == 0
    assert paid[1] > 0
    assert market.clearing.fee_revenue_usd_micro == 0


@pytest.mark.parametrize(
    "terms", [{}, {"pay_source": "fees"}, {"pay": "revenue_share", "revenue_share": 0.5}]
)
def test_the_pay_that_is_announced_comes_true_if_the_month_goes_on_as_it_began(terms):
    """What the first morning promises is as written; the next month is expected to be as this one."""
    market, recorder = paying_months(1e6, **terms)
    announced = []
    for _ in range(6):
        play(market, 1)
        announced.append(market.makers.duties.full_pay_usd * 1e6)
        play(market, 11)
    paid = recorder.table("dmm").pivot(index="day", columns="account", values="pay_usd_micro").to_numpy()
    assert announced[0].tolist() == [1e12, 1e12]
    assert (paid[[2, 5]] > 1e6).all()
    for morning in range(1, 6):
        month_end = 2 if morning < 3 else 5
        # two amounts rounded down, and a rest of one micro-USD that the month before may have left
        assert announced[morning].sum() == pytest.approx(paid[month_end].sum(), abs=3.0)
        # a share of revenue goes by the score as well, and the two scores are 99 % and more
        np.testing.assert_allclose(announced[morning], paid[month_end], rtol=0.01)


def test_a_maker_that_can_no_longer_reach_a_level_is_promised_nothing_and_the_others_share():
    promised = {}
    for score in (1.0, 0.0):  # of the first of three days, of which 80 % are asked
        market, _ = paying_months(1e6, stress_move=50.0, stress_pay_usd=1.0)
        play(market, 12)
        market.maker_regime.scores.month_complying[0] = score
        play(market, 1)
        promised[score] = market.makers.duties.full_pay_usd.tolist()
        stress = market.makers.duties.stress_pay_usd
    assert promised[1.0][0] == promised[1.0][1] > 0.0
    assert promised[0.0] == [0.0, pytest.approx(2 * promised[1.0][1], abs=2e-6)]
    assert stress[0] == 0.0 < stress[1]


def test_a_revenue_share_is_booked_as_such():
    market, (ann, _), recorder = quoting_market(**contract(pay="revenue_share", revenue_share=0.5))
    ann.script[0, 6] = buys(at_settlement(1, 100), 10, 1)
    play(market, 36)
    booked = recorder.table("ledger").groupby("kind")["amount_usd_micro"].sum()
    net = booked["fee"] - booked["rebate"]
    assert booked["market_maker_revenue_share"] == recorder.table("dmm")["pay_usd_micro"].sum()
    assert net // 2 - 2 <= booked["market_maker_revenue_share"] <= net // 2


def test_the_state_hash_sees_a_miss():
    hashes = []
    for misses in (0, 1):
        market, _, _ = quiet(**TWO_MAKERS, **contract(misses_allowed=3))
        market.maker_regime.misses[:] = misses
        hashes.append(market.state_hash())
    assert hashes[0] != hashes[1]
