"""Leverage, stop-out, cooling off and return of traders that see nothing but their own equity."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from stage import keys, months_around, no_positions
from traders import DAY_SHARE, WEIGHTS, noise_rows

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import DayOpening, Funding
from abm.agents.base.view import NO_SPREADS, Depth, MarketView
from abm.agents.limits.kernel import cap_leverage
from abm.agents.limits.shell import LIMITS_DTYPE, STOPPED, SUSPENDED, TRADING, RiskLimits
from abm.agents.speculators.shell import NoiseTraders
from abm.core.orders import ORDER_DTYPE, MessageKind, TradingPhase

USD = 1_000_000
TICK_VALUE = 1.0


def limits_of(count, **values):
    rows = np.zeros(count, dtype=LIMITS_DTYPE)
    rows["account"] = np.arange(count)
    rows["latency_ms"], rows["jitter"], rows["closing_per_day"], rows["cooling_days"] = 20.0, 0.5, 1e9, 3
    for name, value in values.items():
        rows[name] = value
    return rows


def view_of(months, day=0):
    none = np.zeros(0, dtype=np.int64)
    return MarketView(
        day, 0, DAY_SHARE, 3.0, months, lambda: none, lambda tenor: Depth(none, none, none, none),
        lambda: NO_SPREADS,
    )  # fmt: skip


def opening(day, *equity_usd, held=None):
    equity = np.array(equity_usd, dtype=np.int64) * USD
    return DayOpening(
        day=day,
        days_open=day,
        day_of_month=day,
        log_level_ratio=0.0,
        log_price_surprise=0.0,
        provider_prices_usd=np.ones(3),
        front_month=5,
        settlement_usd=np.ones(12),
        expired_final_usd=math.nan,
        margin_per_lot_usd_micro=np.ones(12, dtype=np.int64),
        free_funds_usd_micro=equity,
        initial_margin_usd_micro=0 * equity,
        position_lots=no_positions(len(equity)) if held is None else held,
        equity_usd_micro=equity,
    )


def noise(count=3, **limits):
    money = np.full(count, 1_000 * USD)
    traders = NoiseTraders(
        noise_rows(count), keys(count), WEIGHTS, first_account=0, funding=Funding(money, 0 * money, 0)
    )
    traders.limits = RiskLimits(limits_of(count, **limits), tick_value_usd=TICK_VALUE)
    return traders


def orders(*terms, first_id=101):
    """Messages of (account, arrival, month, side, lots[, spread_months]), market orders."""
    batch = np.zeros(len(terms), dtype=ORDER_DTYPE)
    for row, (account, arrival, month, side, lots, *spread) in zip(batch, terms, strict=True):
        row["account"], row["arrival"], row["month"], row["side"], row["lots"] = (
            account, arrival, month, side, lots
        )  # fmt: skip
        row["kind"] = MessageKind.LIMIT if spread else MessageKind.MARKET
        row["spread_months"] = spread[0] if spread else 0
    batch["order_id"] = first_id + 2 * np.arange(len(terms))
    return batch


def capped(batch, held, *, leverage=2.0, equity=10_000.0, months=None, plain=False, first_id=101):
    """Lots that remain of each message after the bound; a month's lot is worth 1,000 USD."""
    if months is None:
        months = months_around()
        months["reference_ticks"] = 1_000.0
    rows = limits_of(3, max_leverage=leverage, equity_usd=equity)
    parts = [rows, months, held, TICK_VALUE, batch]
    if plain:
        parts = [p.view(np.recarray) if getattr(p, "dtype", None) in _RECORDS else p for p in parts]
    kernel = cap_leverage.py_func if plain else cap_leverage
    count = kernel(*parts, 0, len(batch), first_id)
    kept = batch[:count]
    new = kept[kept["kind"] != MessageKind.CANCEL_ALL]["order_id"]
    assert set(new.tolist()) <= set(range(first_id, first_id + 2 * count, 2))
    assert len(set(new.tolist())) == len(new)
    return [(int(row["account"]), int(row["month"]), int(row["side"] * row["lots"])) for row in kept]


_RECORDS = (LIMITS_DTYPE, ORDER_DTYPE, months_around().dtype)


