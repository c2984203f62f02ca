"""Builds the physical side of a market from a scenario: process, provider quotes, index, and the desk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.calendar import TradingCalendar
from abm.core.randomness import RandomStreams
from abm.market.daily_index import ChainedIndex, VolumeWeightedIndex
from abm.market.spot_desk import SpotDesk
from abm.scenario import Scenario
from abm.scenario.price_model import build_level, build_process, build_shift
from abm.spot.dislocation import PriceDislocation
from abm.spot.level import Level
from abm.spot.list_price_dynamics import ListPriceDynamics
from abm.spot.list_price_quotes import ListPriceQuotes
from abm.spot.list_prices import ListPriceFit
from abm.spot.providers import ProviderQuotes, QuoteProcess


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
    weighted = _weighted_index(scenario, quotes)
    return SpotDesk(
        process=build_process(spot, level),
        shifts=(build_shift(spot.level_shift, calendar),),
        dislocation=dislocation,
        quotes=quotes,
        weighted=weighted,
        matched=ChainedIndex(weighted, base_value_usd=level.initial_price_usd),
        settles_on_matched=scenario.index.method == "chained_fisher",
        calendar=calendar,
        final_fixings=scenario.contract.final_fixings or calendar.days_per_month,
        streams=streams,
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
    offsets = np.resize(list_prices.provider_log_offsets, len(capacity))
    start = streams.generator("provider-basis", "start")
    outage_rng = streams.generator("provider-outages") if index.outages_per_year > 0.0 else None
    if index.quote_dynamics == "ou":
        return ProviderQuotes(
            offsets,
            capacity,
            weight_cap=index.weight_cap,
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
        weight_cap=index.weight_cap,
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
