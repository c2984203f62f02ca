"""Strategic market makers in a market: they come, leave, return and do as little as the contract asks."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from abm.agents.makers import shell as makers
from abm.market import TokenFuturesMarket
from abm.recording import Recorder
from abm.recording.metrics import market_metrics
from abm.scenario import Scenario
from scenarios import compare_makers
from scenarios.paired_table import bootstrapped

MAKERS = "agents.market_makers."


RICH = {"taker_fee_usd": 50.0}
"""Fees that earn the exchange some two million USD a month, so that it can pay what it promises."""


def coarse(days=21, taker_fee_usd=None, **fields):
    """The baseline at 24 rounds a day with strategic makers, and its recorder."""
    changes = {"run.days": days, "calendar.rounds_per_day": 24, MAKERS + "strategy": "strategic"}
    changes |= {MAKERS + name.replace("__", "."): value for name, value in fields.items()}
    if taker_fee_usd is not None:
        changes["exchange.taker_fee_usd"] = taker_fee_usd
    recorder = Recorder("daily")
    market = TokenFuturesMarket(Scenario.load("plain").replace(changes), rng=3, recorder=recorder)
    return market, recorder


def play_days(market, days):
    for _ in range(24 * days):
        market.step()


@cache
def presence(pay, cost, estimates="public"):
    market, recorder = coarse(monthly_pay_usd=pay, quoting_cost_usd=cost, estimates=estimates, **RICH)
    play_days(market, 21)
    dmm = recorder.table("dmm")
    last = dmm[dmm.day == 20]
    return SimpleNamespace(
        by_day=dmm.groupby("day")["presence"].mean().to_numpy(), pay_usd=last["pay_usd_micro"].sum() / 1e6
    )


def test_without_pay_a_maker_leaves_where_quoting_costs_more_than_it_brings():
    assert presence(0.0, 10_000.0).by_day.max() == 0.0
    assert presence(0.0, 0.0).by_day.mean() > 0.9


def test_it_stays_if_the_pay_covers_the_cost_of_the_level_and_does_little_more():
    """Ten of twelve months on 21 days at some 1,000 USD each are 210,000."""
    paid = presence(250_000.0, 1_000.0)
    assert 0.70 < paid.by_day.mean() < 0.90
    assert presence(150_000.0, 1_000.0).by_day.mean() < 0.2


def test_a_maker_that_left_comes_back_when_it_pays_again():
    market, recorder = coarse(monthly_pay_usd=0.0, quoting_cost_usd=10_000.0)
    play_days(market, 2)
    market.makers.habits["quoting_cost_usd"] = 0.0
    play_days(market, 2)
    by_day = recorder.table("dmm").groupby("day")["presence"].mean()
    assert by_day[1] == 0.0
    assert by_day[3] > 0.9


def test_a_level_that_is_out_of_reach_is_worth_nothing_for_the_rest_of_the_month():
    market, recorder = coarse(
        days=30, monthly_pay_usd=300_000.0, quoting_cost_usd=1_000.0, presence_required=0.9,
        estimates="public", **RICH,
    )  # fmt: skip
    market.makers.columns["requotes_per_day"] = 0.0  # away for the first four days of the month
    play_days(market, 4)
    market.makers.columns["requotes_per_day"] = 192.0
    play_days(market, 21)
    by_day = recorder.table("dmm").groupby("day")["presence"].mean()
    assert by_day[4:20].max() == 0.0
    assert by_day[22:].min() > 0.7


def test_the_plan_of_a_session_takes_the_mean_of_what_is_left_of_it_when_they_quote(monkeypatch):
    planned, quoted = [], []
    plan_month, decide_makers = makers.plan_month, makers.decide_makers
    monkeypatch.setattr(makers, "plan_month", lambda *given: (planned.append(given[6]), plan_month(*given)))
    monkeypatch.setattr(
        makers, "decide_makers", lambda *given: (quoted.append(given[7]), decide_makers(*given))[1]
    )
    market, _ = coarse(horizon="session")
    play_days(market, 1)
    assert len(quoted) == 24
    assert planned == [pytest.approx(np.mean(quoted), rel=1e-12)]


@pytest.mark.parametrize("pay_source", ["revenue", "fees"])
def test_makers_learn_within_a_day_that_the_exchange_cannot_earn_what_it_promises(pay_source):
    """A month here brings some 25,000 USD in all: four makers cannot expect ten million each of it."""
    market, recorder = coarse(
        days=25, monthly_pay_usd=1e7, quoting_cost_usd=10_000.0, contract__pay_source=pay_source
    )
    expected = []
    for _ in range(24 * 25):
        market.step()
        if market.clock.is_open:
            expected.append(market.makers.duties.full_pay_usd.sum())
    by_day = recorder.table("dmm").groupby("day")["presence"].mean()
    assert by_day[0] > 0.7  # on the first day of all there is nothing else to go by
    assert by_day[1:].max() == 0.0
    assert 1_000.0 < max(expected[1:]) < 100_000.0
    assert min(expected[1:]) >= 0.0


@pytest.mark.parametrize("field", ["quoting", "estimates", "curve_risk", "strategy", "horizon"])
def test_the_same_seed_is_the_same_world_in_every_style(field):
    other = {"quoting": "glft", "estimates": "public", "curve_risk": "by_distance", "horizon": "session"}
    changes = {"calendar.rounds_per_day": 12, MAKERS + field: other.get(field, "strategic")}
    hashes = set()
    for _ in range(2):
        market = TokenFuturesMarket(Scenario.load("plain").replace(changes), rng=4)
        for _ in range(24):
            market.step()
        hashes.add(market.state_hash())
    baseline = TokenFuturesMarket(Scenario.load("plain").replace({"calendar.rounds_per_day": 12}), rng=4)
    for _ in range(24):
        baseline.step()
    assert len(hashes) == 1
    assert baseline.state_hash() not in hashes


def test_the_state_hash_sees_what_makers_have_learned():
    market, _ = coarse(estimates="own")
    play_days(market, 1)
    before = market.state_hash()
    market.makers.mind.cost[0, 0] += 1.0
    assert market.state_hash() != before


def test_the_experiments_measure_what_runs_report():
    market, recorder = coarse()
    play_days(market, 1)
    market.tables.record_agents()
    tables = {name: recorder.table(name) for name in recorder.table_names}
    reported = market_metrics(tables, market.contract, market.clock.calendar)
    for questions in compare_makers.EXPERIMENTS.values():
        for question in questions:
            assert question.measures.keys() <= reported.keys()
            assert {question.base, question.changed} <= compare_makers.CELLS.keys()
    for changes in compare_makers.CELLS.values():
        Scenario.load("plain").replace(changes)


@pytest.fixture(scope="module")
def found_in(tmp_path_factory):
    """Return the mean paired difference over twenty seeds with its 95 % bootstrap interval."""
    out = tmp_path_factory.mktemp("runs")

    @cache
    def compared(experiment, which):
        question = compare_makers.EXPERIMENTS[experiment][which]
        return compare_makers.compared(question, seeds=20, days=42, jobs=1, out=out)

    def difference(experiment, which, measure):
        found = bootstrapped(compared(experiment, which), measure)
        assert found.n == 20
        return found

    return difference


@pytest.mark.verify
def test_makers_help_a_thin_market_much_and_a_liquid_one_hardly(found_in):
    thin, liquid = (found_in("liquidity", which, "front_spread_ticks") for which in (0, 1))
    assert thin.high < 0.0
    assert thin.high / thin.base < 2.0 * liquid.low / liquid.base
    assert liquid.low > -0.2 * liquid.base
    quoted_thin, quoted_liquid = (found_in("liquidity", which, "curve_two_sided_share") for which in (0, 1))
    assert quoted_thin.low > 2.0 * quoted_liquid.high


@pytest.mark.verify
def test_competition_cuts_spreads_and_a_richer_rebate_does_not(found_in):
    more, richer = (found_in("competition", which, "front_spread_ticks") for which in (0, 1))
    assert more.high < -0.2 * more.base
    assert -0.1 * richer.base < richer.low < richer.high < 0.1 * richer.base
    assert more.high < richer.low


@pytest.mark.verify
def test_pay_in_stress_brings_presence_in_stress(found_in):
    assert found_in("stress", 0, "dmm_stress_presence").low > 0.0
    assert found_in("stress", 0, "dmm_stress_share").base > 0.05