@pytest.mark.parametrize("plain", [False, True])
def test_an_order_is_cut_to_the_notional_that_equity_allows(plain):
    held = no_positions(3)
    held[0, 6] = 15  # month 6: of 20 lots' worth 15 are taken
    batch = orders((0, 1.0, 7, 1, 9), (1, 1.0, 7, -1, 9), (2, 1.0, 7, 1, 30))
    assert capped(batch, held, plain=plain) == [(0, 7, 5), (1, 7, -9), (2, 7, 20)]


@pytest.mark.parametrize("plain", [False, True])
def test_reducing_always_passes_and_a_turn_is_cut(plain):
    held = no_positions(3)
    held[:, 6] = 25  # beyond the bound after a loss
    batch = orders((0, 1.0, 6, -1, 7), (1, 1.0, 6, -1, 80), (2, 1.0, 6, 1, 1))
    assert capped(batch, held, plain=plain) == [(0, 6, -7), (1, 6, -50)]
    assert capped(orders((0, 1.0, 6, -1, 80)), held, equity=-5.0, plain=plain) == [(0, 6, -50)]


@pytest.mark.parametrize("plain", [False, True])
def test_the_legs_of_a_trade_pass_together_or_not_at_all(plain):
    held = no_positions(3)
    legs = [(0, 1.0, 7, 1, 8), (0, 1.0, 8, -1, 4), (0, 1.0, 9, -1, 4)]
    again = [(0, 2.0, 7, 1, 4), (0, 2.0, 8, -1, 2), (0, 2.0, 9, -1, 2)]
    other = [(1, 2.0, 7, 1, 3)]
    kept = capped(orders(*legs, *again, *other), held, plain=plain)
    assert kept == [(0, 7, 8), (0, 8, -4), (0, 9, -4), (1, 7, 3)]
    held[0, 8] = 4  # one leg of the second trade reduces
    kept = capped(orders(*legs, *[(0, 2.0, 7, 1, 30), (0, 2.0, 8, -1, 4)]), held, plain=plain)
    assert kept == [(0, 7, 8), (0, 8, -4), (0, 9, -4), (0, 8, -4)]


@pytest.mark.parametrize("plain", [False, True])
def test_a_calendar_spread_counts_both_legs(plain):
    held = no_positions(3)
    assert capped(orders((0, 1.0, 7, 1, 30, 1)), held, plain=plain) == [(0, 7, 10)]
    held[0, 7], held[0, 8] = -12, 12  # buying the spread closes both
    assert capped(orders((0, 1.0, 7, 1, 12, 1)), held, plain=plain) == [(0, 7, 12)]


def test_cancels_pass_and_ids_run_on_without_gaps():
    batch = orders((0, 1.0, 7, 1, 5), (0, 2.0, 7, 1, 50), (0, 3.0, 7, 1, 5), (0, 4.0, 8, 1, 3))
    batch["kind"][0], batch["order_id"][0], batch["lots"][0] = MessageKind.CANCEL_ALL, 0, 0
    assert capped(batch, no_positions(3)) == [(0, 7, 0), (0, 7, 20)]
    assert batch["order_id"][:2].tolist() == [0, 103]
    replacing = orders((0, 1.0, 7, 1, 5), (0, 1.0, 7, 1, 50))  # a cancel and the one order in its place
    replacing["kind"][0], replacing["lots"][0] = MessageKind.CANCEL_ALL, 0
    assert capped(replacing, no_positions(3)) == [(0, 7, 0), (0, 7, 20)]
    free = orders((0, 1.0, 7, 1, 500))
    assert capped(free, no_positions(3), leverage=0.0) == [(0, 7, 500)]


def test_a_month_without_a_price_takes_no_new_position():
    months = months_around()
    months["reference_ticks"] = math.nan
    held = no_positions(3)
    held[1, 7] = 6
    batch = orders((0, 1.0, 7, 1, 5), (1, 1.0, 7, -1, 5), (2, 1.0, 7, 1, 5, 1))
    assert capped(batch, held, months=months) == [(1, 7, -5)]


def test_prices_near_zero_still_count_for_something():
    months = months_around()
    months["reference_ticks"] = -3.0
    batch = orders((0, 1.0, 7, 1, 900))
    assert capped(batch, no_positions(3), months=months) == [(0, 7, 200)]


