"""A user's own rules of the venue: when they are called, what they may change, and what they may not."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import at_settlement, buys, play, quiet, rows_of, sells

from abm.core.errors import ParameterError
from abm.core.orders import MessageKind, Side
from abm.market import MarketRule, TokenFuturesMarket, run
from abm.scenario import Scenario


class Diary(MarketRule):
    """Notes every call, with the moment and what the market looks like then."""

    def __init__(self):
        self.calls = []

    def _note(self, hook, market, *more):
        self.calls.append((hook, market.clock.day, market.clock.round, *more))

    def open_day(self, market):
        self._note("open_day", market)

    def before_round(self, market):
        self._note("before_round", market)

    def before_matching(self, market, batch):
        self._note("before_matching", market, len(batch))
        return batch

    def after_matching(self, market, batch, result):
        assert len(batch) == len(result.outcomes)
        self._note("after_matching", market, len(batch), len(result.trades))

    def close_day(self, market):
        self._note("close_day", market, int(market.curve.settlement_ticks[0]))


def test_each_hook_is_called_in_its_turn():
    diary = Diary()
    market, (ann, bob), _ = quiet(calendar__rounds_per_day=2, rules=[diary])
    ann.script[0, 0] = buys(at_settlement(), 3)
    bob.script[0, 1] = sells(at_settlement(), 3)
    play(market, 3)
    settled = ann.views[0, 0].settlement_ticks()
    assert diary.calls == [
        ("open_day", 0, 0),
        ("before_round", 0, 0),
        ("before_matching", 0, 0, 1),
        ("after_matching", 0, 0, 1, 0),
        ("before_round", 0, 1),
        ("before_matching", 0, 1, 1),
        ("after_matching", 0, 1, 1, 1),
        ("close_day", 0, 1, settled),
        ("open_day", 1, 0),
        ("before_round", 1, 0),
        ("before_matching", 1, 0, 0),
        ("after_matching", 1, 0, 0, 0),
    ]


def test_own_rules_come_after_the_scenarios_and_in_their_order():
    first, second = Diary(), Diary()
    market, _, _ = quiet(rules=[first, second], exchange__sessions__opening_auction=0.1)
    names = [type(rule).__name__ for rule in market.rules]
    assert names == ["OpeningAuction", "LimitHalts", "Diary", "Diary"]
    assert market.rules[-2:] == (first, second)


def test_a_rule_that_does_nothing_changes_nothing(short):
    days = short.replace({"run.days": 3})
    assert run(days, seed=2).state_hash == run(days, seed=2, rules=[MarketRule(), Diary()]).state_hash


class SpeedBump(MarketRule):
    """Orders that may take liquidity arrive later."""

    def __init__(self, delay_ms):
        self.delay_ms = delay_ms

    def before_matching(self, market, batch):
        takes = (batch["kind"] == MessageKind.MARKET) | (batch["kind"] == MessageKind.LIMIT)
        batch["arrival"][takes & (batch["post_only"] == 0)] += self.delay_ms
        return batch


@pytest.mark.parametrize(("bump_ms", "first"), [(0.0, "ann"), (100.0, "bob")])
def test_a_speed_bump_lets_the_slower_quote_escape(bump_ms, first):
    """Ann is fast and takes Bob's offer, unless the bump gives Bob the time to withdraw it."""
    market, (ann, bob), _ = quiet(rules=[SpeedBump(bump_ms)])
    ann.latency_ms, bob.latency_ms = 1.0, 20.0
    ann.population.jitter = 0.0
    bob.script[0, 0] = sells(at_settlement(), 4)
    ann.script[0, 1] = buys(at_settlement(), 4)
    bob.script[0, 1] = lambda player, view: player.cancel_all()
    play(market, 2)
    assert ann.position_lots() == (4 if first == "ann" else 0)


