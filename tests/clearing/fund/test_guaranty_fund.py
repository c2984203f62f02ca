"""The guaranty fund: Cover-2 by hand, shares of members, refills, and what it then withstands."""

import numpy as np
import pytest
from clearing_room import USD, in_usd, layers_of, mark, room, ticks, trade, trades
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.clearing import PostingKind
from abm.clearing.fund.guaranty_fund import cover_two, share_contributions, stressed_losses
from abm.clearing.fund.stress import historical_moves, price_moves
from abm.core.errors import ParameterError


def five_members(*, rules=None, **options):
    """Accounts 0 to 4 belong to members 0 to 4; account 5, of member 0, takes the other side of all.

    At 100 dollars of margin a lot: 10, 6 and 3 lots long of month 0, 4 lots short of month 1.
    """
    house = room(
        [10**5] * 5 + [10**6],
        deposit=[5_000] * 5 + [10**5],
        member=[0, 1, 2, 3, 4, 0],
        capital=(1_000,) * 5,
        fund=(500,) * 5,
        rules=rules,
        **options,
    )
    house.book_trades(
        trades((1, 5, 10, 1_000, 0), (2, 5, 6, 1_000, 0), (3, 5, 3, 1_000, 0), (5, 4, 4, 1_000, 1))
    )
    mark(house, 1_000)
    return house


DOWN_300, UP_300 = [-300, -300, -300], [300, 300, 300]


def test_cover_two_is_the_two_largest_member_losses_beyond_margin_in_the_worst_scenario():
    sizing = five_members().size_fund(np.array([UP_300, DOWN_300]), now_round=7)
    # Down: 200 a lot beyond margin, so 2,000, 1,200 and 600. Up: account 5 loses 300 on 15 lots net, 2,200
    # beyond its margin on 19 short and 4 long, and account 4 loses 800.
    assert sizing.cover_two.loss_usd_micro == 3_200 * USD
    assert (sizing.cover_two.scenario, sizing.cover_two.members) == (1, (1, 2))


def test_one_clients_gain_covers_no_other_clients_loss():
    losses = stressed_losses(np.array([[5, 0], [-5, 0]]), np.array([[-10, 0]]), 2)
    assert losses.tolist() == [[100, 0]]


def test_contributions_are_pro_rata_to_margin_and_paid_by_the_members_owners():
    house = five_members()
    sizing = house.size_fund(np.array([DOWN_300]), now_round=7)
    # margin: member 0 has 23 lots, the others 10, 6, 3 and 4, of 46
    exact = [share_of(3_200, lots, 46) for lots in (23, 10, 6, 3, 4)]
    assert sum(sizing.required_usd_micro) == 3_200 * USD
    assert all(abs(got - want) < 1 for got, want in zip(sizing.required_usd_micro, exact, strict=True))
    assert house.member_fund_usd_micro.tolist() == list(sizing.required_usd_micro)
    assert house.required_fund_usd_micro.tolist() == list(sizing.required_usd_micro)
    raised = [max(0, want - 500 * USD) for want in sizing.required_usd_micro]
    lowered = [max(0, 500 * USD - want) for want in sizing.required_usd_micro]
    assert list(sizing.paid_in_usd_micro) == raised
    assert list(sizing.returned_usd_micro) == lowered
    assert house.posted_usd_micro[PostingKind.FUND_CONTRIBUTION] == sum(raised)
    assert house.posted_usd_micro[PostingKind.FUND_RETURN] == sum(lowered)
    assert in_usd(house.member_capital_usd_micro) == [1_000] * 5
    house.check()


def share_of(total, part, whole):
    return total * USD * part / whole


def test_nobody_pays_less_than_the_floor():
    house = five_members(rules={"fund_floor_usd_micro": 400 * USD})
    sizing = house.size_fund(np.array([DOWN_300]), now_round=0)
    assert min(sizing.required_usd_micro) == 400 * USD
    assert sum(sizing.required_usd_micro) > 3_200 * USD


def test_without_positions_the_fund_is_its_floor():
    house = room([10, 10], member=[0, 1], rules={"fund_floor_usd_micro": 7 * USD})
    sizing = house.size_fund(np.array([DOWN_300]), now_round=0)
    assert sizing.cover_two == (0, 0, ())
    assert in_usd(house.member_fund_usd_micro) == [7, 7]


def test_a_failed_member_pays_nothing_and_its_losses_do_not_size_the_fund():
    house = five_members()
    house.parts.books.register.member_in_default[1] = True
    house.parts.books.register.in_default[1] = True
    sizing = house.size_fund(np.array([DOWN_300]), now_round=0)
    assert sizing.cover_two.members == (2, 3)
    assert sizing.required_usd_micro[1] == sizing.paid_in_usd_micro[1] == sizing.returned_usd_micro[1] == 0
    assert in_usd(house.member_fund_usd_micro)[1] == 500


@pytest.mark.parametrize(
    "moves", [np.zeros((0, 3), np.int64), np.zeros((1, 2), np.int64), np.zeros(3, np.int64)]
)
def test_stress_of_another_shape_is_refused(moves):
    with pytest.raises(ParameterError, match="stress_ticks"):
        five_members().size_fund(moves, now_round=0)


