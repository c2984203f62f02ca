"""Every packaged study of a rule runs, is reproducible, keeps money, and both engines agree on it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import scenarios
from abm.agents.base.population import TraderAgent
from abm.core.orders import MessageKind, RejectReason, SelfMatch, Side, TimeInForce
from abm.market import CustomAgents, RunResult, TokenFuturesMarket, run
from abm.recording import Recorder
from abm.scenario import Scenario
from scenarios import compare_rules

FOLDER = Path(scenarios.__file__).parent
STUDIES = sorted(path.stem for path in FOLDER.glob("rule_*.toml"))
PLAIN_EXPLOSION = Path(__file__).parents[1] / "plain_explosion.toml"
"""Prices that reach limits, in a market that trades from its first day and has money for all that is sent."""


def coarse(name: str | Path, days: int, **more: object) -> Scenario:
    """Return a scenario in few rounds a day; an opening auction, if it has one, lasts one of them."""
    scenario = Scenario.load(name)
    changes = {"calendar.rounds_per_day": 24, "run.days": days, "recording.profile": "full", **more}
    if scenario.exchange.sessions.opening_auction > 0:
        changes["exchange.sessions.opening_auction"] = 1 / 24
    return scenario.replace(changes)


@cache
def ten_days(name: str) -> RunResult:
    return run(coarse(name, 10), seed=6)


def check_invariants(tables: dict[str, pd.DataFrame], rounds: int) -> None:
    """Assert what holds under any rules of the venue."""
    trades, daily, quotes, agents = (tables[name] for name in ("trades", "daily", "quotes", "agents"))
    traded = trades.groupby(["day", "month"])["lots"].sum()
    booked = daily.set_index(["day", "month"])["volume_lots"]
    assert booked[booked > 0].to_dict() == traded.to_dict()
    assert (trades["buyer"] != trades["seller"]).all()
    inside = trades.merge(daily, on=["day", "month"])
    assert len(inside) == len(trades)
    assert (inside["price_ticks"] >= inside["limit_low_ticks"]).all()
    assert (inside["price_ticks"] <= inside["limit_high_ticks"]).all()
    trading = quotes[quotes["phase"] == 0].dropna(subset=["best_bid_ticks", "best_ask_ticks"])
    assert (trading["best_bid_ticks"] < trading["best_ask_ticks"]).all()
    assert (quotes.loc[quotes["phase"] == 2, "volume_lots"] == 0).all()
    net = tables["accounts"].groupby("day")["net_lots"].sum()
    assert (net == 0).all()
    lots = agents["lots_traded"].sum()
    assert lots == 2 * trades["lots"].sum() > 0
    ledger = tables["ledger"]
    assert (ledger["amount_usd_micro"] >= 0).all()
    interest = ledger.loc[ledger["kind"].str.contains("interest"), "amount_usd_micro"].sum()
    pay = tables["dmm"]["pay_usd_micro"].sum()
    assert -agents["pnl_usd_micro"].sum() == agents["fees_usd_micro"].sum() - pay
    assert agents["credit_interest_usd_micro"].sum() == interest
    own_halts = tables["halts"]
    assert ((own_halts["rounds"] >= 0) & (own_halts["rounds"] + own_halts["round"] < rounds)).all()


@pytest.mark.parametrize("name", STUDIES)
def test_ten_days_under_a_studied_rule_are_sound(name):
    check_invariants(ten_days(name).tables, rounds=24)


@pytest.mark.verify
@pytest.mark.parametrize("name", STUDIES)
def test_a_year_under_a_studied_rule_is_sound_and_alive(name):
    result = run(Scenario.load(name).replace({"recording.profile": "full", "run.days": 252}), seed=2)
    check_invariants(result.tables, rounds=48)
    metrics = result.manifest["metrics"]
    assert metrics["months_traded"] == metrics["months_listed"] == 23
    assert metrics["front_two_sided_share"] > 0.95
    assert metrics["open_interest_last_lots"] > metrics["open_interest_first_lots"]
    assert (metrics["interruptions"] > 5) == (name == "rule_interruptions")
    assert (metrics["limit_halts"] == 0) == (name == "rule_no_circuit_breakers")
    assert (metrics["auction_volume_share"] < 0.01) == (name == "rule_no_opening_auction")


def test_each_study_shows_the_rule_it_is_about():
    trades = {name: ten_days(name).tables["trades"] for name in STUDIES}
    assert (trades["rule_no_opening_auction"]["aggressor_side"] != 0).all()
    assert (trades["rule_pro_rata"]["aggressor_side"] == 0).sum() > 100
    scenario = Scenario.load("rule_coarse_tick")
    assert scenario.contract.tick_size_usd == 5 * Scenario().contract.tick_size_usd
    no_breakers = ten_days("rule_no_circuit_breakers").tables["daily"].query("not final")
    room = no_breakers["limit_high_ticks"] - no_breakers["limit_low_ticks"]
    assert (room > 1.5 * no_breakers["model_ticks"]).all()


def test_the_comparison_of_rules_knows_every_study_and_measures_what_runs_report():
    assert sorted(compare_rules.STUDIES) == STUDIES
    for name, base in compare_rules.STUDIES.items():
        assert tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["extends"] == base
    assert compare_rules.MEASURES.keys() <= ten_days(STUDIES[0]).manifest["metrics"].keys()


class Jack(TraderAgent):
    """Sends messages of every kind, drawn at random, around the prices it sees."""

    latency_ms = 20.0

    def __init__(self, model, population, row):
        super().__init__(model, population, row)
        self.dice = np.random.default_rng([77, row])
        self.sent = []

    def decide(self, view):
        for _ in range(8):
            self.sent.append(self.dice.choice(_TRICKS)(self, view))
        self.sent = self.sent[-40:]

    def price(self, view, tenor=0, spread=0.01):
        row = view.months[tenor]
        near = int(row["reference_ticks"] * (1 + self.dice.normal(0.0, spread)))
        return int(np.clip(near, row["low_ticks"], row["high_ticks"]))

    def side(self):
        return Side.BUY if self.dice.random() < 0.5 else Side.SELL

    def lots(self):
        return int(self.dice.integers(1, 30))

    def tenor(self):
        return int(self.dice.integers(0, 4))

    def one_of_mine(self):
        mine = self.open_orders()
        return int(self.dice.choice(mine["order_id"])) if len(mine) else 1


def _limit(me, view):
    tenor = me.tenor()
    return me.limit(
        side=me.side(),
        price_ticks=me.price(view, tenor),
        lots=me.lots(),
        tenor=tenor,
        time_in_force=TimeInForce(int(me.dice.integers(0, 4))),
        post_only=bool(me.dice.random() < 0.2),
        self_match=SelfMatch(int(me.dice.integers(0, 3))),
    )


def _iceberg(me, view):
    tenor = me.tenor()
    return me.limit(
        side=me.side(),
        price_ticks=me.price(view, tenor, 0.003),
        lots=40,
        display_lots=7,
        tenor=tenor,
        expiry_days=int(me.dice.integers(0, 3)),
    )


def _minimum(me, view):
    return me.limit(
        side=me.side(),
        price_ticks=me.price(view),
        lots=9,
        minimum_lots=int(me.dice.integers(1, 9)),
        time_in_force=TimeInForce.IOC,
    )


def _market(me, view):
    return me.market(side=me.side(), lots=me.lots(), tenor=me.tenor())


def _stop(me, view):
    tenor, side = me.tenor(), me.side()
    trigger = me.price(view, tenor, 0.004)
    return me.stop(
        side=side,
        stop_ticks=trigger,
        lots=me.lots(),
        limit_ticks=None if me.dice.random() < 0.5 else trigger + int(side) * 5,
        tenor=tenor,
        time_in_force=TimeInForce.GTC if me.dice.random() < 0.5 else TimeInForce.DAY,
    )


def _quote(me, view):
    tenor = me.tenor()
    bid = me.price(view, tenor, 0.003)
    bid_lots, ask_lots, apart = (int(number) for number in me.dice.integers(0, 9, size=3))
    return me.quote(bid_ticks=bid, bid_lots=bid_lots, ask_ticks=bid + apart, ask_lots=ask_lots, tenor=tenor)


def _spread(me, view):
    tenor, length = me.tenor(), int(me.dice.integers(1, 3))
    apart = view.mid_ticks(tenor) - view.mid_ticks(tenor + length)
    return me.limit(
        side=me.side(),
        price_ticks=int(apart + me.dice.normal(0.0, 8.0)),
        lots=me.lots(),
        tenor=tenor,
        far_tenor=tenor + length,
        time_in_force=TimeInForce.GTC,
    )


def _modify(me, view):
    return me.modify(me.one_of_mine(), me.price(view, me.tenor(), 0.003), me.lots())


def _cancel(me, view):
    return me.cancel(me.one_of_mine())


def _cancel_all(me, view):
    return me.cancel_all(me.tenor())


_TRICKS = (
    _limit,
    _limit,
    _iceberg,
    _minimum,
    _market,
    _stop,
    _quote,
    _spread,
    _spread,
    _modify,
    _cancel,
    _cancel_all,
)
FULL_VENUE = {
    "exchange.spreads.lengths": (1, 2),
    "exchange.spreads.implied_in": True,
    "exchange.sessions.closing_auction": 1 / 24,
    "exchange.interruption.width": 0.01,
    "exchange.position_limits.month_lots": 60,
    "exchange.price_band": 0.012,
    "exchange.market_data.delay_days": 1 / 24,
    "exchange.halts.scope": "lead_month",
    "exchange.halts.expanded_limits": (0.06, 0.08),
    "exchange.daily_limit": 0.04,
    "agents.noise.count": 30,
}


def played(scenario: Scenario, engine: str, days: int) -> tuple[TokenFuturesMarket, Recorder]:
    recorder = Recorder("full")
    market = TokenFuturesMarket(
        scenario.replace({"exchange.engine": engine}),
        rng=9,
        custom_agents=[CustomAgents(Jack, count=3, cash_usd=1e7)],
        recorder=recorder,
    )
    for _ in range(days * market.clock.calendar.rounds_per_day):
        market.step()
    market.exchange.check()
    return market, recorder


def assert_both_engines_agree(scenario: Scenario, days: int) -> Recorder:
    (compiled, ours), (reference, theirs) = (
        played(scenario, engine, days) for engine in ("compiled", "reference")
    )
    for table in ("trades", "orders", "quotes", "halts", "accounts"):
        pd.testing.assert_frame_equal(ours.table(table), theirs.table(table), obj=table)
    assert compiled.state_hash() == reference.state_hash()
    return ours


@pytest.mark.parametrize("name", STUDIES)
def test_both_engines_agree_on_a_study_with_a_trader_who_sends_everything(name):
    # Without a warm-up, which the reference engine is slow at: what is sent is recorded from the first day.
    few = {"agents.noise.count": 30, "run.warm_up_months": 0}
    record = assert_both_engines_agree(coarse(name, 2, **few), days=2)
    assert set(record.table("orders")["kind"]) == {int(kind) for kind in MessageKind}


@pytest.mark.parametrize("matching", ["fifo", "pro_rata"])
def test_both_engines_agree_on_a_venue_with_every_rule(matching):
    venue = coarse(PLAIN_EXPLOSION, 3, **FULL_VENUE, **{"exchange.matching": matching})
    record = assert_both_engines_agree(venue, days=3)
    assert set(record.table("halts")["kind"]) == {"limit", "interruption"}
    refused = {RejectReason(reason).name for reason in record.table("orders")["reason"].unique()}
    assert {
        "NOT_IN_AUCTION",
        "PRICE_BAND",
        "POSITION_LIMIT",
        "ORDER_NOT_FOUND",
        "FOK_NOT_FILLABLE",
    } <= refused


@pytest.mark.verify
@pytest.mark.parametrize("matching", ["fifo", "pro_rata"])
def test_both_engines_agree_on_every_rule_over_a_month_and_its_expiry(matching):
    venue = coarse(PLAIN_EXPLOSION, 25, **FULL_VENUE, **{"exchange.matching": matching})
    assert_both_engines_agree(venue, days=25)


def test_traders_in_spreads_trade_them():
    _, recorder = played(coarse(PLAIN_EXPLOSION, 2, **FULL_VENUE), "compiled", 2)
    trades = recorder.table("trades")
    legs = trades[trades["spread_months"] > 0]
    assert len(legs) > 10
    near, far = legs.iloc[::2], legs.iloc[1::2]
    assert (far["month"].to_numpy() - near["month"].to_numpy() == near["spread_months"].to_numpy()).all()
    assert (near["lots"].to_numpy() == far["lots"].to_numpy()).all()
    assert (near["buyer"].to_numpy() == far["seller"].to_numpy()).all()
    assert (near["aggressor_side"].to_numpy() == -far["aggressor_side"].to_numpy()).all()
