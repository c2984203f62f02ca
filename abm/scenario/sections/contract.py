"""Sections of what is simulated and traded: run, calendar, contract."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from abm.core.settings.fields import Section, field

_PAPER = "Xing 2026, arXiv:2603.21690"


class RunSection(Section):
    """How long to simulate and which random numbers to draw."""

    days: int = field(
        252, ge=1, le=25_200, unit="trading days", source="judgement", description="Length of the run."
    )
    warm_up_months: int = field(
        0, ge=0, le=120, unit="months", source="judgement",
        description="Months traded before day 0, in no table or measure; 0 for none.",
    )  # fmt: skip
    warm_up_rules: Literal["own", "base"] = field(
        "own", unit="-", source="judgement",
        description="Rules of the venue in the warm-up: the scenario's, or the baseline's until day 0.",
    )  # fmt: skip
    seed: int = field(
        1, ge=0, le=2**63 - 1, unit="-", source="judgement", description="Seed of every random stream."
    )
    population_seed: int | None = field(
        None, ge=0, le=2**63 - 1, unit="-", source="judgement",
        description="Seed of who is there (needs, providers, cash, parameters); run.seed if none is given.",
    )  # fmt: skip


class CalendarSection(Section):
    """Synthetic trading calendar and the resolution of a day."""

    rounds_per_day: int = field(
        48,
        ge=2,
        le=100_000,
        unit="rounds/day",
        source="judgement",
        description="Trading rounds a day: a resolution, not a rule of the market. In a single one nobody "
        "would see another's order, and whoever only takes quotes would never trade.",
    )
    days_per_month: int = field(
        21,
        ge=2,
        le=31,
        unit="trading days",
        source="judgement",
        description="Trading days in every month, 252 a year.",
    )
    months_per_year: int = field(
        12, ge=1, le=12, unit="months", source="judgement", description="Months in a year."
    )
    first_year: int = field(
        2027, ge=1970, le=2999, unit="year", source="judgement", description="Calendar year of month 0."
    )
    first_month: int = field(
        1, ge=1, le=12, unit="month", source="judgement", description="Calendar month of month 0."
    )


class ContractSection(Section):
    """Terms of the monthly cash-settled future."""

    product_code: str = field(
        "SIT",
        min_length=1,
        max_length=8,
        pattern="^[A-Z0-9]+$",
        unit="-",
        source=_PAPER,
        description="Letters before the month code, as in SITZ27.",
    )
    contract_size_msit: int = field(
        1_000, ge=1, le=1_000_000, unit="mSIT/lot", source="judgement", description="Million SIT in one lot."
    )
    tick_size_usd: float = field(
        0.001,
        ge=1e-6,
        le=1_000,
        unit="USD/mSIT",
        source="judgement",
        description="Smallest price step, a whole number of micro-USD; USD 1.00 a lot at the defaults.",
    )
    listed_months: int = field(
        12,
        ge=1,
        le=60,
        unit="months",
        source=_PAPER,
        description="Consecutive delivery months listed at any time.",
    )
    final_fixings: int = field(
        0,
        ge=0,
        le=31,
        unit="fixings",
        source="judgement: power and freight futures settle on the month's mean, crude oil on one price",
        description="Last fixings of the month that the final settlement averages; 0 for all of them.",
    )

    @model_validator(mode="after")
    def _tick_is_whole_micro_usd(self) -> ContractSection:
        micro = self.tick_size_usd * 1e6
        if abs(micro - round(micro)) > 1e-6:
            raise ValueError(f"tick_size_usd: {self.tick_size_usd} is not a multiple of 0.000001")
        return self
