"""What comes first in a round and a day: marks before deadlines, terms of the new month before its orders."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import (
    FEW_TRADERS,
    Player,
    at_settlement,
    buys,
    phases,
    play,
    quiet,
    reasons,
    sells,
    together,
)

from abm.market import CustomAgents, MarketRule, TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

STILL = FEW_TRADERS | {
    "spot__initial_price_usd": 2.0,
    "spot__trend_per_year": 0.0,
    "spot__sigma": 0.0,
    "spot__jump_intensity": 0.0,
    "index__basis_sd": 0.0,
    "exchange__daily_limit": 1.0,
    "exchange__halts__expanded_limits": (),
}
"""The index stands at 2,000 ticks; a tick of a lot is worth 1 USD."""


def _mids(mid_of_round, rounds):
    """Return the scripts of two players that hold the mid of the next month; to move it they leave first."""
    offers, bids = {}, {}
    for number in range(rounds):
        moment, mid = divmod(number, 12), mid_of_round(number)
        moves = mid != mid_of_round(number - 1)
        for script, quote in ((offers, sells(mid + 5, 10, 1)), (bids, buys(mid - 5, 10, 1))):
            script[moment] = _leave if moves else together(_leave, quote)
    return offers, bids


def _leave(player, view):
    player.cancel_all()


def called_short(mid_of_round, rounds):
    """Let a short of 100 lots with 30,000 USD meet a price, a call having a day, and return its defaults."""
    market, (one, other), recorder = quiet(
        **STILL,
        clearing__call_deadline_days=1.0,
        agents__holders=[
            {"name": "short", "lots": (0, -100), "cash_usd": 30_000.0},
            {"name": "long", "lots": (0, 100), "cash_usd": 1e9},
        ],
    )
    one.script, other.script = _mids(mid_of_round, rounds)
    play(market, rounds)
    calls, defaults = recorder.table("margin_calls"), recorder.table("defaults")
    missed = calls[calls["outstanding_usd_micro"] > 0]
    return (
        [(row.day, row.round, row.deadline_round) for row in missed.itertuples()],
        [(row.day, row.round) for row in defaults.query("event == 'client_default'").itertuples()],
    )


def test_the_cycle_in_the_round_of_a_deadline_marks_first_and_may_end_the_call():
    # The cycle follows round 5. At 2,400 the short has lost 40,000 USD; a day later the price is back or not.
    deadline = 12 + 5 + 12
    back = called_short(lambda number: 2_400 if 12 <= number < deadline - 1 else 2_000, 3 * 12)
    assert back[0][0] == (1, 5, deadline)
    assert back[1] == []
    stays = called_short(lambda number: 2_400 if number >= 12 else 2_000, 3 * 12)
    assert stays[0][0] == (1, 5, deadline)
    assert stays[1] == [(2, 5)]


def test_the_limit_of_the_month_in_delivery_binds_the_next_one_from_its_first_round():
    market, (ann, _), recorder = quiet(
        **STILL,
        calendar__days_per_month=2,
        exchange__position_limits__front_month_lots=5,
        exchange__position_limits__month_lots=20,
        exchange__position_limits__exempt=(),
    )
    ann.script[1, 11] = together(
        buys(at_settlement(0), 6, 0), buys(at_settlement(1), 6, 1), buys(at_settlement(2), 21, 2)
    )
    ann.script[2, 0] = together(buys(at_settlement(0), 6, 0), buys(at_settlement(1), 6, 1))
    play(market, 25)
    refused = ["POSITION_LIMIT", "NONE", "POSITION_LIMIT", "POSITION_LIMIT", "NONE"]
    assert reasons(recorder, ann.account) == refused


@pytest.mark.parametrize("profile", [None, "daily"])
def test_a_market_whose_ledger_is_not_recorded_keeps_no_postings(profile):
    scenario = Scenario().replace({"calendar.rounds_per_day": 2, "exchange.sessions.opening_auction": 0.0})
    market = TokenFuturesMarket(scenario, rng=1, recorder=profile and Recorder(profile))
    assert np.size(market.clearing.drain_postings()) == 0


def test_traders_see_the_index_that_was_published_and_not_the_spot_price():
    market, (ann, _), recorder = quiet(**FEW_TRADERS)
    play(market, 25)
    seen = {day: view.index_usd for (day, _), view in ann.views.items()}
    spot = recorder.table("spot").set_index("day")
    assert seen == pytest.approx((spot["index_fixing_usd_micro"] / 1e6).to_dict())
    assert (abs(spot["index_fixing_usd_micro"] / 1e6 - spot["spot_usd"]) > 1e-4).all()


def test_an_account_may_trade_as_far_as_all_its_money_covers_the_margin_of_all_it_holds():
    """100 lots short take 24,000 of 30,000 USD; 20 more 4,800, and 10 more than that 2,400."""
    scenario = Scenario().replace(
        {name.replace("__", "."): value for name, value in STILL.items()}
        | {"calendar.rounds_per_day": 12, "exchange.sessions.opening_auction": 0.0}
    )
    recorder = Recorder("full")
    agents = [CustomAgents(Player, 1, cash_usd=1e9), CustomAgents(Poor, 1, cash_usd=30_000.0)]
    market = TokenFuturesMarket(scenario, rng=1, custom_agents=agents, recorder=recorder)
    for population in market.populations[:-2]:
        for name in population.activity_columns:
            population.columns[name][:] = 0.0
    (bids,), (poor,) = market.agents_by_type[Player], market.agents_by_type[Poor]
    for moment, lots in {(0, 1): 100, (1, 1): 20, (1, 3): 10}.items():
        bids.script[moment] = buys(2_000, lots, 1)
        poor.script[moment[0], moment[1] + 1] = sells(2_000, lots, 1)
    play(market, 24)
    assert reasons(recorder, poor.account) == ["NONE", "NONE", "INSUFFICIENT_MARGIN"]


def test_a_month_goes_at_the_mean_of_the_last_fixings_that_the_contract_asks_for():
    market, _, recorder = quiet(calendar__days_per_month=3, contract__final_fixings=2, **FEW_TRADERS)
    play(market, 36)
    fixings = recorder.table("spot")["index_fixing_usd_micro"].tolist()
    (final,) = recorder.table("daily").query("final")["settlement_ticks"]
    assert final == round((fixings[1] + fixings[2]) / 2 / 1_000)
    assert final != round(sum(fixings) / 3 / 1_000)


@pytest.mark.parametrize("fixings", [0, 3])
def test_the_first_volatility_is_that_of_a_future_on_the_middle_of_its_fixings(fixings):
    market, _, _ = quiet(contract__final_fixings=fixings, **FEW_TRADERS)
    days = 21.0 * np.arange(1, 13) - 0.5 * (fixings or 21)
    yearly = market.desk.process.futures_volatility(days / 252)
    assert market.curve.months["volatility_per_day"] == pytest.approx(yearly / np.sqrt(252))


class Poor(Player):
    """Follows a script on little money."""


class HaltInTheLastRound(MarketRule):
    """Halts every month in the last round of day 0, for longer than the day."""

    def before_round(self, market):
        if (market.clock.day, market.clock.round) == (0, 11):
            everywhere = np.ones(market.exchange.n_slots, dtype=np.bool_)
            market.sessions.halt(everywhere, until_round=market.clock.now_round + 3, reopening_rounds=0)


def test_a_halt_that_the_close_has_ended_says_nothing_of_an_interruption_of_the_next_day():
    """A bid 100 ticks above the settlement interrupts trading in round 2; the auction lasts 3 rounds."""
    market, (ann, bob), _ = quiet(
        rules=[HaltInTheLastRound()],
        **FEW_TRADERS,
        exchange__interruption__width=0.01,
        exchange__interruption__duration_days=3 / 12,
    )
    bob.script[1, 1] = sells(at_settlement(plus=100), 5)
    ann.script[1, 2] = buys(at_settlement(plus=100), 5)
    play(market, 24)
    assert phases(market, ann) == "ccccccccccch" + "cccaaacccccc"
