"""A company of the hedging laboratory as a company of the market: programme, need, price and money.

What one of the two has and the other has not is refused, in one line that names it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from abm.core.arguments import row_number
from abm.core.errors import ParameterError
from abm.hedging import Frictions, FuturesHedge, HedgeStudy, Listing, parse_programme
from abm.hedging.words import Hedge
from abm.scenario import Scenario
from abm.scenario.price_model import build_level, build_process, fit_provider_prices
from abm.spot.process.domain import require
from abm.spot.process.process import SpotProcess

EXECUTION = (
    "actions_per_day", "cross_probability", "slice_share", "max_premium", "patience_days", "participation",
    "risk_premium", "latency_ms",
)  # fmt: skip
"""Fields of a programme that say how it trades, not what it wants: the laboratory has none of them."""

DEEP_CASH_MULTIPLE = 20.0
"""Cash without a limit, as a multiple of what the largest month's need in every listed month is worth."""

LONGEST_RUN_DAYS = 25_200
"""Most days of a run: the bound of ``run.days``."""

_MARKET_BANDS = (4, 7)


def futures_programme(hedge: FuturesHedge | str) -> FuturesHedge:
    """Return a programme that the market has too.

    Raises
    ------
    ParameterError
        If it holds no futures, or is a callable, or cuts its bands at other tenors than the market does.
    """
    given: Hedge | Any = parse_programme(hedge) if isinstance(hedge, str) else hedge
    if not isinstance(given, FuturesHedge) or given.kind == "none":
        name = getattr(given, "name", given)
        raise ParameterError(
            f"hedge: {str(name)!r} is not a rule of futures that a company of the market can have: layered, "
            "strip, rolling, stack or minimum_variance"
        )
    if given.kind == "layered":
        bands = (given.first_mid_tenor, given.first_far_tenor)
        allowed = f"{_MARKET_BANDS}, where those of the market begin"
        require(bands == _MARKET_BANDS, "hedge: first_mid_tenor, first_far_tenor", bands, allowed)
    return given


