"""Each margin call is shared among what raised it, and the shares add up to what was called."""

from __future__ import annotations

import pandas as pd
import pytest

from abm.core.money import USD_MICRO
from abm.recording import RunFolder, metrics
from analysis.call_causes import CAUSES, calls_by_cause

COLUMNS = (
    "amount",
    "met_cash",
    "met_credit",
    "outstanding",
    "loss",
    "model_rise",
    "position_rise",
    "carried",
)


def calls(*rows: tuple[int, ...]) -> pd.DataFrame:
    """Rows of day, round, account, deadline and, in dollars, ``COLUMNS``."""
    table = pd.DataFrame(
        rows,
        columns=["day", "round", "account", "deadline_round", *(f"{name}_usd_micro" for name in COLUMNS)],
    )
    money = [f"{name}_usd_micro" for name in COLUMNS]
    table[money] *= USD_MICRO
    assert (table[money[-4:]].sum(axis=1) == table["amount_usd_micro"]).all()
    assert (table[money[1:4]].sum(axis=1) == table["amount_usd_micro"]).all()
    return table


def shares(*rows: tuple[int, ...]) -> list[tuple[float, ...]]:
    shared = calls_by_cause(calls(*rows))
    return [tuple(row) for row in shared[["amount_usd", *CAUSES]].itertuples(index=False)]


@pytest.mark.parametrize(
    ("parts", "shared"),
    [
        ((300, 0, 0, 0), (300, 0, 0, 0)),
        ((100, 60, 140, 0), (100, 60, 140, 0)),
        ((300, 100, 0, -100), (225, 75, 0, 0)),  # 100 in excess pay for a quarter of both
        ((-200, 0, 500, 0), (0, 0, 300, 0)),  # a gain lowers what the purchase needs
        ((0, 0, 0, 300), (0, 0, 0, 300)),
    ],
)
def test_what_raised_a_call_shares_it_and_what_lowered_it_is_credited_to_all(
    parts: tuple[int, ...], shared: tuple[int, ...]
) -> None:
    assert shares((0, 1, 7, 9, 300, 300, 0, 0, *parts)) == [(300, *shared)]


def test_a_call_computed_again_is_one_call_and_its_old_debt_is_no_cause() -> None:
    rows = (
        (3, 1, 7, 9, 500, 100, 100, 300, 500, 0, 0, 0),
        (3, 2, 7, 9, 400, 50, 0, 350, 0, 100, 0, 300),  # the 300 again, and 100 more
        (4, 0, 7, 9, 330, 0, 0, 330, -20, 0, 0, 350),  # a gain of 20
    )
    assert shares(*rows) == [(580, 580 * 480 / 580, 100, 0, 0)]
    assert calls_by_cause(calls(*rows))["day"].tolist() == [3]


def test_two_calls_of_one_account_and_one_of_another_stay_apart() -> None:
    rows = (
        (0, 1, 7, 9, 100, 100, 0, 0, 100, 0, 0, 0),
        (0, 1, 8, 9, 100, 0, 0, 100, 0, 0, 100, 0),
        (1, 1, 7, 20, 100, 100, 0, 0, 0, 100, 0, 0),
    )
    assert shares(*rows) == [(100, 100, 0, 0, 0), (100, 0, 0, 100, 0), (100, 0, 100, 0, 0)]


def test_the_shares_add_up_to_what_the_run_says_was_called(synthetic_run: RunFolder) -> None:
    tables = synthetic_run.tables
    shared = calls_by_cause(tables["margin_calls"])
    counted = metrics.margin_calls(tables["margin_calls"], tables["defaults"])
    assert len(shared) == counted.calls
    assert shared["amount_usd"].sum() == pytest.approx(counted.amount_usd)
    assert shared[list(CAUSES)].to_numpy().sum() == pytest.approx(counted.amount_usd)
    assert (shared[list(CAUSES)] >= 0.0).all(axis=None)


def test_without_calls_there_are_no_shares(synthetic_run: RunFolder) -> None:
    none = synthetic_run.tables["margin_calls"].iloc[:0]
    assert calls_by_cause(none).empty
