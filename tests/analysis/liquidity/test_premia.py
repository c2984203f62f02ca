"""The risk premium by tenor: its mean by hand, and intervals that hold over runs and over days."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import analysis
import analysis.liquidity.premia as module
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError

FOLDERS = Path(__file__).parents[2] / "recording" / "folders"


def run_with(premium: np.ndarray) -> SimpleNamespace:
    """Return what is read of a run whose month one ahead has these premia by day, and the front none."""
    days = np.repeat(np.arange(len(premium)), 2)
    settled = np.rint(1e6 * np.exp(np.column_stack([0.0 * premium, premium]))).astype(np.int64).ravel()
    daily = pd.DataFrame({"day": days, "tenor": np.tile([0, 1], len(premium)), "settlement_ticks": settled})
    return SimpleNamespace(
        tables={"daily": daily.assign(final=False, expected_usd=1.0)},
        contract=ContractSpec(tick_size_usd_micro=1),
    )


@pytest.fixture
def _runs_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load", lambda run: run)
    monkeypatch.setattr(module, "Run", SimpleNamespace)


@pytest.mark.usefixtures("_runs_in_memory")
def test_the_mean_over_runs_has_students_interval() -> None:
    means = np.array([0.010, 0.014, 0.021, 0.015])
    found = analysis.risk_premium([run_with(np.full(30, mean)) for mean in means]).set_index("tenor").loc[1]
    reach = 3.1824 * means.std(ddof=1) / 2.0  # Student's t with three degrees of freedom
    assert found["premium"] == pytest.approx(0.015, abs=1e-6)
    assert (found["low"], found["high"]) == pytest.approx((0.015 - reach, 0.015 + reach), abs=1e-5)
    assert found["n"] == 4


@pytest.mark.usefixtures("_runs_in_memory")
def test_within_a_run_days_that_are_alike_count_as_few() -> None:
    rng = np.random.default_rng(1)
    apart = rng.normal(0.01, 0.01, 252)
    alike = 0.01 + np.repeat(rng.normal(0.0, 0.01, 12), 21)
    widths = []
    for premium in (apart, alike):
        found = analysis.risk_premium(run_with(premium)).set_index("tenor").loc[1]
        assert found["low"] < found["premium"] < found["high"]
        assert found["n"] == 252
        widths.append(found["high"] - found["low"])
    assert widths[1] > 2.5 * widths[0]


def test_a_kept_run_has_the_premium_of_its_metrics() -> None:
    found = analysis.risk_premium(FOLDERS / "format-6").set_index("tenor")["premium"]
    stated = analysis.run_metrics(FOLDERS / "format-6")
    for tenor in (1, 3):
        assert found[tenor] == stated[f"risk_premium_tenor_{tenor}"]


def test_a_folder_from_before_says_nothing_of_premia() -> None:
    assert analysis.risk_premium(FOLDERS / "format-5").empty


@pytest.mark.parametrize("wrong", [{"confidence": 1.0}, {"block_days": 0}, {"draws": 5}, {"seed": -1}])
def test_a_number_outside_its_domain_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        analysis.risk_premium(FOLDERS / "format-6", **wrong)
