"""Sections of what moves the spot price: jumps, shifts, seasons, long run, premium, stress, supply."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import model_validator

from abm.core.settings.fields import Section, field

MOST_SHIFT_A_YEAR = 10.0
"""Most that random shifts may move the log level in a year, as a trend may."""

LEAST_ETA_UP = 1.001
"""Least inverse mean of an upward jump: forwards of a switching process cannot be computed nearer to 1."""


class DoubleExponentialJumpsSection(Section):
    """Jumps of the log price after Kou: exponential up with probability ``p_up``, else exponential down."""

    kind: Literal["double_exponential"] = field(
        "double_exponential", unit="-", source="Kou 2002", description="Law of the jump sizes."
    )
    p_up: float = field(
        0.32,
        ge=0,
        le=1,
        unit="1",
        source="provider list prices, July-August 2026: share of price changes that went up",
        description="Probability that a jump goes up.",
    )
    eta_up: float = field(
        12.5,
        ge=LEAST_ETA_UP,
        le=1e6,
        unit="1/log price",
        source="judgement",
        description="Inverse mean of an upward jump; the forward price is infinite at 1 and below.",
    )
    eta_down: float = field(
        10.0,
        ge=0.1,
        le=1e6,
        unit="1/log price",
        source="judgement",
        description="Inverse mean of a downward jump.",
    )


class GaussianJumpsSection(Section):
    """Jumps of the log price with a normal law (Merton)."""

    kind: Literal["gaussian"] = field(
        "gaussian", unit="-", source="Clewlow and Strickland 2000", description="Law of the jump sizes."
    )
    mean: float = field(
        0.25, ge=-5, le=5, unit="log price", source="judgement", description="Mean jump of the log price."
    )
    std: float = field(
        0.12, ge=0, le=5, unit="log price", source="judgement", description="Standard deviation of a jump."
    )


class LevelShiftSection(Section):
    """A linear rise (or fall) of the log price level over some days that then stays.

    It comes once, on a given day, or as often as chance has it from that day on.
    """

    log_size: float = field(
        0.0, ge=-5, le=5, unit="log price", source="judgement",
        description="Size of the shift, the mean one where sizes differ; 0 for none.",
    )  # fmt: skip
    start_day: int = field(
        0, ge=0, le=25_200, unit="trading day", source="judgement",
        description="First day of the shift; where shifts are random, none begins before.",
    )  # fmt: skip
    duration_days: int = field(
        1, ge=1, le=25_200, unit="trading days", source="judgement", description="Days a shift takes."
    )
    intensity_per_year: float | None = field(
        None, ge=0, le=252, unit="1/year", source="judgement",
        description="Shifts a year on random days (Poisson), 0 for none; without it one, on start_day.",
    )  # fmt: skip
    log_size_sd: float = field(
        0.0, ge=0, le=2, unit="log price", source="judgement",
        description="Standard deviation of the size of random shifts, which is normal.",
    )  # fmt: skip
    foreseen: bool = field(
        False, unit="-", source="judgement",
        description="Whether the curve knows the shift, of random ones the law; else only what has happened.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _random_shifts_move_the_level_as_a_trend_may(self) -> Self:
        size, sd, often = self.log_size, self.log_size_sd, self.intensity_per_year
        if often is None:
            if sd > 0.0:
                raise ValueError(f"log_size_sd: {sd} is not 0 without intensity_per_year: the shift is given")
            return self
        most = max(abs(size) + sd, math.expm1(size + 0.5 * sd**2))
        if often * most > MOST_SHIFT_A_YEAR:
            raise ValueError(
                f"intensity_per_year: {often} is not <= {MOST_SHIFT_A_YEAR / most:.4g}, with which shifts of "
                f"this size move the log level by {MOST_SHIFT_A_YEAR:g} a year"
            )
        return self


class DislocationSection(Section):
    """A passing move of the price in USD that can take it below zero: congestion, not a change of value."""

    size: float = field(
        0.0, ge=-20, le=20, unit="1",
        source="judgement; WTI crude oil fell by 55.90 to -37.63 USD on 20 April 2020 (CFTC 2020)",
        description="Amount added to the price, as a share of the price level on day 0; 0 for none.",
    )  # fmt: skip
    start_day: int = field(
        1, ge=1, le=25_200, unit="trading day", source="judgement",
        description="First day; nobody expects it before.",
    )  # fmt: skip
    duration_days: int = field(
        1, ge=1, le=25_200, unit="trading days", source="judgement", description="Days at full size."
    )
    fade_days: int = field(
        0, ge=0, le=25_200, unit="trading days", source="judgement",
        description="Days after those on which it falls to zero in equal steps; 0 for at once.",
    )  # fmt: skip


class SeasonalitySection(Section):
    """Weekly and diurnal pattern of the log level; none by default."""

    weekly: tuple[float, ...] = field(
        (), max_length=7, unit="log price", source="judgement; GPU spot rents move about 2 % within the week",
        description="Log effect of each trading day of the week: 5 or 7 values, or none.",
    )  # fmt: skip
    diurnal_amplitude: float = field(
        0.0, ge=0, le=2, unit="log price", source="judgement; GPU spot rents move about 12 % within the day",
        description="Amplitude of the daily cycle of the log level.",
    )  # fmt: skip
    diurnal_peak_hour: float = field(
        15.0, ge=0, lt=24, unit="hour", source="judgement", description="Hour at which the level peaks."
    )
    fixing_hour: float = field(
        12.0, ge=0, lt=24, unit="hour", source="judgement", description="Hour of the daily index fixing."
    )

    @model_validator(mode="after")
    def _a_week_has_five_or_seven_days(self) -> Self:
        if len(self.weekly) not in (0, 5, 7) or any(abs(value) > 2 for value in self.weekly):
            raise ValueError(f"weekly: {list(self.weekly)} is not 5 or 7 values in [-2, 2], or none")
        return self


class LongRunSection(Section):
    """Permanent part of the log price, a Brownian motion; none by default."""

    volatility: float = field(
        0.0, ge=0, le=10, unit="log price/sqrt(year)", source="judgement",
        description="Volatility of the long-run factor; 0 for none.",
    )  # fmt: skip
    drift: float = field(
        0.0, ge=-10, le=10, unit="log price/year", source="judgement", description="Its mean change."
    )
    correlation: float = field(
        0.0, ge=-1, le=1, unit="1", source="judgement", description="Correlation with the reverting part."
    )


class PremiumSection(Section):
    """What investors ask for bearing spot price risk: the model curve is the pricing measure's."""

    diffusion: float = field(
        0.0, ge=-10, le=10, unit="log price/year", source="judgement",
        description="Taken off the drift of the reverting part; positive lowers forwards.",
    )  # fmt: skip
    jump_tilt: float = field(
        0.0, ge=-100, le=100, unit="1/log price", source="judgement",
        description="Esscher tilt of the jumps; positive raises forwards.",
    )  # fmt: skip
    long_run: float = field(
        0.0, ge=-10, le=10, unit="log price/year", source="judgement",
        description="Taken off the drift of the long-run factor.",
    )  # fmt: skip


