from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_run import write_synthetic_run

from abm import Scenario, run
from abm.recording import RunFolder, read_run


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "synthetic")


@pytest.fixture
def synthetic_run(synthetic_folder: Path) -> RunFolder:
    return read_run(synthetic_folder)


EXPLOSION = Path(__file__).parents[1] / "plain_explosion.toml"
CRISIS = {
    "run.days": 42,
    "calendar.rounds_per_day": 12,
    "recording.margin_models": True,
    "agents.providers.cash_share": 0.15,
    "agents.providers.credit_share": 0.0,
    "clearing.member_capital_usd": 200_000.0,
    "clearing.fund_contribution_usd": 100_000.0,
    "clearing.skin_in_the_game_usd": 50_000.0,
    "clearing.fund.sizing": "cover_2",
    "clearing.fund.floor_usd": 50_000.0,
    "clearing.fund.stress_history_days": 2,
    "spot.level_shift.log_size": 1.0,
    "spot.level_shift.duration_days": 10,
}


@pytest.fixture(scope="session")
def crisis(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run in which providers without cash are short when the token price triples."""
    out = tmp_path_factory.mktemp("runs") / "crisis"
    run(Scenario.load(EXPLOSION).replace(CRISIS), seed=2, out=out)
    return read_run(out)
