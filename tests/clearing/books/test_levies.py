"""A levy on trading leaves the market: from collateral to the outside world, and from nobody else."""

import numpy as np
import pytest
from clearing_room import USD, in_usd, mark, room, trade, usd

from abm.clearing import PostingKind
from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO
from abm.core.errors import ParameterError
from abm.core.orders import Side


def test_a_levy_is_taken_from_collateral_and_leaves_the_market():
    house = room([1_000] * 3, deposit=500, journal=True)
    inside, outside = (
        house.parts.books.ledger.cash_usd_micro(),
        house.parts.books.ledger.balance_usd_micro[house.chart.external],
    )
    house.drain_postings()
    assert in_usd(house.levy(usd(3, 0, 0.5), now_round=17)) == [3, 0, 0.5]
    assert in_usd(house.collateral_usd_micro) == [497, 500, 499.5]
    assert in_usd(house.bank_cash_usd_micro) == [500, 500, 500]
    assert house.parts.books.ledger.cash_usd_micro() == inside - 3.5 * USD
    assert house.parts.books.ledger.balance_usd_micro[house.chart.external] == outside + 3.5 * USD
    assert house.fee_revenue_usd_micro == 0
    assert house.posted_usd_micro[PostingKind.LEVY] == 3.5 * USD
    first, kind = house.chart.collateral.start, int(PostingKind.LEVY)
    assert house.drain_postings().tolist() == [
        (17, 3 * USD, first, house.chart.external, kind),
        (17, USD // 2, first + 2, house.chart.external, kind),
    ]
    house.levy(usd(1, 1, 1), now_round=18)
    assert in_usd(house.levies_usd_micro) == [4, 1, 1.5]


def test_a_levy_that_takes_an_account_below_maintenance_is_called():
    house = room([1_000, 1_000], deposit=210)
    trade(house, 0, 1, 2, 1_000, 0)  # initial margin 200, maintenance 181.82
    mark(house, 1_000)
    house.levy(usd(20, 230), now_round=1)
    assert in_usd(house.collateral_usd_micro) == [190, -20]
    (call,) = house.margin_cycle(now_round=1)
    assert (call.account, call.amount_usd_micro, call.met_cash_usd_micro) == (1, 220 * USD, 220 * USD)


def test_an_account_in_close_out_pays_levies_until_it_is_closed_out_and_none_after():
    house = room([1_000, 10**6], deposit=[1_000, 10**5])
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 960)
    house.margin_cycle(now_round=0)
    (event,) = house.process_deadlines(now_round=4)
    assert event.account == 0
    assert in_usd(house.levy(usd(5, 0), now_round=5)) == [5, 0]
    trade(house, 1, 0, 10, 950, 0, Side.SELL)
    mark(house, 950)
    (result,) = house.finish_close_outs(now_round=6)
    assert result.surplus_usd_micro == 495 * USD  # 1,000 of margin less 500 lost less the levy
    assert in_usd(house.levy(usd(5, 7), now_round=7)) == [0, 7]
    assert in_usd(house.collateral_usd_micro)[0] == 0
    assert in_usd(house.levies_usd_micro) == [5, 7]


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        (usd(1), r"levy.amount_usd_micro: shape \(1,\) is not \(2,\)"),
        (np.array([0.5, 0.5]), "levy.amount_usd_micro: dtype float64 is not int64"),
        (usd(0, -1), r"levy.amount_usd_micro\[1\]: -1000000 is not >= 0"),
        (
            np.array([0, MONEY_BOUND_USD_MICRO]),
            r"levy.amount_usd_micro: 4611686018427387904 is not < 2\*\*62",
        ),
    ],
)
def test_a_levy_outside_its_domain_is_refused_and_takes_nothing(amount, message):
    house = room([1_000] * 2, deposit=500)
    with pytest.raises(ParameterError, match=message):
        house.levy(amount, now_round=0)
    assert in_usd(house.collateral_usd_micro) == [500, 500]
