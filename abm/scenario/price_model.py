"""What a scenario says of prices, as objects of :mod:`abm.spot`: level, shift, process."""

from __future__ import annotations

import math

from abm.core.calendar import TradingCalendar
from abm.scenario.model import Scenario
from abm.scenario.sections.shocks import SeasonalitySection
from abm.scenario.sections.spot import SpotSection
from abm.spot.index.list_prices import ListPriceFit, fit_list_prices, read_list_prices
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level, LevelShift, Seasonality
from abm.spot.process.level_shifts import RandomLevelShifts
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.premium import RiskPremium
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion
from abm.spot.process.supply import ThreeFactorSupply

_FROM_LIST_PRICES = "provider_prices"
_FROM_SUPPLY = "three_factor_supply"


def fit_provider_prices(scenario: Scenario) -> ListPriceFit:
    """Return what the scenario's list prices say of level, dispersion and decline."""
    return fit_list_prices(
        read_list_prices(scenario.provider_prices_path()),
        output_share=scenario.index.output_share,
        reference_quality=scenario.index.reference_quality,
        minimum_quality=scenario.index.minimum_quality,
        cap=scenario.index.weight_cap,
        min_providers=scenario.index.min_providers,
    )


def fixed_shifts(spot: SpotSection, calendar: TradingCalendar) -> tuple[LevelShift, ...]:
    """Return the shift of the level on a given day; none where shifts come at random."""
    section = spot.level_shift
    if section.intensity_per_year is not None:
        return ()
    start, duration = (calendar.year_fraction(days) for days in (section.start_day, section.duration_days))
    return (LevelShift(section.log_size, start, duration),)


def random_shifts(spot: SpotSection, calendar: TradingCalendar) -> RandomLevelShifts | None:
    """Return the law of the shifts that come at random; ``None`` where the day is given."""
    section = spot.level_shift
    if section.intensity_per_year is None:
        return None
    return RandomLevelShifts(
        section.intensity_per_year,
        section.log_size,
        section.log_size_sd,
        calendar.year_fraction(section.duration_days),
        calendar.year_fraction(section.start_day),
    )


def build_level(spot: SpotSection, list_prices: ListPriceFit, calendar: TradingCalendar) -> Level:
    """Return the deterministic level without its unforeseen shift."""
    initial, trend = spot.initial_price_usd, spot.trend_per_year
    price_usd = list_prices.initial_price_usd if initial == _FROM_LIST_PRICES else float(initial)
    if trend == _FROM_LIST_PRICES:
        fall = list_prices.trend_per_year
    elif trend == _FROM_SUPPLY:
        fall = ThreeFactorSupply(**spot.supply.model_dump()).trend_per_year
    else:
        fall = float(trend)
    return Level(price_usd, fall, seasonality=_seasonality(spot.seasonality, calendar))


def _seasonality(section: SeasonalitySection, calendar: TradingCalendar) -> Seasonality | None:
    """Return the pattern as seen from the fixing hour, which is the moment that t = day means."""
    if not section.weekly and section.diurnal_amplitude == 0.0:
        return None
    peak = 2.0 * math.pi * (section.diurnal_peak_hour - section.fixing_hour) / 24.0
    amplitude = section.diurnal_amplitude
    return Seasonality(
        weekly=section.weekly,
        diurnal=((amplitude * math.sin(peak), amplitude * math.cos(peak)),),
        days_per_year=calendar.days_per_year,
    )


def build_process(spot: SpotSection, level: Level) -> SpotProcess:
    """Return the spot process: with a second regime where the scenario lets the price enter stress."""
    jumps = (
        GaussianJumps(spot.jumps.mean, spot.jumps.std)
        if spot.jumps.kind == "gaussian"
        else DoubleExponentialJumps(spot.jumps.p_up, spot.jumps.eta_up, spot.jumps.eta_down)
    )
    premium = RiskPremium(spot.premium.diffusion, spot.premium.jump_tilt, spot.premium.long_run)
    factor = LongRunFactor(spot.long_run.drift, spot.long_run.volatility, spot.long_run.correlation)
    moves = factor.volatility > 0.0 or factor.drift != 0.0
    calm = MeanRevertingJumpDiffusion(
        spot.kappa,
        spot.sigma,
        spot.jump_intensity,
        jumps,
        level,
        long_run=factor if moves else None,
        premium=premium if premium != RiskPremium() else None,
    )
    stress = spot.stress
    if stress.entries_per_year == 0.0:
        return calm
    enter, leave = stress.entries_per_year, stress.exits_per_year
    return RegimeSwitchingJumpDiffusion(
        spot.kappa,
        (
            Regime(spot.sigma, spot.jump_intensity, jumps),
            Regime(stress.sigma, stress.jump_intensity, jumps, stress.level),
        ),
        ((-enter, enter), (leave, -leave)),
        level,
        long_run=calm.long_run,
        premium=calm.premium,
    )
