"""The laboratory's replay of runs' price paths: what it measures, what is expected of it, what it gains."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_market
from scipy import stats

from abm.agents.hedgers.quantities import provider_capacity
from abm.core.randomness import RandomStreams
from abm.experiments import compare
from abm.experiments import laboratory as module
from abm.experiments.laboratory import Laboratory, Scatter, laboratory_of
from abm.experiments.path_controls import Control, PathControls
from abm.hedging import Frictions, HedgeStudy, observed_paths
from abm.hedging.paths import simulate_paths
from abm.market.assembly.foundations import build_calendar
from abm.market.assembly.spot_build import build_desk
from abm.scenario import Scenario
from abm.scenario.price_model import fit_provider_prices

PROGRAMME = "agents.enterprises.programme"
MARKET = Scenario.load("demand_explosion").replace({"run.days": 84})
NO_SCATTER = {"index.basis_sd": 0.0, "agents.enterprises.need_volatility": 0.0}
SEEDS = range(1, 10)


def of(scenario: Scenario, **fields: Any) -> Laboratory:
    found = laboratory_of(scenario.replace(fields))
    assert isinstance(found, Laboratory)
    return found


@pytest.fixture(scope="module", autouse=True)
def _few_paths(module_patch: pytest.MonkeyPatch) -> None:
    module_patch.setattr(module, "EXPECTATION_PATHS", 1_000)


@pytest.fixture(scope="module")
def module_patch() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def spots() -> np.ndarray:
    """Prices of as many runs as there are seeds."""
    laboratory = of(MARKET)
    rngs = np.random.default_rng(1).spawn(2)
    paths = simulate_paths(laboratory.process, laboratory.listing, laboratory.shift, len(SEEDS), *rngs)
    return paths.spot_usd


@pytest.mark.parametrize("ratio", [1.0, 0.6])
def test_a_strip_without_scatter_reduces_both_measures_by_its_ratio(spots: np.ndarray, ratio: float) -> None:
    strip = {f"{PROGRAMME}.rule": "strip", f"{PROGRAMME}.ratio": ratio, f"{PROGRAMME}.ramp_days": 1}
    laboratory = of(MARKET.replace(strip), **NO_SCATTER)
    found = laboratory.replay(spots)
    assert found.within == pytest.approx(np.full(len(SEEDS), ratio))
    assert found.within_bills == pytest.approx(found.within)
    assert laboratory.across(found, np.ones((1, len(SEEDS)))) == pytest.approx([ratio])


def test_scatter_counts_by_its_variance_in_both_standard_deviations(spots: np.ndarray) -> None:
    laboratory = of(MARKET)
    hedge = HedgeStudy(
        process=laboratory.process,
        programmes=(laboratory.hedge,),
        listing=laboratory.listing,
        shifts=laboratory.shift,
        frictions=Frictions(ramp_days=laboratory.ramp_days),
    ).run(observed_paths(laboratory.process, laboratory.listing, spots, shift=laboratory.shift))
    bare = hedge.bill_usd / hedge.expected_bill_usd
    own = hedge[laboratory.hedge.name].bill_usd / hedge.expected_bill_usd
    kappa = MARKET.index.basis_kappa
    t = np.linspace(0.0, 1.0 / 12.0, 2_001)
    by_hand = MARKET.index.basis_sd**2 * np.exp(-kappa * np.abs(t[:, None] - t)).mean()
    wanted = 1.0 - np.sqrt((own.var(axis=0, ddof=1) + by_hand) / (bare.var(axis=0, ddof=1) + by_hand))
    found = laboratory.replay(spots)
    assert found.within == pytest.approx(wanted, abs=1e-3)
    assert (found.within_bills < found.within).all()
    plain = of(MARKET, **NO_SCATTER).replay(spots).within
    assert plain == pytest.approx(hedge.within_a_path(laboratory.hedge.name))


def test_scatter_that_reverts_at_once_averages_out_and_one_that_never_does_stays() -> None:
    assert Scatter(0.1, 1e9).variance_of_mean(0.1) == pytest.approx(0.0, abs=1e-9)
    assert Scatter(0.1, 1e-9).variance_of_mean(0.1) == pytest.approx(0.01)
    near = [Scatter(1.0, 1e-3 + step).variance_of_mean(0.1) for step in (-1e-9, 1e-9)]
    assert near[0] == pytest.approx(near[1], abs=1e-8)  # the series and the closed form meet


WITHOUT = [
    ({"agents.enterprises.count": 0}, "there are no enterprises"),
    ({"agents.enterprises.hedging_share": 0.0}, "the enterprises do not hedge"),
    ({f"{PROGRAMME}.rule": "none"}, "the enterprises do not hedge"),
    ({"run.days": 41}, "no month that could be hedged is over"),
    ({"spot.dislocation.size": -1.0}, "the laboratory has no dislocations in USD"),
]


@pytest.mark.parametrize(("fields", "reason"), WITHOUT)
def test_a_market_without_a_replay_says_why(fields: dict[str, Any], reason: str) -> None:
    assert laboratory_of(MARKET.replace(fields)) == reason


PRICES = [
    {},
    {"spot.level_shift.foreseen": True},
    {"spot.level_shift.intensity_per_year": 4.0, "spot.level_shift.log_size_sd": 0.2},
    {"spot.stress.entries_per_year": 3.0},
    {"spot.long_run.volatility": 0.3},
]


@pytest.mark.verify
@pytest.mark.parametrize("fields", PRICES)
def test_what_is_expected_of_a_replay_is_its_mean_over_the_markets_own_paths(fields: dict[str, Any]) -> None:
    scenario = MARKET.replace({"run.days": 63, **fields})
    laboratory, paths = of(scenario), []
    calendar, lists = build_calendar(scenario), fit_provider_prices(scenario)
    for seed in range(80):
        streams = RandomStreams(seed)
        desk = build_desk(scenario, calendar, lists, provider_capacity(scenario.agents, streams), streams)
        prices = []
        for day in range(63):
            desk.advance_to(day)
            prices.append(desk.spot_usd)
        paths.append(prices)
    seen, expected = laboratory.replay(np.array(paths).T), laboratory.simulated()
    for ours, theirs in zip(seen, expected, strict=True):
        error = math.hypot(ours.std() / 80**0.5, theirs.std() / 1_000**0.5)
        assert ours.mean() == pytest.approx(theirs.mean(), abs=4.0 * error)
    assert stats.ks_2samp(seen.unhedged, expected.unhedged).pvalue > 1e-4


def hedged(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Write a run whose reduction follows the ratio of its programme and a path that only its seed knows."""
    near = scenario.agents.enterprises.programme.near_ratio
    path = math.sin(5.0 * seed)
    reduction = 0.4 * near + 0.1 * path * near + 0.01 * math.cos(3.0 * seed) * near
    toy_market.finish(
        scenario, seed=seed, out=out, metrics={"volatility_reduction_within": reduction, "volume_lots": 3.0}
    )


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch, spots: np.ndarray) -> Any:
    """Compare toy runs on the given seeds, as if their folders held the market's price paths."""

    def made(seeds: range, **variants: Any) -> Any:
        order = iter(spots.T.tolist() * len(variants) * 2)
        monkeypatch.setattr(module, "spot_of", lambda folder, days: np.array(next(order)))
        return compare({"base": MARKET, **variants}, seeds=seeds, jobs=1, run_function=hedged)

    return made


