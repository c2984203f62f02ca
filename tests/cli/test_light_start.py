"""Checking a scenario waits for no compiler and no agent framework."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
sys.argv = ["sitsim", "validate", "demand_explosion"]
from abm.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end
print([name for name in ("mesa", "numba", "pandas", "matplotlib") if name in sys.modules])
"""


def test_validate_imports_neither_mesa_nor_numba():
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"
