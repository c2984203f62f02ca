"""Cost, coverage and procyclicality of margin models side by side, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abm.clearing import EwmaMargin, MarginBasis, MarginDay
from abm.core.errors import ParameterError
from analysis.clearing_house import MarginTerms
from analysis.margin_backtest import christoffersen_test, kupiec_test
from analysis.margin_models import margin_model_table, said_of_models
from analysis.margin_power import christoffersen_power, kupiec_power

USD = 1_000_000
TERMS = MarginTerms(confidence=0.99, mpor_days=2)


def models_of(name: str, required: list[int], *, own: bool = False, breaches: int = 0) -> pd.DataFrame:
    """Four accounts, worth 100 USD together at every close; the breaches are on the last day."""
    last = np.arange(len(required)) == len(required) - 1
    return pd.DataFrame(
        {
            "day": range(len(required)),
            "model": name,
            "own": own,
            "accounts": 4,
            "requirement_usd_micro": np.array(required) * USD,
            "member_requirement_usd_micro": 0,
            "notional_usd_micro": 100 * USD,
            "breaches": breaches * last,
            "largest_excess_usd_micro": 3 * USD * last * (breaches > 0),
            "total_excess_usd_micro": 5 * USD * last * (breaches > 0),
        }
    )


def lots_of(name: str, required: list[float], losses: list[float], *, own: bool = False) -> pd.DataFrame:
    """One lot of the second month, worth 50 USD."""
    amounts = {"requirement": required, "notional": [50.0] * len(required), "loss": losses}
    return pd.DataFrame(
        {"day": range(len(required)), "model": name, "own": own, "month": 7, "tenor": 1}
        | {f"{column}_usd_micro": np.rint(np.array(v) * USD).astype(int) for column, v in amounts.items()}
    )


def by_hand() -> tuple[pd.DataFrame, pd.DataFrame]:
    losses = [1.0, 9.0, -6.0, 0.0, 7.0, 0.0, 2.0, 5.0]
    models = pd.concat(
        [
            models_of("ewma", [6, 6, 6, 6, 6, 6, 6, 14], breaches=2),
            models_of("flat", [10] * 8, own=True),
        ]
    )
    lots = pd.concat(
        [
            lots_of("ewma", [4.0, 4.0, 5.0, 5.0, 5.0, 5.0, 8.0, 8.0], losses),
            lots_of("flat", [5.0] * 8, losses, own=True),
        ]
    )
    return models, lots


def test_cost_coverage_and_procyclicality_stand_side_by_side() -> None:
    table = margin_model_table(*by_hand(), TERMS)
    assert table.index.tolist() == ["flat", "ewma"]  # the run's own first
    assert table["own"].tolist() == [True, False]
    assert table["mean_requirement_usd"].tolist() == [10.0, 7.0]
    assert table["share_of_notional"].tolist() == pytest.approx([0.10, 0.07])
    assert table["account_days"].tolist() == [32, 32]
    assert table["account_breaches"].tolist() == [0, 2]
    assert table["coverage"].tolist() == [1.0, 1.0 - 2 / 32]
    assert table["largest_excess_usd"].tolist() == [0.0, 3.0]
    assert table["total_excess_usd"].tolist() == [0.0, 5.0]
    # Of the days 0, 2, 4, 6 a long or a short lot lost beyond margin on 2 and 4, with either model.
    assert table["periods"].tolist() == [4, 4]
    assert table["lot_breaches"].tolist() == [2, 2]
    assert table.loc["ewma", "kupiec_p"] == kupiec_test(2, 4, 0.98).p_value
    assert table.loc["ewma", "kupiec_power"] == kupiec_power(4, 0.98)
    assert table.loc["ewma", "independence_p"] == christoffersen_test([0, 1, 1, 0]).p_value
    assert table.loc["ewma", "independence_power"] == christoffersen_power(4, 0.98)
    assert table.loc["flat", ["peak_to_trough", "largest_rise_1", "largest_rise_5"]].tolist() == [1.0] * 3
    assert table.loc["ewma", "peak_to_trough"] == pytest.approx(2.0)
    assert table.loc["ewma", "largest_rise_1"] == pytest.approx(1.6)
    assert table.loc["ewma", "largest_rise_5"] == pytest.approx(2.0)
    assert table["largest_rise_20"].isna().all()
    assert table["not_measured"].tolist() == ["rise over 20 days: 8 closes are too few"] * 2


def test_the_answer_names_cheapest_and_dearest_the_rejected_and_what_cannot_be_told() -> None:
    said = said_of_models(margin_model_table(*by_hand(), TERMS), TERMS)
    assert said.startswith("Least margin: ewma with USD 7 (7.0 % of notional), most flat with USD 10 (10.0 %")
    assert "Kupiec's test finds too many breaches of flat, ewma; 4 periods cannot tell 2 % of" in said
    calm = models_of("flat", [10] * 300, own=True), lots_of("flat", [5.0] * 300, [1.0] * 300, own=True)
    said = said_of_models(margin_model_table(*calm, TERMS), TERMS)
    assert "Kupiec's test finds too few of flat; 150 periods cannot tell 2 %" in said
    assert ", most" not in said


def test_what_cannot_be_measured_has_a_reason() -> None:
    models, lots = models_of("flat", [0, 0], own=True), lots_of("flat", [0.0, 0.0], [0.0, 0.0], own=True)
    row = margin_model_table(models.assign(notional_usd_micro=0, accounts=0), lots, TERMS).loc["flat"]
    for name in ("share_of_notional", "coverage", "independence_p", "peak_to_trough", "largest_rise_1"):
        assert math.isnan(row[name]), name
    assert row["not_measured"].split("; ") == [
        "share of notional and coverage: nobody held a position",
        "independence: no period follows a breach",
        "rises: the lot needed no margin on some day",
    ]
    assert margin_model_table(models.iloc[:0], lots.iloc[:0], TERMS).empty
    with pytest.raises(ParameterError, match="tenor: 3 is not one of the recorded 1"):
        margin_model_table(models, lots, TERMS, tenor=3)


def test_the_table_finds_how_ewma_answers_a_doubled_volatility() -> None:
    """``sqrt(4 - 3 decay^n)``: 1.193 after five days and 1.539 after twenty."""
    basis = MarginBasis(tick_value_usd_micro=USD, floor_price_ticks=1, history=np.full((3_000, 2), 0.01))
    model, price, required, value = EwmaMargin(basis), 1_000_000, [], []
    for day in range(22):
        close = MarginDay(
            settlement_ticks=np.full(2, price),
            tenor=np.arange(2),
            remaining_share_bps=np.full(2, 10_000),
            months=np.arange(2),
            volume_lots=np.zeros(2, dtype=np.int64),
        )
        model.observe(close)
        required.append(int(model.per_lot_usd_micro()[1]))
        value.append(price * USD)
        price = round(price * (1.0 + 0.02 * (-1) ** day))
    lots = lots_of("ewma", [0.0] * 22, [0.0] * 22).assign(
        requirement_usd_micro=required, notional_usd_micro=value
    )
    table = margin_model_table(models_of("ewma", [1] * 22), lots, TERMS)
    assert table.loc["ewma", "largest_rise_5"] == pytest.approx(1.193, abs=1e-3)
    assert table.loc["ewma", "largest_rise_20"] == pytest.approx(1.539, abs=1e-3)