def test_levels_and_differences_are_those_of_least_squares_on_the_replays(
    compared: Any, spots: np.ndarray
) -> None:
    found = compared(SEEDS, full={f"{PROGRAMME}.near_ratio": 1.0})
    ours, theirs = of(MARKET), of(MARKET, **{f"{PROGRAMME}.near_ratio": 1.0})
    level = ours.replay(spots).within
    change = theirs.replay(spots).within - level
    expected = [ours.simulated().within.mean(), (theirs.simulated().within - ours.simulated().within).mean()]
    values = found.runs.pivot_table(index="seed", columns="variant", values="volatility_reduction_within")
    lines = found.laboratory.to_dict("records")
    assert [line["variant"] for line in lines] == ["base", "full"]
    for line, value, control, mean in zip(
        lines, (values["base"], values["full"] - values["base"]), (level, change), expected, strict=True
    ):
        fit = stats.linregress(control - mean, value)
        assert line["value"] == pytest.approx(fit.intercept)
        assert (line["expected"], line["seen"]) == pytest.approx((mean, control.mean()))
        plain = float(value.std(ddof=1)) / len(SEEDS) ** 0.5
        assert line["variance_ratio"] == pytest.approx((fit.intercept_stderr / plain) ** 2, rel=0.05)
        assert line["plain"] == pytest.approx(value.mean())
    row = found.table.iloc[0]
    assert (row["base"], row["difference"]) == (lines[0]["value"], lines[1]["value"])
    assert (row["low"], row["high"]) == (lines[1]["low"], lines[1]["high"])


def test_of_one_programme_the_level_of_the_replay_controls_the_difference(compared: Any) -> None:
    found = compared(SEEDS, other={"agents.enterprises.cash_share": 0.1, f"{PROGRAMME}.band_share": 0.0})
    assert found.table.empty  # the toy's reduction does not depend on cash
    controls = PathControls(found.scenarios)
    controls.add(
        [{"variant": name, "seed": seed, "folder": "x"} for name in ("base", "other") for seed in SEEDS]
    )
    measure = "volatility_reduction_within"
    change = controls.of_difference(measure, "base", "other", list(SEEDS))
    level = controls.of_level(measure, "base", list(SEEDS))
    assert isinstance(change, Control)
    assert isinstance(level, Control)
    assert change.expectation == pytest.approx(level.expectation)


def test_few_seeds_and_a_variant_that_does_not_hedge_have_no_replay_and_say_so(compared: Any) -> None:
    few = compared(range(1, 8), full={f"{PROGRAMME}.near_ratio": 1.0})
    assert set(few.laboratory["reason"]) == {"fewer than 8 seeds"}
    line = few.laboratory.iloc[1]
    row = few.table.iloc[0]
    assert math.isnan(line["value"])
    assert (row["difference"], row["low"]) == (line["plain"], line["plain_low"])
    none = compared(SEEDS, none={"agents.enterprises.hedging_share": 0.0, f"{PROGRAMME}.near_ratio": 0.5})
    assert none.laboratory["reason"].tolist() == ["", "none: the enterprises do not hedge"]
    assert replace(none, variants=()).labels["volatility_reduction_across"].endswith("by dollar of cost")
