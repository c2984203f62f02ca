"""Who kept the makers' contract, and how a miss is said."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from abm.core.calendar import TradingCalendar
from abm.recording import RunFolder
from analysis.makers import duty_by_maker, maker_duty
from analysis.summary import summarise

CALENDAR = TradingCalendar(days_per_month=2)


def duties(lines: str) -> pd.DataFrame:
    """Build the table from lines ``day account | presence met under_contract pay_usd``."""
    rows = [line.replace("|", " ").split() for line in lines.strip().splitlines()]
    return pd.DataFrame(
        [
            {
                "day": int(day), "account": int(account), "presence": float(presence),
                "spread_compliance": float(presence) / 2, "size_compliance": 1.0,
                "obligation_met": met == "met", "under_contract": status == "yes",
                "pay_usd_micro": int(pay) * 1_000_000,
            }
            for day, account, presence, met, status, pay in rows
        ]
    )  # fmt: skip


TWO_MONTHS = duties(
    """
    0 9 | 1.0 met    yes 0
    0 3 | 0.1 missed yes 0
    1 9 | 0.8 met    yes 500
    1 3 | 0.3 missed yes 0
    2 9 | 0.6 missed yes 0
    2 3 | 0.9 met    no  0
    3 9 | 0.8 met    yes 500
    3 3 | 0.9 met    no  0
    """
)


def test_a_maker_is_judged_by_its_days_under_contract_only() -> None:
    by_maker = duty_by_maker(TWO_MONTHS, CALENDAR)
    assert list(by_maker) == [3, 9]
    lost, kept = by_maker[3], by_maker[9]
    assert (lost.days, lost.days_met, lost.lost, lost.months, lost.months_paid) == (2, 0, 1, 1, 0)
    assert (kept.days, kept.days_met, kept.lost, kept.months, kept.months_paid) == (4, 3, 0, 2, 2)
    assert (lost.presence, kept.presence, kept.spread_compliance) == pytest.approx((0.2, 0.8, 0.4))
    every = maker_duty(TWO_MONTHS, CALENDAR)
    assert (every.makers, every.days, every.days_met, every.pay_usd) == (2, 6, 3, 1_000.0)
    assert every.presence == pytest.approx((1.0 + 0.1 + 0.8 + 0.3 + 0.6 + 0.8) / 6)
    assert every.met_share == 0.5


def test_a_duty_that_was_missed_is_a_warning_of_the_summary(synthetic_run: RunFolder) -> None:
    run = replace(synthetic_run, tables={**synthetic_run.tables, "dmm": TWO_MONTHS})
    (row,) = (row for row in summarise(run) if row.label == "Market makers' duty met")
    assert row.value == "50.0 % of maker-days"
    assert row.note.startswith(
        "warning: not met on 3 of 6 maker-days; 1 of 2 makers lost the status; 2 makers"
    )