class Tax(MarketRule):
    """Both sides of a trade pay a share of its value, in basis points, rounded up."""

    def __init__(self, rate_bps):
        self.rate_bps, self.taken = rate_bps, 0

    def after_matching(self, market, batch, result):
        trades, tax = result.trades, np.zeros(market.exchange.n_accounts, dtype=np.int64)
        value = np.abs(trades["price_ticks"] * trades["lots"]) * market.contract.tick_value_usd_micro
        due = -(-value * self.rate_bps // 10_000)
        for side in ("buyer", "seller"):
            np.add.at(tax, trades[side], due)
        market.clearing.levy(tax, now_round=market.clock.now_round)
        self.taken += int(tax.sum())

    def update_digest(self, digest):
        digest.update(self.taken.to_bytes(8, "little"))


def test_a_transaction_tax_takes_from_both_sides_what_it_says_and_no_money_is_lost(short):
    tax = Tax(2)
    result = run(short.replace({"run.days": 5, "recording.profile": "full"}), seed=3, rules=[tax])
    trades, agents, ledger = (result.tables[name] for name in ("trades", "agents", "ledger"))
    value = trades["price_ticks"].abs() * trades["lots"] * 1_000_000  # a tick of a lot is one dollar
    expected = 2 * int((-(-value * 2 // 10_000)).sum())
    levies = ledger[ledger["kind"] == "levy"]
    assert tax.taken == expected == levies["amount_usd_micro"].sum() > 0
    # What all traders lost went to the exchange (less what it paid the makers), the banks and the tax.
    paid_out = ledger.loc[ledger["kind"].str.startswith("interest"), "amount_usd_micro"].sum()
    change = agents["final_equity_usd_micro"].sum() - agents["initial_equity_usd_micro"].sum()
    lost = -change - agents["fees_usd_micro"].sum() - tax.taken - paid_out
    assert lost + result.tables["dmm"]["pay_usd_micro"].sum() == 0
    assert agents["levies_usd_micro"].sum() == tax.taken


def test_a_tax_moves_the_state_hash(short):
    days = short.replace({"run.days": 2})
    hashes = {run(days, seed=3, rules=[Tax(rate)]).state_hash for rate in (0, 1, 2)}
    assert len(hashes) == 3


class Bouncer(MarketRule):
    """Lets no message of some accounts through."""

    def __init__(self, *barred):
        self.barred = barred

    def before_matching(self, market, batch):
        return batch[~np.isin(batch["account"], self.barred)]


def test_a_rule_may_hold_messages_back():
    market, (ann, bob), recorder = quiet(rules=[Bouncer(200)])
    assert ann.account == 200
    for player in (ann, bob):
        player.script[0, 0] = buys(at_settlement(), 1)
        player.script[0, 1] = buys(at_settlement(), 1)
    play(market, 2)
    assert market.messages_sent[[ann.account, bob.account]].tolist() == [0, 2]
    orders = recorder.table("orders")
    assert orders["account"].tolist() == [bob.account] * 2
    assert orders["order_id"].is_unique
    assert len(bob.open_orders()) == 2


class Opener(MarketRule):
    """Adds an offer of its own for an account in every round."""

    def __init__(self, account, count=1):
        self.account, self.count = account, count

    def before_matching(self, market, batch):
        added = np.zeros(self.count, dtype=batch.dtype)
        added["order_id"] = market.outbox.next_order_id + 2 * np.arange(self.count)
        added["account"], added["month"], added["side"] = self.account, market.front_month, Side.SELL
        added["price_ticks"], added["lots"] = market.curve.settlement_ticks[0], 1
        return np.concatenate([batch, added])


def test_a_rule_may_add_messages_with_ids_of_their_own():
    market, (ann, bob), recorder = quiet(rules=[Opener(200, count=3)])
    for moment in range(4):
        bob.script[0, moment] = buys(at_settlement(plus=-5), 1)
    play(market, 4)
    orders = recorder.table("orders")
    assert len(orders) == 4 * 4
    assert orders["order_id"].is_unique
    assert (orders["reason"] == 0).all()
    assert ann.open_orders()["lots"].sum() == 12


class Forgetful(MarketRule):
    def before_matching(self, market, batch):
        batch["lots"] = 1


class Wordy(MarketRule):
    def before_matching(self, market, batch):
        return batch.tolist()


class Misspelt(MarketRule):
    def before_matchin(self, market, batch):
        return batch


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([Misspelt()], r"^rules: Misspelt\.before_matchin is not a hook: is before_matching meant\?$"),
        ([Forgetful()], r"^Forgetful\.before_matching: returned NoneType, not messages of ORDER_DTYPE$"),
        ([Wordy()], r"^Wordy\.before_matching: returned list, not messages of ORDER_DTYPE$"),
        ([Opener(999)], r"^before_matching: account 999 is not in \[0, 201\]$"),
        ([Opener(-1)], r"^before_matching: account -1 is not in \[0, 201\]$"),
        ([Diary], r"^rules: <class '.*Diary'> is not an instance of a MarketRule$"),
        ([None], r"^rules: None is not an instance of a MarketRule$"),
    ],
)
def test_a_mistake_in_a_rule_is_named(rules, message):
    with pytest.raises(ParameterError, match=message):
        play(quiet(rules=rules)[0], 1)


class Lottery(MarketRule):
    """Halts a month drawn at random at noon."""

    def __init__(self):
        self.drawn = []

    def before_round(self, market):
        if market.clock.round == 6:
            slot = int(market.rule_generator("lottery").integers(12))
            self.drawn.append(slot)
            market.sessions.halt(
                np.arange(12) == slot, until_round=market.clock.now_round + 2, reopening_rounds=1
            )


def test_a_rules_random_numbers_are_its_own_and_reproducible():
    first, second, plain = (quiet(silent=False, rules=rules) for rules in ([Lottery()], [Lottery()], []))
    for market, _, _ in (first, second, plain):
        play(market, 6)
    assert first[0].clearing.position_lots.tolist() == plain[0].clearing.position_lots.tolist()
    for market, _, _ in (first, second):
        play(market, 30)
    assert first[0].rules[-1].drawn == second[0].rules[-1].drawn
    assert len(set(first[0].rules[-1].drawn)) > 1
    assert first[0].state_hash() == second[0].state_hash()
    halted = first[2].table("quotes").query("phase == 2")
    assert rows_of(halted[["day", "round"]].drop_duplicates(), "day", "round") == [
        (day, moment) for day in range(3) for moment in (6, 7)
    ]


def test_the_state_hash_knows_how_far_a_rules_random_numbers_have_gone():
    one, two = (TokenFuturesMarket(Scenario(), rng=1) for _ in range(2))
    for market, draws in ((one, 1), (two, 2)):
        for _ in range(draws):
            market.rule_generator("lottery").integers(12)
    assert one.state_hash() != two.state_hash()
    one.rule_generator("lottery").integers(12)
    assert one.state_hash() == two.state_hash()


def test_a_rule_closes_a_market_for_a_day_and_it_opens_again(short):
    class Holiday(MarketRule):
        def open_day(self, market):
            if market.clock.day == 1:
                end = market.clock.now_round + market.clock.calendar.rounds_per_day
                market.sessions.halt(np.ones(12, dtype=np.bool_), until_round=end, reopening_rounds=0)

    tables = run(short.replace({"run.days": 3}), seed=1, rules=[Holiday()]).tables
    volume = tables["daily"].groupby("day")["volume_lots"].sum()
    assert volume[1] == 0 < min(volume[0], volume[2])
    assert (tables["quotes"].query("day == 1")["phase"] == 2).all()


@pytest.mark.parametrize("memory", ["_halts_today", "_month_lots"])
def test_the_state_hash_knows_what_the_scenarios_rules_remember(memory):
    """How often a month halted today, and an account's volume of the month: both decide what comes next."""
    tier = {"from_lots": 10, "maker_fee_usd": 0.1, "taker_fee_usd": 0.4}
    market, _, _ = quiet(exchange__fee_tiers=(tier,))
    play(market, 1)
    before = market.state_hash()
    rule = next(rule for rule in market.rules if hasattr(rule, memory))
    getattr(rule, memory)[5] += 1
    assert market.state_hash() != before
