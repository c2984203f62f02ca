"""Scenario section of the risk limits that every class of speculators has."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from abm.core.settings.fields import Disagreement, field, section
from abm.core.settings.laws import Parameter, ParametersSection, largest, parameter

_JUDGEMENT = "judgement"


class ResultsSection(ParametersSection):
    """How traders of a class leave and come back by their results; nobody does by default."""

    memory_months: float = field(
        0.0, ge=0, le=1_000, unit="months", source=_JUDGEMENT + ": off",
        description="Memory of the mean return by which traders are judged; 0 for no judgement.",
    )  # fmt: skip
    exit_below: float = field(
        -0.02, ge=-1, le=10, unit="share of equity a month", source=_JUDGEMENT,
        description="Mean monthly return below which a trader leaves.",
    )  # fmt: skip
    enter_above: float = field(
        0.0, ge=-1, le=10, unit="share of equity a month", source=_JUDGEMENT,
        description="Mean monthly return of those who are in above which one that has left comes back.",
    )  # fmt: skip
    turnover_per_month: float = field(
        0.05, ge=0, le=1, unit="share of the class", source=_JUDGEMENT,
        description="Most traders that leave or come back in a month; where it is above 0, at least one may.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _ways_do_not_cross(self) -> Self:
        if self.exit_below > self.enter_above:
            raise Disagreement.of_bounds("exit_below", self.exit_below, "<=", "enter_above", self.enter_above)
        return self


class RiskLimitsSection(ParametersSection):
    """Bounds on positions by equity, stop-out, entry and exit of a class of speculators; none by default."""

    max_leverage: Parameter = parameter(
        0.0, ge=0, le=1_000, unit="multiple of equity", source="judgement: margin alone bounds leverage",
        description="Largest notional of one trader over its equity at the open; 0 for no bound.",
    )  # fmt: skip
    margin_to_equity: Parameter = parameter(
        0.0, ge=0, le=1_000, unit="share of equity",
        source="judgement: none; trend followers keep it at .1 to .2, market makers at .3 to .6",
        description="Largest initial margin of one trader over its equity at the open; 0 for no bound.",
    )  # fmt: skip
    shrink_above: Parameter = parameter(
        0.0, ge=0, le=1_000, unit="multiple of margin_to_equity", source="judgement: off",
        description="Margin at the open, over what margin_to_equity allows, above which a trader reduces its "
        "positions until it is back within it; 0 for never, else at least 1.",
    )  # fmt: skip
    stop_out: Parameter = parameter(
        0.0, ge=0, le=1, unit="share of capital", source=_JUDGEMENT,
        description="Equity under which a trader closes its positions and stays out; 0 for never.",
    )  # fmt: skip
    cooling_days: Parameter = parameter(
        5, ge=1, le=10_000, unit="trading days", source=_JUDGEMENT,
        description="Days that a trader stays out, at least until it holds nothing.",
    )  # fmt: skip
    closing_per_day: float = field(
        24.0, gt=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate of market orders with which a trader that is out or shrinks reduces its positions.",
    )  # fmt: skip
    results: ResultsSection = section(ResultsSection, description="Entry and exit by results.")

    @property
    def is_on(self) -> bool:
        """Whether anybody in the class may have a limit."""
        bounds = (self.max_leverage, self.margin_to_equity, self.stop_out, self.results.memory_months)
        return any(value != 0.0 for value in bounds)

    @model_validator(mode="after")
    def _shrinking_has_an_aim(self) -> Self:
        values = self._numbers_of("shrink_above")
        below = next((value for value in values if 0.0 < value < 1.0), None)
        if below is not None:
            raise ValueError(f"shrink_above: {below} is not 0 or >= 1")
        if max(values) > 0.0 and largest(self.margin_to_equity) == 0.0:
            raise Disagreement(
                "shrink_above",
                f"{max(values)} needs margin_to_equity > 0",
                "margin_to_equity",
                f"0 is not > 0, which shrink_above = {max(values)} needs",
            )
        return self

    def _numbers_of(self, name: str) -> list[float]:
        """Return the number of a parameter, or the extreme values of its law."""
        value = getattr(self, name)
        return list(value.support().values()) if hasattr(value, "support") else [value]
