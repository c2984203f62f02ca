"""Rounds are a resolution: finer rounds show the same market."""

from __future__ import annotations

import numpy as np
import pytest

from abm.market import RunResult, run
from abm.scenario import Scenario

SEEDS = range(1, 6)
SAMPLES_PER_DAY = 24


def realised_volatility(result: RunResult, rounds: int) -> float:
    """Of the median day, annualised, from the second month's mid sampled 24 times within each day."""
    quotes = result.tables["quotes"]
    sampled = quotes[(quotes.tenor == 1) & ((quotes["round"] + 1) % (rounds // SAMPLES_PER_DAY) == 0)]
    mid = (sampled.best_bid_ticks.astype(float) + sampled.best_ask_ticks.astype(float)) / 2
    log_mid = np.log(mid.to_numpy(dtype=float, na_value=np.nan)).reshape(-1, SAMPLES_PER_DAY)
    daily_variance = np.nansum(np.diff(log_mid, axis=1) ** 2, axis=1)
    return float(np.sqrt(252 * np.median(daily_variance)))


def statistics(rounds: int, seed: int) -> dict[str, float]:
    scenario = Scenario.load("plain").replace({"calendar.rounds_per_day": rounds})
    result = run(scenario, seed=seed)
    metrics = result.manifest["metrics"]
    return {
        "daily volume": metrics["volume_lots"] / scenario.run.days,
        "front spread": metrics["front_spread_ticks"],
        "settlement volatility": metrics["next_settlement_volatility"],
        "realised volatility": realised_volatility(result, rounds),
    }


@pytest.mark.verify
def test_doubling_the_rounds_leaves_the_market_as_it_was():
    coarse = [statistics(48, seed) for seed in SEEDS]
    fine = [statistics(96, seed) for seed in SEEDS]
    for name in coarse[0]:
        by_seed = np.array([[row[name] for row in rows] for rows in (coarse, fine)])
        ratio = by_seed[1].mean() / by_seed[0].mean()
        error = np.std(by_seed[1] / by_seed[0], ddof=1) / np.sqrt(len(SEEDS))
        print(f"{name}: 96 over 48 rounds a day {ratio:.3f} +- {error:.3f}")
        # Volatility has fat tails and differs from path to path; the rest is tight.
        tolerance = max(0.10, 2.0 * error) if name == "realised volatility" else 0.10
        assert abs(ratio - 1.0) < tolerance, f"{name} moves by {ratio - 1:+.1%}"
