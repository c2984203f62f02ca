"""The whole market with its kernels as plain Python is the market with compiled ones, to the hash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import plain_rounds


def test_ten_rounds_of_a_market_are_the_same_compiled_and_in_plain_python():
    result = subprocess.run(
        [sys.executable, str(Path(plain_rounds.__file__))],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""
    assert json.loads(result.stdout) == plain_rounds.hashes()
