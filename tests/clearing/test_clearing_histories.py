"""Random histories of trading, marking, calls, defaults and settlement keep the books exact."""

import hashlib

import numpy as np
import pytest
from clearing_room import USD, net_worth, trade
from history import PRICE, RULE_BOOKS, STEP, History
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.clearing import NO_ACCOUNT

FINALS = st.tuples(PRICE, PRICE, PRICE)


@pytest.mark.parametrize("rules", RULE_BOOKS.values(), ids=RULE_BOOKS)
@given(steps=st.lists(STEP, max_size=40), finals=FINALS)
@settings(max_examples=120, deadline=None)
def test_every_history_ends_with_each_trader_at_its_gains_less_what_it_paid(rules, steps, finals):
    play_to_the_end(rules, steps, finals)


@pytest.mark.verify
@pytest.mark.parametrize("rules", RULE_BOOKS.values(), ids=RULE_BOOKS)
@given(steps=st.lists(STEP, min_size=20, max_size=150), finals=FINALS)
@settings(max_examples=1_000, deadline=None)
def test_long_histories_end_with_each_trader_at_its_gains_less_what_it_paid(rules, steps, finals):
    play_to_the_end(rules, steps, finals)


def play_to_the_end(rules, steps, finals):
    history = History(rules).run(steps)
    for slot, final in enumerate(finals):
        history.settle(slot, final)
    history.house.charge_fees()
    house = history.house
    assert house.variation_usd_micro.tolist() == history.gain
    assert house.fees_usd_micro.tolist() == history.fees
    assert house.levies_usd_micro.tolist() == history.levied
    expected = (
        history.start
        + np.array(history.gain)
        - np.array(history.fees)
        - np.array(history.interest)
        + np.array(history.paid)
        + np.array(history.covered)
        - np.array(history.cut)
        + house.collateral_interest_usd_micro
        - np.array(history.levied)
    )
    assert net_worth(house).tolist() == expected.tolist()
    # Whoever is not in default bore no part of anybody's loss.
    for account in np.flatnonzero(house.may_trade).tolist():
        assert history.covered[account] == 0


def state_hash(house):
    digest = hashlib.sha256()
    house.update_digest(digest)
    return digest.hexdigest()


def stressed_history():
    """Return a fixed history in which accounts default, close out and fail a member."""
    steps = [("trade", a, 4, 12, 1_000, 0, 1) for a in (1, 2, 3, 4)]
    steps += [("trade", a, (5 - a) % 5, 12, 1_000, a % 3, 1) for a in (1, 2, 3, 4)]
    steps += [("cycle", price, price, price) for price in (950, 900, 850)]
    steps += [("close_out", 800)] * 4 + [("end_of_day", 800, 800, 800)]
    return steps


def test_a_stressed_history_really_meets_defaults_and_a_failed_member():
    house = History().run(stressed_history()).house
    assert house.in_default.sum() >= 2
    assert house.member_in_default.any()
    assert house.member_fund_usd_micro.sum() < 1_000 * USD


def test_the_same_history_has_the_same_state_hash_and_another_one_has_not():
    steps = stressed_history()
    once, again = History().run(steps).house, History().run(steps).house
    assert state_hash(once) == state_hash(again)
    trade(again, 0, 1, 1, 1_000, 0)
    assert state_hash(once) != state_hash(again)


def crashes(rules, *, n_histories=60, seed=11, free=False, cycles_between_sales=1):
    """Histories with many trades and a price that wanders far."""
    rng = np.random.default_rng(seed)
    for _ in range(n_histories):
        steps = [
            ("trade", int(a), int(d), 12, 1_000, int(s), 1) for a, d, s in rng.integers(1, [5, 5, 3], (8, 3))
        ]
        prices = 1_000 + np.cumsum(rng.normal(0, 70, 12)).astype(int)
        for at, p in enumerate(prices.tolist()):
            steps.append(("cycle", p, p, p))
            if at % cycles_between_sales == 0:
                steps.append(("close_out", p))
        steps += [("settle", slot, int(prices[-1])) for slot in range(3)]
        yield History(rules, free=free).run(steps)


@pytest.mark.parametrize(
    ("rules", "layers_used"),
    [
        ("as it was", [0, 1, 2, 3, 7]),
        ("recovery", [0, 1, 2, 3, 4, 5, 6]),
        ("auction", [0, 1, 2, 3, 4, 5]),
        ("reduction", [0, 1, 2, 3, 6]),
    ],
)
def test_ever_new_sequences_reach_defaults_and_every_layer(rules, layers_used):
    results = [result for history in crashes(RULE_BOOKS[rules]) for result in history.results]
    layers = np.array([result.layers for result in results]).sum(axis=0)
    assert set(layers_used) <= set(np.flatnonzero(layers).tolist())
    assert any(result.surplus_usd_micro > 0 for result in results)
    if rules == "recovery":
        causes = {gone.cause for result in results for gone in result.member_defaults}
        assert causes == {"client", "assessment"}
    if rules == "auction":
        assert any(result.auction_winner != NO_ACCOUNT for result in results)


@pytest.mark.parametrize("rules", [{"variation_haircut_bps": 10_000}, {"tear_up": True}])
def test_without_fees_the_gains_of_others_always_cover_a_loss(rules):
    # An estate that was closed out with a surplus took its gains away: only then can something be left.
    losses = torn_up = 0
    for history in crashes(rules, free=True, cycles_between_sales=4):
        for at, result in enumerate(history.results):
            torn_up += result.torn_up_lots > 0
            losses += result.layers.variation_haircut_usd_micro + result.layers.tear_up_usd_micro > 0
            if not any(before.surplus_usd_micro for before in history.results[:at]):
                assert result.layers.uncovered_usd_micro == 0
    assert losses > 20
    assert (torn_up > 0) == rules.get("tear_up", False)
