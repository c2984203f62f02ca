"""The study of a treasurer's own company: its spend or needs, its provider, its money, in a scenario."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from abm.agents.hedgers.treasury import AbandonmentRule
from abm.core.errors import ParameterError
from abm.hedging.from_scenario import scenario_frictions, study_terms
from abm.hedging.need import Need, ProviderBasis
from abm.hedging.needs_file import CompanyNeeds
from abm.hedging.study import HedgeStudy
from abm.hedging.words import Hedge
from abm.scenario import Scenario
from abm.spot.process.domain import require, require_number

HALF_SPREAD = 0.002
"""Share of the price that a trade costs: judgement, between the 13 bp of the front month and the 37 bp of the
last one in a year of the baseline (``sitsim run baseline``)."""
LARGEST_SPEND_USD = 1e12


@dataclass(frozen=True)
class CompanyTerms:
    """What a company brings to a study; what it does not say is the scenario's.

    Parameters
    ----------
    spend_usd : float, optional
        What a month costs at the price of day 0; the same tokens are needed every month.
    needs : CompanyNeeds, optional
        Needs by month instead.
    months : int, optional
        Months of the study with ``spend_usd``; 12 by default.
    cash_usd, credit_usd : float
        Money for margin; infinite cash is no limit.
    basis : ProviderBasis, optional
        Price of its provider.
    half_spread : float
        What a trade costs, as a share of the price.

    Raises
    ------
    ParameterError
        If a value is outside its domain, or both or neither of spend and needs are given.
    """

    spend_usd: float | None = None
    needs: CompanyNeeds | None = None
    months: int | None = None
    cash_usd: float = math.inf
    credit_usd: float = 0.0
    basis: ProviderBasis | None = None
    half_spread: float = HALF_SPREAD

    def __post_init__(self) -> None:
        if (self.spend_usd is None) == (self.needs is None):
            given = "neither" if self.needs is None else "both"
            raise ParameterError(f"spend and needs: {given} is not one of them")
        if self.spend_usd is not None:
            require_number("spend", self.spend_usd)
            allowed = f"in (0, {LARGEST_SPEND_USD:g}] USD a month"
            require(0.0 < self.spend_usd <= LARGEST_SPEND_USD, "spend", self.spend_usd, allowed)
        for name in ("cash_usd", "credit_usd"):
            value, most = getattr(self, name), math.inf if name == "cash_usd" else 1e15
            require_number(name.removesuffix("_usd"), value)
            require(0.0 <= value <= most, name.removesuffix("_usd"), value, ">= 0 USD")
        if math.isinf(self.cash_usd):
            require(self.credit_usd == 0.0, "credit", self.credit_usd, "0 where cash is not limited")
        require_number("half_spread", self.half_spread)
        require(0.0 <= self.half_spread <= 0.5, "half_spread", self.half_spread, "in [0, 0.5]")
        if self.needs is not None and self.months is not None:
            held = len(self.needs.msit_per_month)
            require(self.months == held, "months", self.months, f"{held}, as in the needs")


def company_study(
    scenario: str | Scenario, programmes: Iterable[str | Hedge], terms: CompanyTerms, **changes: Any
) -> HedgeStudy:
    """Return the study of a company in a scenario: its terms, and all else as for the typical enterprise.

    Fees, margin rate, cost of funds, whole lots and the days of building up are the scenario's. A hedge for
    which money runs out is closed over the days that the scenario's programme takes to unwind, and the
    treasury's rule of giving up before that is the scenario's too.

    Parameters
    ----------
    scenario : str or Scenario
        A packaged name, a TOML path, or a scenario.
    programmes : iterable of str or programme
        What to compare.
    terms : CompanyTerms
        The company.
    **changes
        Further fields of the study: ``paths``, ``seed``, ``name``, ...

    Raises
    ------
    ScenarioError, ParameterError
        If something does not fit, in one line.
    """
    resolved = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    needs = terms.needs
    months = terms.months if needs is None else len(needs.msit_per_month)
    found = study_terms(resolved, horizon_months=months)
    basis = found["basis"] if terms.basis is None else terms.basis
    if needs is None:
        assert terms.spend_usd is not None, "checked at construction"
        price = found["process"].level.initial_price_usd * basis.multiple
        amounts: Any = terms.spend_usd / price
    else:
        amounts = needs.msit_per_month
    usual = scenario_frictions(resolved)
    rule = usual.abandonment
    if math.isinf(terms.cash_usd):  # who has money without end gives nothing up
        rule = AbandonmentRule(unwind_days=rule.unwind_days)
    frictions = replace(
        usual,
        half_spread=terms.half_spread,
        cash_usd=terms.cash_usd,
        credit_usd=terms.credit_usd,
        abandonment=rule,
    )
    own = {
        "programmes": programmes,
        "need": Need(amounts, found["need"].risk),
        "basis": basis,
        "frictions": frictions,
    }
    return HedgeStudy(**(found | own | changes))
