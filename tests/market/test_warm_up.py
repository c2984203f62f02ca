"""Days before day 0: traded like any other, counted nowhere, and what they leave behind."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from abm.core.errors import ScenarioError
from abm.market import RunResult, TokenFuturesMarket, run
from abm.market.assembly.foundations import lay_foundations
from abm.recording import Recorder
from abm.scenario import Scenario

DAYS, MONTH, ROUNDS = 10, 5, 4
SMALL = {
    "run.days": DAYS,
    "calendar.days_per_month": MONTH,
    "calendar.rounds_per_day": ROUNDS,
    "contract.listed_months": 4,
    "agents.enterprises.count": 10,
    "agents.noise.count": 10,
    "agents.fundamentalists.count": 5,
    "agents.chartists.count": 5,
    "agents.enterprises.programme.ramp_days": MONTH,
    "recording.profile": "full",
    "recording.margin_models": True,
}
CERTAIN = {"spot.sigma": 0.0, "spot.jump_intensity": 0.0, "index.method": "process"}
"""The price is its level: nothing is left to chance."""
LONG = {"name": "utility", "lots": (10, 40, 0, -20), "cash_usd": 5e6}
SHORT = {"name": "bank", "lots": (-10, -40, 0, 20), "cash_usd": 5e6}


def scenario(warm_up_days: int, **fields: object) -> Scenario:
    changes = {name.replace("__", "."): value for name, value in fields.items()}
    return Scenario().replace(SMALL | {"run.warm_up_months": warm_up_days // MONTH} | changes)


def market_on_day_0(warm_up_days: int = 2 * MONTH, recorder: Recorder | None = None, **fields: object):
    """Return a market whose day 0 has opened and in which nobody has acted yet on that day."""
    market = TokenFuturesMarket(scenario(warm_up_days, **fields), recorder=recorder)
    while market.clock.is_warm_up:
        market.step()
    market.observe()
    return market


@cache
def warmed_up() -> RunResult:
    return run(scenario(2 * MONTH))


def test_a_warm_up_is_of_whole_months_however_long_they_are():
    assert scenario(2 * MONTH).warm_up_days == 2 * MONTH
    assert Scenario().replace({"run.warm_up_months": 2}).warm_up_days == 42
    with pytest.raises(ScenarioError, match=r"run\.warm_up_months: -1 is not in \[0, 120\]"):
        Scenario().replace({"run.warm_up_months": -1})


def test_no_table_has_a_day_or_month_of_the_warm_up():
    tables = warmed_up().tables
    for name, table in tables.items():
        if "day" in table and len(table):
            assert table["day"].between(0, DAYS - 1).all(), name
        if "month" in table:
            least = -1 if name == "orders" else 0  # a cancellation may be of all months
            assert table["month"].between(least, 4).all(), name
    assert tables["daily"].groupby("day")["month"].min().tolist() == [0] * MONTH + [1] * MONTH
    assert tables["daily"]["day"].nunique() == DAYS
    assert tables["hedging"]["month"].unique().tolist() == [0, 1]
    calls = tables["margin_calls"]
    later = calls["deadline_round"] - calls["day"] * ROUNDS - calls["round"]
    assert later.between(1, ROUNDS).all()


def test_the_first_recorded_month_has_the_first_name():
    assert warmed_up().manifest["calendar"]["first_month"] == 1
    calendar = market_on_day_0().clock.calendar
    assert calendar.month_code(calendar.month_of(0)) == "F27"
    assert calendar.of_record.month_code(0) == "F27"


@pytest.mark.parametrize("name", ["demand_explosion", "negative_price_2020"])
def test_what_a_scenario_dates_comes_on_the_same_recorded_day(name: str):
    dated = {"spot.level_shift.start_day": 6, "spot.level_shift.duration_days": 4}
    dated |= {"spot.dislocation.start_day": 4, "spot.dislocation.duration_days": 2}
    prices = []
    for warm_up in (0, 42):
        terms = Scenario.load(name).replace(CERTAIN | dated | {"run.warm_up_months": warm_up // 21})
        desk = lay_foundations(terms, seed=1).desk
        for day in range(1 - warm_up, 20):
            desk.advance_to(day)
        prices.append([fixing.usd_micro for fixing in desk.fixings[-20:]])
        curve = desk.model_curve_usd(19, 3)
    assert np.array(prices[0]) == pytest.approx(np.array(prices[1]), abs=1)
    assert np.ptp(np.diff(np.log(np.abs(prices[0])))) > 0.01  # something does come
    assert curve == pytest.approx(desk.model_curve_usd(19, 3))


def test_the_price_level_of_day_0_is_the_initial_price():
    level = market_on_day_0(4 * MONTH, **CERTAIN, spot__trend_per_year=1.84)
    initial = level.desk.process.level.initial_price_usd
    assert level.desk.spot_usd == pytest.approx(initial)
    assert level.desk.fixings[0].usd_micro / 1e6 == pytest.approx(initial * np.exp(1.84 * 20 / 60), rel=1e-6)


def test_the_matched_index_of_day_0_lies_by_the_spot_price_as_ever():
    spot = warmed_up().tables["spot"]
    assert abs(np.log(spot["matched_usd"][0] / spot["spot_usd"][0])) < 0.1
    assert abs(np.log(spot["volume_weighted_usd"][0] / spot["spot_usd"][0])) < 0.1


def test_counts_begin_at_zero_and_positions_stay():
    market = market_on_day_0()
    assert market.clock.day == 0
    assert market.clearing.open_interest_lots.sum() > 0
    assert market.clearing.fees_usd_micro.any()
    assert not market.messages_sent.any()
    assert not market.refusals.any()
    assert (market.trades_made, market.margin_calls_made) == (0, 0)


def test_the_result_of_an_account_is_that_of_the_recorded_days():
    tables = warmed_up().tables
    accounts = tables["accounts"].groupby("account")
    agents = tables["agents"].set_index("account")
    gained = agents["pnl_usd_micro"] + agents["fees_usd_micro"] - agents["pay_usd_micro"]
    assert gained.tolist() == accounts["variation_usd_micro"].sum().tolist()
    fees = tables["ledger"].query("kind == 'fee'")["amount_usd_micro"].sum()
    rebates = tables["ledger"].query("kind == 'rebate'")["amount_usd_micro"].sum()
    assert agents["fees_usd_micro"].sum() == fees - rebates > 0
    counts = warmed_up().manifest["counts"]
    assert counts["messages"] == agents["messages"].sum() == len(tables["orders"])
    assert counts["trades"] == len(tables["trades"]) == tables["daily"]["trades"].sum()
    assert agents["lots_traded"].sum() == 2 * tables["trades"]["lots"].sum()


def test_only_recorded_days_are_collected():
    market = TokenFuturesMarket(scenario(MONTH))
    market.run_model()
    assert market.steps == (MONTH + DAYS) * ROUNDS
    assert market.datacollector.get_model_vars_dataframe()["day"].tolist() == list(range(DAYS))


def test_holders_come_with_their_positions_on_day_0():
    market = TokenFuturesMarket(scenario(MONTH, agents__holders=(LONG, SHORT)))
    holders = next(p for p in market.populations if p.name == "holder")
    while market.clock.is_warm_up:
        assert not market.clearing.position_lots[holders.accounts].any()
        market.step()
    settled = market.curve.settlement_ticks.copy()
    market.observe()
    held = [[market.position_lots(holders.first_account + row, k) for k in range(4)] for row in (0, 1)]
    assert held == [[10, 40, 0, -20], [-10, -40, 0, 20]]
    while not market.clock.is_open:
        market.step()
    market.step()
    while not market.clock.is_open:
        market.step()
    moved = market.curve.settlement_ticks - settled
    gain = int(np.dot([10, 40, 0, -20], moved)) * market.contract.tick_value_usd_micro
    assert market.clearing.variation_usd_micro[holders.accounts].tolist() == [gain, -gain]
    assert not market.messages_sent[holders.accounts].any()


def test_a_company_plans_its_months_from_the_first_recorded_one():
    plan = {"name": "acme", "need_msit_per_day": [100, 200, 300], "cash_usd": 5e6}
    market = TokenFuturesMarket(scenario(2 * MONTH, agents__companies=(plan,)))
    company, needs = market.companies["acme"], {}
    while market.clock.day < DAYS:
        market.observe()
        needs[market.clock.day] = float(company.mean_need_msit[0])
        market.step()
    assert [needs[day] for day in (-10, -1, 0, 4, 5, 9)] == [100, 100, 100, 100, 200, 200]


def test_a_default_of_the_warm_up_lasts_and_is_counted_apart():
    weak = {"agents.noise.cash_usd": 3_000.0, "agents.noise.limits.max_leverage": 0.0}
    result = run(scenario(4 * MONTH, **weak, spot__sigma=3.0, clearing__margin__rate=0.05))
    before = result.manifest["counts"]["warm_up_defaults"]
    defaults = result.tables["defaults"].query("event == 'client_default'")
    assert before > 0
    assert result.tables["agents"]["in_default"].sum() == before + len(defaults)
    assert result.tables["accounts"].query("day == 0")["in_default"].sum() >= before


@pytest.mark.parametrize("day", [-3, 0], ids=["in the warm-up", "as day 0 begins"])
def test_a_fork_and_a_saved_market_go_the_same_way_into_the_record(day: int, tmp_path):
    market = TokenFuturesMarket(scenario(MONTH, agents__holders=(LONG, SHORT)), recorder=Recorder("full"))
    while market.clock.day < day:
        market.step()
    others = [market.fork(), TokenFuturesMarket.load(market.save(tmp_path / "market"))]
    for each in (market, *others):
        while each.clock.day < 2:
            each.step()
    for other in others:
        assert other.state_hash() == market.state_hash()
        for name in market.recorder.table_names:
            assert other.recorder.table(name).equals(market.recorder.table(name)), name


def test_a_run_that_stopped_in_its_warm_up_goes_on(tmp_path):
    class Stop(Exception):
        pass

    def stop(day: int, *_: int) -> None:
        if day == -2:
            raise Stop

    with pytest.raises(Stop):
        run(scenario(2 * MONTH), out=tmp_path / "r", progress=stop, checkpoint_every=4)
    resumed = run(scenario(2 * MONTH), out=tmp_path / "r", resume=True)
    assert resumed.state_hash == warmed_up().state_hash
    for name in ("daily", "agents", "transfers", "hedging"):
        assert resumed.tables[name].equals(warmed_up().tables[name]), name


def test_open_interest_is_there_when_the_record_begins():
    shares = {}
    for warm_up in (0, 42):
        fields = {"run.warm_up_months": warm_up // 21, "run.days": 21, "calendar.rounds_per_day": 4}
        daily = run(Scenario().replace(fields | {"recording.profile": "summary"}), seed=1).tables["daily"]
        lots = daily.groupby("day")["open_interest_lots"].sum()
        shares[warm_up] = lots[5] / lots[16:].mean()
    assert shares[0] < 0.4
    assert shares[42] > 0.7


def test_a_warm_up_starts_with_as_much_more_money_as_the_price_level_is_higher():
    followed = {"agents__capital__rule": "follows_notional"}
    plain, rich = (TokenFuturesMarket(scenario(2 * MONTH, **fields)).clearing for fields in ({}, followed))
    base = lay_foundations(scenario(2 * MONTH, **followed), seed=1)
    level, calendar = base.desk.process.level, base.calendar
    fall = level.log_usd(calendar.year_fraction(-2 * MONTH)) - level.log_usd(0.0)
    assert base.money_ratio == pytest.approx(np.exp(fall))
    assert base.money_ratio > 1.01  # the price falls
    assert rich.equity_usd_micro / plain.equity_usd_micro == pytest.approx(base.money_ratio, rel=1e-5)
    assert lay_foundations(scenario(2 * MONTH), seed=1).money_ratio == 1.0
