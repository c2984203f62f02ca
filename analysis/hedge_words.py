"""What the page of a hedging study calls its measures and conventions, and how it explains them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

CONVENTION_NAMES = {
    "variation": "variation only",
    "margin_at_marks": "with margin at today's prices",
    "constant_margin": "with margin at first prices",
    "net_of_bills": "with margin, net of bills",
}
CONVENTION_MEANINGS = {
    "variation": "losses on the futures paid so far, less gains received",
    "margin_at_marks": "those, and initial margin on what is held at the day's prices",
    "constant_margin": "those, and initial margin at the price at which each month was first seen",
    "net_of_bills": "margin at the day's prices, and what the bills paid so far cost beyond expectation, "
    "which is less than nothing where they were cheaper",
}
ACROSS = (
    "Volatility reduction across paths is 1 - sd(hedged) / sd(unhedged) with the standard deviation over the "
    "many futures of one year's bill, a mean over the years: how much less uncertain the bill is."
)
WITHIN = (
    "Volatility reduction within a path has the standard deviation over the months of one path, of the "
    "bill's surprise against the bill expected on day 0, and is stated for the median path: how much "
    "steadier the months of one run are. The two are different measures, and their numbers are "
    "not to be compared."
)
OFFSET = (
    "The dollar offset is the gain of the futures over the surprise of the year's bill; an offset of 0.80 "
    "to 1.25 used to be called highly effective (IAS 39, AG105(b)). "
    "R\N{SUPERSCRIPT TWO} is the squared correlation of "
    "gains and bills over the paths. What trades no futures has neither."
)
_UNLIMITED = ("cash_usd",)


def said(value: Any, key: str = "") -> str:
    """Return a value of the manifest as text, tables as ``name value`` pairs."""
    if value is None:
        return "no limit" if key in _UNLIMITED else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(_pairs(value)) or "none"
    if isinstance(value, list):
        if len(value) > 1 and all(item == value[0] for item in value):
            return f"{said(value[0])} each"
        return "; ".join(said(item) for item in value) or "none"
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
    return str(value)


def _pairs(fields: Mapping[str, Any]) -> Iterator[str]:
    for key, value in fields.items():
        name = key.replace("_", " ")
        if key == "class":
            yield str(value)
        elif isinstance(value, Mapping):
            yield f"{name} ({said(value)})"
        else:
            yield f"{name} {said(value, key)}"
