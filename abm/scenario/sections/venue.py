"""Sections of the clearing house and of what is recorded."""

from __future__ import annotations

from typing import Literal

from abm.core.settings.fields import Section, field, section
from abm.scenario.sections.clearing import FundSection, RecoverySection, TreasurySection
from abm.scenario.sections.margin import MarginSection


class ClearingSection(Section):
    """Members, default resources, margin calls and close-out."""

    members: int = field(
        6, ge=1, le=1_000, unit="members", source="judgement", description="Clearing members."
    )
    member_capital_usd: float = field(
        20e6, ge=0, le=1e12, unit="USD", source="judgement", description="Own capital of each member."
    )
    member_capital_price_beta: float = field(
        0.0,
        ge=-5,
        le=5,
        unit="1",
        source="judgement: off",
        description="Elasticity of members' own capital to surprises of the token price.",
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
    close_out_method: Literal["orders", "auction"] = field(
        "orders",
        unit="-",
        source="judgement",
        description="Sell a defaulter's positions in the book, or first by auction among surviving members.",
    )
    close_out_participation: float = field(
        0.0,
        ge=0,
        le=1,
        unit="share of lots shown",
        source="judgement",
        description="Largest share of the lots at the best price that a close-out order takes; 0: no limit.",
    )
    auction_discount: float = field(
        0.25,
        ge=0,
        le=10,
        unit="share of initial margin",
        source="judgement",
        description="Discount that a member without a position asks per lot in an auction.",
    )
    member_account_usd: float = field(
        0.0,
        ge=0,
        le=1e12,
        unit="USD",
        source="judgement",
        description="Cash of each member's own account, with which it bids in auctions; 0: it has none.",
    )
    member_ratio: float = field(
        1.0,
        ge=1,
        le=10,
        unit="1",
        source="CME Group: members post 100 % of maintenance margin",
        description="Initial margin of a member's own account over its maintenance margin.",
    )
    ad_hoc_call_loss_share: float = field(
        0.0,
        ge=0,
        le=100,
        unit="share of initial margin",
        source="judgement: off",
        description="Loss of an account since the last mark that makes an extra margin cycle due; 0: none.",
    )
    reduction_grace_days: float = field(
        0.0,
        ge=0,
        le=20,
        unit="trading days",
        source="judgement: off",
        description="How long positions are reduced after a missed deadline before a default; 0: not at all.",
    )
    collateral_rate: float = field(
        0.0,
        ge=0,
        le=1,
        unit="1/year",
        source="judgement: off",
        description="Interest that the clearing house pays on collateral.",
    )
    excess_buffer: float = field(
        0.25,
        ge=0,
        le=10,
        unit="share of initial margin",
        source="judgement",
        description="Collateral above initial margin that is left in place; the rest is swept back.",
    )
    fund: FundSection = section(FundSection, description="Size of the guaranty fund.")
    recovery: RecoverySection = section(RecoverySection, description="Beyond the guaranty fund.")
    treasury: TreasurySection = section(TreasurySection, description="How traders meet margin calls.")
    margin: MarginSection = section(MarginSection, description="Initial margin model.")


class RecordingSection(Section):
    """How much of a run is kept."""

    profile: Literal["summary", "daily", "full"] = field(
        "daily",
        unit="-",
        source="judgement",
        description="Tables in the run folder: summary, daily (adds quotes, trades, accounts) or full.",
    )
    margin_models: bool = field(
        False,
        unit="-",
        source="judgement: off, as it takes some 8 % longer",
        description="Also keep what every margin model would require of the positions of each close.",
    )
