"""Margin by equity: orders that would go beyond a trader's budget, and positions that have outgrown it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limited_traders import TICK_VALUE, limits_of, noise, opening, orders, view_of
from stage import keys, months_around, no_positions
from traders import DAY_SHARE

from abm.agents.base.outbox import Outbox
from abm.agents.limits.closing_kernel import shrink_positions
from abm.agents.limits.kernel import hold_to_bounds
from abm.agents.limits.section import RiskLimitsSection
from abm.agents.limits.shell import LIMITS_DTYPE
from abm.agents.limits.states import SHRINKING, STOPPED, TRADING
from abm.core.errors import ScenarioError
from abm.core.orders import ORDER_DTYPE, MessageKind, TradingPhase
from abm.scenario import Scenario

ROUNDS = round(1 / DAY_SHARE)
FIRST_MONTH = 5


def within_budget(batch, held, *, lot_margin_usd=100.0, plain=False, **limits):
    """Lots that remain of each message; by default a budget of half of 4,000 USD is 20 lots."""
    months = months_around()
    months["reference_ticks"] = 1_000.0
    rows = limits_of(3, **{"margin_to_equity": 0.5, "equity_usd": 4_000.0} | limits)
    margin = np.array(np.broadcast_to(lot_margin_usd, 12), dtype=np.float64)
    parts = [rows, months, margin, held, TICK_VALUE, batch]
    if plain:
        records = (LIMITS_DTYPE, ORDER_DTYPE, months.dtype)
        parts = [
            part.view(np.recarray) if getattr(part, "dtype", None) in records else part for part in parts
        ]
    kernel = hold_to_bounds.py_func if plain else hold_to_bounds
    count = kernel(*parts, 0, len(batch), 101)
    return [(int(row["account"]), int(row["month"]), int(row["side"] * row["lots"])) for row in batch[:count]]


@pytest.mark.parametrize("plain", [False, True])
def test_an_order_is_cut_to_the_margin_that_equity_allows(plain):
    held = no_positions(3)
    held[0, 6], held[1, [6, 8]] = 15, (-9, 8)  # months count by size, none is set off against another
    batch = orders((0, 1.0, 7, 1, 9), (1, 1.0, 7, 1, 9), (2, 1.0, 7, -1, 30))
    assert within_budget(batch, held, plain=plain) == [(0, 7, 5), (1, 7, 3), (2, 7, -20)]


def test_each_month_weighs_its_own_margin():
    margin = np.full(12, 100.0)
    margin[7 - FIRST_MONTH], margin[8 - FIRST_MONTH] = 400.0, 50.0
    batch = orders((0, 1.0, 7, 1, 9), (1, 1.0, 8, 1, 90), (2, 1.0, 7, 1, 9, 1))
    kept = within_budget(batch, no_positions(3), lot_margin_usd=margin)
    assert kept == [(0, 7, 5), (1, 8, 40), (2, 7, 4)]  # a spread ties up the margin of both its legs


def test_a_position_beyond_the_budget_may_be_reduced_and_no_more():
    held = no_positions(3)
    held[:, 6] = 50
    batch = orders((0, 1.0, 6, -1, 7), (1, 1.0, 7, -1, 7), (2, 1.0, 6, 1, 1))
    assert within_budget(batch, held) == [(0, 6, -7)]
    assert within_budget(orders((0, 1.0, 6, -1, 7)), held, equity_usd=-3.0) == [(0, 6, -7)]


def test_where_leverage_and_margin_are_bounded_the_smaller_room_counts():
    batch = orders((0, 1.0, 7, 1, 90), (1, 1.0, 7, 1, 90))
    bounds = {"max_leverage": np.array([3.0, 9.0, 0.0])}  # 12 and 36 lots; by margin 20
    assert within_budget(batch, no_positions(3), **bounds) == [(0, 7, 12), (1, 7, 20)]


def test_the_orders_of_a_round_share_one_budget():
    batch = orders((0, 1.0, 7, 1, 12), (0, 2.0, 8, -1, 12), (0, 3.0, 9, 1, 1))
    assert within_budget(batch, no_positions(3)) == [(0, 7, 12), (0, 8, -8)]


def test_a_shrinking_trader_may_reduce_but_not_turn():
    held = no_positions(3)
    held[:, 6] = 50
    batch = orders((0, 1.0, 6, -1, 80), (1, 1.0, 7, 1, 2), (1, 2.0, 6, -1, 4))
    assert within_budget(batch, held, state=SHRINKING) == [(0, 6, -50), (1, 6, -4)]


def plain_bounds(weights, bounds, held, sent):
    """What is left of one trader's orders, by brute force: lots of each, in order.

    ``weights`` and ``bounds``: for each bound what a lot of each month weighs, and the most all may weigh.
    ``sent``: groups of (month, side, lots, spread months).
    """

    def weighed(weight, position):
        return sum(abs(lots) * each for lots, each in zip(position, weight, strict=True))

    def added(weight, month, side, lots, spread):
        after = list(held)
        after[month] += side * lots
        if spread:
            after[month + spread] -= side * lots
        return weighed(weight, after) - weighed(weight, held)

    used, left = [0.0] * len(bounds), []
    for group in sent:
        rooms = [max(b - u - weighed(w, held), 0.0) for w, b, u in zip(weights, bounds, used, strict=True)]
        adds = [sum(added(w, *order) for order in group) for w in weights]
        tight = [add > room for add, room in zip(adds, rooms, strict=True)]
        kept = [order[2] for order in group]
        for weight, room, is_tight in zip(weights, rooms, tight, strict=True):
            if is_tight and len(group) > 1:
                kept = [
                    lots if added(weight, m, side, lots, spread) <= 0 else 0
                    for (m, side, _, spread), lots in zip(group, kept, strict=True)
                ]
            elif is_tight:
                month, side, lots, spread = group[0]
                if spread:  # it may take from one month and add to another: both legs count as new
                    most = int(room // (weight[month] + weight[month + spread]))
                else:
                    most = max(n for n in range(lots + 1) if added(weight, month, side, n, 0) <= room)
                kept = [min(kept[0], most)]
        for at, weight in enumerate(weights):
            total = sum(
                added(weight, m, side, n, spread) for (m, side, _, spread), n in zip(group, kept, strict=True)
            )
            used[at] += rooms[at] if tight[at] and len(group) == 1 else max(total, 0.0)
        left += kept
    return left


ORDER = st.tuples(st.integers(0, 3), st.sampled_from([1, -1]), st.integers(1, 40), st.sampled_from([0, 0, 1]))


@given(
    held=st.lists(st.integers(-25, 25), min_size=5, max_size=5),
    margin=st.lists(st.integers(1, 9), min_size=5, max_size=5),
    price=st.integers(100, 130),
    leverage=st.sampled_from([0, 10, 40]),
    budget=st.sampled_from([0, 1, 2]),
    groups=st.lists(st.lists(ORDER, min_size=1, max_size=3), min_size=1, max_size=5),
)
@settings(max_examples=150)
def test_what_passes_is_what_a_trader_with_pencil_and_paper_would_send(
    held, margin, price, leverage, budget, groups
):
    months = months_around(listed=5)
    months["reference_ticks"] = price - np.arange(5)
    positions = no_positions(3, slots=5)
    positions[1, months["slot"]] = held
    equity = 100.0
    rows = limits_of(3, max_leverage=leverage, margin_to_equity=budget, equity_usd=equity)
    flat = [(at, *order) for at, group in enumerate(groups) for order in group]
    batch = orders(*((1, at, FIRST_MONTH + m, side, n, *([k] if k else [])) for at, m, side, n, k in flat))
    names = batch["arrival"].copy()
    count = hold_to_bounds(
        rows, months, np.array(margin, dtype=np.float64), positions, TICK_VALUE, batch, 0, len(batch), 101
    )
    bounds = [(months["reference_ticks"].tolist(), leverage * equity)] * (leverage > 0)
    bounds += [(margin, budget * equity)] * (budget > 0)
    lots = plain_bounds([w for w, _ in bounds], [b for _, b in bounds], held, groups)
    expected = [
        (at, FIRST_MONTH + m, side, n) for (at, m, side, _, _), n in zip(flat, lots, strict=True) if n > 0
    ]
    kept = batch[:count]
    assert [(int(r["arrival"]), int(r["month"]), int(r["side"]), int(r["lots"])) for r in kept] == expected
    assert len(names) >= count


def shrinking_after(margins_usd, lots=50, **limits):
    """States of a trader that holds lots of one month, open by open, as the margin of a lot goes."""
    traders = noise(1, **{"margin_to_equity": 0.5, "shrink_above": 1.25} | limits)
    held = no_positions(1)
    held[0, 6] = lots
    states = []
    for day, margin in enumerate(margins_usd):
        traders.open_day(opening(day, 10_000, held=held, lot_margin_usd=margin))
        states.append(int(traders.limits.rows["state"][0]))
    return states


def test_a_rise_of_margin_makes_a_trader_shrink_until_it_is_within_its_budget_again():
    # 50 lots: 2,500, 6,000, 7,500, 5,500 and 5,000 USD of a budget of 5,000, which begins to press at 6,250
    course = (50, 120, 150, 110, 100, 110)
    assert shrinking_after(course) == [TRADING, TRADING, SHRINKING, SHRINKING, TRADING, TRADING]
    assert shrinking_after(course, shrink_above=0.0) == [TRADING] * 6
    assert shrinking_after(course, margin_to_equity=0.0) == [TRADING] * 6


def test_losses_make_a_trader_shrink_and_larger_ones_stop_it_out():
    traders = noise(2, margin_to_equity=0.5, shrink_above=1.25, stop_out=0.4)
    held = no_positions(2)
    held[:, 6] = 50
    traders.open_day(opening(0, 10_000, 10_000, held=held, lot_margin_usd=100))
    traders.open_day(opening(1, 7_900, 10_000, held=held, lot_margin_usd=100))
    assert traders.limits.rows["state"].tolist() == [SHRINKING, TRADING]
    assert traders.active.all()
    traders.open_day(opening(2, 3_900, -1, held=held, lot_margin_usd=100))
    assert traders.limits.rows["state"].tolist() == [STOPPED, STOPPED]
    assert not traders.active.any()


def a_day_of_shrinking(lots_by_slot, *, budget_usd, closing_per_day=24.0, halted=()):
    """Fill every order of a day; return them as (round, month, signed lots), positions and the state."""
    months, held, sent = months_around(), no_positions(1), []
    for slot, lots in lots_by_slot.items():
        held[0, slot] = lots
    months["phase"][np.isin(months["slot"], halted)] = TradingPhase.HALT
    traders = noise(1, margin_to_equity=0.5, shrink_above=1.0, closing_per_day=closing_per_day)
    traders.columns["actions_per_day"] = traders.columns["cancels_per_day"] = 0.0
    by_tenor = held[:, months["slot"]]
    traders.open_day(opening(0, 2 * budget_usd, held=by_tenor, lot_margin_usd=100))
    for now in range(ROUNDS):
        outbox = Outbox(1)
        traders.act(view_of(months, round_of_day=now), held, outbox)
        for row in outbox.messages:
            assert row["kind"] == MessageKind.MARKET
            held[0, row["month"] % 12] += row["side"] * row["lots"]
            sent.append((now, int(row["month"]), int(row["side"] * row["lots"])))
    assert traders.limits.shrinking_orders == len(sent)
    return sent, held[0], int(traders.limits.rows["state"][0])


def test_positions_shrink_over_the_day_to_the_budget_and_no_further():
    sent, held, state = a_day_of_shrinking({6: 400, 9: -160}, budget_usd=20_000)
    assert (np.abs(held).sum(), state) == (200, TRADING)
    largest = max(abs(lots) for _, _, lots in sent)
    assert largest <= 60
    assert abs(held[6] + held[9]) <= largest, "the largest position gives way until others are as large"
    rounds = [now for now, _, _ in sent]
    assert rounds[0] < 10
    assert rounds[-1] > 30


def test_a_trader_that_seldom_looks_takes_larger_steps():
    sent, held, _ = a_day_of_shrinking({6: 400}, budget_usd=20_000, closing_per_day=1.0)
    assert [lots for _, _, lots in sent] == [-200]
    assert held[6] == 200


def test_a_halted_month_waits_and_another_gives_way():
    _, held, _ = a_day_of_shrinking({6: 400, 9: -100}, budget_usd=45_000, halted=(6,))
    assert (held[6], held[9]) == (400, -50)


@pytest.mark.parametrize("compiled", [True, False])
def test_the_order_that_shrinks_is_the_same_in_plain_python(compiled):
    months, held, out = months_around(), no_positions(2), np.zeros(4, dtype=ORDER_DTYPE)
    held[0, 7], held[1, 8] = -90, 30
    rows = limits_of(2, margin_to_equity=1.0, equity_usd=4_000.0, state=SHRINKING, closing_per_day=96.0)
    parts = [rows, keys(2), months, np.full(12, 100.0), held]
    if not compiled:
        parts = [part.view(np.recarray) if part.dtype.names else part for part in parts]
        out = out.view(np.recarray)
    kernel = shrink_positions if compiled else shrink_positions.py_func
    while kernel(*parts, DAY_SHARE, 0.5, out, 0, 1) == 0:  # it acts in most rounds
        pass
    assert rows["state"].tolist() == [SHRINKING, TRADING]
    # 50 lots too many and 24 rounds left, in which it acts with 1 - e^-2: 20.75 turns
    assert (int(out[0]["month"]), int(out[0]["side"]), int(out[0]["lots"])) == (7, 1, 3)


def test_usual_orders_of_a_shrinking_trader_all_reduce():
    traders = noise(1, margin_to_equity=0.5, shrink_above=1.25, closing_per_day=1e-9)
    held, outbox = no_positions(1), Outbox(64)
    held[0] = 9
    traders.open_day(opening(0, 1_000, held=held, lot_margin_usd=100))
    for now in range(ROUNDS):
        traders.act(view_of(months_around(), round_of_day=now), held, outbox)
    orders_sent = outbox.messages[outbox.messages["kind"] != MessageKind.CANCEL_ALL]
    assert len(orders_sent) > 10
    assert (orders_sent["side"] == -1).all()
    assert (orders_sent["lots"] <= 9).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"margin_to_equity": 0.5, "shrink_above": 0.5}, "shrink_above: 0.5 is not 0 or >= 1"),
        ({"shrink_above": 1.25}, "shrink_above: 1.25 needs margin_to_equity > 0"),
        ({"margin_to_equity": -0.1}, "margin_to_equity: -0.1 is not in [0, 1000]"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_in_one_line(changes, said):
    with pytest.raises(ScenarioError) as failure:
        Scenario().replace({f"agents.noise.limits.{name}": value for name, value in changes.items()})
    assert f"agents.noise.limits.{said}" in str(failure.value)


def test_a_law_of_the_tolerance_is_held_to_its_bounds_too():
    law = {"law": "uniform", "low": 0.5, "high": 2.0}
    with pytest.raises(ValueError, match=r"shrink_above: 0.5 is not 0 or >= 1"):
        RiskLimitsSection.model_validate({"margin_to_equity": 0.5, "shrink_above": law})
