"""Scenario section of the switching traders."""

from __future__ import annotations

from abm.agents.limits.section import RiskLimitsSection
from abm.core.settings.fields import field, section
from abm.core.settings.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"
_SET_IV = "Lux and Marchesi 2000: parameter set IV, their unit of time as a day"


class SwitchingSection(ParametersSection):
    """Traders who are optimists, pessimists or on value by turns (Lux and Marchesi); none in the baseline."""

    count: int = field(
        0, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of switching traders."
    )
    chartist_share: float = field(
        0.1, ge=0, le=1, unit="1", source=_JUDGEMENT,
        description="Share that begins as chartists, half of them optimists.",
    )  # fmt: skip
    least_group: int = field(
        4, ge=0, le=100_000, unit="traders", source="Lux and Marchesi 2000: no role is ever abandoned",
        description="Members that each role keeps.",
    )  # fmt: skip
    trend_days: float = field(
        0.2, gt=0, le=63, unit="days", source="Lux and Marchesi 2000: the mean change over 0.2 units of time",
        description="Time over which the trend is looked for, at least one round.",
    )  # fmt: skip
    opinion_rate: Parameter = parameter(
        2.0, ge=0, le=1_000, unit="per day", source=_SET_IV,
        description="Frequency nu1 with which chartists look at opinions.",
    )  # fmt: skip
    strategy_rate: Parameter = parameter(
        0.6, ge=0, le=1_000, unit="per day", source=_SET_IV,
        description="Frequency nu2 with which traders compare strategies.",
    )  # fmt: skip
    herding: Parameter = parameter(
        0.8, ge=0, le=100, unit="1", source=_SET_IV, description="Weight a1 of the mood of other chartists."
    )
    trend_weight: Parameter = parameter(
        2.0, ge=0, le=1_000, unit="1", source=f"{_SET_IV}; 0.2 in units of price at a value of 10",
        description="Weight a2 of the trend.",
    )  # fmt: skip
    profit_weight: Parameter = parameter(
        1.0, ge=0, le=1_000, unit="1", source=_SET_IV, description="Weight a3 of the difference in profits."
    )
    value_discount: Parameter = parameter(
        0.75, ge=0, le=100, unit="1", source=_SET_IV,
        description="Factor s on the gain of trading on value, which lies in the future.",
    )  # fmt: skip
    carry_per_day: Parameter = parameter(
        0.0004, ge=-1, le=1, unit="per day", source=f"{_SET_IV}; r / p_f = 0.004 / 10",
        description="What the holder is seen to earn at a price that equals value.",
    )  # fmt: skip
    alternative_per_day: Parameter = parameter(
        0.0004,
        ge=-1,
        le=1,
        unit="per day",
        source=_SET_IV,
        description="Return R that money earns elsewhere.",
    )
    chartist_lots_per_day: Parameter = parameter(
        12.0, ge=0, le=1e9, unit="lots per day", source=_JUDGEMENT,
        description="What an optimist buys and a pessimist sells.",
    )  # fmt: skip
    value_lots_per_day: Parameter = parameter(
        120.0, ge=0, le=1e12, unit="lots per day",
        source="Lux and Marchesi 2000: T_f p_f is ten times T_c in set IV",
        description="What a trader on value buys per relative distance of value from price.",
    )  # fmt: skip
    max_position_lots: Parameter = parameter(
        60, ge=1, le=1_000_000_000, unit="lots per month", source=_JUDGEMENT,
        description="Largest position in a month.",
    )  # fmt: skip
    cash_usd: Parameter = parameter(
        400_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: Parameter = parameter(
        40.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    limits: RiskLimitsSection = section(RiskLimitsSection, description="Leverage and stop-out.")