@given(
    excess=st.lists(st.lists(st.integers(0, 10**9), min_size=4, max_size=4), min_size=1, max_size=4),
    margin=st.lists(st.integers(0, 10**6), min_size=4, max_size=4),
    surviving=st.lists(st.booleans(), min_size=4, max_size=4),
    floor=st.integers(0, 10**6),
)
@settings(max_examples=150, deadline=None)
def test_invariant_33_the_fund_covers_any_two_members_in_any_scenario(excess, margin, surviving, floor):
    alive = np.array(surviving)
    losses = np.where(alive, np.array(excess), 0)
    worst = cover_two(losses)
    any_two = max(
        int(row[one] + row[two]) for row in losses for one in range(4) for two in range(4) if one != two
    )
    assert worst.loss_usd_micro == any_two
    shares = share_contributions(worst.loss_usd_micro, np.array(margin), alive, floor_usd_micro=floor)
    assert (shares[~alive] == 0).all()
    if alive.any():
        assert shares.sum() >= any_two
        assert (shares[alive] >= floor).all()


def test_parallel_moves_are_a_share_of_each_price_rounded_away_from_zero():
    assert price_moves(ticks(1_000, -15, 0), 0.1).tolist() == [[100, 2, 0], [-100, -2, 0]]
    with pytest.raises(ParameterError, match="share_of_price"):
        price_moves(ticks(1), -0.1)


def test_historical_moves_are_the_worst_days_by_tenor_applied_to_todays_prices():
    history = np.array([[0.1, 0.2], [0.1, 0.0], [-0.3, -0.1], [-0.1, -0.1]])
    settlement, tenor = ticks(1_000, 500), np.array([1, 0])
    one_day = historical_moves(settlement, tenor, history, period_days=1)
    assert one_day.tolist() == [[200, 50], [-100, -150]]
    two_days = historical_moves(settlement, tenor, history, period_days=2)
    assert two_days.tolist() == [[200, 105], [-190, -185]]  # 1.1 x 1.1 - 1 = 21 %; 0.7 x 0.9 - 1 = -37 %
    with pytest.raises(ParameterError, match=r"period_days: 5 is not in 1\.\.4"):
        historical_moves(settlement, tenor, history, period_days=5)


@pytest.mark.parametrize(("failing", "uncovered"), [(1, False), (2, False), (3, True)])
def test_a_cover_two_fund_absorbs_two_defaults_in_the_sizing_scenario_and_fails_beyond(failing, uncovered):
    """Three equal clients of three members; so many of them have nothing but their margin."""
    poor = [1_000] * failing + [10**6] * (3 - failing)
    house = room(
        [*poor, 10**6],
        deposit=[1_000] * failing + [10**5] * (4 - failing),
        member=[0, 1, 2, 3],
        capital=(0, 0, 0, 0),
        fund=(0, 0, 0, 0),
        skin=0,
    )
    house.book_trades(trades(*((a, 3, 10, 1_000, 0) for a in range(3))))
    mark(house, 1_000)
    sizing = house.size_fund(np.array([DOWN_300]), now_round=0)
    assert sizing.cover_two.loss_usd_micro == 4_000 * USD
    mark(house, 700)
    house.margin_cycle(now_round=0)
    assert len(house.process_deadlines(now_round=4)) == failing
    for account in range(failing):
        trade(house, 3, account, 10, 700, 0)
    mark(house, 700)
    results = house.finish_close_outs(now_round=5)
    assert [result.loss_usd_micro for result in results] == [2_000 * USD] * failing
    assert (house.uncovered_usd_micro > 0) == uncovered


def used_up(**rules):
    """Account 0 failed with 1,300 beyond its member's capital: 500 fund, 300 own, 500 of survivors."""
    house = room(
        [2_700, 10**6],
        deposit=[2_700, 10**5],
        member=[0, 1],
        capital=(1_000, 1_000, 1_000),
        fund=(500, 500, 500),
        rules=rules,
    )
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 500)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    trade(house, 1, 0, 10, 500, 0)
    mark(house, 500)
    (result,) = house.finish_close_outs(now_round=5)
    assert layers_of(result) == {
        "member_capital": 1_000,
        "member_fund": 500,
        "skin_in_the_game": 300,
        "survivors_fund": 500,
    }
    return house


def test_the_fund_is_replenished_from_outside_when_the_time_has_come_and_only_once():
    house = used_up(replenish_rounds=20)
    cash = house.parts.books.ledger.cash_usd_micro()
    assert not house.replenish_fund(now_round=24).any()
    assert in_usd(house.replenish_fund(now_round=25)) == [0, 250, 250]
    assert in_usd(house.member_fund_usd_micro) == [0, 500, 500]
    assert house.skin_in_the_game_usd_micro == 300 * USD
    assert house.parts.books.ledger.cash_usd_micro() - cash == 800 * USD
    assert not house.replenish_fund(now_round=60).any()


def test_without_the_rule_the_fund_stays_as_the_loss_left_it():
    house = used_up()
    assert not house.replenish_fund(now_round=10_000).any()
    assert house.skin_in_the_game_usd_micro == 0


def test_the_fund_is_not_replenished_while_a_close_out_goes_on():
    house = used_up(replenish_rounds=20)
    house.parts.books.register.closing[1] = True
    assert not house.replenish_fund(now_round=30).any()


def test_fund_floor_and_replenishment_are_not_negative():
    for name in ("fund_floor_usd_micro", "replenish_rounds", "assessment_bps", "reduction_grace_rounds"):
        with pytest.raises(ParameterError, match=rf"clearing.{name}: -1 is not >= 0"):
            room([1], rules={name: -1})
    for name, value in (("variation_haircut_bps", 10_001), ("close_out_participation", 1.5)):
        with pytest.raises(ParameterError, match=rf"clearing.{name}: {value} is not in"):
            room([1], rules={name: value})
    with pytest.raises(ParameterError, match="close_out_method: 'lottery' is not one of"):
        room([1], rules={"close_out_method": "lottery"})
