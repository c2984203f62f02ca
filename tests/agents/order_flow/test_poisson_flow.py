"""What a Poisson order flow sends: rates, distances, lives of orders, whatever the length of a round."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import keys, months_around

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import Funding
from abm.agents.base.view import MarketView
from abm.agents.order_flow.kernel import ROUND_MS, decide_flow
from abm.agents.order_flow.shell import FlowRates, PoissonFlow
from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE, MessageKind, Side, TimeInForce, TradingPhase

LIMITS, MARKETS, CANCELS = np.array([300.0, 200.0, 100.0]), 150.0, np.array([2.0, 1.0, 4.0])
BIDS, OFFERS, TAKES = range(3)


def rates(**changes):
    return FlowRates(
        **{"limits_per_day": LIMITS, "markets_per_day": MARKETS, "cancels_per_day": CANCELS} | changes
    )


def flow(terms=None, *, tenors=(0,), seed=11, first_account=0):
    count = 3 * len(tenors)
    nothing = np.zeros(count, dtype=np.int64)
    return PoissonFlow(
        terms or rates(), keys(count, seed), tenors=tenors, first_account=first_account,
        funding=Funding(nothing, nothing, 0),
    )  # fmt: skip


def quoted(bid=2_995, ask=3_005, **changes):
    """Months as they look in a round, the front month quoted at these prices."""
    months = months_around(**changes)
    months["best_bid_ticks"][0], months["best_ask_ticks"][0] = bid, ask
    return months


def rounds_of(population, days, rounds_per_day, months=None):
    """Return the messages of some days, in order of arrival, with the round that each was sent in."""
    months, outbox, batches = quoted() if months is None else months, Outbox(), []
    for moment in range(round(days * rounds_per_day)):
        look(population, months, outbox, moment, rounds_per_day)
        batches.append(outbox.take_sorted().copy())
    sent_in = np.repeat(np.arange(len(batches)), [len(batch) for batch in batches])
    return np.concatenate(batches), sent_in


def look(population, months, outbox, moment, rounds_per_day):
    day, round_of_day = divmod(moment, rounds_per_day)
    view = MarketView(
        day=day, round=round_of_day, day_share=1.0 / rounds_per_day, index_usd=3.0, months=months,
        read_trades=_unseen, read_depth=_unseen, read_spreads=_unseen,
    )  # fmt: skip
    population.decide_all(view, np.zeros((population.count, 12), dtype=np.int64), outbox)


def _unseen(*_):
    raise AssertionError("a flow looks at best prices only")


def within(expected):
    """Four standard deviations of a Poisson count."""
    return pytest.approx(expected, abs=4 * math.sqrt(expected))


def test_the_compiled_rule_does_what_its_plain_original_does(monkeypatch):
    compiled, _ = rounds_of(flow(), 0.5, 24)
    monkeypatch.setattr(
        "abm.agents.order_flow.kernel.decide_flow",
        lambda *arguments: decide_flow.py_func(
            *(
                part.view(np.recarray) if isinstance(part, np.ndarray) and part.dtype.names else part
                for part in arguments
            )
        ),
    )
    plain, _ = rounds_of(flow(), 0.5, 24)
    assert len(compiled) > 300
    for field in compiled.dtype.names:
        np.testing.assert_allclose(compiled[field], plain[field], rtol=1e-12, err_msg=field)


@pytest.mark.parametrize("rounds_per_day", [2, 50, 1_000])
def test_orders_come_at_their_rates_however_long_a_round_is(rounds_per_day):
    days = 4
    sent, _ = rounds_of(flow(), days, rounds_per_day)
    for account, side in ((BIDS, Side.BUY), (OFFERS, Side.SELL)):
        posted = sent[(sent["account"] == account) & (sent["kind"] == MessageKind.LIMIT)]
        assert (posted["side"] == side).all()
        assert (posted["post_only"] == 1).all()
        assert (posted["time_in_force"] == TimeInForce.GTC).all()
        distance = (3_005 - posted["price_ticks"]) if side == Side.BUY else posted["price_ticks"] - 2_995
        counts = np.bincount(distance, minlength=4)
        assert counts[0] == 0
        assert len(counts) == 4
        for k in range(3):
            assert counts[k + 1] == within(LIMITS[k] * days)
    taken = sent[sent["account"] == TAKES]
    assert (taken["kind"] == MessageKind.MARKET).all()
    for side in Side:
        assert np.sum(taken["side"] == side) == within(MARKETS * days)


@pytest.mark.parametrize("rounds_per_day", [4, 100])
def test_at_each_distance_rest_as_many_orders_as_come_in_a_mean_life(rounds_per_day):
    """Little's law with nothing traded: rate of arrival over rate of cancellation."""
    sent, _ = rounds_of(flow(rates(limits_per_day=20 * LIMITS)), 5, rounds_per_day)
    cancelled = sent["order_id"][sent["kind"] == MessageKind.CANCEL]
    posted = sent[sent["kind"] == MessageKind.LIMIT]
    left = posted[~np.isin(posted["order_id"], cancelled)]
    for side, opposite in ((Side.BUY, 3_005), (Side.SELL, 2_995)):
        distance = side * (opposite - left["price_ticks"][left["side"] == side])
        for k in range(3):
            expected = 20 * LIMITS[k] / CANCELS[k]
            assert np.sum(distance == k + 1) == within(expected * (1 - math.exp(-5 * CANCELS[k])))


