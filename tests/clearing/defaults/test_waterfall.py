"""The default waterfall: each layer in turn, to the micro-dollar; failed members and their clients."""

import pytest
from clearing_room import USD, in_usd, layers_of, mark, net_worth, room, trade, usd

from abm.clearing import NO_MEMBER
from abm.clearing.defaults.waterfall import allocate_loss
from abm.core.money import allocate_largest_remainder

MICRO = 0.000_001
LAYERS = {"capital": (1_000, 4_000, 4_000), "fund": (500, 500, 200), "skin": 300}
"""Member 0 is the defaulter's: 1,000 capital, 500 fund, 300 skin in the game, 700 of survivors' fund."""


def close_out_with_loss(loss, *, extra_cash=(), **options):
    """Account 0 of member 0 is closed out ``loss`` dollars beyond its margin; account 1 is of member 1.

    It is 10 lots long from 1,000 and sold at 500, so it lost 5,000 dollars and had 5,000 - loss of margin.
    """
    margin = 5_000 - loss
    house = room(
        [margin, 10**6, *extra_cash],
        deposit=[margin, 10**5, *extra_cash],
        member=options.pop("member", [0, 1]),
        **{**LAYERS, **options},
    )
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 500)
    house.margin_cycle(now_round=0)
    assert [event.account for event in house.process_deadlines(now_round=4)] == [0]
    trade(house, 1, 0, 10, 500, 0)
    mark(house, 500)
    return house


@pytest.mark.parametrize(
    ("loss", "layers"),
    [
        (0, (0, 0, 0, 0, 0)),
        (600, (600, 0, 0, 0, 0)),
        (1_000, (1_000, 0, 0, 0, 0)),
        (1_000 + MICRO, (1_000, MICRO, 0, 0, 0)),
        (1_200, (1_000, 200, 0, 0, 0)),
        (1_500, (1_000, 500, 0, 0, 0)),
        (1_500 + MICRO, (1_000, 500, MICRO, 0, 0)),
        (1_700, (1_000, 500, 200, 0, 0)),
        (1_800, (1_000, 500, 300, 0, 0)),
        (1_800 + MICRO, (1_000, 500, 300, MICRO, 0)),
        (2_150, (1_000, 500, 300, 350, 0)),
        (2_500, (1_000, 500, 300, 700, 0)),
        (2_500 + MICRO, (1_000, 500, 300, 700, MICRO)),
        (4_000, (1_000, 500, 300, 700, 1_500)),
    ],
)
def test_invariant_29_each_layer_is_used_up_before_the_next_is_touched(loss, layers):
    house = close_out_with_loss(loss)
    (result,) = house.finish_close_outs(now_round=5)
    expected = tuple(usd(*layers).tolist())
    assert tuple(result.layers) == (*expected[:4], 0, 0, 0, expected[4])  # nothing beyond the fund by default
    assert sum(result.layers) == result.loss_usd_micro == usd(loss)[0]
    capital, fund, skin, survivors, uncovered = expected
    assert house.member_capital_usd_micro[0] == usd(1_000)[0] - capital
    assert house.member_fund_usd_micro[0] == usd(500)[0] - fund
    assert house.skin_in_the_game_usd_micro == usd(300)[0] - skin
    assert house.member_fund_usd_micro[1:].sum() == usd(700)[0] - survivors
    assert house.uncovered_usd_micro == uncovered
    assert house.collateral_usd_micro[0] == 0
    assert result.member_default == (loss > 1_000)


def test_survivors_pay_pro_rata_to_their_fund_contributions_to_the_last_micro_dollar():
    house = close_out_with_loss(1_800 + 5 * MICRO)
    (result,) = house.finish_close_outs(now_round=5)
    # 5 micro-dollars over 500 : 200 are 3.57 and 1.43; the larger remainder gets the unit
    assert result.survivors_paid_usd_micro == (0, 4, 1)


def test_invariant_30_no_survivor_pays_more_than_its_fund_contribution():
    house = close_out_with_loss(4_000)
    (result,) = house.finish_close_outs(now_round=5)
    assert result.survivors_paid_usd_micro == (0, 500 * USD, 200 * USD)
    assert house.member_fund_usd_micro.tolist() == [0, 0, 0]
    assert in_usd(house.member_capital_usd_micro) == [0, 4_000, 4_000]


def test_no_margin_of_a_non_defaulter_is_touched():
    house = close_out_with_loss(4_000, extra_cash=[700], member=[0, 1, 0])
    before = net_worth(house)[1:].tolist()
    house.finish_close_outs(now_round=5)
    assert net_worth(house)[1:].tolist() == before


def test_an_uncovered_loss_stays_on_the_books():
    house = close_out_with_loss(4_000)
    house.finish_close_outs(now_round=5)
    house.check()
    assert house.uncovered_usd_micro == 1_500 * USD
    assert house.parts.books.ledger.balance_usd_micro[house.chart.uncovered_loss] == -1_500 * USD


