"""Which programme to take: the lowest worst bill that the money carries, and what stands in its way."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.hedging.alternatives import CommittedSpend, FixedPrice
from abm.hedging.need import Need, QuantityRisk
from abm.hedging.study import HedgeStudy
from abm.spot.process.domain import require

if TYPE_CHECKING:
    from abm.hedging.result import HedgeResult


GROUPS = 20
"""Groups of paths that the jackknife leaves out in turn."""
TIE_STANDARD_ERRORS = 1.96
_LIMIT_PATHS = 2_500
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Standing:
    """One programme as the advice sees it.

    Attributes
    ----------
    programme : str
        Its name.
    worst_bill_usd, expected_bill_usd : float
        Quantile at the confidence, and mean, of the bill of the whole horizon.
    cash_needed_usd : float
        Quantile at the confidence of the largest need of cash, by the study's convention.
    out_of_money_share : float
        Share of paths on which cash and credit were not enough.
    is_carried : bool
        Whether the money is enough at the confidence.
    """

    programme: str
    worst_bill_usd: float
    expected_bill_usd: float
    cash_needed_usd: float
    out_of_money_share: float
    is_carried: bool


@dataclass(frozen=True)
class Advice:
    """What to take, and why.

    Attributes
    ----------
    programme : str
        Of the programmes that the money carries, the one with the lowest worst bill; of those that cannot be
        told from it within sampling error, the one with the lowest expected bill.
    runner_up : str or None
        The next by the same rule; None if there is no other.
    confidence : float
        Of the worst bill, and of having money enough.
    money_usd : float
        Cash and credit; infinite without a limit.
    standings : dict of str to Standing
        Every programme, best worst bill first.
    tied : tuple of str
        Programmes whose worst bill cannot be told from the best.
    futures_programme : str
        The best of the programmes that are no provider's plan, ``none`` among them, by the same rule.
    break_even_markup : float
        Markup on the futures curve up to which a provider's fixed price has a lower worst bill than that.
    limits : DataFrame
        ``programme``, ``part``, ``worst_bill_usd``, ``change_usd``: the worst bill of the programme with one
        part of its world taken away, and how much that changes it, on the same paths; largest gain first.
    """

    programme: str
    runner_up: str | None
    confidence: float
    money_usd: float
    standings: dict[str, Standing]
    tied: tuple[str, ...]
    futures_programme: str
    break_even_markup: float
    limits: pd.DataFrame

    def as_plain(self, sentences: Iterable[str]) -> dict[str, Any]:
        """Return what a run folder keeps of it."""
        return {
            "programme": self.programme,
            "runner_up": self.runner_up,
            "confidence": self.confidence,
            "money_usd": self.money_usd if math.isfinite(self.money_usd) else None,
            "sentences": list(sentences),
        }


def advise(result: HedgeResult, confidence: float = 0.99) -> Advice:
    """Return the advice from a finished study.

    Parameters
    ----------
    result : HedgeResult
        The study, its benchmark ``none`` included.
    confidence : float
        Of the worst bill, and of having money enough, in [.5, 1).

    Raises
    ------
    ParameterError
        If the confidence is outside its domain.
    """
    require(0.5 <= confidence < 1.0, "confidence", confidence, "in [0.5, 1)")
    standings = {
        one.programme: one
        for one in sorted(
            (_standing(result, name, confidence) for name in result.programmes),
            key=lambda one: one.worst_bill_usd,
        )
    }
    carried = [name for name, one in standings.items() if one.is_carried]
    programme, tied = _best(result, carried, standings, confidence)
    others = [name for name in carried if name != programme]
    runner_up = _best(result, others, standings, confidence)[0] if others else None
    plans = {hedge.name for hedge in result.study.hedges if isinstance(hedge, FixedPrice | CommittedSpend)}
    futures = [name for name in carried if name not in plans]
    rival = programme if programme in futures else _best(result, futures, standings, confidence)[0]
    return Advice(
        programme=programme,
        runner_up=runner_up,
        confidence=confidence,
        money_usd=result.study.frictions.funds_usd,
        standings=standings,
        tied=tied,
        futures_programme=rival,
        break_even_markup=_break_even_markup(result, rival, confidence),
        limits=what_limits(result, programme, confidence),
    )


def _standing(result: HedgeResult, name: str, confidence: float) -> Standing:
    bill = result.horizon_bill(name)
    out = result.out_of_money_share(name)
    convention = result.study.frictions.liquidity
    needed = max(result.peak_liquidity_usd(name, confidence, convention), 0.0)
    return Standing(
        programme=name,
        worst_bill_usd=float(np.quantile(bill, confidence)),
        expected_bill_usd=float(bill.mean()),
        cash_needed_usd=needed + 0.0,
        out_of_money_share=out,
        is_carried=out <= 1.0 - confidence + _ROUNDING,
    )


def _best(
    result: HedgeResult, names: list[str], standings: dict[str, Standing], confidence: float
) -> tuple[str, tuple[str, ...]]:
    """Return the cheapest of those with the lowest worst bill, and the others of them."""
    level = _tied_with_best(result, names, confidence)
    best = min(level, key=lambda name: standings[name].expected_bill_usd)
    return best, tuple(name for name in level if name != best)


def _tied_with_best(result: HedgeResult, names: list[str], confidence: float) -> list[str]:
    """Return the programmes whose worst bill is the lowest within sampling error, on the same paths."""
    best = result.horizon_bill(names[0])
    level = [names[0]]
    for name in names[1:]:
        gap, error = _paired_gap(result.horizon_bill(name), best, confidence)
        if gap <= TIE_STANDARD_ERRORS * error:
            level.append(name)
    return level


def _paired_gap(bill: FloatArray, best: FloatArray, confidence: float) -> tuple[float, float]:
    """Return the difference of two worst bills and its standard error, a jackknife over groups of paths."""

    def gap(keep: NDArray[np.bool_]) -> float:
        return float(np.quantile(bill[keep], confidence) - np.quantile(best[keep], confidence))

    group = np.arange(bill.size) % min(GROUPS, bill.size)
    groups = int(group.max()) + 1
    if groups < 2:
        return gap(group >= 0), math.inf
    left_out = np.array([gap(group != one) for one in range(groups)])
    error = math.sqrt((groups - 1) / groups * float(((left_out - left_out.mean()) ** 2).sum()))
    return gap(group >= 0), error


def _break_even_markup(result: HedgeResult, rival: str, confidence: float) -> float:
    """Return the markup at which a fixed price has the worst bill of a programme, on the same paths."""
    count = min(_LIMIT_PATHS, result.bill_usd.shape[1])
    plan = FixedPrice(0.0)
    at_the_curve = HedgeStudy.of(result.study, programmes=[plan], paths=count).run().horizon_bill(plan.name)
    worst = float(np.quantile(result.horizon_bill(rival)[:count], confidence))
    return worst / float(np.quantile(at_the_curve, confidence)) - 1.0


def what_limits(result: HedgeResult, programme: str, confidence: float) -> pd.DataFrame:
    """Return how the worst bill of a programme changes when one part of its world is taken away.

    Each part is switched off in a study of its own with the same seed, over as many of the same paths as a
    block holds; the rest stays. What changes nothing is in the table with a change of 0.

    Parameters
    ----------
    result : HedgeResult
        The study.
    programme : str
        Name of a programme in it.
    confidence : float
        Of the worst bill.
    """
    study = result.study
    hedges = [hedge for hedge in study.hedges if hedge.name == programme]
    count = min(_LIMIT_PATHS, result.bill_usd.shape[1])
    base = HedgeStudy.of(study, programmes=hedges, paths=count)
    present = float(np.quantile(result.horizon_bill(programme)[:count], confidence))
    rows = []
    for part, changed in _without_one_part(base):
        bill = changed.run().horizon_bill(programme)
        worst = float(np.quantile(bill, confidence))
        rows.append((programme, part, worst, worst - present))
    table = pd.DataFrame(rows, columns=["programme", "part", "worst_bill_usd", "change_usd"])
    return table.sort_values("change_usd", kind="stable", ignore_index=True)


def _without_one_part(study: HedgeStudy) -> list[tuple[str, HedgeStudy]]:
    """Return the study without each part that it has, and what that part is called."""
    terms, demand = study.frictions, study.demand
    found: list[tuple[str, HedgeStudy]] = []
    if math.isfinite(terms.funds_usd):
        found.append(("limited cash and credit", study.replace(frictions=terms.without("cash_usd"))))
    costs = [name for name in ("half_spread", "fee_usd_per_lot", "funding_rate") if getattr(terms, name)]
    if costs:
        found.append(("spread, fees and funding", study.replace(frictions=terms.without(*costs))))
    if terms.whole_lots:
        found.append(("whole lots", study.replace(frictions=terms.without("whole_lots"))))
    if terms.ramp_days > 1:
        found.append(("days of building up", study.replace(frictions=terms.without("ramp_days"))))
    if study.basis.sd > 0.0:
        found.append(("the provider's basis", study.replace(basis=replace(study.basis, sd=0.0))))
    if demand.risk.volatility > 0.0:
        certain = Need(demand.msit_per_month, QuantityRisk())
        found.append(("uncertain need", study.replace(need=certain)))
    listing = study.listing
    if listing.horizon_months > listing.listed_months:
        longer = replace(listing, listed_months=listing.horizon_months)
        found.append(("months beyond the listing", study.replace(listing=longer)))
    return found