def days(traders, held, *equities, first=0):
    """Open one day after another; return states, rates and the round's closing orders of each."""
    story = []
    for day, equity in enumerate(equities, first):
        traders.open_day(opening(day, *equity))
        outbox = Outbox(8)
        traders.act(view_of(months_around(), day), held, outbox)
        story.append(
            (
                traders.limits.rows["state"].tolist(),
                traders.columns["actions_per_day"].tolist(),
                outbox.messages[["account", "kind"]].tolist(),
            )
        )
    return story


def test_a_trader_below_its_stop_closes_everything_and_stays_out_until_it_has_cooled_off():
    traders = noise(2, stop_out=0.8)
    traders.columns["actions_per_day"], traders.columns["cancels_per_day"] = [48.0, 0.0], 0.0
    held = no_positions(2)
    held[0, [6, 9]] = 7, -3
    traders.open_day(opening(0, 1_000, 1_000))
    traders.open_day(opening(1, 801, 1_000))
    assert traders.limits.rows["state"].tolist() == [TRADING, TRADING]
    traders.open_day(opening(2, 799, 1_000))
    assert traders.limits.rows["state"].tolist() == [STOPPED, TRADING]
    outbox = Outbox(2)
    traders.act(view_of(months_around()), held, outbox)
    sent = outbox.messages
    assert (sent["kind"] == MessageKind.MARKET).all()
    assert sorted((sent["side"] * sent["lots"]).tolist()) == [-7, 3]
    for day in (3, 4):
        traders.open_day(opening(day, 799, 1_000))
        assert traders.columns["actions_per_day"][0] == 0.0
    traders.open_day(opening(5, 799, 1_000, held=held))  # its time is up, but it holds what nobody took
    assert traders.limits.stopped.tolist() == [True, False]
    traders.open_day(opening(6, 700, 1_000))
    assert traders.columns["actions_per_day"][0] == 48.0
    assert traders.limits.rows["capital_usd"].tolist() == [700.0, 1_000.0]
    traders.open_day(opening(7, 570, 1_000))  # not under .8 of 700
    assert not traders.limits.stopped.any()
    traders.open_day(opening(8, 559, 1_000))
    assert traders.limits.stopped.tolist() == [True, False]


def test_nobody_comes_back_with_nothing_or_after_a_default():
    traders = noise(2, stop_out=0.8, cooling_days=1)
    traders.columns["cancels_per_day"] = 0.0
    held = no_positions(2)
    story = days(traders, held, (1_000, 1_000), (0, 500), (-10, 500))
    assert [states for states, _, _ in story] == [
        [TRADING, TRADING], [STOPPED, STOPPED], [STOPPED, TRADING]
    ]  # fmt: skip
    traders.suspend(1)
    assert days(traders, held, (900, 900), first=3)[-1][0] == [TRADING, SUSPENDED]
    assert traders.columns["actions_per_day"].tolist() == [48.0, 0.0]


def test_positions_in_halted_months_wait_and_the_rest_is_closed():
    traders = noise(1, stop_out=0.8)
    months, held = months_around(), no_positions(1) + 4
    months["phase"][:5] = TradingPhase.HALT
    traders.open_day(opening(0, 1_000))
    traders.open_day(opening(1, 100))
    outbox = Outbox(1)
    traders.act(view_of(months), held, outbox)
    assert outbox.messages["month"].tolist() == months["month"][5:].tolist()
    assert (outbox.messages["side"] * outbox.messages["lots"] == -4).all()


def test_limits_that_never_bind_change_no_message():
    bound, free = noise(3, max_leverage=1e9, stop_out=1e-6), noise(3)
    free.limits = None
    batches = []
    for traders in (bound, free):
        outbox = Outbox(4)
        traders.open_day(opening(0, 10**6, 10**6, 10**6))
        for _ in range(20):
            traders.act(view_of(months_around()), no_positions(3), outbox)
        batches.append(outbox.messages.copy())
    assert len(batches[0]) > 20
    assert batches[0].tolist() == batches[1].tolist()


def test_who_is_stopped_out_is_part_of_the_state_hash():
    def hashed(traders):
        digest = hashlib.sha256()
        traders.update_digest(digest)
        return digest.hexdigest()

    trading, stopped = noise(), noise()
    assert hashed(trading) == hashed(stopped)
    stopped.limits.rows["state"][1] = STOPPED
    assert hashed(trading) != hashed(stopped)
