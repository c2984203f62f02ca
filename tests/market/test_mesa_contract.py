"""What a Mesa user may do with any model: run it to its end and beyond, batch it, collect, reset, refuse."""

from __future__ import annotations

import math
import warnings

import mesa
import numpy as np
import pandas as pd
import pytest

from abm import CustomAgents, Scenario, TokenFuturesMarket, TraderAgent
from abm.agents.hedgers.shell import Enterprise
from abm.core.errors import ParameterError
from abm.recording import Recorder

SHORT = Scenario().replace({"calendar.rounds_per_day": 2, "calendar.days_per_month": 3, "run.days": 4})
STEPS = 8


def batch(model=TokenFuturesMarket, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Mesa would have `iterations` called `rng`
        return pd.DataFrame(mesa.batch_run(model, display_progress=False, number_processes=1, **arguments))


def test_run_model_ends_with_the_last_day_of_the_run():
    market = TokenFuturesMarket(SHORT, rng=7)
    market.run_model()
    assert (market.steps, market.clock.day, market.clock.round) == (STEPS, 4, 0)
    assert market.running is False


def test_a_model_that_is_stopped_by_hand_can_be_stepped_on():
    market = TokenFuturesMarket(SHORT, rng=7)
    market.running = False
    market.run_model()
    assert market.steps == 0
    market.step()
    assert market.clock.round == 1


def test_stepping_on_past_the_last_day_is_a_longer_run():
    longer = SHORT.replace({"run.days": 10})
    there, here = Recorder("daily"), Recorder("daily")
    long, short = (
        TokenFuturesMarket(longer, rng=7, recorder=there),
        TokenFuturesMarket(SHORT, rng=7, recorder=here),
    )
    long.run_model()
    while short.steps < long.steps:
        short.step()
    assert short.state_hash() == long.state_hash()
    assert here.table("hedging")["month"].max() == 2
    pd.testing.assert_frame_equal(here.table("hedging"), there.table("hedging"), rtol=1e-9)


def test_time_can_be_run_in_one_go_where_mesa_has_it():
    market = TokenFuturesMarket(SHORT, rng=7)
    if not hasattr(market, "run_for"):
        assert mesa.__version__.startswith("3.3")
        return
    market.run_for(STEPS + 6)
    assert market.clock.day == 7


@pytest.mark.parametrize("period", [-1, 2])
def test_batch_run_collects_what_the_market_had_closed_with(period):
    frame = batch(parameters={"scenario": SHORT, "rng": [7]}, data_collection_period=period, max_steps=1_000)
    for seed, rows in frame.groupby("rng"):
        market = TokenFuturesMarket(SHORT, rng=seed)
        market.run_model()
        closes = market.datacollector.get_model_vars_dataframe()
        assert list(closes["day"]) == [0.0, 1.0, 2.0, 3.0]
        if period == -1:
            assert rows.iloc[-1]["index_usd"] == closes.iloc[-1]["index_usd"]
        shown = rows.dropna(subset="day")
        assert len(shown) >= (1 if period < 0 else 2)
        assert all(
            row.open_interest_lots == closes["open_interest_lots"][row.day] for row in shown.itertuples()
        )


def test_batch_run_may_stop_in_the_middle_of_a_day_or_before_the_first_close():
    assert batch(parameters={"scenario": SHORT}, max_steps=4).iloc[-1]["day"] == 1.0
    frame = batch(parameters={"scenario": SHORT}, max_steps=0)
    assert frame.empty or math.isnan(frame.iloc[-1]["day"])


def test_batch_run_takes_scenarios_seeds_and_iterations():
    frame = batch(parameters={"scenario": [SHORT, SHORT.replace({"run.days": 2})], "seed": [7]}, iterations=2)
    assert len(frame) == 2 * 2
    last = frame.groupby(["iteration", "seed"])["day"].apply(list)
    assert all(days == [3.0, 1.0] for days in last)


class Counted(TokenFuturesMarket):
    """A user's model with collectors of its own."""

    def __init__(self, **named):
        super().__init__(**named)
        self.datacollector = mesa.DataCollector(
            model_reporters={"lots": lambda market: int(market.clearing.open_interest_lots.sum())},
            agent_reporters={"equity": "equity_usd", "account": "account"},
        )


def test_a_users_own_collectors_work_alone_and_in_batch_run():
    market = Counted(scenario=SHORT, rng=7)
    market.run_model()
    assert len(market.datacollector.get_model_vars_dataframe()) == 4
    agents = market.datacollector.get_agent_vars_dataframe()
    assert len(agents) == 4 * len(market.agents)
    last = agents.loc[STEPS].set_index("account")["equity"]
    frame = batch(Counted, parameters={"scenario": [SHORT], "seed": [7]})
    assert len(frame) == len(market.agents)
    assert frame.set_index("account")["equity"].to_dict() == last.to_dict()
    assert set(frame["lots"]) == {int(market.clearing.open_interest_lots.sum())}


def test_the_seed_has_two_names_and_is_given_once():
    assert TokenFuturesMarket(SHORT, seed=7).state_hash() == TokenFuturesMarket(SHORT, rng=7).state_hash()
    with pytest.raises(ParameterError, match=r"seed: 8 .* rng"):
        TokenFuturesMarket(SHORT, rng=7, seed=8)


def test_generators_that_move_nothing_in_the_market_are_not_reset():
    market = TokenFuturesMarket(SHORT, rng=7)
    with pytest.raises(ParameterError, match=r"reset_rng: .*rng="):
        market.reset_rng(3)
    with pytest.raises(ParameterError, match=r"reset_randomizer: .*rng="):
        market.reset_randomizer(3)


@pytest.mark.parametrize("method", ["step", "advance", "decide"])
def test_traders_are_asked_by_the_market_and_by_nobody_else(method):
    market = TokenFuturesMarket(SHORT, rng=7)
    arguments = [market.public_view()] if method == "decide" else []
    with pytest.raises(ParameterError, match="Enterprise: "):
        market.agents_by_type[Enterprise].shuffle_do(method, *arguments)


class Bystander(mesa.Agent):
    """A plain Mesa agent of a user."""

    def __init__(self, model):
        super().__init__(model)
        self.seen = []

    def step(self):
        self.seen.append(self.model.clock.day)


def test_plain_mesa_agents_may_stand_beside_the_traders():
    def world(bystanders):
        market = TokenFuturesMarket(SHORT, rng=7)
        for _ in range(bystanders):
            Bystander(market)
        while market.running:
            market.step()
            if bystanders:
                market.agents_by_type[Bystander].do("step")
        return market

    market = world(2)
    numbers = [agent.unique_id for agent in market.agents]
    assert len(set(numbers)) == len(numbers)
    assert [agent.seen for agent in market.agents_by_type[Bystander]] == [[0, 1, 1, 2, 2, 3, 3, 4]] * 2
    assert market.state_hash() == world(0).state_hash()
    next(iter(market.agents_by_type[Bystander])).remove()
    assert len(market.agents_by_type[Bystander]) == 1


class Idle(TraderAgent):
    def decide(self, view):
        self.cancel_all()


def test_agents_are_numbered_from_one_in_the_order_of_their_accounts():
    market = TokenFuturesMarket(SHORT, rng=7, custom_agents=[CustomAgents(Idle, 2)])
    traders = list(market.agents)
    assert [trader.unique_id for trader in traders] == [trader.account + 1 for trader in traders]
    assert np.array_equal([trader.account for trader in traders], np.arange(len(traders)))
