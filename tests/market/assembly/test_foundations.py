"""What only shows when a market is built is refused by ``validate`` and ``run`` in the same words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from abm.cli import app
from abm.core.errors import ScenarioError
from abm.core.settings.toml_text import toml_document
from abm.market import run
from abm.market.assembly.foundations import require_feasible
from abm.scenario import Scenario
from abm.spot.index.list_prices import COLUMNS

PACKAGED = Path(__file__).parents[3] / "scenarios" / "data" / "provider_prices.csv"

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "members' capital": (
        {"clearing.member_capital_usd": 1e12},
        "clearing.member_capital_usd: 1000000000000.0 is not usable: all money in the market comes to 6",
    ),
    "one class's cash": (
        {"agents.fundamentalists.cash_usd": 5.5e11},
        "agents.fundamentalists.cash_usd: 550000000000.0 is not usable: all money in the market comes to",
    ),
    "many accounts of much cash": (
        {"agents.noise.count": 500, "agents.noise.cash_usd": 1e11},
        "agents.noise.cash_usd: 100000000000.0 is not usable: all money in the market comes to 5e+13 USD",
    ),
    "a law of cash": (
        {"agents.noise.cash_usd": {"law": "lognormal", "median": 1e9, "log_sd": 5.0}},
        "agents.noise.cash_usd: {law = ",
    ),
    "a credit line": (
        {"agents.enterprises.credit_share": 100.0, "agents.enterprises.need_msit_per_day": 1e7},
        "agents.enterprises.credit_share: 100.0 is not usable: all money in the market comes to",
    ),
    "a count": (
        {"agents.market_makers.count": 100_000},
        "agents.market_makers.count: 100000 is not usable: all money in the market comes to 1.5e+12 USD",
    ),
    "accounts in memory": (
        {"agents.noise.count": 100_000, "contract.listed_months": 60},
        "agents.noise.count: 100000 is not usable: 100,140 accounts in contract.listed_months = 60",
    ),
    "positions": (
        {"contract.contract_size_msit": 1_000_000, "agents.noise.max_position_lots": 1_000_000},
        "agents.noise.max_position_lots: 1000000.0 is not usable: a position may be worth",
    ),
    "a need": (
        {"agents.enterprises.need_msit_per_day": 1e7, "agents.enterprises.need_log_sd": 5.0},
        "agents.enterprises.need_msit_per_day: 10000000.0 is not usable: ",
    ),
    "a flood of orders": (
        {"agents.order_flow.tenors": [0], "agents.order_flow.limits_per_day": [1e7]},
        "agents.order_flow.limits_per_day: [10000000.0] is not usable: 2.08e+06 orders of the flow",
    ),
    "long-run volatility": (
        {"spot.long_run.volatility": 10},
        "spot.long_run.volatility: 10.0 is not usable: the price would be expected to move by e^",
    ),
    "jumps with no mean": (
        {"spot.jumps": {"kind": "gaussian", "mean": 0.1, "std": 5.0}},
        "spot.jumps.std: 5.0 is not usable: its numbers are beyond what a float can hold",
    ),
    "a risk premium": (
        {"spot.premium.jump_tilt": 12.0},
        "premium.jump_tilt: 12.0 is not <= spot.jumps.eta_up - 1.001 = 11.499: it leaves no finite forward",
    ),
    "a stressed regime": (
        {"spot.stress.entries_per_year": 1.0, "spot.stress.sigma": 10.0, "spot.kappa": 0.1},
        "is not usable: the price would be expected to move by e^",
    ),
    "a tick above the price": (
        {"contract.tick_size_usd": 100.0},
        "contract.tick_size_usd: 100.0 is not usable: the price of day 0, 3.05979 USD",
    ),
    "a fine tick and a wide limit": (
        {"contract.tick_size_usd": 1e-6, "exchange.final_day_band": 10.0},
        "is a range of more than 20,000,000 ticks",
    ),
    "a margin rate below a basis point": (
        {"clearing.margin.rate": 1e-12},
        "clearing.margin.rate: 1e-12 is not in [0.0001, 1]",
    ),
    "positions beyond counting": (
        {"agents.holders": [{"name": "a", "lots": [10**30], "cash_usd": 1.0}]},
        "agents.holders.0.lots.0: 1000000000000000000000000000000 is not <= 1000000000",
    ),
    "a margin model nobody has registered": (
        {"clearing.margin.registered": "mine"},
        'clearing.margin.registered: "mine" is not usable: no script has registered it (known: flat, ewma',
    ),
    "changes that no list prices make": (
        {"index.quote_dynamics": "list_prices", "index.sd_log_change": 2.0},
        "index.sd_log_change: 2.0 is not usable: list_prices.mean_abs_log_change: 0.3 is not in",
    ),
    "more providers asked for than the price list has": (
        {"agents.providers.count": 50, "index.min_providers": 50},
        "index.min_providers: 50 is not usable: list prices: ",
    ),
}


def nested(changes: dict[str, Any]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for dotted, value in changes.items():
        *outer, last = dotted.split(".")
        here = tables
        for part in outer:
            here = here.setdefault(part, {})
        here[last] = value
    return tables


def refusal(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        require_feasible(Scenario.load(path))
    message = str(caught.value)
    assert message.isprintable()
    return message


@pytest.mark.parametrize("base", ["", "extends = 'plain'\n"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_held_is_refused_by_the_field_that_the_user_set(
    case: str, base: str, tmp_path: Path
) -> None:
    changes, expected = REFUSED[case]
    path = tmp_path / "mine.toml"
    path.write_text(base + toml_document(nested(changes)))
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert expected in message


def test_validate_and_run_refuse_in_the_same_words_and_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[clearing]\nmember_capital_usd = 1e12\n")
    message = refusal(path)
    for command in (["validate", str(path)], ["run", str(path), "--out", str(tmp_path / "runs")]):
        done = CliRunner().invoke(app, command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == f"sitsim: {message}\n"
    assert sorted(tmp_path.iterdir()) == [path]
    with pytest.raises(ScenarioError, match="all money in the market"):
        run(Scenario().replace({"clearing.member_capital_usd": 1e12}))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ":1: columns: [] is not ['provider', "),
        (b"a,b\n1,2\n", ":1: columns: ['a', 'b'] is not ['provider', "),
        (",".join(COLUMNS).encode() + b"\n", ": rows: 0 is not >= 1"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", ": is not a UTF-8 CSV file: "),
        (PACKAGED.read_text().encode("utf-16"), ": is not a UTF-8 CSV file: "),
        (
            ",".join(COLUMNS).encode() + b"\na,b,2026-13,1,2,90,x\n",
            ":2: effective_from: '2026-13' is not a date",
        ),
        (
            ",".join(COLUMNS).encode() + b"\na,b,2026-01,1e999,2,90,x\n",
            ":2: input_usd_per_mtok: '1e999' is not",
        ),
        (
            ",".join(COLUMNS).encode() + b"\na\x00\x1b,b,2026-01,x,2,90,x\n",
            ":2: input_usd_per_mtok: 'x' is not",
        ),
    ],
)
def test_a_price_list_that_cannot_be_used_is_refused_by_its_name(
    content: bytes, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "prices.csv").write_bytes(content)
    path = tmp_path / "mine.toml"
    path.write_text("[index]\nprovider_prices = 'prices.csv'\n")
    message = refusal(path)
    assert message.startswith(f"{path}: index.provider_prices: {tmp_path}/prices.csv{expected}")


def test_a_price_list_that_is_no_readable_file_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[index]\nprovider_prices = 'prices.csv'\n")
    prices = tmp_path / "prices.csv"
    named = f"{path}: index.provider_prices: {prices}: "
    assert refusal(path) == f"{named}no such file"
    prices.mkdir()
    assert refusal(path) == f"{named}not a file"
    prices.rmdir()
    os.mkfifo(prices)
    assert refusal(path) == f"{named}not a file"


def test_a_price_list_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_bytes(b"\xef\xbb\xbf" + PACKAGED.read_bytes())
    require_feasible(Scenario().replace({"index.provider_prices": str(tmp_path / "prices.csv")}))


def test_a_price_that_explodes_is_held_and_the_market_goes_on() -> None:
    wild = {
        "run.days": 12,
        "calendar.rounds_per_day": 2,
        "contract.listed_months": 2,
        "exchange.sessions.opening_auction": 0.5,
        "spot.sigma": 10.0,
        "spot.kappa": 100.0,
        "spot.level_shift.log_size": 5.0,
        "spot.dislocation.size": 20.0,
        "spot.trend_per_year": -10.0,
        "spot.initial_price_usd": 1e4,
        "contract.tick_size_usd": 1.0,
        "contract.contract_size_msit": 10,
        "agents.enterprises.need_msit_per_day": 1.0,
        "agents.providers.capacity_msit_per_day": 1.0,
    }
    spot = run(Scenario().replace(wild)).tables["spot"]
    assert spot["spot_usd"].max() > 1e5
