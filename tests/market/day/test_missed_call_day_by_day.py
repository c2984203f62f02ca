"""A small market by hand: the price jumps, a call is missed, a member fails, a month expires; every posting.

Two holders face each other in the next month, two in the month in delivery, and two players quote 10 ticks
either side of the model value of the next month, so that marks and settlements are known. A day has 12 rounds
and a month 4 days; a tick of a lot is worth 1 USD.

Spot is 2.00 on days 0 and 1 and 2.70 (2,000 x e^0.3 ticks) from day 2 on. The short has sold 1,000 lots of
the next month at 2,000 ticks and has 600,000 USD. The cycle after round 5 of day 2 marks at 2,700: it has
lost 700,000, pays the 360,000 it has in the bank, and owes 340,000. Half a day later, after round 11, it is
in default. The house buys its lots at 2,710 on day 3, for 710,500 with the taker fee of 0.50 a lot; what is
missing is 110,500, of which the member bears 10,000 and 20,000, the house 30,000, and the fund 50,500.
"""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import FEW_TRADERS, buys, play, quiet, rows_of, sells

from abm.market.day.hedge_days import day_opening
from abm.market.day.risk_desk import RiskDesk

FIELDS = FEW_TRADERS | {
    "calendar__days_per_month": 4,
    "spot__initial_price_usd": 2.0,
    "spot__trend_per_year": 0.0,
    "spot__sigma": 0.0,
    "spot__jump_intensity": 0.0,
    "spot__level_shift__log_size": 0.3,
    "spot__level_shift__start_day": 1,
    "spot__level_shift__duration_days": 1,
    "index__basis_sd": 0.0,
    "exchange__daily_limit": 1.0,
    "exchange__halts__expanded_limits": (),
    "clearing__call_deadline_days": 0.5,
    "clearing__close_out_days": 0.25,
    "clearing__member_capital_usd": 10_000.0,
    "clearing__fund_contribution_usd": 20_000.0,
    "clearing__skin_in_the_game_usd": 30_000.0,
    "clearing__margin__mpor_days": 1,
    "clearing__fund__stress_history_days": 5,
    "agents__holders": [
        {"name": "short", "lots": (0, -1_000), "cash_usd": 600_000.0, "member": 2},
        {"name": "long", "lots": (0, 1_000), "cash_usd": 1e9, "member": 4},
        {"name": "seller in delivery", "lots": (-10,), "cash_usd": 1e6, "member": 0},
        {"name": "buyer in delivery", "lots": (10,), "cash_usd": 1e6, "member": 1},
    ],
}
DAYS = 5
SHORT, LONG, SELLER, BUYER = range(4)
"""Places among the holders."""


def _near_value(plus):
    return lambda view: round(float(view.months["model_ticks"][view.months["month"] == 1][0])) + plus


@pytest.fixture(scope="module")
def crisis():
    market, (offers, bids), recorder = quiet(**FIELDS)
    for day in range(DAYS):
        tenor = 1 if day < 4 else 0
        for number in range(12):
            offers.script[day, number] = sells(_near_value(10), lots=300, tenor=tenor)
            bids.script[day, number] = buys(_near_value(-10), lots=300, tenor=tenor)
    play(market, 12 * DAYS)
    market.seen = offers.views
    return market, {name: recorder.table(name) for name in recorder.table_names}


def _usd(*amounts):
    return [round(amount * 1_000_000) for amount in amounts]


def _first(market):
    return next(population for population in market.populations if population.name == "holder").first_account


def test_calls_are_made_at_the_cycle_and_run_half_a_day(crisis):
    market, tables = crisis
    calls, first = tables["margin_calls"], _first(market)
    columns = ("day", "round", "account", "member", "amount_usd_micro", "met_cash_usd_micro",
               "outstanding_usd_micro", "deadline_round")  # fmt: skip
    expected = [
        # 1,000 lots x 2,000 ticks x 12 % less a quarter of the cash, which was posted before the first day.
        (0, 5, first + SHORT, 2, *_usd(90_000, 90_000, 0), 11),
        (2, 5, first + SHORT, 2, *_usd(700_000, 360_000, 340_000), 2 * 12 + 5 + 6),
        # 10 lots lost 350 ticks; what was on account above the margin of day 2 paid for 300 of the 3,500 USD.
        (2, 5, first + SELLER, 0, *_usd(3_200, 3_200, 0), 2 * 12 + 5 + 6),
    ]
    assert rows_of(calls[calls["account"] < first + 4], *columns) == expected


