"""What every scenario field must declare: default, bounds, unit, source and description."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from abm.core.settings.plain_values import plain_value

SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
"""Bounds by pydantic's names, as they are written in messages."""

_SectionT = TypeVar("_SectionT", bound="Section")


class Disagreement(ValueError):
    """Two fields do not go together: the message names the one that the user set, or the first if both are.

    Parameters
    ----------
    field, text : str
        First field, dotted from the section that checks it, and what is wrong with it.
    other, other_text : str
        The field it is set against, and the same said of that one.
    """

    def __init__(self, field: str, text: str, other: str, other_text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field, self.text = field, text
        self.other, self.other_text = other, other_text

    @classmethod
    def of_bounds(cls, field: str, value: object, sign: str, other: str, bound: object) -> Disagreement:
        """Return that a value is not, say, ``>=`` that of another field."""
        turned = sign.translate(str.maketrans("<>", "><"))
        return cls(
            field,
            f"{value} is not {sign} {other} = {bound}",
            other,
            f"{bound} is not {turned} {field} = {value}",
        )


class Section(BaseModel):
    """One table of a scenario file: immutable, strictly typed, closed to unknown keys.

    An ``int`` is accepted for a ``float``, and NumPy's and pandas' numbers, booleans and arrays stand for
    plain ones (``plain_values``); nothing else is converted, and NaN and infinity are refused.
    A TOML array fills a ``tuple`` field, so that a section never holds anything mutable.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True
    )

    @model_validator(mode="before")
    @classmethod
    def _values_become_plain(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        return {key: plain_value(value) for key, value in raw.items()}


def field(
    default: Any,
    *,
    unit: str,
    source: str,
    description: str,
    allowed: Mapping[str, float] | None = None,
    **bounds: Any,
) -> Any:
    """Declare a scenario field.

    Parameters
    ----------
    default : object
        The baseline's value; it is validated like any other. ``...`` for a field that must be given.
    unit : str
        Unit of the value, ``"1"`` for a pure number or share and ``"-"`` where there is none.
    source : str
        Public source of the default, or the word ``judgement``.
    description : str
        One sentence.
    allowed : mapping of str to float, optional
        Bounds that the section itself checks, for a field that is a number or a law of numbers.
    **bounds : object
        Bounds as pydantic names them: ``gt``, ``ge``, ``lt``, ``le``, ``min_length`` ...

    Returns
    -------
    object
        A pydantic field; unit and source go into the JSON Schema.
    """
    assert all((unit, source, description)), "a scenario field declares its unit, source and description"
    return Field(
        default=default,
        description=description,
        json_schema_extra={"unit": unit, "source": source} | ({"allowed": dict(allowed)} if allowed else {}),
        **bounds,
    )


def declared_bounds(info: FieldInfo | None) -> dict[str, float]:
    """Return the bounds of a field by pydantic's names: ``gt``, ``ge``, ``lt``, ``le``."""
    if info is None:
        return {}
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    if "allowed" in extra:
        return dict(extra["allowed"])  # type: ignore[arg-type]
    return {
        name: getattr(constraint, name)
        for constraint in info.metadata
        for name in ("gt", "ge", "lt", "le")
        if getattr(constraint, name, None) is not None
    }


def is_within(value: float, bounds: Mapping[str, float]) -> bool:
    """Say whether a number keeps to bounds."""
    return (
        value > bounds.get("gt", -math.inf)
        and value >= bounds.get("ge", -math.inf)
        and value < bounds.get("lt", math.inf)
        and value <= bounds.get("le", math.inf)
    )


def bounds_text(bounds: Mapping[str, float]) -> str:
    """Return bounds as an interval, or as one comparison if there is a single one."""
    low, high = bounds.keys() & {"gt", "ge"}, bounds.keys() & {"lt", "le"}
    if low and high:
        left, right = low.pop(), high.pop()
        opening, closing = "[" if left == "ge" else "(", "]" if right == "le" else ")"
        return f"in {opening}{number_text(bounds[left])}, {number_text(bounds[right])}{closing}"
    return " and ".join(f"{SIGNS[name]} {number_text(bounds[name])}" for name in SIGNS if name in bounds)


def number_text(number: float) -> str:
    """Return a bound as it is written in messages."""
    return f"{number:g}" if isinstance(number, float) else str(number)


def section(factory: Callable[[], _SectionT], *, description: str) -> Any:
    """Declare a sub-table whose fields have their own defaults."""
    return Field(default_factory=factory, description=description)
