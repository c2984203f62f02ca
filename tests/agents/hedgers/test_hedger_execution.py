"""How a hedger works its order: patience, participation, risk premium, and urgency."""

from __future__ import annotations

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, ONE_FLOOR, hedger_rows, no_waiting

from abm.agents.hedgers.kernel import NEVER_DELIVERS, UNWINDS, decide_hedgers
from abm.core.orders import NO_PRICE, MessageKind, Side, TimeInForce

TARGET = np.full((100, 12), 20)
PASSIVE = {"actions_per_day": 1e9, "cross_probability": 0.0}


def orders(columns, target=TARGET, *, months=None, held=None, progress=None, day_share=DAY_SHARE):
    """Return the new orders of one round, the same of the compiled rule and of its plain original."""
    months = months_around() if months is None else months
    held = no_positions(100) if held is None else held
    both = []
    for compiled in (True, False):
        waiting = no_waiting() if progress is None else progress[compiled]
        middle = target, ONE_FLOOR, waiting, months, held, day_share
        both.append(decide(decide_hedgers, columns.copy(), keys(100), *middle, compiled=compiled))
    for field in both[0].dtype.names:
        np.testing.assert_allclose(both[0][field], both[1][field], rtol=1e-12, err_msg=field)
    return both[0][both[0]["kind"] == MessageKind.LIMIT]


def crossing(sent):
    return (sent["time_in_force"] == TimeInForce.IOC).tolist()


