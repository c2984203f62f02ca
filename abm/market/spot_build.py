"""Builds the physical side of a market from a scenario: process, provider quotes, index, and the desk."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.core.calendar import TradingCalendar
from abm.core.randomness import RandomStreams
from abm.market.daily_index import ChainedIndex, DailyIndex, NoIndex, VolumeWeightedIndex
from abm.market.spot_desk import SpotDesk
from abm.scenario import Scenario
from abm.scenario.shock_sections import SeasonalitySection
from abm.scenario.spot_sections import SpotSection
from abm.spot.dislocation import PriceDislocation
from abm.spot.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.level import Level, LevelShift, Seasonality
from abm.spot.level_shifts import RandomLevelShifts
from abm.spot.list_price_dynamics import ListPriceDynamics
from abm.spot.list_price_quotes import ListPriceQuotes
from abm.spot.list_prices import ListPriceFit, fit_list_prices, read_list_prices
from abm.spot.long_run import LongRunFactor
from abm.spot.mrjd import MeanRevertingJumpDiffusion
from abm.spot.premium import RiskPremium
from abm.spot.process import SpotProcess
from abm.spot.providers import ProviderQuotes, QuoteProcess, SpotAlone
from abm.spot.regimes import Regime, RegimeSwitchingJumpDiffusion
from abm.spot.supply import ThreeFactorSupply

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


def build_desk(
    scenario: Scenario,
    calendar: TradingCalendar,
    list_prices: ListPriceFit,
    capacity: NDArray[np.float64],
    streams: RandomStreams,
) -> SpotDesk:
    """Build the spot desk; ``capacity`` (providers,) is the volume behind each provider's index weight."""
    spot = scenario.spot
    level = build_level(spot, list_prices, calendar)
    dislocation = PriceDislocation(
        spot.dislocation.size * level.initial_price_usd,
        spot.dislocation.start_day,
        spot.dislocation.duration_days,
        spot.dislocation.fade_days,
    )
    quotes = _quotes(scenario, calendar, list_prices, capacity, level, streams)
    weighted: DailyIndex = NoIndex()
    matched: DailyIndex = NoIndex()
    if len(capacity) > 0:
        weighted = _weighted_index(scenario, quotes)
        matched = ChainedIndex(weighted, base_value_usd=level.initial_price_usd)
    return SpotDesk(
        process=build_process(spot, level),
        shifts=fixed_shifts(spot, calendar),
        random_shifts=random_shifts(spot, calendar),
        shifts_foreseen=spot.level_shift.foreseen,
        dislocation=dislocation,
        quotes=quotes,
        weighted=weighted,
        matched=matched,
        method=scenario.index.method,
        calendar=calendar,
        final_fixings=scenario.contract.final_fixings or calendar.days_per_month,
        streams=streams,
    )


def build_level(spot: SpotSection, list_prices: ListPriceFit, calendar: TradingCalendar) -> Level:
    """Return the deterministic level without its shifts."""
    initial, trend = spot.initial_price_usd, spot.trend_per_year
    price_usd = list_prices.initial_price_usd if initial == _FROM_LIST_PRICES else float(initial)
    if trend == _FROM_LIST_PRICES:
        fall = list_prices.trend_per_year
    elif trend == _FROM_SUPPLY:
        fall = ThreeFactorSupply(**spot.supply.model_dump()).trend_per_year
    else:
        fall = float(trend)
    return Level(price_usd, fall, seasonality=_seasonality(spot.seasonality, calendar))


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


def _quotes(
    scenario: Scenario,
    calendar: TradingCalendar,
    list_prices: ListPriceFit,
    capacity: NDArray[np.float64],
    level: Level,
    streams: RandomStreams,
) -> QuoteProcess:
    index = scenario.index
    if len(capacity) == 0:
        return SpotAlone()
    # Fewer providers than the cap can hold give no index; their weights still centre their prices.
    weight_cap = max(index.weight_cap, 1.0 / len(capacity))
    offsets = np.resize(list_prices.provider_log_offsets, len(capacity))
    start = streams.generator("provider-basis", "start")
    outage_rng = streams.generator("provider-outages") if index.outages_per_year > 0.0 else None
    if index.quote_dynamics == "ou":
        return ProviderQuotes(
            offsets,
            capacity,
            weight_cap=weight_cap,
            basis_kappa=index.basis_kappa,
            basis_sd=index.basis_sd,
            rng=start,
            outage_rate_per_year=index.outages_per_year,
            outage_days=index.outage_days,
            days_per_year=calendar.days_per_year,
            outage_rng=outage_rng,
        )
    return ListPriceQuotes(
        offsets,
        capacity,
        weight_cap=weight_cap,
        basis_kappa=index.basis_kappa,
        basis_sd=index.basis_sd,
        initial_spot_usd=level.initial_price_usd,
        trend_per_year=level.trend_per_year,
        dynamics=ListPriceDynamics(
            changes_per_year=index.changes_per_year,
            share_down=index.share_down,
            mean_abs_log_change=index.mean_abs_log_change,
            sd_log_change=index.sd_log_change,
        ),
        rng=start,
        outage_rate_per_year=index.outages_per_year,
        outage_days=index.outage_days,
        days_per_year=calendar.days_per_year,
        outage_rng=outage_rng,
    )


def _weighted_index(scenario: Scenario, quotes: QuoteProcess) -> VolumeWeightedIndex:
    """Return the volume-weighted method; quotes are SIT-equivalent, so each has the reference quality."""
    section = scenario.index
    return VolumeWeightedIndex(
        quotes.volume_shares,
        quality=section.reference_quality,
        cap=section.weight_cap,
        min_providers=section.min_providers,
        stale_after_days=section.stale_after_days,
    )
