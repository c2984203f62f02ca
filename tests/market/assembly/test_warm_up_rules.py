"""A warm-up under the baseline's rules: what changes on day 0, what must not, and what nobody sees before."""

from __future__ import annotations

import numpy as np
import pytest
from test_warm_up import MONTH, scenario

from abm.core.errors import ScenarioError
from abm.core.randomness import RandomStreams
from abm.market import TokenFuturesMarket
from abm.market.assembly.foundations import require_feasible
from abm.market.assembly.margin_build import build_margin
from abm.scenario import Scenario

OTHER = {
    "clearing.margin.rate": 0.3,
    "clearing.margin.far_rate": 0.2,
    "exchange.taker_fee_usd": 2.0,
    "exchange.dmm_maker_fee_usd": -0.4,
    "exchange.daily_limit": 0.05,
    "exchange.price_band": 0.03,
    "exchange.position_limits.month_lots": 700,
    "agents.market_makers.max_spread_near": 0.004,
    "agents.market_makers.min_size_share": 0.9,
    "agents.market_makers.contract.misses_allowed": 2,
}


def market(rules: str, changes: dict[str, object] | None = None) -> TokenFuturesMarket:
    return TokenFuturesMarket(scenario(MONTH, run__warm_up_rules=rules).replace(changes or {}))


def at_the_end_of_the_warm_up(of: TokenFuturesMarket) -> TokenFuturesMarket:
    while of.clock.is_warm_up:
        of.step()
    return of


def what_they_have(of: TokenFuturesMarket) -> list[list[int]]:
    house = of.clearing
    return [
        house.position_lots.ravel().tolist(),
        house.equity_usd_micro.tolist(),
        house.fees_usd_micro.tolist(),
    ]


def test_until_day_0_markets_of_different_rules_are_one_and_the_same():
    usual, plain, other = market("own"), market("base"), market("base", OTHER)
    came = [what_they_have(at_the_end_of_the_warm_up(of)) for of in (usual, plain, other)]
    assert came[0] == came[1] == came[2]
    assert usual.state_hash() != market("own", OTHER).state_hash()


def test_on_day_0_the_own_rules_hold():
    changed = at_the_end_of_the_warm_up(market("base", OTHER))
    makers = changed.makers
    assert changed.clearing.parts.books.charges.schedule.taker_fee_usd_micro[0] == 500_000
    assert makers.duties.max_spread[0] == pytest.approx(Scenario().agents.market_makers.max_spread_near)
    changed.observe()
    assert not changed._day.coming
    schedule = changed.clearing.parts.books.charges.schedule
    assert set(schedule.taker_fee_usd_micro) == {2_000_000}
    assert set(schedule.maker_fee_usd_micro[makers.accounts]) == {-400_000}
    rows = changed.curve.months
    width = (rows["high_ticks"] - rows["low_ticks"]) / rows["settlement_ticks"]
    assert width == pytest.approx(0.1, abs=0.002)
    bands = changed.curve.by_slot(changed.curve.day_terms(0)["band_ticks"]) / rows["settlement_ticks"]
    assert bands.mean() == pytest.approx(0.03, abs=0.005)
    assert changed.position_limits.month_lots == 700
    assert makers.duties.max_spread[0] == pytest.approx(0.004)
    assert makers.duties.maker_fee_usd.tolist() == [-0.4] * makers.count
    assert changed.maker_regime.terms.misses_allowed == 2
    assert (makers.duties.min_lots == np.ceil(0.9 * makers.duties.quote_lots)).all()


@pytest.mark.parametrize("model", ["flat", "ewma", "filtered_historical"])
def test_the_margin_model_of_day_0_has_seen_the_settlements_of_the_warm_up(model: str):
    fields = {
        "clearing.margin.model": model,
        "clearing.margin.rate": 0.3,
        "clearing.margin.history_days": 320,
    }
    changed = market("base", fields | {"clearing.margin.lookback_days": 320})
    curve, none = changed.curve, np.zeros(changed.exchange.n_slots, dtype=np.int64)
    seen = [curve.margin_day(changed.clock.day, none)]
    while changed.clock.is_warm_up:
        day, closes = changed.clock.day, changed.clock.is_close
        changed.step()
        if closes:
            seen.append(curve.margin_day(day + 1, changed.today.volume_lots))
    before = changed.clearing.margin_per_lot_usd_micro.copy()
    built = build_margin(
        changed.market_scenario.clearing.margin,
        changed.contract,
        changed.clock.calendar,
        changed.desk.process,
        RandomStreams(changed.seed_used),
    )
    for day in seen:
        built.model.observe(day)
    changed.observe()
    after = changed.clearing.margin_per_lot_usd_micro
    assert after.tolist() == built.model.per_lot_usd_micro().tolist() != before.tolist()


def test_a_fork_before_the_change_changes_too():
    original = market("base", OTHER)
    while original.clock.day < -2:
        original.step()
    fork = original.fork()
    for each in (original, fork):
        while each.clock.day < 2:
            each.step()
    assert fork.state_hash() == original.state_hash()
    assert (
        fork.clearing.margin_per_lot_usd_micro.tolist() == original.clearing.margin_per_lot_usd_micro.tolist()
    )


@pytest.mark.parametrize(
    ("field", "value", "usual"),
    [
        ("clearing.members", 5, "6"),
        ("exchange.closing_window", 0.5, "0.0625"),
        ("clearing.margin.client_ratio", 1.4, "1.1"),
    ],
)
def test_what_cannot_change_in_a_living_market_is_refused_in_one_line(field: str, value: object, usual: str):
    terms = scenario(MONTH, run__warm_up_rules="base").replace({field: value})
    with pytest.raises(ScenarioError) as refused:
        require_feasible(terms)
    assert str(refused.value) == (
        f"{field}: {value} is not usable: it cannot follow the baseline's {usual} in a market that trades "
        '(run.warm_up_rules = "base")'
    )
    require_feasible(terms.replace({"run.warm_up_rules": "own"}))
    require_feasible(terms.replace({"run.warm_up_months": 0}))
