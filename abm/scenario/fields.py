"""What every scenario field must declare: default, bounds, unit, source and description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

_SectionT = TypeVar("_SectionT", bound="Section")


class Section(BaseModel):
    """One table of a scenario file: immutable, strictly typed, closed to unknown keys.

    An ``int`` is accepted for a ``float`` and nothing else is converted; NaN and infinity are refused.
    A TOML array fills a ``tuple`` field, so that a section never holds anything mutable.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True
    )

    @model_validator(mode="before")
    @classmethod
    def _arrays_become_tuples(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}


def field(default: Any, *, unit: str, source: str, description: str, **bounds: Any) -> Any:
    """Declare a scenario field.

    Parameters
    ----------
    default : object
        The baseline's value; it is validated like any other.
    unit : str
        Unit of the value, ``"1"`` for a pure number or share and ``"-"`` where there is none.
    source : str
        Public source of the default, or the word ``judgement``.
    description : str
        One sentence.
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
        json_schema_extra={"unit": unit, "source": source},
        **bounds,
    )


def section(factory: Callable[[], _SectionT], *, description: str) -> Any:
    """Declare a sub-table whose fields have their own defaults."""
    return Field(default_factory=factory, description=description)
