"""Sections of the market's institutions: exchange, clearing house, and what is recorded."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from abm.scenario.fields import Section, field, section


class ExchangeSection(Section):
    """Matching engine, price limits, closing window and fees."""

    engine: Literal["compiled", "reference"] = field(
        "compiled",
        unit="-",
        source="judgement",
        description="Order books: compiled, or the plain-Python twin that is its oracle.",
    )
    daily_limit: float = field(
        0.10,
        gt=0,
        le=1,
        unit="share of price",
        source="judgement",
        description="Daily price limit either side of the prior settlement.",
    )
    final_day_band: float = field(
        1.0,
        gt=0,
        le=10,
        unit="share of price",
        source="judgement",
        description="Technical band of a month on its last trading day, which has no daily limit.",
    )
    closing_window: float = field(
        0.0625,
        gt=0,
        le=1,
        unit="share of the day",
        source="judgement",
        description="Last part of the day whose trades make the settlement price.",
    )
    market_protection: float = field(
        0.02,
        gt=0,
        le=1,
        unit="share of price",
        source="judgement",
        description="How far a market order may trade beyond the best opposite price.",
    )
    max_order_lots: int = field(
        10_000, ge=1, le=1_000_000, unit="lots", source="judgement", description="Largest order."
    )
    maker_fee_usd: float = field(
        0.20, ge=-1_000, le=1_000, unit="USD/lot", source="judgement", description="Fee of a resting order."
    )
    taker_fee_usd: float = field(
        0.50,
        ge=-1_000,
        le=1_000,
        unit="USD/lot",
        source="judgement",
        description="Fee of an incoming order that trades.",
    )
    dmm_maker_fee_usd: float = field(
        -0.05,
        ge=-1_000,
        le=1_000,
        unit="USD/lot",
        source="judgement",
        description="Maker fee of a designated market maker; negative is a rebate.",
    )

    @model_validator(mode="after")
    def _no_trade_costs_the_exchange(self) -> ExchangeSection:
        for name in ("maker_fee_usd", "dmm_maker_fee_usd"):
            if getattr(self, name) + self.taker_fee_usd < 0:
                raise ValueError(
                    f"{name}: {getattr(self, name)} is not >= {-self.taker_fee_usd}, "
                    "a rebate that the taker's fee pays for"
                )
        return self


class FlatMarginSection(Section):
    """Initial margin as a share of notional, less for the far months."""

    model: Literal["flat"] = field("flat", unit="-", source="judgement", description="Margin model.")
    rate: float = field(
        0.12,
        gt=0,
        le=1,
        unit="share of notional",
        source="judgement",
        description="Initial margin of the near months.",
    )
    far_rate: float = field(
        0.08,
        gt=0,
        le=1,
        unit="share of notional",
        source="judgement",
        description="Initial margin of the far months.",
    )
    far_from_tenor: int = field(
        6,
        ge=1,
        le=60,
        unit="months",
        source="judgement",
        description="First tenor (0 = front month) that counts as far.",
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


class ClearingSection(Section):
    """Members, default resources, margin calls and close-out."""

    members: int = field(
        6, ge=1, le=1_000, unit="members", source="judgement", description="Clearing members."
    )
    member_capital_usd: float = field(
        20e6, ge=0, le=1e12, unit="USD", source="judgement", description="Own capital of each member."
    )
    fund_contribution_usd: float = field(
        5e6,
        ge=0,
        le=1e12,
        unit="USD",
        source="judgement",
        description="Each member's contribution to the guaranty fund.",
    )
    skin_in_the_game_usd: float = field(
        5e6,
        ge=0,
        le=1e12,
        unit="USD",
        source="judgement",
        description="Capital of the clearing house that pays before the survivors' fund.",
    )
    call_deadline_days: float = field(
        0.5,
        gt=0,
        le=20,
        unit="trading days",
        source="judgement",
        description="Time to meet a margin call before it is a default.",
    )
    intraday_cycles: int = field(
        1,
        ge=0,
        le=100,
        unit="1/day",
        source="judgement",
        description="Scheduled margin cycles between open and close.",
    )
    close_out_days: float = field(
        2.0,
        gt=0,
        le=60,
        unit="trading days",
        source="judgement",
        description="Time scale of the sliced close-out of a defaulter's positions.",
    )
    close_out_protection: float = field(
        0.03,
        gt=0,
        le=1,
        unit="share of price",
        source="judgement",
        description="How far a close-out order may trade beyond the best opposite price.",
    )
    excess_buffer: float = field(
        0.25,
        ge=0,
        le=10,
        unit="share of initial margin",
        source="judgement",
        description="Collateral above initial margin that is left in place; the rest is swept back.",
    )
    margin: FlatMarginSection = section(FlatMarginSection, description="Initial margin model.")


class RecordingSection(Section):
    """How much of a run is kept."""

    profile: Literal["summary", "daily", "full"] = field(
        "daily",
        unit="-",
        source="judgement",
        description="Tables in the run folder: summary, daily (adds quotes, trades, accounts) or full.",
    )