def test_the_clients_of_a_failed_member_move_to_the_survivor_with_the_largest_capital():
    house = close_out_with_loss(
        1_200,
        extra_cash=[700, 800, 900],
        member=[0, 1, 0, 2, 0],
        capital=(1_000, 3_000, 5_000),
    )
    (result,) = house.finish_close_outs(now_round=5)
    assert (result.ported_to, result.ported_accounts) == (2, (2, 4))
    assert house.member_of.tolist() == [0, 1, 2, 2, 2]
    assert house.member_in_default.tolist() == [True, False, False]
    assert house.may_trade.tolist() == [False, True, True, True, True]
    assert not result.no_member_survives


def test_between_equal_survivors_the_lower_number_takes_the_clients():
    house = close_out_with_loss(1_200, extra_cash=[700], member=[0, 1, 0])
    assert house.finish_close_outs(now_round=5)[0].ported_to == 1


def test_a_loss_within_the_members_capital_moves_nobody():
    house = close_out_with_loss(1_000, extra_cash=[700], member=[0, 1, 0])
    (result,) = house.finish_close_outs(now_round=5)
    assert (result.member_default, result.ported_to, result.ported_accounts) == (False, NO_MEMBER, ())
    assert house.member_of.tolist() == [0, 1, 0]


def test_the_failed_members_own_account_defaults_with_it():
    house = close_out_with_loss(
        1_200, extra_cash=[700, 800], member=[0, 1, 0, 0], is_client=[True, True, False, True]
    )
    trade(house, 2, 1, 3, 500, 1)
    mark(house, 500)
    (result,) = house.finish_close_outs(now_round=5)
    assert result.own_accounts_in_default == (2,)
    assert result.ported_accounts == (3,)
    assert house.in_default.tolist() == [True, False, True, False]
    trade(house, 1, 2, 3, 480, 1)
    mark(house, 480)
    (own,) = house.finish_close_outs(now_round=6)
    assert (own.account, own.surplus_usd_micro) == (2, 640 * USD)


def test_when_the_only_member_fails_the_outcome_says_so_and_clients_stay():
    house = close_out_with_loss(
        1_200, extra_cash=[700], member=[0, 0, 0], capital=(1_000,), fund=(500,), skin=300
    )
    (result,) = house.finish_close_outs(now_round=5)
    assert result.no_member_survives
    assert house.member_of.tolist() == [0, 0, 0]


def test_the_next_loss_at_a_failed_member_starts_at_its_remaining_fund():
    house = room(
        [5_000 - 1_200, 10**6, 5_000 - 400],
        deposit=[5_000 - 1_200, 10**5, 5_000 - 400],
        member=[0, 1, 0],
        **LAYERS,
    )
    trade(house, 0, 1, 10, 1_000, 0)
    trade(house, 2, 1, 10, 1_000, 1)
    mark(house, 500)
    house.margin_cycle(now_round=0)
    assert len(house.process_deadlines(now_round=4)) == 2
    trade(house, 1, 0, 10, 500, 0)
    trade(house, 1, 2, 10, 500, 1)
    mark(house, 500)
    first, second = house.finish_close_outs(now_round=5)
    assert layers_of(first) == {"member_capital": 1_000, "member_fund": 200}
    assert layers_of(second) == {"member_fund": 300, "skin_in_the_game": 100}
    assert (first.member_default, second.member_default) == (True, False)


def test_two_losses_at_one_member_share_its_capital():
    house = room([4_400, 10**6, 4_400], deposit=[4_400, 10**5, 4_400], member=[0, 1, 0], **LAYERS)
    trade(house, 0, 1, 10, 1_000, 0)
    trade(house, 2, 1, 10, 1_000, 1)
    mark(house, 500)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    trade(house, 1, 0, 10, 500, 0)
    trade(house, 1, 2, 10, 500, 1)
    mark(house, 500)
    first, second = house.finish_close_outs(now_round=5)
    assert layers_of(first) == {"member_capital": 600}
    assert layers_of(second) == {"member_capital": 400, "member_fund": 200}
    assert second.member_default


@pytest.mark.parametrize("loss", [0, 1, 7, 10, 14, 15, 20, 21, 30, 34, 35, 36, 50])
def test_the_allocation_equals_a_walk_dollar_by_dollar(loss):
    held = {
        "member_capital": 7,
        "member_fund": 3,
        "skin_in_the_game": 5,
        "survivors_fund": 6,
        "assessments": 9,
        "variation_haircut": 4,
        "tear_up": 2,
    }
    borne = [0] * 8
    for _ in range(loss):
        layer = next((at for at, most in enumerate(held.values()) if borne[at] < most), 7)
        borne[layer] += 1
    assert list(allocate_loss(loss, **held)) == borne


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),  # equal remainders: the lower number gets the unit
        (10, [50, 30, 20], [5, 3, 2]),
        (10, [17, 17, 66], [2, 2, 6]),  # 1.7, 1.7, 6.6: both units to the remainders of 0.7
        (1, [0, 5, 5], [0, 1, 0]),
        (0, [0, 0], [0, 0]),
        (7, [0, 7], [0, 7]),
    ],
)
def test_largest_remainder_splits_exactly(total, weights, parts):
    assert allocate_largest_remainder(total, weights).tolist() == parts
