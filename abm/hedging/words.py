"""Programmes as the words of a command line: ``layered``, ``strip:0.8``, ``rolling:2``, ``stack:scaled``."""

from __future__ import annotations

from dataclasses import replace

from abm.core.errors import ParameterError
from abm.hedging.alternatives import CommittedSpend, FixedPrice
from abm.hedging.programmes import CustomHedge, FuturesHedge, unknown_programme
from abm.spot.process.domain import require

Hedge = FuturesHedge | CustomHedge | FixedPrice | CommittedSpend
"""Anything that a study can compare."""

_MOST_ARGUMENTS = {
    "none": 0, "strip": 1, "layered": 1, "rolling": 2, "stack": 1, "minimum_variance": 1,
    "fixed_price": 1, "committed_spend": 2,
}  # fmt: skip


def parse_programme(text: str) -> Hedge:
    """Return the programme that a word stands for, named by that word.

    ``none``; ``strip[:COVERAGE]``; ``layered[:NEAR/MID/FAR]``; ``rolling[:LEAD[:COVERAGE]]``;
    ``stack[:scaled]`` or ``stack:KAPPA``; ``minimum_variance[:PRIOR]``; ``fixed_price[:MARKUP]``;
    ``committed_spend[:DISCOUNT[:SHARE]]``. A futures programme may end in ``+band:SHARE`` (no-trade band, as
    a share of a month's need) and ``+tail:RATE`` (interest rate of tailing).

    Raises
    ------
    ParameterError
        One line: the word, or the field and what is allowed.
    """
    word, *options = text.strip().split("+")
    kind, *arguments = word.split(":")
    if (
        not text.strip().isprintable()
        or kind not in _MOST_ARGUMENTS
        or len(arguments) > _MOST_ARGUMENTS[kind]
    ):
        raise unknown_programme(text)
    try:
        hedge = _programme(kind, arguments, text)
        for option in options:
            hedge = _with_option(hedge, option, text)
    except ParameterError as error:
        raise ParameterError(f"programme {text!r}: {str(error).removeprefix('programme: ')}") from None
    return replace(hedge, name=text.strip())


def _programme(kind: str, arguments: list[str], text: str) -> FuturesHedge | FixedPrice | CommittedSpend:
    if kind == "layered" and arguments:
        ratios = arguments[0].split("/")
        require(len(ratios) == 3, "layered", arguments[0], "three shares NEAR/MID/FAR")
        near, mid, far = (_number(ratio, text) for ratio in ratios)
        return FuturesHedge("layered", near_ratio=near, mid_ratio=mid, far_ratio=far)
    if kind == "stack":
        if arguments in ([], ["scaled"]):
            return FuturesHedge("stack", stack_scaling="kappa" if arguments else 0.0)
        return FuturesHedge("stack", stack_scaling=_number(arguments[0], text))
    numbers = [_number(argument, text) for argument in arguments]
    if kind == "fixed_price":
        return FixedPrice(numbers[0]) if numbers else FixedPrice()
    if kind == "committed_spend":
        discount, share = (*numbers, *(CommittedSpend.discount, CommittedSpend.share)[len(numbers) :])
        return CommittedSpend(discount, share)
    if kind == "rolling":
        lead = numbers[0] if numbers else 1.0
        require(lead.is_integer(), "lead_months", lead, "a whole number >= 1")
        return FuturesHedge("rolling", lead_months=int(lead), coverage=(numbers[1:] or [1.0])[0])
    coverage = numbers[0] if numbers else 1.0
    if kind == "strip":
        return FuturesHedge("strip", coverage=coverage)
    if kind == "minimum_variance":
        return FuturesHedge("minimum_variance", coverage=coverage)
    return FuturesHedge("layered" if kind == "layered" else "none")


def _with_option(
    hedge: FuturesHedge | FixedPrice | CommittedSpend, option: str, text: str
) -> FuturesHedge | FixedPrice | CommittedSpend:
    name, _, value = option.partition(":")
    if name not in ("band", "tail") or not isinstance(hedge, FuturesHedge):
        raise unknown_programme(text)
    number = _number(value, text)
    return replace(hedge, band_share=number) if name == "band" else replace(hedge, tail_rate=number)


def _number(text: str, whole_text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise unknown_programme(whole_text) from None
