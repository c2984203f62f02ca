"""Section of the initial-margin model and of the tools around it."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from abm.core.settings.fields import Disagreement, Section, field


class MarginSection(Section):
    """Initial margin: a model, and what is put around it."""

    model: Literal["flat", "ewma", "filtered_historical", "scan"] = field(
        "flat",
        unit="-",
        source="judgement",
        description="Margin model: rate of notional, quantile of EWMA volatility, FHS, or SPAN-like scan.",
    )
    registered: str = field(
        "",
        unit="-",
        source="judgement",
        description="Name of a margin model that a script has registered, instead of a built-in one.",
    )
    rate: float = field(
        0.12,
        ge=0.0001,
        le=1,
        unit="share of notional",
        source="judgement",
        description="Flat: initial margin of the near months, in whole basis points.",
    )
    far_rate: float = field(
        0.08,
        ge=0.0001,
        le=1,
        unit="share of notional",
        source="judgement",
        description="Flat: initial margin of the far months, in whole basis points.",
    )
    far_from_tenor: int = field(
        6,
        ge=1,
        le=60,
        unit="months",
        source="judgement",
        description="Flat: first tenor (0 = front month) that counts as far.",
    )
    client_ratio: float = field(
        1.10,
        ge=1,
        le=10,
        unit="1",
        source="CME Group: clients post 110 % of maintenance margin",
        description="Client's initial margin over maintenance margin.",
    )
    floor_price_usd: float = field(
        0.1,
        ge=0,
        le=1e6,
        unit="USD/mSIT",
        source="judgement",
        description="Lowest price that enters the notional, so that margin stays positive at zero.",
    )
    confidence: float = field(
        0.99,
        gt=0.5,
        lt=1,
        unit="1",
        source="EMIR RTS 153/2013, Art. 24: 99 % for exchange-traded derivatives",
        description="Share of margin periods whose loss the margin shall cover (all models but flat).",
    )
    mpor_days: int = field(
        2,
        ge=1,
        le=20,
        unit="trading days",
        source="EMIR RTS 153/2013, Art. 26: two days",
        description="Margin period of risk.",
    )
    decay: float = field(
        0.97,
        gt=0,
        lt=1,
        unit="1/day",
        source="judgement; RiskMetrics (1996): 0.94 for days, 0.97 for months",
        description="Weight of yesterday's variance in today's (all models but flat).",
    )
    lookback_days: int = field(
        750,
        ge=250,
        le=5_000,
        unit="trading days",
        source="ICE Clear Europe, IRM 2: 750 days (the earlier model: 500)",
        description="Filtered historical: days whose moves are the scenarios.",
    )
    spread_charge: float = field(
        0.15,
        ge=0,
        le=1,
        unit="share of scan range",
        source="judgement",
        description="Scan: charge of a calendar spread inside a tier of tenors.",
    )
    tier_charge: float = field(
        0.30,
        ge=0,
        le=1,
        unit="share of scan range",
        source="judgement",
        description="Scan: charge of a calendar spread between tiers.",
    )
    delivery_charge: float = field(
        0.25,
        ge=0,
        le=10,
        unit="share of scan range",
        source="judgement",
        description="Scan: charge of a lot in the month in delivery.",
    )
    procyclicality: Literal["none", "buffer", "stressed_weight", "floor"] = field(
        "none",
        unit="-",
        source="EMIR RTS 153/2013, Art. 28, asks for one of the three; judgement: none",
        description="Anti-procyclicality tool around the model.",
    )
    buffer_share: float = field(
        0.25,
        ge=0,
        le=0.375,
        unit="share of margin",
        source="EMIR RTS 153/2013, Art. 28(1)(a)",
        description="Buffer on top of the margin, released in stress; with a larger one it would fall then.",
    )
    stressed_weight: float = field(
        0.25,
        ge=0,
        le=1,
        unit="1",
        source="EMIR RTS 153/2013, Art. 28(1)(b)",
        description="Weight of the margin under the worst 250 days of the history.",
    )
    concentration_share: float = field(
        0.0,
        ge=0,
        le=1,
        unit="share of daily volume",
        source="judgement: off",
        description="Position above which margin grows with the time to sell it; 0 for no add-on.",
    )
    history_days: int = field(
        810,
        ge=310,
        le=10_000,
        unit="trading days",
        source="judgement: the look-back of 750 days and 60 to start the volatility",
        description="Simulated days before the launch that margin models start from.",
    )

    @model_validator(mode="after")
    def _near_spreads_are_cheapest(self) -> MarginSection:
        if self.model == "scan" and self.spread_charge > self.tier_charge:
            raise Disagreement.of_bounds(
                "spread_charge", self.spread_charge, "<=", "tier_charge", self.tier_charge
            )
        return self