class StressRegimeSection(Section):
    """A second, stressed regime that the spot price enters and leaves at random; never by default."""

    entries_per_year: float = field(
        0.0,
        ge=0,
        le=252,
        unit="1/year",
        source="judgement",
        description="Entries into stress; 0 for never.",
    )
    exits_per_year: float = field(
        12.0, gt=0, le=2_520, unit="1/year", source="judgement", description="Rate of leaving stress."
    )
    sigma: float = field(
        0.75,
        ge=0,
        le=10,
        unit="log price/sqrt(year)",
        source="judgement",
        description="Its volatility.",
    )
    jump_intensity: float = field(
        12.0, ge=0, le=1_000, unit="1/year", source="judgement", description="Jumps a year in stress."
    )
    level: float = field(
        0.0, ge=-5, le=5, unit="log price", source="judgement", description="Level that stress reverts to."
    )


class SupplySection(Section):
    """Growth of supply and demand, of logs per year: gives the trend where it is asked for."""

    energy_cost_growth: float = field(
        0.03, ge=-5, le=5, unit="1/year", description="Growth of the energy cost.",
        source="judgement",
    )  # fmt: skip
    hardware_efficiency_growth: float = field(
        0.335, ge=-5, le=5, unit="1/year", description="Growth of the FLOPS that a dollar buys.",
        source="doubling in 2.07 years for GPUs used in machine learning (Hobbhahn and Besiroglu 2022)",
    )  # fmt: skip
    algorithmic_efficiency_growth: float = field(
        1.04, ge=-5, le=5, unit="1/year", description="Growth of the tokens that a FLOP yields.",
        source="halving of compute in 8 months, interval 5 to 14 (Ho et al. 2024, arXiv:2403.05812)",
    )  # fmt: skip
    capital_growth: float = field(
        0.884, ge=-5, le=5, unit="1/year", description="Growth of capital.",
        source="ln 2.42, NVIDIA data-centre revenue, fiscal 2024 to 2025; spending for stock is judgement",
    )  # fmt: skip
    demand_growth: float = field(
        0.38, ge=-5, le=5, unit="1/year", description="Growth of demand at an unchanged price.",
        source="judgement: the residual that gives the paper's ln(40)/2 = 1.84",
    )  # fmt: skip
    price_elasticity: float = field(
        1.0, ge=0, le=100, unit="1", source="judgement", description="Demand lost per price gained, in logs."
    )
    supply_elasticity: float = field(
        0.0,
        ge=0,
        le=1e6,
        unit="1",
        source="judgement",
        description="Capacity gained per margin, in logs.",
    )

    @model_validator(mode="after")
    def _something_clears_the_market(self) -> Self:
        if self.price_elasticity + self.supply_elasticity == 0:
            raise ValueError("price_elasticity: 0.0 is not > 0 while supply_elasticity is 0")
        return self
