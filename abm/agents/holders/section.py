"""Scenario section of position holders: traders that come to the market with positions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from abm.core.settings.fields import Section, field

Lots = Annotated[int, Field(ge=-(10**9), le=10**9)]

_JUDGEMENT = "judgement"


class HolderSection(Section):
    """Traders that come with a position on day 0, brought into clearing at the settlement price before it.

    The positions of all holders sum to zero in every month: who is short has somebody long opposite.
    """

    name: str = Field(min_length=1, description="What they are called.")
    count: int = field(1, ge=1, le=10_000, unit="agents", source=_JUDGEMENT, description="How many.")
    lots: tuple[Lots, ...] = field(
        ..., min_length=1, unit="lots", source=_JUDGEMENT,
        description="Position of each by tenor on day 0, signed, the front month first.",
    )  # fmt: skip
    cash_usd: float = field(
        ..., gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Own cash of each."
    )
    credit_usd: float = field(
        0.0, ge=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Credit line of each."
    )
    member: int | None = field(
        None, ge=0, le=999, unit="member number", source=_JUDGEMENT,
        description="Clearing member of all of them; members take turns if none is named.",
    )  # fmt: skip
    exit_day: int | None = field(
        None, ge=0, le=25_200, unit="trading day", source=_JUDGEMENT,
        description="Day on which they begin to leave; they stay if none is named.",
    )  # fmt: skip
    exit_days: int = field(
        5, ge=1, le=25_200, unit="trading days", source=_JUDGEMENT, description="Days that leaving takes."
    )
    actions_per_day: float = field(
        24.0, gt=0, le=10_000, unit="per day", source=_JUDGEMENT, description="Rate of orders while leaving."
    )
    cross_probability: float = field(
        0.5, ge=0, le=1, unit="1", source=_JUDGEMENT,
        description="Chance that a slice crosses the spread instead of joining the best price.",
    )  # fmt: skip
    slice_share: float = field(
        0.05, gt=0, le=1, unit="share of the largest position", source=_JUDGEMENT,
        description="Largest slice sent at once.",
    )  # fmt: skip
    max_premium: float = field(
        0.10, ge=0, le=10, unit="share of the model price", source=_JUDGEMENT,
        description="Distance from the model curve beyond which a leaving holder waits.",
    )  # fmt: skip
    latency_ms: float = field(80.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency.")


def imbalance(holders: tuple[HolderSection, ...]) -> tuple[int, int] | None:
    """Return the first tenor whose positions do not sum to zero, and the sum; ``None`` if all do."""
    for tenor in range(max((len(holder.lots) for holder in holders), default=0)):
        total = sum(holder.count * holder.lots[tenor] for holder in holders if tenor < len(holder.lots))
        if total != 0:
            return tenor, total
    return None
