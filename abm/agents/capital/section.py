"""Scenario section of capital over time: owners that take out and bring in, and wealth outside the market."""

from __future__ import annotations

from typing import Any, Literal

from abm.core.settings.fields import Section, field, section

_JUDGEMENT = "judgement"


def _beta(who: str) -> Any:
    return field(
        0.0, ge=-5, le=5, unit="1", source=_JUDGEMENT + ": off",
        description=f"Elasticity of the bank cash of {who} to surprises of the token price.",
    )  # fmt: skip


class PriceBetaSection(Section):
    """How other business of each class moves with the token price; 0 is not at all."""

    enterprises: float = _beta("enterprises and companies")
    providers: float = _beta("providers")
    market_makers: float = _beta("market makers")
    others: float = _beta("all other classes")


class CapitalSection(Section):
    """Owners of all traders' accounts, and their business outside the market."""

    rule: Literal["none", "follows_notional"] = field(
        "none", unit="-", source=_JUDGEMENT + ": off",
        description="Whether owners keep the equity of an account in proportion to the value of a lot.",
    )  # fmt: skip
    lag_months: int = field(
        3, ge=1, le=120, unit="months", source=_JUDGEMENT,
        description="Months over which fixings are averaged for that value; at first those there are.",
    )  # fmt: skip
    refill_share: float = field(
        0.10, ge=0, le=1, unit="share of target", source=_JUDGEMENT,
        description="Most that an owner brings in at a month's end where equity is below its target.",
    )  # fmt: skip
    purse: float = field(
        1.0, ge=0, le=100, unit="share of equity at the start", source=_JUDGEMENT,
        description="Most that an owner brings in over time beyond what it was paid out.",
    )  # fmt: skip
    kept_margin: float = field(
        2.0, ge=1, le=100, unit="multiple of initial margin", source=_JUDGEMENT,
        description="Equity that a payout leaves at least.",
    )  # fmt: skip
    custom_agents: bool = field(
        True, unit="-", source=_JUDGEMENT,
        description="Whether a user's own traders have such owners too.",
    )  # fmt: skip
    price_beta: PriceBetaSection = section(PriceBetaSection, description="Wealth outside the market.")
