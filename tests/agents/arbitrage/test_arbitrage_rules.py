"""What an arbitrageur does when a month or a calendar spread is out of line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from curve_traders import FEE_TICKS, arbitrageur_rows, shift, spreads_of
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE

from abm.agents.arbitrage.kernel import decide_curve
from abm.agents.arbitrage.spread_kernel import decide_spreads
from abm.core.orders import NO_PRICE, MessageKind, Side, TimeInForce, TradingPhase


def along_the_curve(months, held=None, *, columns=None, compiled=True):
    columns = arbitrageur_rows(1) if columns is None else columns
    held = no_positions(len(columns)) if held is None else held
    streams = keys(len(columns))
    return decide(decide_curve, columns, streams, FEE_TICKS, months, held, DAY_SHARE, compiled=compiled)


def in_spreads(months, spreads, held=None, *, columns=None, compiled=True):
    columns = arbitrageur_rows(1) if columns is None else columns
    held = no_positions(len(columns)) if held is None else held
    return decide(
        decide_spreads, columns, keys(len(columns)), FEE_TICKS, months, spreads, held, DAY_SHARE,
        compiled=compiled,
    )  # fmt: skip


def legs(sent, months):
    """(tenor, side x lots) of each message."""
    tenor = sent["month"] - months["month"][0]
    return list(zip(tenor.tolist(), (sent["side"] * sent["lots"]).tolist(), strict=True))


def two_sided(months, near, far):
    """A spread of tenor 2 against 3 with that bid and ask; all others empty."""
    spreads = spreads_of(months)
    spreads["best_bid_ticks"][2], spreads["best_ask_ticks"][2] = near, far
    return spreads


def test_a_month_that_stands_out_is_sold_against_both_neighbours_in_equal_risk():
    months = shift(months_around(spread_ticks=2), 4, 60)
    sent = along_the_curve(months)
    assert (sent["kind"] == MessageKind.LIMIT).all()
    assert (sent["time_in_force"] == TimeInForce.IOC).all()
    assert len(set(sent["arrival"].tolist())) == 1  # all legs at once
    assert legs(sent, months) == [(4, -10), (3, 5), (5, 5)]
    assert sent["price_ticks"].tolist() == [
        months["best_bid_ticks"][4], months["best_ask_ticks"][3], months["best_ask_ticks"][5]
    ]  # fmt: skip
    months["volatility_per_day"][5] = 0.04
    assert legs(along_the_curve(months), months) == [(4, -10), (3, 5), (5, 3)]


def test_a_cheap_month_is_bought_against_its_neighbours():
    months = shift(months_around(spread_ticks=2), 4, -60)
    assert legs(along_the_curve(months), months) == [(4, 10), (3, -5), (5, -5)]


def test_at_either_end_of_the_curve_one_neighbour_is_the_other_leg():
    months = shift(months_around(spread_ticks=2), 11, 60)
    assert legs(along_the_curve(months), months) == [(11, -10), (10, 9)]
    months = shift(months_around(spread_ticks=2), 1, 60)
    assert legs(along_the_curve(months), months) == [(1, -10), (2, 11)]


def test_a_market_that_stands_above_the_model_as_a_whole_is_left_alone():
    months = months_around(spread_ticks=2)
    lift = np.rint(0.05 * months["model_ticks"]).astype(np.int64)
    for name in ("best_bid_ticks", "best_ask_ticks", "reference_ticks"):
        months[name] += lift
    assert len(along_the_curve(months)) == 0


def test_the_delivery_month_is_neither_traded_nor_compared_with():
    assert len(along_the_curve(shift(months_around(spread_ticks=2), 0, 200))) == 0


@pytest.mark.parametrize(("ticks", "pays"), [(6, False), (7, True), (-6, False), (-7, True)])
def test_a_trade_must_pay_the_quoted_spreads_the_fees_in_and_out_and_the_threshold(ticks, pays):
    """Half of a bid-ask spread of 2 on either side, fees 4 x .5, threshold .001 x 2444: 6.45 ticks in all."""
    months = shift(months_around(spread_ticks=2), 4, ticks)
    assert (len(along_the_curve(months)) > 0) == pays


def test_undoing_a_position_needs_no_more_than_its_fees():
    columns = arbitrageur_rows(1, threshold=0.01)
    months = shift(months_around(spread_ticks=2), 4, 20)
    assert len(along_the_curve(months, columns=columns)) == 0
    held = no_positions(1)
    held[0, months["slot"][[3, 4, 5]]] = -5, 10, -5
    assert legs(along_the_curve(months, held, columns=columns), months) == [(4, -10), (3, 5), (5, 5)]


def test_no_leg_goes_beyond_the_position_limit_or_the_lots_that_show():
    months = shift(months_around(spread_ticks=2), 4, 60)
    held = no_positions(1)
    held[0, months["slot"][[3, 4, 5]]] = 28, -56, 28
    assert legs(along_the_curve(months, held), months)[0] == (4, -4)
    held[0, months["slot"][4]] = -60
    held[0, months["slot"][[3, 5]]] = 30
    assert (4, -1) not in legs(along_the_curve(months, held), months)
    months["ask_lots"][5] = 2
    assert legs(along_the_curve(months), months) == [(4, -4), (3, 2), (5, 2)]


def test_price_risk_left_by_missed_legs_is_shed_where_it_is_cheapest():
    months = shift(months_around(spread_ticks=2), 7, 15)
    held = no_positions(1)
    held[0, months["slot"][2]] = 30
    assert legs(along_the_curve(months, held), months) == [(7, -10)]
    held[0, months["slot"][2]] = 9  # less than one slice is borne
    assert all(leg[0] in (6, 7, 8) for leg in legs(along_the_curve(months, held), months))


def test_nothing_is_sent_into_months_that_do_not_trade_continuously():
    for phase in (TradingPhase.HALT, TradingPhase.AUCTION):
        for stopped in (3, 4, 5):
            months = shift(months_around(spread_ticks=2), 4, 60)
            months["phase"][stopped] = phase
            assert months["month"][stopped] not in along_the_curve(months)["month"]


@pytest.mark.parametrize("listed", [1, 2, 3])
def test_a_short_curve_has_nothing_to_compare_with(listed):
    months = months_around(spread_ticks=2, listed=listed)
    if listed > 2:
        shift(months, 2, 100)
    assert len(along_the_curve(months, np.zeros((1, 12), dtype=np.int64))) == (2 if listed == 3 else 0)


def test_a_spread_below_what_its_legs_bring_is_bought_and_the_legs_are_sold():
    months = months_around(spread_ticks=2)
    brings = months["best_bid_ticks"][2] - months["best_ask_ticks"][3]
    spreads = two_sided(months, NO_PRICE, brings - 5)
    sent = in_spreads(months, spreads)
    assert sent["spread_months"].tolist() == [1, 0, 0]
    assert legs(sent, months) == [(2, 10), (2, -10), (3, 10)]
    assert sent["price_ticks"].tolist() == [
        brings - 5, months["best_bid_ticks"][2], months["best_ask_ticks"][3]
    ]  # fmt: skip
    assert (sent["time_in_force"] == TimeInForce.IOC).all()
    spreads["best_ask_ticks"][2] = brings - 2  # four fees are two ticks
    assert len(in_spreads(months, spreads)) == 0


def test_a_spread_above_what_its_legs_cost_is_sold():
    months = months_around(spread_ticks=2)
    cost = months["best_ask_ticks"][2] - months["best_bid_ticks"][3]
    sent = in_spreads(months, two_sided(months, cost + 5, NO_PRICE))
    assert legs(sent, months) == [(2, -10), (2, 10), (3, -10)]


def test_a_quote_in_a_spread_stands_around_what_the_curve_says_and_replaces_the_last():
    months = months_around(spread_ticks=2)
    columns = arbitrageur_rows(60, actions_per_day=0.0, quotes_per_day=1e9)
    spreads = spreads_of(months, (1, 3))
    sent = in_spreads(months, spreads, columns=columns)
    assert set(sent["spread_months"].tolist()) == {1, 3}
    assert months["month"][0] not in sent["month"]
    by_kind = sent["kind"].reshape(-1, 3)
    assert (by_kind == [MessageKind.CANCEL_ALL, MessageKind.LIMIT, MessageKind.LIMIT]).all()
    bids, asks = sent[1::3], sent[2::3]
    assert (bids["side"] == Side.BUY).all()
    assert (asks["side"] == Side.SELL).all()
    assert (asks["post_only"] == 1).all()
    near = bids["month"] - months["month"][0]
    value = months["model_ticks"][near] - months["model_ticks"][near + bids["spread_months"]]
    scale = months["scale_ticks"][near] + months["scale_ticks"][near + bids["spread_months"]]
    half = 0.001 * 0.5 * scale + 2 * FEE_TICKS
    np.testing.assert_array_equal(bids["price_ticks"], np.floor(value - half))
    np.testing.assert_array_equal(asks["price_ticks"], np.ceil(value + half))


def test_a_spread_at_the_position_limit_is_quoted_on_one_side():
    months, held = months_around(spread_ticks=2), no_positions(1)
    held[0, months["slot"][1::2]], held[0, months["slot"][2::2]] = 60, -60
    columns = arbitrageur_rows(1, actions_per_day=0.0, quotes_per_day=1e9)
    spreads = spreads_of(months)[1:2]
    sent = in_spreads(months, spreads, held, columns=columns)
    assert sent["side"].tolist() == [0, Side.SELL]


def everything(months):
    """Messages of forty arbitrageurs that trade and quote, compiled, having seen the plain rule agree."""
    held = no_positions(40)
    held[::2] = np.arange(12) - 5
    spreads = spreads_of(months, (1, 2))
    spreads["best_ask_ticks"][::3] = -40
    sent = []
    for run in (along_the_curve, lambda m, h, **more: in_spreads(m, spreads, h, **more)):
        columns = arbitrageur_rows(quotes_per_day=40.0)
        compiled, plain = (run(months, held, columns=columns.copy(), compiled=way) for way in (True, False))
        for field in compiled.dtype.names:
            np.testing.assert_allclose(compiled[field], plain[field], rtol=1e-12, err_msg=field)
        sent.append(compiled)
    return np.concatenate(sent)


def test_the_compiled_rules_do_what_their_plain_originals_do():
    assert len(everything(shift(months_around(spread_ticks=2), 4, 60))) > 100


@pytest.mark.parametrize("belief", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["model_ticks", "scale_ticks", "reference_ticks", "volatility_per_day"])
def test_a_belief_that_is_no_number_makes_no_price(field, belief):
    months = shift(months_around(spread_ticks=2), 4, 60)
    months[field] = belief
    sent = everything(months)
    orders = sent[sent["kind"] == MessageKind.LIMIT]
    outright = orders[orders["spread_months"] == 0]
    tenor = outright["month"] - months["month"][0]
    asked = np.where(outright["side"] > 0, months["best_ask_ticks"][tenor], months["best_bid_ticks"][tenor])
    np.testing.assert_array_equal(outright["price_ticks"], asked)
    quotes = orders[(orders["spread_months"] > 0) & (orders["post_only"] == 1)]
    if field != "volatility_per_day":
        assert len(quotes) == 0


def test_an_arbitrageur_without_activity_sends_nothing():
    months = shift(months_around(spread_ticks=2), 4, 60)
    columns = arbitrageur_rows(actions_per_day=0.0)
    assert len(along_the_curve(months, columns=columns)) == 0
    assert len(in_spreads(months, two_sided(months, 900, 1), columns=columns)) == 0
