"""Parameters of agents with a law: what may be written, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from abm.core.errors import ScenarioError
from abm.market.assembly.build import build
from abm.scenario import Scenario


def noise_column(name: str, law, *, count: int = 4_000, column: str | None = None, seed: int = 1):
    scenario = Scenario().replace({f"agents.noise.{name}": law, "agents.noise.count": count})
    parts = build(scenario, seed=seed)
    return next(p for p in parts.populations if p.name == "noise").columns[column or name]


def test_a_number_is_the_same_for_everybody():
    assert set(noise_column("actions_per_day", 7.0, count=20)) == {7.0}


def test_uniform_draws_fill_the_interval():
    drawn = noise_column("actions_per_day", {"law": "uniform", "low": 8.0, "high": 24.0})
    assert drawn.min() >= 8.0
    assert drawn.max() <= 24.0
    assert drawn.mean() == pytest.approx(16.0, abs=4 * 16 / np.sqrt(12 * 4_000))


def test_lognormal_draws_have_the_median_and_the_log_deviation():
    drawn = np.log(noise_column("actions_per_day", {"law": "lognormal", "median": 16.0, "log_sd": 0.5}))
    assert drawn.mean() == pytest.approx(np.log(16.0), abs=4 * 0.5 / np.sqrt(4_000))
    assert drawn.std() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(8_000))


def test_a_lognormal_draw_is_held_at_the_bounds_of_the_parameter():
    drawn = noise_column("market_order_share", {"law": "lognormal", "median": 0.9, "log_sd": 1.0})
    assert drawn.max() == 1.0


def test_a_choice_is_drawn_with_its_weights():
    law = {"law": "choice", "values": [8.0, 32.0], "weights": [0.8, 0.2]}
    drawn = noise_column("actions_per_day", law)
    assert set(drawn) == {8.0, 32.0}
    assert np.mean(drawn == 32.0) == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / 4_000))


def test_draws_of_whole_lots_are_rounded():
    drawn = noise_column("max_position_lots", {"law": "lognormal", "median": 60.0, "log_sd": 1.0}, count=50)
    assert drawn.dtype.kind == "i"
    assert drawn.min() >= 1


def test_a_law_of_one_parameter_moves_no_other_draw_and_one_more_trader_no_one_elses():
    law = {"law": "uniform", "low": 1.0, "high": 9.0}
    few, many = noise_column("mean_lots", law, count=10), noise_column("mean_lots", law, count=11)
    assert np.array_equal(few, many[:10])
    beside = Scenario().replace({"agents.noise.mean_lots": law, "agents.noise.actions_per_day": law})
    columns = next(p for p in build(beside, seed=1).populations if p.name == "noise").columns
    assert np.array_equal(columns["mean_lots"][:10], few)
    assert not np.array_equal(columns["actions_per_day"], columns["mean_lots"])


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ({"law": "gamma"}, 'a table whose law is "uniform", "lognormal", "exponential" or "choice"'),
        ("many", '"many" is not a number in [1, 10000]'),
        (0.5, "mean_lots: 0.5 is not in [1, 10000]"),
        ({"law": "uniform", "low": 0.5, "high": 2.0}, "mean_lots.low: 0.5 is not in [1, 10000]"),
        ({"law": "uniform", "low": 3.0, "high": 2.0}, "mean_lots.low: 3.0 is not <= high = 2.0"),
        ({"law": "uniform", "low": 3.0}, "mean_lots.high: missing"),
        ({"law": "lognormal", "median": 2.0, "log_sd": -1.0}, "mean_lots.log_sd: -1.0 is not in [0, 5]"),
        ({"law": "choice", "values": []}, "mean_lots.values: "),
        ({"law": "choice", "values": [1.0, 0.0]}, "mean_lots.values.1: 0.0 is not in [1, 10000]"),
        ({"law": "choice", "values": [1.0, 2.0], "weights": [1.0]}, "mean_lots.weights: [1.0] is not one"),
        ({"law": "uniform", "low": 1.0, "high": 2.0, "mid": 1.5}, "mean_lots.mid: unknown key"),
    ],
)
def test_a_law_that_cannot_be_names_the_field(law, message):
    with pytest.raises(ScenarioError) as refusal:
        Scenario().replace({"agents.noise.mean_lots": law})
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_law_is_written_and_read_again(tmp_path):
    law = {"law": "choice", "values": [1.0, 2.0]}
    scenario = Scenario().replace({"agents.noise.mean_lots": law})
    path = tmp_path / "again.toml"
    path.write_text(scenario.to_toml())
    assert Scenario.load(path).sha256() == scenario.sha256()


def test_a_number_takes_the_place_of_a_law(tmp_path):
    path = tmp_path / "law.toml"
    path.write_text('[agents.noise.mean_lots]\nlaw = "uniform"\nlow = 1.0\nhigh = 2.0\n')
    assert Scenario.load(path).replace({"agents.noise.mean_lots": 4.0}).agents.noise.mean_lots == 4.0


def test_exponential_draws_have_the_mean_and_are_held_at_a_bound():
    drawn = noise_column("actions_per_day", {"law": "exponential", "mean": 16.0})
    assert drawn.mean() == pytest.approx(16.0, abs=4 * 16 / np.sqrt(4_000))
    assert drawn.std() == pytest.approx(16.0, rel=4 * np.sqrt(2 / 4_000))
    assert noise_column("market_order_share", {"law": "exponential", "mean": 0.9}).max() == 1.0


@pytest.mark.parametrize("section", ["noise", "fundamentalists", "informed", "mixture"])
def test_a_rate_counts_by_its_largest_value_and_only_where_somebody_has_it(section):
    """Two rounds a day hold 128 actions of a trader; attention, up to eight times as fast, is off."""
    rate, coarse = (
        f"agents.{section}.actions_per_day",
        {"calendar.rounds_per_day": 2, "agents.attention.response": 0.0},
    )
    terms = Scenario().replace(coarse | {f"agents.{section}.count": 3})
    held = [
        128.0,
        {"law": "uniform", "low": 1.0, "high": 128.0},
        {"law": "lognormal", "median": 100.0, "log_sd": 1.0},
        {"law": "exponential", "mean": 100.0},
    ]
    for law in held:
        terms.replace({rate: law})
    for law in (
        128.5,
        {"law": "uniform", "low": 1.0, "high": 128.5},
        {"law": "choice", "values": [128.5, 1.0]},
    ):
        with pytest.raises(
            ScenarioError, match=rf"{rate}: 128.5 is not <= 128 \(64 actions of a trader a round"
        ):
            terms.replace({rate: law})
        terms.replace({rate: law, f"agents.{section}.count": 0})


def test_the_baseline_can_be_as_coarse_as_two_rounds_a_day():
    assert Scenario().replace({"calendar.rounds_per_day": 2}).agents.attention.fastest == 4.0
