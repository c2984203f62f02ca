"""Builds the physical side of a market from a scenario: process, provider quotes, index, and the desk."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.core.calendar import TradingCalendar
from abm.core.randomness import RandomStreams
from abm.market.day.daily_index import ChainedIndex, DailyIndex, NoIndex, VolumeWeightedIndex
from abm.market.day.spot_desk import SpotDesk
from abm.scenario import Scenario
from abm.scenario.price_model import build_level, build_process, fixed_shifts, random_shifts
from abm.spot.belief.public_belief import IndexNoise, PublicBelief
from abm.spot.index.list_price_dynamics import ListPriceDynamics
from abm.spot.index.list_price_quotes import ListPriceQuotes
from abm.spot.index.list_prices import ListPriceFit
from abm.spot.index.providers import ProviderQuotes, QuoteProcess, SpotAlone
from abm.spot.process.dislocation import PriceDislocation
from abm.spot.process.level import Level
from abm.spot.process.process import SpotProcess


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
        matched = ChainedIndex(weighted, base_value_usd=_first_price_usd(level, calendar))
    process = build_process(spot, level)
    return SpotDesk(
        process=process,
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
        belief=_belief(scenario, calendar, process, quotes) if spot.knowledge == "filtered" else None,
    )


def _belief(
    scenario: Scenario, calendar: TradingCalendar, process: SpotProcess, quotes: QuoteProcess
) -> PublicBelief:
    """Return what the public makes of the price.

    The log of an index of independent bases has the variance of one basis times the sum of squared shares.
    """
    section, index = scenario.spot.belief, scenario.index
    if section.index_noise != "quotes":
        noise = float(section.index_noise)
    elif index.method == "process" or isinstance(quotes, SpotAlone):
        noise = 0.0
    else:
        shares = quotes.index_weights * quotes.expected_multiples
        noise = index.basis_sd * float(np.sqrt((shares**2).sum())) / float(shares.sum())
    only_fixings = section.futures_noise == "fixings_only"
    return PublicBelief(
        process,
        calendar.year_fraction(1),
        index_noise=IndexNoise(noise, index.basis_kappa),
        long_run_sd=section.long_run_sd,
        futures_noise=math.inf if only_fixings else float(section.futures_noise),
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
        initial_spot_usd=_first_price_usd(level, calendar),
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


def _first_price_usd(level: Level, calendar: TradingCalendar) -> float:
    """Return the price level without season on the first trading day, before which it fell as ever."""
    years = calendar.year_fraction(calendar.warm_up_days)
    return level.initial_price_usd * math.exp(level.trend_per_year * years)


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
