"""Sections of the clearing house's default resources and of the traders' treasuries."""

from __future__ import annotations

from typing import Literal

from abm.core.settings.fields import Section, field


class FundSection(Section):
    """Size of the guaranty fund over time."""

    sizing: Literal["fixed", "cover_2"] = field(
        "fixed",
        unit="-",
        source="judgement; cover_2: CPMI-IOSCO, Principles for financial market infrastructures (2012), 4.4",
        description="Contributions as at the start, or sized monthly to the two largest stressed losses.",
    )
    stress_move: float = field(
        0.30,
        ge=0,
        le=10,
        unit="share of price",
        source="judgement",
        description="Rise and fall of all prices under which the fund is sized and exposures are measured.",
    )
    stress_history_days: int = field(
        0,
        ge=0,
        le=20,
        unit="trading days",
        source="judgement",
        description="Length of the worst historical rise and fall that are stressed too; 0 for none.",
    )
    floor_usd: float = field(
        500_000.0,
        ge=0,
        le=1e12,
        unit="USD",
        source="judgement",
        description="Least contribution of a member when the fund is sized.",
    )


class RecoverySection(Section):
    """What follows when the guaranty fund is used up, and its refill."""

    assessment_multiple: float = field(
        0.0,
        ge=0,
        le=100,
        unit="1",
        source="judgement: off; CME end 2016: 2.75",
        description="What a survivor may be called for between two refills, over its required contribution.",
    )
    variation_haircut: float = field(
        0.0,
        ge=0,
        le=1,
        unit="share of gains",
        source="judgement: off; ISDA, CCP loss allocation at the end of the waterfall (2013): 1.0",
        description="Largest share of gains that is cut at the end of the waterfall; 0 for no haircut.",
    )
    tear_up: bool = field(
        False,
        unit="-",
        source="judgement: off; ISDA, CCP loss allocation at the end of the waterfall (2013): on",
        description="Whether a loss beyond everything else ends in contracts torn up at the last mark.",
    )
    replenish_days: float = field(
        0.0,
        ge=0,
        le=1_000,
        unit="trading days",
        source="judgement: off; compare the cooling-off period of CME rule 802.H",
        description="Time from the first use of the fund to its refill; 0 for never.",
    )


class TreasurySection(Section):
    """How traders' treasuries meet margin calls."""

    reserve_share: float = field(
        0.0,
        ge=0,
        lt=1,
        unit="share of cash",
        source="judgement",
        description="Cash at the start that is kept back until a deadline, when all of it goes.",
    )
    credit_first: bool = field(
        False,
        unit="-",
        source="judgement",
        description="Whether a call draws on the credit line before it takes cash.",
    )
