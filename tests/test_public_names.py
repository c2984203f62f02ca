"""The names a script imports: from their package, loaded on first use, seen by type checkers and editors."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import abm

ROOT = Path(__file__).resolve().parents[1]
FACES = (
    "abm",
    "abm.agents",
    "abm.clearing",
    "abm.exchange",
    "abm.experiments",
    "abm.market",
    "abm.recording",
    "abm.scenario",
    "abm.spot",
    "analysis",
)
HEAVY = ("numpy", "numba", "mesa", "pandas", "scipy", "pyarrow", "pydantic", "matplotlib", "networkx")
SCRIPT_NEEDS = {
    "CustomAgents", "DayOpening", "MarginBasis", "MarginModel", "MarketRule", "MarketView", "MessageKind",
    "NewAccounts", "NO_PRICE", "ORDER_DTYPE", "ParameterError", "Population", "PopulationSpec",
    "RejectReason", "Recorder", "RunFolder", "RunResult", "Scenario", "ScenarioError", "SelfMatch", "Side",
    "SitsimError", "TimeInForce", "TokenFuturesMarket", "TraderAgent", "TradingPhase", "compare",
    "list_scenarios", "read_run", "register_margin_model", "run", "sweep", "units",
}  # fmt: skip


def imports_for_type_checkers(package: str) -> set[str]:
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in imports for alias in node.names}


@pytest.mark.parametrize("package", FACES)
def test_every_public_name_is_loaded_listed_and_known_to_type_checkers(package):
    face = import_module(package)
    assert set(face.__all__) == imports_for_type_checkers(package)
    assert len(face.__all__) == len(set(face.__all__))
    assert set(face.__all__) <= set(dir(face))
    for name in face.__all__:
        loaded = getattr(face, name)
        assert not isinstance(loaded, type(sys)), f"{package}.{name} is a module"
        assert getattr(face, name) is loaded


def test_the_face_has_what_a_script_needs():
    assert set(abm.__all__) >= SCRIPT_NEEDS


def test_importing_the_packages_loads_none_of_the_heavy_libraries():
    code = f"import {', '.join(FACES)}, sys; print([name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("abm.experiments", "compare"),
        ("abm.experiments", "sweep"),
        ("abm.market", "run"),
        ("abm.scenario", "explain"),
    ],
)
def test_a_function_wins_over_the_module_of_its_name(package, name):
    face = import_module(package)
    module = import_module(f"{package}.{name}")
    setattr(face, name, module)  # what the import system does when it loads the module
    assert getattr(face, name) is getattr(module, name)


def test_an_unknown_name_says_which_one_is_near():
    spot = import_module("abm.spot")
    with pytest.raises(AttributeError, match="did you mean MeanRevertingJumpDiffusion"):
        _ = spot.MeanRevertingJumpdiffusion
    with pytest.raises(AttributeError, match=r"module 'abm' has no attribute 'Market' \(did you mean Mar"):
        _ = abm.Market
    with pytest.raises(ImportError, match="cannot import name 'Walrus'"):
        from abm.spot import Walrus  # noqa: F401
    assert not hasattr(spot, "__wrapped__")


@pytest.mark.verify
def test_a_users_script_passes_a_strict_type_checker(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "from abm import MarketView, Scenario, Side, TraderAgent, run\n"
        "from abm.spot import Level, MeanRevertingJumpDiffusion\n"
        "from analysis import summarise\n\n"
        "class Mine(TraderAgent):\n"
        "    def decide(self, view: MarketView) -> None:\n"
        "        self.limit(side=Side.BUY, price_ticks=view.settlement_ticks(), lots=1)\n\n"
        "reveal_type(run(Scenario()).state_hash)\n"
        "reveal_type(summarise)\n",
        encoding="utf-8",
    )
    checker = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--allow-subclassing-any",
        "--cache-dir",
        str(tmp_path),
    ]
    answer = subprocess.run([*checker, str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert re.search(r'Revealed type is "(builtins\.)?str"', answer.stdout), answer.stdout
    assert "SummaryRow" in answer.stdout
    assert "error" not in answer.stdout
