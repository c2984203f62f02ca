"""Scenario section of single companies: named hedgers, each with need, money and programme of its own."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import Discriminator, Tag, model_validator

from abm.agents.hedgers.section import HedgeProgramme
from abm.core.settings.fields import Section, field, section

_JUDGEMENT = "judgement"
_OWN = "as written"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
MOST_MSIT_A_DAY = 1e7
"""Largest need of one company, as of the median enterprise."""


def _number_or_months(value: Any) -> str:
    return "months" if isinstance(value, list | tuple) else "number"


Need = Annotated[
    Annotated[float, Tag("number")] | Annotated[tuple[float, ...], Tag("months")],
    Discriminator(_number_or_months),
]
"""Mean need in mSIT a day: one number, or one for each month of the run."""


class CompanySection(Section):
    """A company that buys tokens and hedges, with everything of its own: one account of the market."""

    name: str = field(
        ..., unit="-", source=_OWN, description="What it is called in the tables; no other company has it."
    )
    need_msit_per_day: Need = field(
        ..., unit="mSIT per day", source=_OWN,
        description="Mean token need; or a list with that of each month, whose last value holds on.",
    )  # fmt: skip
    need_volatility: float = field(
        0.0, ge=0, le=5, unit="1", source=_JUDGEMENT + ": the need is certain",
        description="Stationary log standard deviation of the need.",
    )  # fmt: skip
    need_reversion_per_day: float = field(
        0.10, gt=0, unit="per day", source=_JUDGEMENT, description="Reversion speed of the log need."
    )
    need_price_correlation: float = field(
        0.30, ge=-1, le=1, unit="1", source=_JUDGEMENT,
        description="Correlation of daily need shocks with price surprises.",
    )  # fmt: skip
    provider: int | None = field(
        None, ge=0, unit="provider number", source=_JUDGEMENT,
        description="The provider it buys from, from 0; drawn as for enterprises if none is named.",
    )  # fmt: skip
    price_multiple: float = field(
        1.0, gt=0, le=1_000, unit="1", source=_JUDGEMENT,
        description="Its price as a multiple of its provider's.",
    )  # fmt: skip
    cash_usd: float = field(
        ..., gt=0, le=1e12, unit="USD", source=_OWN, description="Own cash set aside for margin."
    )
    credit_usd: float = field(
        0.0, ge=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Credit line for margin calls."
    )
    programme: HedgeProgramme = section(HedgeProgramme, description="Hedge programme.")

    @model_validator(mode="after")
    def _name_can_be_a_file_name(self) -> Self:
        if not _FILE_NAME.fullmatch(self.name):
            raise ValueError(
                f'name: "{self.name}" is not 1 to 64 letters, digits, "-" and "_", a letter or digit first'
            )
        return self

    @model_validator(mode="after")
    def _needs_are_possible(self) -> Self:
        need = self.need_msit_per_day
        if not isinstance(need, tuple):
            if not 0.0 < need <= MOST_MSIT_A_DAY:
                raise ValueError(f"need_msit_per_day: {need} is not in (0, {MOST_MSIT_A_DAY:g}]")
            return self
        for month, value in enumerate(need):
            if not 0.0 <= value <= MOST_MSIT_A_DAY:
                raise ValueError(f"need_msit_per_day.{month}: {value} is not in [0, {MOST_MSIT_A_DAY:g}]")
        if not any(need):
            raise ValueError(f"need_msit_per_day: {list(need)} has no month with a need")
        return self

    @property
    def months_msit_per_day(self) -> tuple[float, ...]:
        """Mean need of each month, one entry where it is the same in all."""
        need = self.need_msit_per_day
        return need if isinstance(need, tuple) else (need,)