def test_an_order_is_cancelled_once_by_its_sender_and_not_before_it_was_sent():
    sent, sent_in = rounds_of(flow(rates(cancels_per_day=np.array([100.0]))), 2, 10)
    cancels = sent["kind"] == MessageKind.CANCEL
    posted = {row["order_id"]: k for k, row in enumerate(sent) if row["kind"] == MessageKind.LIMIT}
    assert len(np.unique(sent["order_id"][cancels])) == cancels.sum() > 1_000
    places = np.array([posted[order_id] for order_id in sent["order_id"][cancels]])
    assert (places < np.flatnonzero(cancels)).all()
    assert (sent["account"][places] == sent["account"][cancels]).all()
    same_round = sent_in[places] == sent_in[cancels]
    assert 0 < same_round.sum() < cancels.sum()
    assert (sent["arrival"] >= 0.0).all()
    assert (sent["arrival"] < ROUND_MS).all()


def test_what_is_left_of_an_order_life_depends_on_where_the_market_is_now():
    """Bids at distance 1, where nobody cancels; the market leaves, and they go at the rate of distance 3."""
    terms = rates(limits_per_day=np.array([4_000.0]), cancels_per_day=np.array([0.0, 0.0, 2.0]))
    population, outbox = flow(terms), Outbox()
    look(population, quoted(), outbox, 0, 4)
    resting = np.sum(outbox.take_sorted()["account"] == BIDS)
    population.columns["orders_per_day"] = 1e-9  # nothing new
    cancels = []
    for moment in range(1, 5):
        look(population, quoted(bid=2_997, ask=3_007), outbox, moment, 4)
        sent = outbox.take_sorted()
        assert (sent["kind"] == MessageKind.CANCEL).all()
        assert (sent["account"] == BIDS).all()  # offers are nearer now than they were
        cancels.append(len(sent))
    for k, gone in enumerate(cancels):
        expected = resting * (math.exp(-0.5 * k) - math.exp(-0.5 * (k + 1)))
        assert gone == within(expected)


def test_beyond_the_last_rate_the_last_rate_holds():
    terms = rates(limits_per_day=np.array([4_000.0]), cancels_per_day=np.array([0.0, 2.0]))
    population, outbox = flow(terms), Outbox()
    look(population, quoted(), outbox, 0, 4)
    resting = np.sum(outbox.take_sorted()["account"] == BIDS)
    population.columns["orders_per_day"] = 1e-9
    look(population, quoted(bid=3_095, ask=3_105), outbox, 1, 4)
    assert np.sum(outbox.take_sorted()["account"] == BIDS) == within(resting * (1 - math.exp(-0.5)))


def test_a_uniform_flow_reaches_across_the_best_opposite_price():
    terms = FlowRates.uniform(
        limits_per_tick_per_day=50.0, markets_per_day=0.0, cancels_per_day=0.0, reach_ticks=6, overlap_ticks=4
    )
    sent, _ = rounds_of(flow(terms), 4, 10)
    assert (sent["kind"] == MessageKind.LIMIT).all()
    for side, opposite in ((Side.BUY, 3_005), (Side.SELL, 2_995)):
        distance = side * (opposite - sent["price_ticks"][sent["side"] == side])
        counts = np.bincount(distance + 3)
        assert len(counts) == 10  # from 3 ticks across (4 prices with the best itself) to 6 ticks away
        for count in counts:
            assert count == within(200.0)