@pytest.mark.parametrize("rounds", [4, 16])
def test_an_order_that_has_not_filled_for_its_time_crosses(rounds):
    """Half a day of patience is half a day, in coarse rounds and in fine ones."""
    columns, waiting = hedger_rows(patience_days=0.5, **PASSIVE), (no_waiting(), no_waiting())
    first = [any(crossing(orders(columns, progress=waiting, day_share=1 / rounds))) for _ in range(rounds)]
    assert first.index(True) == rounds // 2
    assert all(first[rounds // 2 :])


def test_a_fill_makes_a_hedger_patient_again():
    columns, waiting = hedger_rows(patience_days=0.5, **PASSIVE), (no_waiting(), no_waiting())
    crossed = [
        any(crossing(orders(columns, held=no_positions(100) + lots, progress=waiting, day_share=0.25)))
        for lots in (0, 0, 0, 1, 1, 1)
    ]
    assert crossed == [False, False, True, False, False, True]
    assert not waiting[0]["waited_days"][:, months_around()["slot"][0]].any()  # delivery: nothing to wait for


def test_a_filled_gap_ends_the_waiting():
    columns, waiting = hedger_rows(patience_days=0.5, **PASSIVE), (no_waiting(), no_waiting())
    crossed = [
        any(crossing(orders(columns, held=no_positions(100) + lots, progress=waiting, day_share=0.25)))
        for lots in (0, 0, 20, 0, 0, 0)
    ]
    assert crossed == [False, False, False, False, False, True]


def test_a_slice_takes_its_part_of_what_shows_but_one_lot_at_least():
    months = months_around()
    months["bid_lots"], months["ask_lots"] = 10, 20
    for cross_probability, side, lots in ((1.0, 1, 3), (0.0, 1, 1), (1.0, -1, 1), (0.0, -1, 3)):
        columns = hedger_rows(
            actions_per_day=1e9, cross_probability=cross_probability, participation=0.15, slice_lots=12
        )
        sent = orders(columns, TARGET * side, months=months)
        assert len(sent) == 100
        assert (sent["lots"] == lots).all()
    months["bid_lots"] = 0
    assert (orders(hedger_rows(participation=0.15, **PASSIVE), months=months)["lots"] == 1).all()


def test_a_risk_premium_grows_with_the_tenor_and_improves_on_the_book():
    """A provider that gives 1 % a month offers the sixth month down to 6 % under the model."""
    premium, months = 0.01, months_around(spread_ticks=400)
    columns = hedger_rows(risk_premium_per_month=premium, **PASSIVE)
    sent = orders(columns, -TARGET, months=months)
    tenor = sent["month"] - months["month"][0]
    model = months["model_ticks"][tenor]
    shaded = np.ceil(model * (1.0 - premium * tenor) - 1e-9)
    expected = np.maximum(shaded, months["best_bid_ticks"][tenor] + 1)
    np.testing.assert_array_equal(sent["price_ticks"], expected)
    bids = orders(columns, TARGET, months=months)
    tenor = bids["month"] - months["month"][0]
    shaded = np.floor(months["model_ticks"][tenor] * (1.0 + premium * tenor) + 1e-9)
    np.testing.assert_array_equal(
        bids["price_ticks"], np.minimum(shaded, months["best_ask_ticks"][tenor] - 1)
    )


def test_a_risk_premium_does_not_go_under_the_floor():
    columns = hedger_rows(risk_premium_per_month=0.05, floor_ticks=2_990.0, **PASSIVE)
    sent = orders(columns, -TARGET, months=months_around(spread_ticks=400))
    assert len(sent) > 0
    assert (sent["price_ticks"] >= 2_990).all()


def test_who_gives_up_sweeps_the_book_in_every_month_whatever_the_model_says():
    months = months_around()
    months["best_bid_ticks"] = months["low_ticks"] + 120  # 6 % under the model: nobody else sells there
    held, nothing = no_positions(100) + 20, np.zeros((100, 12), dtype=np.int64)
    sent = orders(hedger_rows(urgency=UNWINDS, **PASSIVE), nothing, months=months, held=held)
    assert set(sent["month"]) == set(months["month"])  # the delivery month too
    assert all(crossing(sent))
    assert (sent["side"] == Side.SELL).all()
    tenor = sent["month"] - months["month"][0]
    sweep = np.ceil(months["best_bid_ticks"][tenor] - 0.03 * months["scale_ticks"][tenor])
    np.testing.assert_array_equal(sent["price_ticks"], np.maximum(sweep, months["low_ticks"][tenor]))
    assert (sent["lots"] == 20).all()  # all of today's sale of the month at once


def test_who_gives_up_where_nobody_bids_leaves_an_order():
    months = months_around()
    months["best_bid_ticks"] = NO_PRICE
    nothing = np.zeros((100, 12), dtype=np.int64)
    sent = orders(hedger_rows(urgency=UNWINDS, **PASSIVE), nothing, months=months, held=no_positions(100) + 9)
    assert not any(crossing(sent))
    tenor = sent["month"] - months["month"][0]
    assert (sent["price_ticks"] < months["reference_ticks"][tenor]).all()


def test_who_never_delivers_hurries_out_of_delivery_and_of_the_month_before_only():
    target, months = TARGET.copy(), months_around()
    target[:, :2] = 0
    held = no_positions(100)
    held[:, months["slot"][:2]] = 1  # inside the band, and still not to be kept
    held[:, months["slot"][5]] = 30  # too much, but there is time
    sent = orders(hedger_rows(urgency=NEVER_DELIVERS, band_lots=5, **PASSIVE), target, held=held)
    tenor = sent["month"] - months["month"][0]
    assert {0, 1, 2, 5, 11} <= set(tenor)
    assert all(crossing(sent[tenor <= 1]))
    assert (sent["side"][tenor <= 1] == Side.SELL).all()
    assert not any(crossing(sent[tenor > 1]))


@pytest.mark.parametrize("cross_probability", [0.0, 1.0])
def test_who_keeps_to_the_programme_leaves_the_delivery_month_alone(cross_probability):
    held = no_positions(100)
    held[:, months_around()["slot"][0]] = 50
    columns = hedger_rows(actions_per_day=1e9, cross_probability=cross_probability)
    sent = orders(columns, np.zeros((100, 12), dtype=np.int64), held=held)
    assert len(sent) == 0


def test_without_a_model_those_in_a_hurry_still_leave():
    months = months_around()
    months["model_ticks"] = np.nan
    nothing = np.zeros((100, 12), dtype=np.int64)
    sent = orders(hedger_rows(urgency=UNWINDS, **PASSIVE), nothing, months=months, held=no_positions(100) + 9)
    assert len(sent) == 100
    assert (sent["price_ticks"] != NO_PRICE).all()


def test_who_gives_up_does_not_buy_back_what_it_sold_too_much():
    target = np.full((100, 12), 10)
    sent = orders(hedger_rows(urgency=UNWINDS, **PASSIVE), target, held=no_positions(100) + 4)
    assert len(sent) == 0
