"""Section of the exchange: matching, price limits and fees, and one table for each further rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from abm.agents.classes import CLASSES
from abm.core.settings.fields import Disagreement, Section, field, section

_JUDGEMENT = "judgement"

Matching = Literal["fifo", "pro_rata"]
if TYPE_CHECKING:
    PopulationName = str
else:  # the sub-tables of agents
    PopulationName = Literal[tuple(item.section for item in CLASSES)]
LimitShare = Annotated[float, Field(gt=0, le=10)]
SpreadLength = Annotated[int, Field(ge=1, le=59)]


class FeeTier(Section):
    """Fees of an account from a volume on."""

    from_lots: int = field(
        ..., ge=1, le=10**12, unit="lots", source=_JUDGEMENT,
        description="Lots bought plus lots sold since the month began from which the fees hold.",
    )  # fmt: skip
    maker_fee_usd: float = field(
        ..., ge=-1_000, le=1_000, unit="USD/lot", source=_JUDGEMENT, description="Fee of a resting order."
    )
    taker_fee_usd: float = field(
        ..., ge=-1_000, le=1_000, unit="USD/lot", source=_JUDGEMENT,
        description="Fee of an incoming order that trades.",
    )  # fmt: skip


class SessionsSection(Section):
    """Call auctions at the open and at the close of the day; continuous trading between them."""

    opening_auction: float = field(
        0.02, ge=0, le=1, unit="share of the day", source=_JUDGEMENT,
        description="Length of the opening auction; less than half a round is none.",
    )  # fmt: skip
    closing_auction: float = field(
        0.0, ge=0, le=1, unit="share of the day", source=_JUDGEMENT,
        description="Length of the closing auction; less than half a round is none.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _auctions_fit_the_day(self) -> SessionsSection:
        if self.opening_auction + self.closing_auction > 1:
            raise ValueError(
                f"closing_auction: {self.closing_auction} is not <= {1 - self.opening_auction:g}, "
                f"what opening_auction = {self.opening_auction} leaves of the day"
            )
        return self


class HaltsSection(Section):
    """What happens when a month reaches its daily price limit."""

    expanded_limits: tuple[LimitShare, ...] = field(
        (0.15, 0.20),
        unit="share of price",
        source=_JUDGEMENT,
        description="Limits after the first halt, the second ...; empty: a limit stands all day, no halt.",
    )
    duration_days: float = field(
        0.02, gt=0, le=1, unit="share of the day", source=_JUDGEMENT,
        description="Length of a halt, at least one round.",
    )  # fmt: skip
    scope: Literal["month", "all_months", "lead_month"] = field(
        "month",
        unit="-",
        source=_JUDGEMENT,
        description="What halts: the month, all months, or all if it has the largest open interest.",
    )
    reopening_auction: bool = field(
        True,
        unit="-",
        source=_JUDGEMENT,
        description="Whether a halt ends in an auction, as long as the opening auction or one round.",
    )


class InterruptionSection(Section):
    """Volatility interruption: an execution too far from the last trade starts an auction instead."""

    width: float = field(
        0.0, ge=0, le=1, unit="share of price", source="rule: Eurex T7 dynamic price range; width: judgement",
        description="Largest step of price from the last trade either way; 0 for no such rule.",
    )  # fmt: skip
    duration_days: float = field(
        0.02, gt=0, le=1, unit="share of the day", source=_JUDGEMENT,
        description="Length of the auction, at least one round.",
    )  # fmt: skip


class SpreadsSection(Section):
    """Calendar spreads: a month against a later one, traded as one instrument."""

    lengths: tuple[SpreadLength, ...] = field(
        (),
        unit="months",
        source=_JUDGEMENT,
        description="Months between the legs of each spread that is listed, increasing; empty for none.",
    )
    implied_in: bool = field(
        False,
        unit="-",
        source="rule: CME Globex implied-in orders",
        description="Whether spread orders also trade against outright orders in both legs.",
    )
    matching: Matching = field(
        "fifo", unit="-", source=_JUDGEMENT, description="Matching rule of the spreads, as exchange.matching."
    )

    @model_validator(mode="after")
    def _lengths_increase(self) -> SpreadsSection:
        if list(self.lengths) != sorted(set(self.lengths)):
            raise ValueError(f"lengths: {list(self.lengths)} is not increasing")
        return self


class PositionLimitsSection(Section):
    """Largest net positions of an account."""

    month_lots: int = field(
        0, ge=0, le=10**9, unit="lots", source=_JUDGEMENT,
        description="Largest net position in any month, long or short; 0 for no limit.",
    )  # fmt: skip
    front_month_lots: int = field(
        0, ge=0, le=10**9, unit="lots", source=_JUDGEMENT,
        description="Largest net position in the front month, if below month_lots; 0 for no other limit.",
    )  # fmt: skip
    exempt: tuple[PopulationName, ...] = field(
        ("enterprises", "providers"),
        unit="-",
        source="hedgers are exempt as under the bona fide hedging rule, 17 CFR 150.3",
        description="Populations of the section agents that no position limit binds.",
    )


class MarketDataSection(Section):
    """What the exchange publishes of its books, and how late."""

    depth_levels: int = field(
        5, ge=1, le=1_000, unit="price levels", source=_JUDGEMENT, description="Levels shown on each side."
    )
    trades_shown: int = field(
        20, ge=0, le=100_000, unit="trades", source=_JUDGEMENT, description="Latest trades of the day shown."
    )
    delay_days: float = field(
        0.0, ge=0, le=1, unit="share of the day", source=_JUDGEMENT,
        description="Age of the books and trades that agents see.",
    )  # fmt: skip


class ExchangeSection(Section):
    """Matching, price limits, closing window and fees, and one table for each further rule."""

    engine: Literal["compiled", "reference"] = field(
        "compiled",
        unit="-",
        source=_JUDGEMENT,
        description="Order books: compiled, or the plain-Python twin that is its oracle.",
    )
    matching: Matching = field(
        "fifo",
        unit="-",
        source=_JUDGEMENT,
        description="Who is filled first at a price: the oldest, or all in proportion (CME Globex).",
    )
    top_order: bool = field(
        True,
        unit="-",
        source="CME Globex allocation algorithms",
        description="Under pro-rata, the order that first bettered the market is filled before all others.",
    )
    pro_rata_min_lots: int = field(
        2, ge=1, le=1_000_000, unit="lots", source="CME Globex allocation algorithms",
        description="Under pro-rata, a share below this becomes none.",
    )  # fmt: skip
    self_match: Literal["cancel_resting", "cancel_aggressor", "cancel_both"] = field(
        "cancel_resting",
        unit="-",
        source=_JUDGEMENT,
        description="What goes when a trader's order meets its own; the built-in traders' instruction.",
    )
    daily_limit: float = field(
        0.10,
        gt=0,
        le=10,
        unit="share of price",
        source=_JUDGEMENT,
        description="Daily price limit either side of the prior settlement; above 1 it reaches below zero.",
    )
    final_day_band: float = field(
        1.0,
        gt=0,
        le=10,
        unit="share of price",
        source=_JUDGEMENT,
        description="Technical band of a month on its last trading day, which has no daily limit.",
    )
    price_band: float = field(
        0.0, ge=0, le=1, unit="share of price", source="rule: CME Group price banding; width: judgement",
        description="How far a bid may be above, or an offer below, the last trade; 0 for no band.",
    )  # fmt: skip
    closing_window: float = field(
        0.0625,
        gt=0,
        le=1,
        unit="share of the day",
        source=_JUDGEMENT,
        description="Last part of the day whose trades make the settlement price.",
    )
    market_protection: float = field(
        0.02,
        gt=0,
        le=1,
        unit="share of price",
        source=_JUDGEMENT,
        description="How far a market order may trade beyond the best opposite price.",
    )
    max_order_lots: int = field(
        10_000, ge=1, le=1_000_000, unit="lots", source=_JUDGEMENT, description="Largest order."
    )
    maker_fee_usd: float = field(
        0.20, ge=-1_000, le=1_000, unit="USD/lot", source=_JUDGEMENT, description="Fee of a resting order."
    )
    taker_fee_usd: float = field(
        0.50,
        ge=-1_000,
        le=1_000,
        unit="USD/lot",
        source=_JUDGEMENT,
        description="Fee of an incoming order that trades.",
    )
    dmm_maker_fee_usd: float = field(
        -0.05,
        ge=-1_000,
        le=1_000,
        unit="USD/lot",
        source=_JUDGEMENT,
        description="Maker fee of a designated market maker; negative is a rebate.",
    )
    auction_fee_usd: float = field(
        0.35, ge=0, le=1_000, unit="USD/lot", source="judgement: mean of maker and taker fee",
        description="Fee of either side of a trade in an auction.",
    )  # fmt: skip
    fee_tiers: tuple[FeeTier, ...] = field(
        (),
        unit="lots, USD/lot",
        source=_JUDGEMENT,
        description="Lower fees by month-to-date volume, from the day after it is reached to month end.",
    )
    sessions: SessionsSection = section(SessionsSection, description="Auctions at open and close.")
    halts: HaltsSection = section(HaltsSection, description="Halts at the daily price limit.")
    interruption: InterruptionSection = section(InterruptionSection, description="Volatility interruption.")
    spreads: SpreadsSection = section(SpreadsSection, description="Calendar spreads.")
    position_limits: PositionLimitsSection = section(PositionLimitsSection, description="Position limits.")
    market_data: MarketDataSection = section(MarketDataSection, description="What traders see.")

    @model_validator(mode="after")
    def _limits_widen(self) -> ExchangeSection:
        widths = (self.daily_limit, *self.halts.expanded_limits)
        if list(widths) != sorted(set(widths)):
            wider = list(self.halts.expanded_limits)
            raise Disagreement(
                "halts.expanded_limits",
                f"{wider} is not increasing from above "
                f"exchange.daily_limit = {self.daily_limit} ([] for a limit that stands all day)",
                "daily_limit",
                f"{self.daily_limit} is not below exchange.halts.expanded_limits = {wider}, which increase "
                "([] for a limit that stands all day)",
            )
        return self

    @model_validator(mode="after")
    def _tiers_rise(self) -> ExchangeSection:
        for row in range(1, len(self.fee_tiers)):
            here, before = self.fee_tiers[row].from_lots, self.fee_tiers[row - 1].from_lots
            if here <= before:
                raise ValueError(f"fee_tiers.{row}.from_lots: {here} is not > {before}, the tier before")
        return self

    @model_validator(mode="after")
    def _no_trade_costs_the_exchange(self) -> ExchangeSection:
        """Set every maker fee against the lowest taker fee: any two accounts may meet in a trade."""
        makers = {name: getattr(self, name) for name in ("maker_fee_usd", "dmm_maker_fee_usd")}
        takers = {"the taker's fee": ("taker_fee_usd", self.taker_fee_usd)}
        for row, tier in enumerate(self.fee_tiers):
            makers[f"fee_tiers.{row}.maker_fee_usd"] = tier.maker_fee_usd
            dotted = f"fee_tiers.{row}.taker_fee_usd"
            takers[f"exchange.{dotted}"] = (dotted, tier.taker_fee_usd)
        payer, (other, lowest) = min(takers.items(), key=lambda taker: taker[1][1])
        for name, fee in makers.items():
            if fee + lowest < 0:
                raise Disagreement(
                    name,
                    f"{fee} is not >= {-lowest}, a rebate that {payer} pays for",
                    other,
                    f"{lowest} is not >= {-fee}, which pays for the rebate exchange.{name} = {fee}",
                )
        return self
