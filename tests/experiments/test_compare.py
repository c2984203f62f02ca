"""A comparison pairs runs by seed, judges all its differences together, and makes no run twice."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import toy_market
from scipy import stats

from abm.core.errors import ParameterError, RunFolderError, ScenarioError, SitsimError
from abm.experiments import LEFT_OUT, MEASURES, QUESTIONS, compare, measure_of
from abm.experiments.measures import OF_ALL_RUNS
from abm.recording import read_compare_folder, read_run
from abm.recording.manifest import OWN_DIGEST
from abm.scenario import Scenario

TICK = "contract.tick_size_usd"
RATE = "clearing.margin.rate"
TWO = {"plain": "plain", "coarse": {TICK: 0.005}, "both": {TICK: 0.002, RATE: 0.3}}
ONE = {"plain": "plain", "coarse": {TICK: 0.005}}
SIX = range(1, 7)


def of(variants: Any = TWO, **options: Any) -> Any:
    run = {"seeds": SIX, "jobs": 1, "run_function": toy_market.quoted}
    return compare(variants, **(run | options))


def row(found: Any, measure: str, variant: str) -> dict[str, Any]:
    table = found.table
    return dict(table[(table["measure"] == measure) & (table["variant"] == variant)].iloc[0])


@pytest.fixture(scope="module")
def found() -> Any:
    return of()


def value_of(found: Any, variant: str, seed: int, measure: str) -> float:
    runs = found.runs
    return float(runs[(runs["variant"] == variant) & (runs["seed"] == seed)].iloc[0][measure])


def test_every_difference_is_the_mean_over_pairs_of_the_same_seed(found: Any) -> None:
    tested = []
    for line in found.table.to_dict("records"):
        base, differences = [], []
        for seed in found.seeds:
            ours = value_of(found, "plain", seed, line["measure"])
            theirs = value_of(found, line["variant"], seed, line["measure"])
            if math.isfinite(ours) and math.isfinite(theirs):
                base.append(ours)
                differences.append(theirs - ours)
        n = len(differences)
        mean = sum(differences) / n
        assert (line["n"], line["base"], line["difference"]) == (
            n,
            pytest.approx(sum(base) / n),
            pytest.approx(mean),
        )
        error = math.sqrt(sum((one - mean) ** 2 for one in differences) / (n - 1) / n)
        if error < 1e-12:
            assert (line["low"], line["high"], line["p_value"]) == (mean, mean, 1.0)
            assert line["difference"] == 0.0
            assert math.isnan(line["p_adjusted"])
        else:
            reach = stats.t.ppf(0.975, n - 1) * error
            assert (line["low"], line["high"]) == (pytest.approx(mean - reach), pytest.approx(mean + reach))
            assert line["p_value"] == pytest.approx(2.0 * stats.t.sf(abs(mean) / error, n - 1))
            tested.append((line["p_value"], line["p_adjusted"]))
    largest = 0.0
    for rank, (p_value, adjusted) in enumerate(sorted(tested)):
        largest = max(largest, min(1.0, p_value * (len(tested) - rank)))
        assert adjusted == pytest.approx(largest)
    assert found.tests == len(tested) == 5


def test_a_sign_is_claimed_only_where_all_comparisons_together_allow_it(found: Any) -> None:
    for line in found.table.to_dict("records"):
        signed = line["p_adjusted"] <= 0.05
        up = "up" if line["difference"] > 0 else "down"
        assert line["verdict"] == (up if signed else "no sign yet")
    assert row(found, "front_spread_usd", "coarse")["verdict"] == "up"
    calls = row(found, "margin_calls", "both")
    assert calls["verdict"] == "no sign yet"
    assert calls["seeds_needed"] > len(SIX)


def test_what_never_differs_or_has_no_value_is_named_and_has_no_row(found: Any) -> None:
    assert found.unchanged == ("limit_halts", "volatility_reduction_within")
    assert found.without_value == ("dmm_stress_presence",)
    assert found.notes == ()
    assert list(found.table["question"].unique()) == ["liquidity", "margin and default", "makers"]
    assert "volatility_reduction" not in set(found.table["measure"])


def test_few_seeds_of_skewed_differences_are_said_to_be_doubtful(found: Any) -> None:
    assert row(found, "dmm_pay_usd", "coarse")["reason"].startswith("few and skewed")
    assert row(found, "front_spread_usd", "coarse")["reason"] == ""


def test_the_pair_of_a_failed_run_is_left_out_and_said(tmp_path: Path) -> None:
    three = range(1, 4)
    found = of(ONE, out=tmp_path, seeds=three, run_function=toy_market.quoted_but_for_two)
    assert found.runs["error"].notna().sum() == 1
    assert set(found.runs.loc[found.runs["error"].notna(), "seed"]) == {2}
    assert found.notes == (
        "1 of 6 runs failed; their pairs are left out",
        "coarse, seed 2 failed: seed: 2 is not to this market's taste",
    )
    left = [seed for seed in three if seed != 2]
    line = row(found, "front_spread_usd", "coarse")
    assert line["n"] == 2
    by_hand = [
        value_of(found, "coarse", seed, "front_spread_usd")
        - value_of(found, "plain", seed, "front_spread_usd")
        for seed in left
    ]
    assert line["difference"] == pytest.approx(sum(by_hand) / 2)
    healed = of(ONE, out=tmp_path, seeds=three)
    assert healed.notes == ()
    assert row(healed, "front_spread_usd", "coarse")["n"] == 3


def test_without_a_single_pair_there_is_no_comparison() -> None:
    with pytest.raises(SitsimError, match="no pair of runs is left; coarse, seed 1 failed: AssertionError"):
        of(ONE, seeds=[1, 2], run_function=fail_when_coarse)


def fail_when_coarse(scenario: Scenario, *, seed: int, out: Path) -> None:
    assert scenario.contract.tick_size_usd < 0.005
    toy_market.quoted(scenario, seed=seed, out=out)


def test_finished_runs_are_read_and_more_variants_and_seeds_add_only_theirs(tmp_path: Path) -> None:
    of(ONE, seeds=[1, 2], out=tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/manifest.json")}
    assert len(times) == 4
    more = of(seeds=[1, 2, 3], out=tmp_path)
    assert len(list(tmp_path.iterdir())) == 9
    assert {path: path.stat().st_mtime_ns for path in times} == times
    for line in more.runs.to_dict("records"):
        facts = read_run(line["folder"]).manifest
        assert facts["seed"] == line["seed"]
        assert facts["metrics"]["front_spread_usd"] == line["front_spread_usd"]


def test_an_interrupted_comparison_says_what_is_kept_and_goes_on_from_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as stop:
        of(ONE, seeds=range(1, 5), out=tmp_path, run_function=toy_market.interrupted_on_three)
    assert str(stop.value) == f"4 of 8 runs kept in {tmp_path}"
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/manifest.json")}
    assert len(times) == 4
    assert {read_run(path.parent).manifest["seed"] for path in times} == {1, 2}  # whole pairs
    assert len(of(ONE, seeds=range(1, 5), out=tmp_path).runs) == 8
    assert {path: path.stat().st_mtime_ns for path in times} == times
    with pytest.raises(KeyboardInterrupt, match="none kept without out"):
        of(ONE, seeds=[3, 4], run_function=toy_market.interrupted_on_three)


def test_seeds_are_added_until_the_interval_is_as_narrow_as_asked_for() -> None:
    variants = {"plain": "plain", "strict": {RATE: 0.5}}
    few = of(variants, seeds=[3, 4, 5])
    before = row(few, "margin_calls", "strict")
    width = (before["high"] - before["low"]) / 3
    many = of(variants, seeds=[3, 4, 5], precision={"margin_calls": width})
    after = row(many, "margin_calls", "strict")
    assert (after["high"] - after["low"]) / 2 <= width
    assert many.seeds == tuple(range(3, 3 + len(many.seeds)))
    assert after["n"] == len(many.seeds) > 3
    assert many.notes[0].endswith(f"as asked for (+/- {width:g})")
    assert (before["high"] - before["low"]) / 2 > width


def test_seeds_are_added_to_a_bound_that_is_said_when_it_is_reached() -> None:
    variants = {"plain": "plain", "strict": {RATE: 0.5}}
    found = of(variants, seeds=[1, 2], precision={"margin_calls": 1e-6}, most_seeds=7)
    assert found.seeds == (1, 2, 3, 4, 5, 6, 7)
    assert "with 7 seeds" in found.notes[0]
    assert found.notes[0].endswith("wider than the +/- 1e-06 asked for: no more seeds are added")


def test_a_grid_makes_every_combination_a_variant_but_the_bases_own() -> None:
    tick, rate = Scenario().contract.tick_size_usd, Scenario().clearing.margin.rate
    found = of(["plain"], grid={TICK: [tick, 0.005], RATE: [rate, 0.4]}, seeds=[1, 2])
    assert found.base == "plain"
    assert found.variants == (
        f"tick_size_usd={tick}, rate=0.4",
        f"tick_size_usd=0.005, rate={rate}",
        "tick_size_usd=0.005, rate=0.4",
    )
    last = found.scenarios[found.variants[-1]]
    assert (last.contract.tick_size_usd, last.clearing.margin.rate) == (0.005, 0.4)


def test_what_is_common_holds_for_base_and_variants_and_their_own_goes_before_it() -> None:
    found = of(
        {
            "mine": ("plain", {RATE: 0.2}),
            "theirs": "rule_coarse_tick",
            "both": ("rule_coarse_tick", {RATE: 0.3}),
            "long": {"run.days": 9},
        },
        common={"agents.noise.count": 12, RATE: 0.15},
        days=8,
        population_seed=5,
        seeds=[1, 2],
    )
    markets = list(found.scenarios.values())
    assert [each.agents.noise.count for each in markets] == [12, 12, 12, 12]
    assert [each.clearing.margin.rate for each in markets] == [0.2, 0.15, 0.3, 0.2]
    assert [each.run.days for each in markets] == [8, 8, 8, 9]
    assert [each.run.population_seed for each in markets] == [5, 5, 5, 5]


REFUSALS = [
    ({"a": "plain"}, {}, "variants: there is none but the base 'a'"),
    ({}, {}, "variants: there is no base"),
    (3, {}, "variants: 3 is not a mapping of names to markets, or a list"),
    ({"a": "plain", "": {TICK: 0.005}}, {}, "variants: '' is not a name of 1 to 60 printable characters"),
    ({"a": "plain", "b": {"contract.tick_sze_usd": 1}}, {}, "variant 'b': contract.tick_sze_usd: "
     "unknown key (did you mean tick_size_usd?)"),
    ({"a": "plain", "b": {TICK: -1.0}}, {}, "variant 'b': contract.tick_size_usd: -1.0 is not"),
    ({"a": "plain", "b": "basline"}, {}, "basline is not a packaged scenario"),
    ({"a": "plain", "b": 3}, {}, "b: 3 is not a scenario, its name or path, or fields"),
    ({"a": "plain", "b": {TICK: 0.001}}, {}, "'b' is the same market as the base 'a'"),
    ({"a": "plain", "b": {"recording.profile": "full"}}, {}, "'b' is the same market as the base 'a'"),
    ({"a": "plain", "b": {TICK: 0.005}, "c": "rule_coarse_tick"}, {}, "'c' is the same market as 'b'"),
    (["plain", "plain"], {}, "variants: two are called 'plain'"),
    ({"a": "plain", "tick_size_usd=0.005": {TICK: 0.004}}, {"grid": {TICK: [0.005]}}, "two are called"),
    ({"a": "plain", "b": {"run.seed": 3}}, {}, "b: run.seed is not allowed (pass seeds)"),
    (["plain"], {"grid": {"run.seed": [3]}}, "grid: run.seed is not allowed (pass seeds)"),
    (TWO, {"common": {"run.seed": 3}}, "common: run.seed is not allowed (pass seeds)"),
    (["plain"], {"grid": {TICK: 0.005}}, "grid: contract.tick_size_usd: 0.005 is not a sequence"),
    (TWO, {"seeds": [4]}, "seeds: 1 is not >= 2"),
    (TWO, {"precision": {"front_spred_usd": 1.0}}, "is not a measure (did you mean front_spread_usd?)"),
    (TWO, {"precision": {"margin_calls": 0.0}}, "precision of margin_calls: 0.0 is not a finite number > 0"),
    (TWO, {"precision": {"volatility_reduction_across": 0.1}}, "is not a measure of one run"),
    (TWO, {"out": "/dev/null"}, "/dev/null is not a folder"),
]  # fmt: skip


@pytest.mark.parametrize(("variants", "options", "message"), REFUSALS)
def test_a_mistake_stops_the_comparison_before_the_first_run(
    tmp_path: Path, variants: Any, options: dict[str, Any], message: str
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a run has begun")

    with pytest.raises((ParameterError, ScenarioError, RunFolderError)) as caught:
        of(variants, **({"out": tmp_path, "run_function": never} | options))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_market_that_cannot_be_built_is_told_before_the_first_run() -> None:
    impossible = {"a": "plain", "b": {"spot.initial_price_usd": 1e6}}
    with pytest.raises(ScenarioError, match=r"variant 'b': spot\.initial_price_usd: 1000000\.0 is not"):
        compare(impossible, seeds=[1, 2], jobs=1)


def test_every_metric_of_a_run_has_a_place_or_a_reason_for_having_none() -> None:
    metrics = json.loads((toy_market.KEPT / "manifest.json").read_text())["metrics"]
    assert sorted({*MEASURES, *LEFT_OUT} - {*OF_ALL_RUNS}) == sorted(metrics)
    assert not MEASURES.keys() & LEFT_OUT.keys()
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.question in QUESTIONS
        assert measure.is_share == (measure.unit == "share")
        assert (
            measure.is_share
            == any(
                word in name
                for word in (
                    "share",
                    "curve",
                    "volatility",
                    "premium",
                    "presence",
                    "at_best",
                    "met",
                    "abandonment",
                    "to_equity",
                )
            )
            or name == "margin_calls_met_at_once"
        )
    assert len({measure.label for measure in MEASURES.values()}) == len(MEASURES)
    assert measure_of("my_own_metric").question == "other"


def test_the_folder_holds_what_the_comparison_found(tmp_path: Path) -> None:
    found = of(out=tmp_path / "runs", seeds=[1, 2])
    first = found.write(tmp_path / "runs" / "compare-x", command="sitsim compare")
    again = found.write(tmp_path / "runs" / "compare-x")
    assert (first.name, again.name) == ("compare-x", "compare-x-2")
    folder = read_compare_folder(first)
    facts = folder.manifest
    assert (facts["base"], facts["variants"]) == ("plain", ["coarse", "both"])
    assert facts["changes"]["coarse"] == [[TICK, "0.001", "0.005"]]
    assert [field for field, *_ in facts["changes"]["both"]] == [RATE, TICK] or len(
        facts["changes"]["both"]
    ) == 2
    assert facts["command"] == "sitsim compare"
    rows = folder.tables["differences"]
    for name in ("measure", "variant", "difference", "p_adjusted", "verdict", "n", "reason"):
        assert rows[name].fillna(-1).tolist() == found.table[name].fillna(-1).tolist()
    runs = folder.tables["runs"]
    assert all((first / seen / "manifest.json").is_file() for seen in runs["folder"])
    values = folder.tables["metrics"]
    assert len(values) == 6 * 6
    assert "command" not in read_compare_folder(again).manifest
    assert OWN_DIGEST in facts
    with pytest.raises(RunFolderError, match="of kind 'compare', which is not a run of the market"):
        read_run(first)
    part = first / "differences.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(RunFolderError, match="damaged"):
        read_compare_folder(first)
