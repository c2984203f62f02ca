"""A user's own folders called analysis, scenarios or tests break nothing, and are never taken for ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ANALYSIS = sorted((ROOT / "analysis").rglob("*.py"))


@pytest.fixture(params=["packages", "plain folders", "modules"])
def own_folders(request, tmp_path):
    """A folder first on the import path with the user's own analysis, scenarios and tests."""
    for name in ("analysis", "scenarios", "tests"):
        if request.param == "modules":
            (tmp_path / f"{name}.py").write_text("WHOSE = 'the user'\n", encoding="utf-8")
            continue
        folder = tmp_path / name
        folder.mkdir()
        (folder / "summary.py").write_text("raise RuntimeError('not ours')\n", encoding="utf-8")
        (folder / "report.py").write_text("raise RuntimeError('not ours')\n", encoding="utf-8")
        (folder / "baseline.toml").write_text("name = 'not ours'\n", encoding="utf-8")
        if request.param == "packages":
            (folder / "__init__.py").write_text("WHOSE = 'the user'\n", encoding="utf-8")
    return tmp_path


def python(folder: Path, code: str) -> str:
    path = f"import sys; sys.path[:0] = [{str(folder)!r}]; "
    answer = subprocess.run(
        [sys.executable, "-c", path + code], capture_output=True, text=True, cwd=folder, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_ours_are_found_and_theirs_keep_their_names(own_folders):
    code = """
from abm.core.neighbours import neighbour_folder, neighbour_module
print(neighbour_folder('scenarios'))
print(neighbour_module('analysis', 'wording').__file__)
import abm.scenario.loading as loading
print(loading.packaged_scenarios()[0].parent)
import analysis
print(getattr(analysis, 'WHOSE', 'nobody'))
"""
    scenarios, wording, packaged, whose = python(own_folders, code).split("\n")[:4]
    assert scenarios == packaged == str(ROOT / "scenarios")
    assert wording == str(ROOT / "analysis" / "wording.py")
    has_own = (own_folders / "analysis.py").exists() or (own_folders / "analysis" / "__init__.py").exists()
    assert whose == ("the user" if has_own else "nobody")


@pytest.mark.verify
@pytest.mark.parametrize("own_folders", ["packages"], indirect=True)
def test_every_command_works_beside_them(own_folders):
    def sitsim(*arguments: str) -> str:
        code = f"sys.argv = ['sitsim', *{arguments}]; from abm.cli import main; main()"
        return python(own_folders, code)

    assert re.search(r"^baseline ", sitsim("list"), re.MULTILINE)
    assert "baseline" in sitsim("validate", "baseline")
    assert "[clearing" in sitsim("explain", "baseline")
    days = ("--days", "2", "--rounds-per-day", "6", "--out", "runs")
    assert "report" in sitsim("run", "baseline", *days)
    (folder,) = (own_folders / "runs").iterdir()
    assert Path(sitsim("report", str(folder)).strip()).name == "report.html"
    prices = "\n".join(str(2.0 + 0.1 * ((7 * i) % 5)) for i in range(200))
    (own_folders / "prices.csv").write_text(f"price\n{prices}\n", encoding="utf-8")
    sitsim("calibrate", "prices.csv", "--model", "diffusion", "--figure", "fit.png")
    assert (own_folders / "fit.png").is_file()


@pytest.mark.verify
@pytest.mark.parametrize("own_folders", ["packages"], indirect=True)
def test_a_sweep_in_several_processes_works_beside_them(own_folders):
    script = own_folders / "study.py"
    script.write_text(
        "from abm import sweep\n"
        "if __name__ == '__main__':\n"
        "    few = {'calendar.rounds_per_day': [4]}\n"
        "    rows = sweep('baseline', few, seeds=range(2), jobs=2, days=1)\n"
        "    print(rows['error'].tolist())\n",
        encoding="utf-8",
    )
    answer = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=own_folders)
    assert answer.stdout.strip() == "[None, None]", answer.stderr


def test_analysis_imports_its_own_modules_relative_to_itself():
    """So that it can be loaded under another name where a user's package has its own."""
    by_name = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in ANALYSIS
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*(from analysis\b|import analysis\b)", line)
    ]
    assert by_name == []


def test_an_incomplete_installation_says_so():
    from abm.core.errors import SitsimError
    from abm.core.neighbours import neighbour_folder

    with pytest.raises(SitsimError, match="elsewhere: no such folder: it comes with sitsim"):
        neighbour_folder("elsewhere")
