"""Programmes at a size that the money carries, where none that was asked for is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from abm.hedging.programmes import FuturesHedge

if TYPE_CHECKING:
    from abm.hedging.advice import Advice
    from abm.hedging.study import HedgeStudy

CARRIED_SHARE = 0.95
"""Of the size at which the need of cash would be all the money; the rest is for costs. Judgement."""
_STEP = 0.01


def sized_programmes(study: HedgeStudy, advice: Advice) -> tuple[FuturesHedge, ...]:
    """Return the strips, layered and rolling hedges of a study at the size that its money carries.

    The need of cash grows with the position, so that a hedge a third as large needs a third of the cash. The
    sizes are hundredths of the need, rounded down; what would be none at all is left out.

    Parameters
    ----------
    study : HedgeStudy
        The study, its cash limited.
    advice : Advice
        What came of it.

    Returns
    -------
    tuple of FuturesHedge
        Named by the words that stand for them; empty where the money carries one of the programmes, or has no
        limit.
    """
    futures = [hedge for hedge in study.hedges if isinstance(hedge, FuturesHedge) and hedge.kind != "none"]
    carried = any(advice.standings[hedge.name].is_carried for hedge in futures)
    if carried or math.isinf(advice.money_usd):
        return ()
    sized: dict[tuple[object, ...], FuturesHedge] = {}
    for hedge in futures:
        share = CARRIED_SHARE * advice.money_usd / advice.standings[hedge.name].cash_needed_usd
        smaller = _at_share(hedge, share)
        if smaller is not None:  # of two strips that differ in size alone, one is enough
            sized.setdefault(_shape(hedge), smaller)
    return tuple(sized.values())


def _shape(hedge: FuturesHedge) -> tuple[object, ...]:
    """Return what two hedges of different size have in common."""
    lead = hedge.lead_months if hedge.kind == "rolling" else 0
    layers = (hedge.near_ratio, hedge.mid_ratio, hedge.far_ratio) if hedge.kind == "layered" else ()
    return hedge.kind, lead, layers, hedge.band_share, hedge.tail_rate


def _at_share(hedge: FuturesHedge, share: float) -> FuturesHedge | None:
    """Return a hedge so much smaller, or None where its kind has no size or nothing would be left."""
    options = "".join(
        f"+{word}:{value:g}"
        for word, value in (("band", hedge.band_share), ("tail", hedge.tail_rate))
        if value
    )
    if hedge.kind == "layered":
        ratios = [_down(share * each) for each in (hedge.near_ratio, hedge.mid_ratio, hedge.far_ratio)]
        if not any(ratios):
            return None
        name = f"layered:{'/'.join(f'{ratio:g}' for ratio in ratios)}{options}"
        near, mid, far = ratios
        return replace(hedge, name=name, near_ratio=near, mid_ratio=mid, far_ratio=far)
    coverage = _down(share * hedge.coverage)
    if hedge.kind not in ("strip", "rolling") or coverage == 0.0:
        return None
    lead = f":{hedge.lead_months}" if hedge.kind == "rolling" else ""
    return replace(hedge, name=f"{hedge.kind}{lead}:{coverage:g}{options}", coverage=coverage)


def _down(ratio: float) -> float:
    return round(math.floor(ratio / _STEP + 1e-9) * _STEP, 2)