def programme_fields(
    hedge: FuturesHedge, frictions: Frictions, kappa: float, execution: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a scenario's programme section for a programme of the laboratory and the money behind it.

    ``abm.hedging.from_scenario.futures_hedge`` is the way back.

    Parameters
    ----------
    hedge : FuturesHedge
        What is wanted.
    frictions : Frictions
        Days of building up, cost of funds, and when the treasury gives up.
    kappa : float
        Reversion of the spot price, for a stack that is scaled by it.
    execution : mapping, optional
        Fields of ``EXECUTION``.

    Raises
    ------
    ParameterError
        If the programme is tailed by another rate than the cost of funds, which is the market's.
    """
    rate, tail = frictions.funding_rate, hedge.tail_rate
    allowed = f"0 or {rate}, the cost of funds (study.frictions.funding_rate), by which the market tails"
    require(tail in (0.0, rate), "hedge: tail_rate", tail, allowed)
    scaling = hedge.stack_scaling
    rule = frictions.abandonment
    return {
        "rule": hedge.kind,
        "ratio": float(hedge.coverage),
        "near_ratio": float(hedge.near_ratio),
        "mid_ratio": float(hedge.mid_ratio),
        "far_ratio": float(hedge.far_ratio),
        "roll_tenor": int(hedge.lead_months),
        "stack_tenor": int(hedge.stack_tenor),
        "stack_scaling": float(kappa if scaling == "kappa" else scaling),
        "roll_days": int(hedge.roll_days),
        "estimation_days": int(hedge.estimation_days),
        "window_months": int(hedge.window_months),
        "quantity_correction": bool(hedge.with_quantity),
        "tail": tail > 0.0,
        "band_share": float(hedge.band_share),
        "cost_of_funds": float(rate),
        "ramp_days": int(frictions.ramp_days),
        "abandon_below": float(rule.abandon_below),
        "reenter_above": float(max(rule.reenter_above, rule.abandon_below)),
        "unwind_days": int(rule.unwind_days),
        "cooling_days": int(rule.cooling_days),
        **(execution or {}),
    }


def with_company(
    scenario: Scenario,
    study: HedgeStudy,
    hedge: FuturesHedge,
    *,
    name: str,
    provider: int = 0,
    execution: Mapping[str, Any] | None = None,
) -> Scenario:
    """Return the scenario with the study's company in it, recorded and long enough to be replayed.

    The company needs in month 0, which nobody can hedge, what it needs in month 1, and nothing after the
    study's last month, so that it buys no months that the study does not know. How it trades is what the
    scenario says of enterprises. Its price multiple is such that it usually pays the study's multiple of the
    index, whatever its provider asks; for that the firms have to be the same in every run.

    Parameters
    ----------
    scenario : Scenario
        The market.
    study : HedgeStudy
        Need by month and its risk, price multiple, cash and credit.
    hedge : FuturesHedge
        Its programme.
    name : str
        What it is called in the tables.
    provider : int
        The provider it buys from.
    execution : mapping, optional
        Fields of ``EXECUTION`` that are to be otherwise.

    Raises
    ------
    ParameterError, ScenarioError
        One line: what the market cannot have.
    """
    from abm.market.assembly.foundations import lay_foundations

    own = dict(execution or {})
    for field in own:
        require(field in EXECUTION, "execution", field, f"one of {', '.join(EXECUTION)}")
    firms = scenario.run.population_seed
    same_firms = scenario.replace({"run.population_seed": scenario.run.seed if firms is None else firms})
    multiples = lay_foundations(same_firms, scenario.run.seed).desk.quotes.expected_multiples
    row_number("provider", provider, len(multiples))
    enterprises = scenario.agents.enterprises.programme.model_dump()
    kept = {field: enterprises[field] for field in EXECUTION}
    days, risk = scenario.calendar.days_per_month, study.demand.risk
    months = (study.demand.by_month(study.listing) / days).tolist()
    company = {
        "name": name,
        "need_msit_per_day": [months[0], *months, 0.0],
        "need_volatility": risk.volatility / math.sqrt(2.0 * risk.kappa),
        "need_reversion_per_day": risk.kappa / (days * scenario.calendar.months_per_year),
        "need_price_correlation": risk.price_correlation,
        "provider": provider,
        "price_multiple": study.basis.multiple / float(multiples[provider]),
        "cash_usd": _cash_usd(scenario, study, max(months) * days),
        "credit_usd": study.frictions.credit_usd,
        "programme": programme_fields(hedge, study.frictions, study.process.kappa, kept | own),
    }
    others = [one.model_dump(exclude_none=True) for one in scenario.agents.companies]
    return same_firms.replace(
        {
            "agents.companies": [*others, company],
            "run.days": run_days(scenario, study),
            "recording.profile": "full" if scenario.recording.profile == "full" else "daily",
        }
    )


def run_days(scenario: Scenario, study: HedgeStudy) -> int:
    """Return how long the market has to run: the months of the study, and month 0 before them.

    Raises
    ------
    ParameterError
        If that is longer than a run can be.
    """
    months, each = study.listing.horizon_months, scenario.calendar.days_per_month
    days = (months + 1) * each
    allowed = f"a horizon that the market can run: {days:,} days are more than run.days can be, "
    require(
        days <= LONGEST_RUN_DAYS, "study.listing.horizon_months", months, f"{allowed}{LONGEST_RUN_DAYS:,}"
    )
    return days


def _cash_usd(scenario: Scenario, study: HedgeStudy, month_msit: float) -> float:
    """Return the company's cash; without a limit, so much that it will not run out."""
    if study.frictions.cash_usd < math.inf:
        return study.frictions.cash_usd
    worth = month_msit * study.basis.multiple * study.process.level.initial_price_usd
    return DEEP_CASH_MULTIPLE * scenario.contract.listed_months * worth


def replay_listing(scenario: Scenario, study: HedgeStudy) -> Listing:
    """Return the study's months as the days of a market run has them, from its first day on.

    Raises
    ------
    ParameterError
        If study and scenario do not trade the same contract in the same calendar.
    """
    contract, calendar, own = scenario.contract, scenario.calendar, study.listing
    days = calendar.days_per_month
    pairs = {
        "days_per_month": (own.days_per_month, days, "calendar.days_per_month"),
        "months_per_year": (own.months_per_year, calendar.months_per_year, "calendar.months_per_year"),
        "listed_months": (own.listed_months, contract.listed_months, "contract.listed_months"),
        "contract_size_msit": (
            own.contract_size_msit, float(contract.contract_size_msit), "contract.contract_size_msit",
        ),
        "final_fixings": (
            own.final_fixings or own.days_per_month, contract.final_fixings or days, "contract.final_fixings",
        ),
    }  # fmt: skip
    for field, (of_study, of_market, source) in pairs.items():
        allowed = f"{of_market}, which is {source} of the scenario"
        require(of_study == of_market, f"study.listing.{field}", of_study, allowed)
    return Listing(
        horizon_months=own.horizon_months,
        listed_months=own.listed_months,
        days_per_month=own.days_per_month,
        months_per_year=own.months_per_year,
        first_day=0,
        final_fixings=own.final_fixings,
        contract_size_msit=own.contract_size_msit,
    )


def market_process(scenario: Scenario, study: HedgeStudy) -> SpotProcess:
    """Return the scenario's spot process, which is that of the study too.

    Raises
    ------
    ParameterError
        If it is not, or if the scenario moves prices in a way that cannot be replayed.
    """
    from abm.market.assembly.foundations import build_calendar

    size = scenario.spot.dislocation.size
    require(size == 0.0, "spot.dislocation.size", size, "0: the laboratory has no dislocations in USD")
    shift = scenario.spot.level_shift
    if shift.foreseen and shift.intensity_per_year is not None:
        raise ParameterError(
            "spot.level_shift.foreseen: True is not False: shifts at random whose course the curve knows "
            "cannot be replayed"
        )
    level = build_level(scenario.spot, fit_provider_prices(scenario), build_calendar(scenario))
    process = build_process(scenario.spot, level)
    if study.process != process:
        raise ParameterError(
            f"study.process: a price of {study.name!r} is not that of scenario {scenario.name!r}: make the "
            "study with HedgeStudy.from_scenario"
        )
    return process
