"""The Poisson order flow of a scenario: the same population as one built by hand, beside everybody else."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import play

from abm.agents.order_flow.build import flow_rates
from abm.agents.order_flow.shell import FlowRates, PoissonFlow
from abm.core.errors import ScenarioError
from abm.market import PopulationSpec, TokenFuturesMarket, run
from abm.scenario import Scenario

SMALL = {
    "limits_per_day": (90.0, 60.0),
    "reach_ticks": 6,
    "markets_per_day": 80.0,
    "cancels_per_day": (9.0, 4.0),
}
FLOW = {f"agents.order_flow.{name}": value for name, value in SMALL.items()}
TENORS = {"agents.order_flow.tenors": (1, 3)}


def by_hand(rates, tenors=(1, 3)):
    return PopulationSpec(
        "flow", count=3 * len(tenors), cash_usd=1e9,
        build=lambda accounts: PoissonFlow(
            rates, accounts.streams, tenors=tenors, first_account=accounts.first_account,
            funding=accounts.funding,
        ),
    )  # fmt: skip


def test_the_flow_of_a_scenario_is_the_one_that_is_built_by_hand(short):
    """Given the same draws the world is the same, to the last bit of the state hash."""
    rates = FlowRates(np.array([90.0] + [60.0] * 5), 80.0, np.array([9.0, 4.0]))
    written = TokenFuturesMarket(short.replace(FLOW | TENORS), rng=3)
    built = TokenFuturesMarket(short, rng=3, custom_agents=[by_hand(rates)])
    ours = next(p for p in written.populations if p.name == "poisson_flow" and p.count > 0)
    theirs = built.populations[-1]
    assert not set(ours.streams.tolist()) & set(theirs.streams.tolist())
    theirs.streams[:] = ours.streams
    for market in (written, built):
        play(market, 3 * 12)
    assert len(ours.clocks) > 20
    assert written.trades_made == built.trades_made
    assert written.state_hash() == built.state_hash()


def test_one_rate_at_all_distances_is_the_zero_intelligence_flow():
    fields = {
        "limits_per_day": (70.0,),
        "reach_ticks": 12,
        "overlap_ticks": 4,
        "cancels_per_day": (3.0,),
        "lots": 2,
    }
    section = Scenario().replace({f"agents.order_flow.{name}": value for name, value in fields.items()})
    rates = flow_rates(section.agents.order_flow)
    same = FlowRates.uniform(
        limits_per_tick_per_day=70.0, markets_per_day=940.0, cancels_per_day=3.0, reach_ticks=12,
        overlap_ticks=4, lots=2,
    )  # fmt: skip
    np.testing.assert_array_equal(rates.limits_per_day, same.limits_per_day)
    np.testing.assert_array_equal(rates.cancels_per_day, same.cancels_per_day)
    assert (rates.first_distance_ticks, rates.markets_per_day, rates.lots) == (-3, 940.0, 2)
    assert (same.first_distance_ticks, same.markets_per_day, same.lots) == (-3, 940.0, 2)


def test_without_months_there_is_no_flow_whatever_its_rates(short):
    assert (
        run(short.replace(FLOW | {"run.days": 2})).state_hash
        == run(short.replace({"run.days": 2})).state_hash
    )


def test_a_flow_trades_in_its_own_months_and_no_other(short):
    result = run(short.replace(FLOW | TENORS | {"run.days": 5, "recording.profile": "full"}), seed=2)
    agents, orders = result.tables["agents"], result.tables["orders"]
    sources = agents.loc[agents["agent_class"] == "poisson_flow", "account"].tolist()
    assert len(sources) == 6
    own = orders[orders["account"].isin(sources)]
    assert len(own) > 1_000
    assert set(own["month"]) == {1, 3}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tenors": [1, 1]}, "agents.order_flow.tenors: [1, 1] names a month twice"),
        ({"limits_per_day": [0.0]}, "agents.order_flow.limits_per_day: none of [0.0] is > 0"),
        (
            {"limits_per_day": [2.0, 1.0, 1.0], "reach_ticks": 2},
            "agents.order_flow.limits_per_day: 3 rates are more than reach_ticks = 2",
        ),
        ({"tenors": [12]}, "agents.order_flow.tenors: 12 is not < contract.listed_months = 12"),
    ],
)
def test_a_flow_that_cannot_be_is_a_mistake_with_a_name(fields, message):
    with pytest.raises(ScenarioError) as caught:
        Scenario().replace({f"agents.order_flow.{name}": value for name, value in fields.items()})
    assert str(caught.value) == message