def test_the_account_is_in_default_in_the_round_of_its_deadline_and_not_before(crisis):
    market, tables = crisis
    (event,) = tables["defaults"].query("event == 'client_default'").itertuples()
    (missed,) = tables["margin_calls"].query("outstanding_usd_micro > 0").itertuples()
    assert (event.day, event.round, event.account) == (2, 11, _first(market) + SHORT)
    assert event.day * 12 + event.round == missed.deadline_round


def test_the_loss_goes_through_each_layer_as_far_as_it_reaches(crisis):
    _, tables = crisis
    (ended,) = tables["defaults"].query("event == 'close_out_finished'").itertuples()
    assert (ended.day, ended.round, ended.member) == (3, 5, 2)
    layers = (ended.loss_usd_micro, ended.member_capital_usd_micro, ended.member_fund_usd_micro,
              ended.skin_in_the_game_usd_micro, ended.survivors_fund_usd_micro,
              ended.uncovered_usd_micro)  # fmt: skip
    assert list(layers) == _usd(110_500, 10_000, 20_000, 30_000, 50_500, 0)


def test_the_house_closes_out_a_third_a_round_from_the_next_open_on(crisis):
    market, tables = crisis
    first = _first(market)
    # A quarter of a day for the lots of one month; the offers of the open arrive after the house's order.
    columns = ("day", "round", "month", "tenor", "price_ticks", "lots", "buyer")
    bought = [(3, number, 1, 1, 2_710, 300, first + SHORT) for number in (1, 2, 3)]
    assert rows_of(tables["trades"], *columns) == [*bought, (3, 4, 1, 1, 2_710, 100, first + SHORT)]


def test_every_posting_stands_at_the_day_and_the_round_in_which_it_was_made(crisis):
    _, tables = crisis
    ledger = tables["ledger"].query("day > 0 and kind != 'excess_return'")
    sums = ledger.groupby(["day", "round", "kind"])["amount_usd_micro"].agg(["count", "sum"]).reset_index()
    expected = [
        (2, 5, "call_from_cash", 2, 363_200.0),
        (2, 5, "variation_margin", 4, 2 * 703_500.0),
        (3, 5, "call_from_cash", 1, 314_000.0),
        (3, 5, "fee", 1, 500.0),
        (3, 5, "member_capital", 1, 10_000.0),
        (3, 5, "member_fund", 1, 20_000.0),
        (3, 5, "skin_in_the_game", 1, 30_000.0),
        (3, 5, "survivors_fund", 5, 50_500.0),
        (3, 5, "variation_margin", 2, 2 * 10_000.0),
        (3, 11, "fee", 1, 200.0),
        (3, 11, "variation_margin", 2, 2 * 10_000.0),
        (4, 5, "variation_margin", 2, 2 * 10_000.0),
    ]
    assert rows_of(sums, "day", "round", "kind", "count", "sum") == [
        (*moment, *_usd(amount)) for *moment, amount in expected
    ]
    returned = tables["ledger"].query("kind == 'excess_return'")
    assert returned.groupby("day")["round"].unique().map(list).to_dict() == {day: [11] for day in range(5)}


def test_margin_is_asked_for_the_fixings_to_come_at_the_last_settlement(crisis):
    market, tables = crisis
    accounts, first = tables["accounts"], _first(market)
    asked = {
        # Of 2,000 and, after the jump, 2,350 ticks on the mean: 3, 2, 1 and 0 fixings of 4 to come.
        SELLER: (1_800.0, 1_200.0, 705.0, 0.0, 0.0),
        BUYER: (1_800.0, 1_200.0, 705.0, 0.0, 0.0),
        # The next month settles at 2,000, 2,000, 2,700, 2,710, 2,700; at the last it is in delivery itself.
        LONG: (240_000.0, 240_000.0, 324_000.0, 325_200.0, 243_000.0),
        SHORT: (240_000.0, 240_000.0, 324_000.0, 0.0, 0.0),
    }
    for place, usd in asked.items():
        own = accounts[accounts["account"] == first + place]
        assert own["initial_margin_usd_micro"].tolist() == _usd(*usd), place
        assert own["day"].tolist() == list(range(DAYS))


