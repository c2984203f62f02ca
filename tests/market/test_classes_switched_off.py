"""Zero means off: any class of traders, or all of them, may be missing from a market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm.core.errors import ScenarioError
from abm.market import TokenFuturesMarket, run
from abm.scenario import Scenario, explain
from analysis.report import write_report
from analysis.summary import summarise

CLASSES = ("enterprises", "providers", "noise", "fundamentalists", "chartists", "market_makers")
SHORT: dict[str, Any] = {
    "run.days": 3,
    "calendar.rounds_per_day": 4,
    "calendar.days_per_month": 2,
    "contract.listed_months": 4,
    "clearing.margin.history_days": 310,
    "exchange.sessions.opening_auction": 0.25,
}


def without(*names: str, **changes: Any) -> Scenario:
    method = {"index.method": "process"} if "providers" in names else {}
    return Scenario().replace(SHORT | {f"agents.{name}.count": 0 for name in names} | method | changes)


def pure_noise() -> Scenario:
    return without(*(name for name in CLASSES if name != "noise"))


@pytest.mark.parametrize("name", CLASSES)
def test_a_market_trades_without_any_one_class(name: str) -> None:
    result = run(without(name))
    section = {"market_makers": "dmm"}.get(name, name.removesuffix("s"))
    assert section not in set(result.tables["agents"]["agent_class"])
    assert result.manifest["counts"]["trades"] > 0
    if name == "enterprises":
        assert result.tables["hedging"].empty


def test_a_market_of_noise_alone_trades(tmp_path: Path) -> None:
    result = run(pure_noise(), out=tmp_path / "noise")
    assert set(result.tables["agents"]["agent_class"]) == {"noise"}
    assert result.manifest["counts"]["trades"] > 0
    assert "nan" not in " ".join(row.value for row in summarise(tmp_path / "noise")).lower()


@pytest.mark.verify
@pytest.mark.parametrize("names", [CLASSES[:2] + CLASSES[3:], *((name,) for name in CLASSES)])
def test_a_market_without_a_class_is_reported(names: tuple[str, ...], tmp_path: Path) -> None:
    run(without(*names), out=tmp_path / "some")
    assert write_report(tmp_path / "some").is_file()


def test_an_empty_market_runs_is_reported_and_has_the_same_price_path(tmp_path: Path) -> None:
    result = run(without(*CLASSES), out=tmp_path / "empty")
    assert (result.manifest["counts"]["agents"], result.manifest["counts"]["trades"]) == (0, 0)
    assert "NaN" not in (tmp_path / "empty" / "manifest.json").read_text()
    assert "nan" not in " ".join(row.value for row in summarise(tmp_path / "empty")).lower()
    assert write_report(tmp_path / "empty").is_file()
    full = run(without().replace({"index.method": "process"}))
    assert result.tables["spot"]["spot_usd"].tolist() == full.tables["spot"]["spot_usd"].tolist()


@pytest.mark.parametrize("providers", [0, 2, 12])
def test_the_process_itself_is_the_index_by_the_method_of_that_name(providers: int) -> None:
    scenario = Scenario().replace(
        SHORT
        | {
            "index.method": "process",
            "agents.providers.count": providers,
            "spot.dislocation.size": -2.0,
            "spot.dislocation.start_day": 2,
        }
    )
    spot = run(scenario).tables["spot"]
    assert spot["spot_usd"].min() < 0.0
    assert spot["tpi_usd"].tolist() == spot["spot_usd"].tolist()
    assert spot["index_fixing_usd_micro"].tolist() == np.rint(spot["spot_usd"] * 1e6).tolist()
    assert spot["index_available"].all()
    assert spot["volume_weighted_usd"].notna().all() == (providers == 12)
    assert spot["provider_low_usd"].notna().all() == (providers > 0)


def test_an_enterprise_pays_the_spot_price_where_nobody_else_quotes() -> None:
    market = TokenFuturesMarket(without("providers"))
    for _ in range(4):
        market.step()
    enterprises = market.enterprises
    assert np.allclose(enterprises.month_bill_usd, enterprises.need_msit * market.desk.spot_usd)


def test_another_method_without_providers_is_refused_with_the_one_to_set() -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario().replace({"agents.providers.count": 0})
    assert str(caught.value) == (
        "agents.providers.count: 0 is not >= index.min_providers = 4 while index.method = "
        '"volume_weighted" ("process" needs no providers)'
    )


def test_explain_shows_what_the_index_is_made_of() -> None:
    (row,) = (row for row in explain(without("providers")) if row.field == "index.method")
    assert row.value == "process"
    assert "spot price" in row.description
