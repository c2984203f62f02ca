"""The hedging laboratory: what programmes do for one company, by exact Monte Carlo without a market.

The public face is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.hedging.advice import Advice, advise
    from abm.hedging.alternatives import CommittedSpend, FixedPrice
    from abm.hedging.basis_estimate import BasisEstimate, estimate_basis, read_basis
    from abm.hedging.company import CompanyTerms, company_study
    from abm.hedging.frictions import LIQUIDITY_CONVENTIONS, Frictions, Liquidity
    from abm.hedging.listing import Listing
    from abm.hedging.need import Consumption, Need, ProviderBasis, QuantityRisk
    from abm.hedging.needs_file import CompanyNeeds, read_needs
    from abm.hedging.paths import PricePaths, observed_paths
    from abm.hedging.programmes import CustomHedge, FuturesHedge, HedgeView
    from abm.hedging.result import HedgeResult, ProgrammeResult
    from abm.hedging.shifts import FixedShift, RandomShifts
    from abm.hedging.study import HedgeStudy
    from abm.hedging.words import parse_programme

_FACE = {
    "Advice": "advice",
    "BasisEstimate": "basis_estimate",
    "CommittedSpend": "alternatives",
    "CompanyNeeds": "needs_file",
    "CompanyTerms": "company",
    "Consumption": "need",
    "CustomHedge": "programmes",
    "FixedPrice": "alternatives",
    "FixedShift": "shifts",
    "Frictions": "frictions",
    "FuturesHedge": "programmes",
    "HedgeResult": "result",
    "HedgeStudy": "study",
    "HedgeView": "programmes",
    "LIQUIDITY_CONVENTIONS": "frictions",
    "Liquidity": "frictions",
    "Listing": "listing",
    "Need": "need",
    "PricePaths": "paths",
    "ProgrammeResult": "result",
    "ProviderBasis": "need",
    "QuantityRisk": "need",
    "RandomShifts": "shifts",
    "advise": "advice",
    "company_study": "company",
    "estimate_basis": "basis_estimate",
    "observed_paths": "paths",
    "parse_programme": "words",
    "read_basis": "basis_estimate",
    "read_needs": "needs_file",
}

__all__ = [
    "LIQUIDITY_CONVENTIONS",
    "Advice",
    "BasisEstimate",
    "CommittedSpend",
    "CompanyNeeds",
    "CompanyTerms",
    "Consumption",
    "CustomHedge",
    "FixedPrice",
    "FixedShift",
    "Frictions",
    "FuturesHedge",
    "HedgeResult",
    "HedgeStudy",
    "HedgeView",
    "Liquidity",
    "Listing",
    "Need",
    "PricePaths",
    "ProgrammeResult",
    "ProviderBasis",
    "QuantityRisk",
    "RandomShifts",
    "advise",
    "company_study",
    "estimate_basis",
    "observed_paths",
    "parse_programme",
    "read_basis",
    "read_needs",
]


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(import_module(f"abm.hedging.{_FACE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
