"""A hedging study of the typical enterprise of a scenario.

Day 0 of the study is the close of the last day of the market's month 0, with the price level of the market's
day 0. What the laboratory does not have (dislocations in USD) is refused; quotes are taken to follow the
index by their stationary basis, also where the scenario has list prices that change rarely.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from abm.agents.hedgers.section import HedgeProgramme
from abm.agents.hedgers.treasury import AbandonmentRule
from abm.core.calendar import TradingCalendar
from abm.hedging.frictions import Frictions
from abm.hedging.listing import Listing
from abm.hedging.need import Need, ProviderBasis, QuantityRisk
from abm.hedging.programmes import FuturesHedge
from abm.hedging.shifts import FixedShift, LevelMoves, RandomShifts
from abm.scenario import Scenario
from abm.scenario.price_model import (
    build_level,
    build_process,
    fit_provider_prices,
    fixed_shifts,
    random_shifts,
)
from abm.spot.process.domain import require


def days_left_of_ramp(ramp_days: int, warm_up_days: int) -> int:
    """Return the days of building a programme up that are left on day 0 of a run, one at least."""
    return max(1, ramp_days - warm_up_days)


def study_terms(scenario: str | Scenario, horizon_months: int | None = None) -> dict[str, Any]:
    """Return the fields of a study that a scenario gives: price, need, basis, listing, shift, programme.

    Frictions are left off but for the margin rate; ``scenario_frictions`` gives the scenario's own.

    Parameters
    ----------
    scenario : str or Scenario
        A packaged name, a TOML path, or a scenario.
    horizon_months : int, optional
        12 by default.

    Raises
    ------
    ScenarioError
        If the scenario is not usable.
    ParameterError
        If it holds what the laboratory does not have.
    """
    resolved = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    size = resolved.spot.dislocation.size
    require(size == 0.0, "spot.dislocation.size", size, "0: the laboratory has no dislocations in USD")
    calendar = _calendar(resolved)
    listing = _listing(resolved, 12 if horizon_months is None else horizon_months)
    level = build_level(resolved.spot, fit_provider_prices(resolved), calendar)
    enterprises, index = resolved.agents.enterprises, resolved.index
    need_kappa = enterprises.need_reversion_per_day * calendar.days_per_year
    return {
        "process": build_process(resolved.spot, level),
        "programmes": (futures_hedge(enterprises.programme),),
        "need": Need(
            enterprises.need_msit_per_day * calendar.days_per_month,
            QuantityRisk(
                enterprises.need_volatility * math.sqrt(2.0 * need_kappa),
                need_kappa,
                enterprises.need_price_correlation,
            ),
        ),
        "basis": ProviderBasis(index.basis_sd, index.basis_kappa, "stationary"),
        "listing": listing,
        "shifts": _shifts(resolved, calendar, listing),
        "frictions": Frictions(initial_margin_rate=_margin_rate(resolved)),
        "name": resolved.name,
    }


def scenario_frictions(scenario: str | Scenario) -> Frictions:
    """Return the frictions of a scenario's enterprises as far as the laboratory has them.

    Fees of a taker, the flat margin of near months with the client's add-on, the cost of funds, the median
    cash and credit of the finished programme, the treasury's rule, whole lots and the days of building up.
    Spreads come about in the market and have no field.

    Parameters
    ----------
    scenario : str or Scenario
        A packaged name, a TOML path, or a scenario.
    """
    resolved = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    enterprises = resolved.agents.enterprises
    section, listing = enterprises.programme, _listing(resolved, 12)
    kappa = resolved.spot.kappa
    hedge = futures_hedge(section)
    if hedge.kind == "minimum_variance":  # money is for the whole need, or for the prior if that is more
        hedge = replace(hedge, coverage=max(hedge.coverage, 1.0))
    month_msit = enterprises.need_msit_per_day * listing.days_per_month
    need = np.full((1, listing.listed_months), month_msit)
    finished = hedge.terms(listing, kappa).target_lots(need, listing.days_per_month - 1)
    price = build_level(resolved.spot, fit_provider_prices(resolved), _calendar(resolved)).initial_price_usd
    notional = float(np.abs(finished).sum()) * price
    return Frictions(
        fee_usd_per_lot=resolved.exchange.taker_fee_usd,
        initial_margin_rate=_margin_rate(resolved),
        funding_rate=section.cost_of_funds,
        cash_usd=enterprises.cash_share * notional,
        credit_usd=enterprises.credit_share * notional,
        abandonment=AbandonmentRule(
            section.abandon_below, section.reenter_above, section.unwind_days, section.cooling_days
        ),
        whole_lots=True,
        ramp_days=section.ramp_days,
    )


def _shifts(scenario: Scenario, calendar: TradingCalendar, listing: Listing) -> LevelMoves | None:
    """Return the shift of the level on its day as seen from day 0 of the study, or the law of random ones."""
    section, law = scenario.spot.level_shift, random_shifts(scenario.spot, calendar)
    if law is not None:
        first, latest = section.start_day, listing.day_zero
        allowed = f"<= {latest}: random shifts of the laboratory begin on any day"
        require(first <= latest, "spot.level_shift.start_day", first, allowed)
        return RandomShifts(
            law.intensity, law.log_size, law.log_size_sd, law.duration_years, section.foreseen
        )
    (shift,) = fixed_shifts(scenario.spot, calendar)
    start = shift.start_year - calendar.year_fraction(listing.day_zero)
    if shift.log_size == 0.0:
        return None
    return FixedShift(replace(shift, start_year=start), section.foreseen)


def _calendar(scenario: Scenario) -> TradingCalendar:
    section = scenario.calendar
    return TradingCalendar(
        days_per_month=section.days_per_month,
        months_per_year=section.months_per_year,
        listed_months=scenario.contract.listed_months,
    )


def _listing(scenario: Scenario, horizon_months: int) -> Listing:
    return Listing(
        horizon_months=horizon_months,
        listed_months=scenario.contract.listed_months,
        days_per_month=scenario.calendar.days_per_month,
        months_per_year=scenario.calendar.months_per_year,
        final_fixings=scenario.contract.final_fixings,
        contract_size_msit=float(scenario.contract.contract_size_msit),
    )


def _margin_rate(scenario: Scenario) -> float:
    margin = scenario.clearing.margin
    return min(1.0, margin.rate * margin.client_ratio)


def futures_hedge(section: HedgeProgramme) -> FuturesHedge:
    """Return the programme of a scenario's section as the laboratory has it, without its execution."""
    band = section.band_share
    return FuturesHedge(
        section.rule,
        coverage=section.ratio,
        near_ratio=section.near_ratio,
        mid_ratio=section.mid_ratio,
        far_ratio=section.far_ratio,
        lead_months=section.roll_tenor,
        stack_tenor=section.stack_tenor,
        stack_scaling=section.stack_scaling,
        roll_days=section.roll_days,
        estimation_days=section.estimation_days,
        window_months=section.window_months,
        with_quantity=section.quantity_correction,
        tail_rate=section.cost_of_funds if section.tail else 0.0,
        band_share=float(band) if isinstance(band, int | float) else 0.0,
    )
