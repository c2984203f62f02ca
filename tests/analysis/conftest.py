from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_run import write_synthetic_run

from abm.recording import RunFolder, read_run


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "synthetic")


@pytest.fixture
def synthetic_run(synthetic_folder: Path) -> RunFolder:
    return read_run(synthetic_folder)