def test_variation_is_of_the_day_and_the_month_in_delivery_goes_at_the_mean_of_its_fixings(crisis):
    market, tables = crisis
    accounts, first = tables["accounts"], _first(market)
    columns = ["day", "account", "variation_usd_micro", "net_lots", "in_default"]
    own = accounts[accounts["account"].isin([first + LONG, first + SELLER])][columns]
    expected = [
        (0, LONG, 0, 1_000), (0, SELLER, 0, -10),
        (1, LONG, 0, 1_000), (1, SELLER, 0, -10),
        (2, LONG, 700_000, 1_000), (2, SELLER, -3_500, -10),
        (3, LONG, 10_000, 1_000), (3, SELLER, 0, 0),
        (4, LONG, -10_000, 1_000), (4, SELLER, 0, 0),
    ]  # fmt: skip
    assert rows_of(own, *columns) == [
        (day, first + place, *_usd(usd), lots, False) for day, place, usd, lots in expected
    ]
    front = tables["daily"].query("month == 0")
    assert rows_of(front, "day", "settlement_ticks", "final") == [
        (0, 2_000, False), (1, 2_000, False), (2, 2_350, False), (3, 2_350, True),
    ]  # fmt: skip


def test_margin_is_held_against_the_loss_of_the_next_day_also_where_the_month_ends(crisis):
    market, tables = crisis
    backtest, first = tables["margin_backtest"], _first(market)
    columns = ("day", "account", "requirement_usd_micro", "loss_usd_micro", "breach")
    expected = [
        (0, SHORT, 240_000, 0, False), (0, LONG, 240_000, 0, False),
        (0, SELLER, 1_800, 0, False), (0, BUYER, 1_800, 0, False),
        (1, SHORT, 240_000, 700_000, True), (1, LONG, 240_000, -700_000, False),
        (1, SELLER, 1_200, 3_500, True), (1, BUYER, 1_200, -3_500, False),
        # The next day is the last of the month in delivery, which goes at its final price.
        (2, SHORT, 324_000, 10_000, False), (2, LONG, 324_000, -10_000, False),
        (2, SELLER, 705, 0, False), (2, BUYER, 705, 0, False),
        (3, LONG, 325_200, 10_000, False),
    ]  # fmt: skip
    own = backtest[backtest["account"].between(first, first + 3)]
    assert rows_of(own, *columns) == [
        (day, first + place, *_usd(asked, loss), breach) for day, place, asked, loss, breach in expected
    ]
    contracts = tables["contract_backtest"].query("day == 3 and side == 1")
    assert sorted(rows_of(contracts, "month", "tenor")) == [(month, month - 1) for month in range(1, 13)]


def test_stress_is_by_the_months_to_delivery_also_after_a_month_has_gone(crisis):
    market, _ = crisis
    # Five days of 1 % a month to delivery; month 1 is in delivery in row 1 now, month 12 stands in row 0.
    history = np.repeat([0.01 * np.arange(12)], 5, axis=0)
    rise = RiskDesk(market.state, history).stress_ticks()[2]
    prices = market.curve.settlement_by_slot()
    grown = (1.0 + 0.01 * np.array([11, *range(11)])) ** 5 - 1.0
    assert rise.tolist() == np.ceil(prices * grown - 1e-6).astype(int).tolist()


def test_every_call_is_counted(crisis):
    market, tables = crisis
    assert market.margin_calls_made == len(tables["margin_calls"]) == 4


def test_at_the_open_traders_know_their_positions_margin_and_prices_by_tenor(crisis):
    market, _ = crisis
    opening = day_opening(market)
    assert (opening.day, opening.day_of_month, opening.front_month) == (5, 1, 1)
    assert opening.position_lots[_first(market) + LONG].tolist() == [1_000, *[0] * 11]
    # 12 % of 2,700 ticks, and of the month in delivery for three fixings of four.
    assert opening.margin_per_lot_usd_micro[:2].tolist() == _usd(243, 324)
    assert opening.settlement_usd[0] == pytest.approx(2.7)
    assert opening.expired_final_usd == pytest.approx(2.35)
    assert opening.free_funds_usd_micro[_first(market) + BUYER] == _usd(1_003_500)[0]


def test_volatility_weighs_the_last_settlement_by_six_per_cent_and_moves_up_with_its_month(crisis):
    market, _ = crisis
    front, second = 0.06 * (350 / 2_000) ** 2, 0.06 * (700 / 2_000) ** 2
    volatility = {day: market.seen[day, 0].months["volatility_per_day"] for day in range(DAYS)}
    assert volatility[2][:2].tolist() == [0.0, 0.0]
    assert volatility[3][:2] == pytest.approx(np.sqrt([front, second]))
    # Month 1 is in delivery on day 4; on day 3 it settled 10 ticks higher.
    assert volatility[4][0] ** 2 == pytest.approx(0.94 * second + 0.06 * (10 / 2_700) ** 2)
    assert len(volatility[4]) == 12
