"""Over months of a market owners pay out and refill by their rule, and no profit depends on it."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from twins import assert_twins

from abm import CustomAgents, Scenario, TokenFuturesMarket, TraderAgent
from abm.agents.base.population import CustomPopulation
from abm.clearing import PostingKind
from abm.core.money import USD_MICRO
from abm.market import RunResult, run
from abm.market.day.capital_desk import price_ratio_millionths
from abm.spot.index.fixing import PublishedFixing

RULE = {
    "agents.capital.rule": "follows_notional",
    "agents.capital.price_beta.providers": 0.6,
    "agents.capital.price_beta.others": -0.4,
    "clearing.member_capital_price_beta": 0.8,
    "calendar.rounds_per_day": 4,
    "calendar.days_per_month": 4,
    "recording.profile": "full",
    "run.days": 13,
}
SHORT_OF_CASH = {
    "agents.providers.cash_share": 0.1,
    "agents.providers.credit_share": 0.0,
    "agents.noise.cash_usd": 3e3,
    "agents.fundamentalists.cash_usd": 2e4,
    "clearing.call_deadline_days": 2.0,
    "spot.level_shift.log_size": 1.0,
    "spot.level_shift.start_day": 2,
    "spot.level_shift.duration_days": 8,
}
EXPLOSION = Path(__file__).parents[2] / "plain_explosion.toml"
SHORT = "a demand explosion, short of cash"
CASES = {"plain": {}, SHORT: SHORT_OF_CASH, "nickel_2022": {}, "aas_2018": {}}


@cache
def played(name: str) -> RunResult:
    return run(Scenario.load(EXPLOSION if name == SHORT else name).replace(RULE | CASES[name]), seed=3)


@pytest.mark.parametrize("name", CASES)
def test_the_change_of_each_equity_is_trading_and_flows_and_owners_have_the_other_side(name: str) -> None:
    result = played(name)
    agents, ledger = result.tables["agents"], result.tables["ledger"]
    flows = agents["brought_in_usd_micro"] - agents["paid_out_usd_micro"] + agents["outside_gain_usd_micro"]
    apart = (
        agents["collateral_interest_usd_micro"]
        - agents["credit_interest_usd_micro"]
        - agents["levies_usd_micro"]
        + agents["deficit_covered_usd_micro"]
        - agents["gains_given_up_usd_micro"]
    )
    change = agents["final_equity_usd_micro"] - agents["initial_equity_usd_micro"]
    assert change.tolist() == (agents["pnl_usd_micro"] + apart + flows).tolist()

    names = np.array(result.manifest["ledger_accounts"])
    balance = np.zeros(len(names), dtype=np.int64)
    np.subtract.at(balance, ledger["debit"], ledger["amount_usd_micro"])
    np.add.at(balance, ledger["credit"], ledger["amount_usd_micro"])
    owners = balance[np.char.startswith(names, "owner[")]
    assert owners.tolist() == (agents["paid_out_usd_micro"] - agents["brought_in_usd_micro"]).tolist()
    assert balance.sum() == 0


@pytest.mark.parametrize("name", CASES)
def test_profit_is_variation_margin_less_fees_whatever_owners_do(name: str) -> None:
    tables = played(name).tables
    agents = tables["agents"].set_index("account")
    variation = tables["accounts"].groupby("account")["variation_usd_micro"].sum()
    profit = variation - agents["fees_usd_micro"] + agents["pay_usd_micro"]
    assert agents["pnl_usd_micro"].tolist() == profit.tolist()


@pytest.mark.parametrize("name", CASES)
def test_money_comes_and_goes_at_month_ends_only_and_never_during_a_call(name: str) -> None:
    tables = played(name).tables
    ledger = tables["ledger"]
    by_owner = ledger[ledger["kind"].isin(["owner_payout", "owner_contribution"])]
    assert len(by_owner) > 0
    assert set(by_owner["day"] % 4) == {3}
    calls = tables["margin_calls"]
    at_the_close = calls[(calls["round"] == 3) & (calls["outstanding_usd_micro"] > 0)]
    open_calls = at_the_close[["day", "account"]].itertuples(index=False, name=None)
    accounts = tables["accounts"].set_index(["account", "day"]).sort_index()
    flow = accounts["brought_in_usd_micro"] + accounts["paid_out_usd_micro"]
    moved = flow.groupby("account").diff().fillna(0)
    at_month_ends = [(day, account) for day, account in open_calls if day % 4 == 3]
    assert bool(at_month_ends) == (name == SHORT)
    for day, account in at_month_ends:
        assert moved[account, day] == 0
    assert (moved[accounts["in_default"]] == 0).all()


def test_a_refill_is_at_most_a_tenth_of_the_target_and_a_payout_ends_at_it() -> None:
    accounts = played("plain").tables["accounts"].sort_values(["account", "day"])
    accounts = accounts[accounts["day"] % 4 == 3]
    flows = accounts.groupby("account")[["brought_in_usd_micro", "paid_out_usd_micro"]].diff()
    target = accounts["target_equity_usd_micro"]
    equity = (
        accounts["equity_usd_micro"] + accounts["bank_cash_usd_micro"] - accounts["credit_drawn_usd_micro"]
    )
    later = flows["paid_out_usd_micro"].notna()
    brought, paid = flows["brought_in_usd_micro"][later], flows["paid_out_usd_micro"][later]
    assert (brought <= target[later] // 10).all()
    assert (equity[later][paid > 0] >= target[later][paid > 0]).all()
    assert (equity[later][brought > 0] <= target[later][brought > 0]).all()


def months(*fixings: int, lag: int = 1) -> SimpleNamespace:
    scenario = Scenario().replace({"agents.capital.lag_months": lag, "calendar.days_per_month": 2})
    return SimpleNamespace(
        scenario=scenario,
        clock=SimpleNamespace(calendar=SimpleNamespace(days_per_month=2)),
        desk=SimpleNamespace(fixings=[PublishedFixing(fixing, True) for fixing in fixings]),
    )


def test_targets_follow_the_mean_fixing_of_the_last_months_over_that_of_day_0() -> None:
    assert price_ratio_millionths(months(200, 100)) == 750_000
    assert price_ratio_millionths(months(200, 100, 50, 30)) == 200_000
    assert price_ratio_millionths(months(200, 100, 50, 30, lag=2)) == 475_000
    assert price_ratio_millionths(months(200, 100, -50, 30)) == 75_000  # below zero counts as zero
    assert price_ratio_millionths(months(-1, 100, 50, 30)) == 1_000_000


class Still(TraderAgent):
    """Never acts."""

    def decide(self, view: object) -> None:
        pass


def market(changes: dict[str, object], days: int = 0) -> TokenFuturesMarket:
    built = TokenFuturesMarket(
        Scenario().replace(RULE | {"recording.profile": "daily"} | changes),
        rng=3,
        custom_agents=[CustomAgents(Still)],
    )
    for _ in range(days * 4):
        built.step()
    return built


def test_a_users_own_trader_has_an_owner_unless_the_scenario_says_otherwise() -> None:
    for has_owner in (True, False):
        traded = market({"agents.capital.custom_agents": has_owner, "agents.capital.price_beta.others": 0}, 4)
        own = next(p for p in traded.populations if isinstance(p, CustomPopulation)).first_account
        assert (traded.clearing.owners.paid_out_usd_micro[own] > 0) == has_owner
        assert traded.equity_usd(own) * USD_MICRO == pytest.approx(
            traded.clearing.owners.target_usd_micro[own]
        )


def test_wealth_outside_follows_the_surprise_of_each_fixing() -> None:
    traded = market({"agents.capital.rule": "none"}, 5)
    level, year_fraction = traded.desk.process.level, traded.clock.calendar.year_fraction
    factor = 1.0
    for day in range(1, 5):
        before, now = (fixing.usd_micro for fixing in traded.desk.fixings[day - 1 : day + 1])
        trend = float(level.log_usd(year_fraction(day)) - level.log_usd(year_fraction(day - 1)))
        factor *= math.exp(0.8 * (math.log(now / before) - trend))
    capital = traded.clearing.member_capital_usd_micro
    assert capital / (20e6 * USD_MICRO) == pytest.approx(np.full(6, factor), rel=1e-5)
    assert traded.clearing.owners.paid_out_usd_micro.sum() == 0


def test_a_shift_of_the_price_level_surprises_the_wealth_outside() -> None:
    shift = {"spot.level_shift.start_day": 1, "spot.level_shift.duration_days": 1}
    capital = {
        log_size: market(shift | {"spot.level_shift.log_size": log_size}, 4).clearing.member_capital_usd_micro
        for log_size in (0.0, 0.5)
    }
    assert capital[0.5] / capital[0.0] == pytest.approx(np.full(6, math.exp(0.8 * 0.5)), rel=0.1)


@pytest.mark.parametrize("twin", ["fork", "file"])
def test_a_fork_and_a_saved_market_go_on_with_the_same_owners(twin: str, tmp_path) -> None:
    first = market({}, 6)
    second = first.fork() if twin == "fork" else TokenFuturesMarket.load(first.save(tmp_path / "m.market"))
    assert_twins(first, second)
    for _ in range(8):
        first.step()
        second.step()
    assert first.clearing.posted_usd_micro[PostingKind.OWNER_PAYOUT] > 0
    assert first.state_hash() == second.state_hash()


def test_the_state_hash_sees_targets_and_flows() -> None:
    first = market({}, 4)
    before = first.state_hash()
    first.clearing.owners.target_usd_micro[0] += 1
    assert first.state_hash() != before


def test_traders_see_their_target_and_what_came_from_outside_at_the_open() -> None:
    seen = []
    traded = market({}, 4)
    first = traded.populations[0]
    original = first.new_day
    first.new_day = lambda opening: (seen.append(opening), original(opening))
    traded.step()
    owners, outside = traded.clearing.owners, traded.clearing.outside_wealth
    (opening,) = seen
    assert (opening.target_equity_usd_micro == owners.target_usd_micro).all()
    assert (opening.owner_flow_usd_micro == owners.net_usd_micro + outside.gain_usd_micro).all()
    assert (opening.owner_flow_usd_micro != 0).any()
