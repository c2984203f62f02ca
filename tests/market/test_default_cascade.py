"""A crisis through the whole market: missed calls, close-out in the live book, and the waterfall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abm.market import TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

EXPLOSION = Path(__file__).parents[1] / "plain_explosion.toml"
CRISIS = {
    "calendar.rounds_per_day": 12,
    "agents.providers.cash_share": 0.15,
    "agents.providers.credit_share": 0.0,
    "clearing.member_capital_usd": 200_000.0,
    "clearing.fund_contribution_usd": 100_000.0,
    "clearing.skin_in_the_game_usd": 50_000.0,
    "spot.level_shift.log_size": 1.0,
    "spot.level_shift.duration_days": 10,
}
LAYERS = ("member_capital", "member_fund", "skin_in_the_game", "survivors_fund", "uncovered")


@pytest.fixture(scope="module")
def crisis():
    recorder = Recorder("full")
    scenario = Scenario.load(EXPLOSION).replace(CRISIS)
    market = TokenFuturesMarket(scenario, rng=2, recorder=recorder)
    for _ in range(42 * 12):
        market.step()
    return market, {name: recorder.table(name) for name in recorder.table_names}


def test_short_sellers_without_cash_default_and_are_closed_out(crisis):
    market, tables = crisis
    defaults = tables["defaults"]
    failed = set(defaults.loc[defaults.event == "client_default", "account"])
    providers = next(p for p in market.populations if p.name == "provider").accounts
    assert len(failed & set(range(providers.start, providers.stop))) >= 6
    finished = set(defaults.loc[defaults.event == "close_out_finished", "account"])
    assert finished == failed
    assert (market.clearing.position_lots[sorted(failed)] == 0).all()
    assert (market.clearing.collateral_usd_micro[sorted(failed)] == 0).all()


def test_each_loss_goes_down_the_waterfall_to_the_last_micro_dollar(crisis):
    market, tables = crisis
    finished = tables["defaults"].query("event == 'close_out_finished'")
    layers = finished[[f"{name}_usd_micro" for name in LAYERS]].sum(axis=1)
    assert (layers == finished["loss_usd_micro"]).all()
    assert (finished["loss_usd_micro"] > 0).sum() >= 6
    assert finished["uncovered_usd_micro"].sum() == market.clearing.uncovered_usd_micro > 0
    assert market.clearing.skin_in_the_game_usd_micro == 0  # a layer is empty before the next is touched


def test_a_defaulter_sends_nothing_but_the_houses_close_out_orders(crisis):
    _, tables = crisis
    orders, defaults = tables["orders"], tables["defaults"]
    for row in defaults[defaults.event == "client_default"].itertuples():
        later = orders[
            (orders.account == row.account)
            & ((orders.day > row.day) | ((orders.day == row.day) & (orders["round"] > row.round)))
        ]
        assert (later.time_in_force == 2).all()  # immediate or cancel
        assert (later.arrival_ms == 0.0).all()  # sent by the house at the start of the round
        assert (later.reason == 0).all()


def test_money_is_conserved_through_the_crisis(crisis):
    market, tables = crisis
    market.clearing.check()
    market.exchange.check()
    assert (market.clearing.position_lots.sum(axis=0) == 0).all()
    ledger = tables["ledger"]
    accounts = len(market.clearing.chart.names())
    balance = np.zeros(accounts, dtype=object)
    for row in ledger.itertuples():
        balance[row.debit] -= row.amount_usd_micro
        balance[row.credit] += row.amount_usd_micro
    assert sum(balance) == 0
    collateral = market.clearing.chart.collateral
    assert balance[collateral].tolist() == market.clearing.collateral_usd_micro.tolist()
