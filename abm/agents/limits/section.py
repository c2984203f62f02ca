"""Scenario section of the risk limits that every class of speculators has."""

from __future__ import annotations

from abm.core.settings.fields import field
from abm.core.settings.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"


class RiskLimitsSection(ParametersSection):
    """Leverage and stop-out of a class of speculators; none by default."""

    max_leverage: Parameter = parameter(
        0.0, ge=0, le=1_000, unit="multiple of equity", source="judgement: margin alone bounds leverage",
        description="Largest notional of one trader over its equity at the open; 0 for no bound.",
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
        description="Rate of market orders with which a stopped trader closes its positions.",
    )  # fmt: skip