def test_without_a_quote_both_sides_meet_at_the_reference_price_and_then_where_the_market_was():
    empty = quoted(bid=NO_PRICE, ask=NO_PRICE)
    sent, _ = rounds_of(flow(), 1, 1, empty)
    posted = sent[sent["kind"] == MessageKind.LIMIT]
    assert posted["price_ticks"][posted["side"] == Side.BUY].max() == 3_000
    assert posted["price_ticks"][posted["side"] == Side.SELL].min() == 3_001
    population, outbox = flow(), Outbox()
    look(population, quoted(bid=3_110, ask=3_120), outbox, 0, 1)
    outbox.take_sorted()
    look(population, empty, outbox, 1, 1)
    posted = outbox.take_sorted()
    posted = posted[posted["kind"] == MessageKind.LIMIT]
    assert posted["price_ticks"][posted["side"] == Side.BUY].max() == 3_119


@pytest.mark.parametrize("reference", [math.nan, math.inf, -math.inf])
def test_around_no_number_nothing_is_posted(reference):
    nowhere = quoted(bid=NO_PRICE, ask=NO_PRICE)
    nowhere["reference_ticks"][0] = reference
    sent, _ = rounds_of(flow(), 1, 4, nowhere)
    assert set(sent["kind"].tolist()) == {MessageKind.MARKET}


def test_each_month_has_its_own_flow():
    both, _ = rounds_of(flow(tenors=(0, 2)), 2, 20)
    months = quoted()["month"]
    assert set(both["month"][np.isin(both["account"], (0, 1, 2))].tolist()) == {months[0]}
    assert set(both["month"][np.isin(both["account"], (3, 4, 5))].tolist()) == {months[2]}


def test_a_month_that_does_not_trade_gets_cancellations_only():
    population, outbox = flow(), Outbox()
    look(population, quoted(), outbox, 0, 4)
    outbox.take_sorted()
    for phase in (TradingPhase.HALT, TradingPhase.AUCTION):
        months = quoted()
        months["phase"][0] = phase
        look(population, months, outbox, 1 if phase == TradingPhase.HALT else 2, 4)
        sent = outbox.take_sorted()
        assert len(sent) > 0
        assert (sent["kind"] == MessageKind.CANCEL).all()


def test_orders_of_a_month_that_has_expired_are_forgotten():
    population, outbox = flow(), Outbox()
    look(population, quoted(first_month=5), outbox, 0, 4)
    old = outbox.take_sorted()["order_id"].copy()
    for moment in range(1, 9):
        look(population, quoted(first_month=6), outbox, moment, 4)
        sent = outbox.take_sorted()
        assert (sent["month"] == 6).all()
        assert not np.isin(old, sent["order_id"]).any()


def test_a_suspended_source_sends_nothing():
    population, outbox = flow(first_account=7), Outbox()
    look(population, quoted(), outbox, 0, 4)
    outbox.take_sorted()
    population.suspend(7 + BIDS)
    for moment in range(1, 5):
        look(population, quoted(), outbox, moment, 4)
        assert set(outbox.take_sorted()["account"].tolist()) == {7 + OFFERS, 7 + TAKES}


def test_one_month_more_changes_nobody_elses_flow():
    alone, _ = rounds_of(flow(tenors=(0,)), 1, 20)
    joined, _ = rounds_of(flow(tenors=(0, 1)), 1, 20)
    joined = joined[joined["account"] < 3]
    for field in ("account", "kind", "side", "price_ticks", "arrival"):
        np.testing.assert_array_equal(alone[field], joined[field])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limits_per_day": np.array([1.0, -1.0])}, "limits_per_day"),
        ({"limits_per_day": np.zeros(3)}, "no rate is > 0"),
        ({"cancels_per_day": np.array([])}, "cancels_per_day"),
        ({"markets_per_day": math.nan}, "markets_per_day"),
        ({"lots": 0}, "lots: 0"),
    ],
)
def test_rates_that_are_none_are_refused(changes, words):
    with pytest.raises(ParameterError, match=words):
        rates(**changes)


def test_a_month_needs_three_sources():
    nothing = np.zeros(4, dtype=np.int64)
    with pytest.raises(ParameterError, match="3 sources"):
        PoissonFlow(rates(), keys(4), first_account=0, funding=Funding(nothing, nothing, 0))
