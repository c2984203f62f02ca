"""Laws of agent parameters: every trader of a class the same number, or each a draw of its own.

A parameter in a scenario file is a number, or a table that names a law:

    actions_per_day = 16.0
    actions_per_day = { law = "uniform", low = 8.0, high = 24.0 }
    actions_per_day = { law = "lognormal", median = 16.0, log_sd = 0.5 }
    actions_per_day = { law = "exponential", mean = 16.0 }
    actions_per_day = { law = "choice", values = [8.0, 32.0], weights = [0.8, 0.2] }

What a law can give lies within the bounds of the parameter: the ends of a uniform law and the values of a
choice are checked, and a lognormal or exponential draw beyond a bound is held at it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from abm.core.settings.fields import Section, bounds_text, declared_bounds, field, is_within

_OWN = "as written"


class UniformLaw(Section):
    """Uniform between two ends."""

    law: Literal["uniform"] = field("uniform", unit="-", source=_OWN, description="Law of the parameter.")
    low: float = field(..., unit="of the parameter", source=_OWN, description="Lower end.")
    high: float = field(..., unit="of the parameter", source=_OWN, description="Upper end.")

    @model_validator(mode="after")
    def _ends_are_in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low: {self.low} is not <= high = {self.high}")
        return self

    def support(self) -> dict[str, float]:
        """Return the extreme values by the name of their field."""
        return {"low": self.low, "high": self.high}


class LognormalLaw(Section):
    """Lognormal with a given median."""

    law: Literal["lognormal"] = field("lognormal", unit="-", source=_OWN, description="Law of the parameter.")
    median: float = field(..., gt=0, unit="of the parameter", source=_OWN, description="Median.")
    log_sd: float = field(
        ..., ge=0, le=5, unit="1", source=_OWN, description="Standard deviation of the log."
    )

    def support(self) -> dict[str, float]:
        """Return the median, which must be allowed; draws beyond a bound are held at it."""
        return {"median": self.median}


class ExponentialLaw(Section):
    """Exponential with a given mean."""

    law: Literal["exponential"] = field(
        "exponential", unit="-", source=_OWN, description="Law of the parameter."
    )
    mean: float = field(..., gt=0, unit="of the parameter", source=_OWN, description="Mean.")

    def support(self) -> dict[str, float]:
        """Return the mean, which must be allowed; draws beyond a bound are held at it."""
        return {"mean": self.mean}


class ChoiceLaw(Section):
    """One of some values, with equal or given weights."""

    law: Literal["choice"] = field("choice", unit="-", source=_OWN, description="Law of the parameter.")
    values: tuple[float, ...] = field(
        ..., min_length=1, unit="of the parameter", source=_OWN, description="What may be drawn."
    )
    weights: tuple[Annotated[float, Field(ge=0)], ...] = field(
        (), unit="1", source=_OWN, description="Weight of each value; equal weights if there are none."
    )

    @model_validator(mode="after")
    def _weights_match_values(self) -> Self:
        if self.weights and (len(self.weights) != len(self.values) or sum(self.weights) <= 0.0):
            raise ValueError(
                f"weights: {list(self.weights)} is not one weight for each of {len(self.values)} values"
            )
        return self

    def support(self) -> dict[str, float]:
        """Return every value by the name of its place."""
        return {f"values.{i}": value for i, value in enumerate(self.values)}


Law = UniformLaw | LognormalLaw | ExponentialLaw | ChoiceLaw


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("law", ""))
    return value.law if isinstance(value, Law) else "number"


Parameter = Annotated[
    Annotated[float, Tag("number")]
    | Annotated[UniformLaw, Tag("uniform")]
    | Annotated[LognormalLaw, Tag("lognormal")]
    | Annotated[ExponentialLaw, Tag("exponential")]
    | Annotated[ChoiceLaw, Tag("choice")],
    Discriminator(
        _kind,
        custom_error_type="law",
        custom_error_message="a number, or a table with law",
        custom_error_context={"laws": '"uniform", "lognormal", "exponential" or "choice"'},
    ),
]
"""Annotation of a parameter that may have a law; the field is declared with :func:`parameter`."""


def parameter(default: float | Law, *, unit: str, source: str, description: str, **bounds: float) -> Any:
    """Declare a parameter of a class of agents: a number, or a law within the same bounds.

    Parameters
    ----------
    default, unit, source, description
        As for :func:`abm.core.settings.fields.field`.
    **bounds : float
        ``gt``, ``ge``, ``lt``, ``le``.
    """
    return field(default, unit=unit, source=source, description=description, allowed=bounds)


class ParametersSection(Section):
    """A section with parameters that may have a law."""

    @model_validator(mode="after")
    def _parameters_are_within_bounds(self) -> Self:
        for name, info in type(self).model_fields.items():
            bounds = declared_bounds(info)
            value = getattr(self, name)
            if not bounds:
                continue
            drawn = {f"{name}.{part}": x for part, x in value.support().items()} if _is_law(value) else {}
            for dotted, number in (drawn or {name: value}).items():
                if not is_within(number, bounds):
                    raise ValueError(f"{dotted}: {number} is not {bounds_text(bounds)}")
        return self

    def bounds_of(self, name: str) -> tuple[float, float]:
        """Return the lowest and the highest value of a parameter, infinite where there is none."""
        bounds = declared_bounds(type(self).model_fields[name])
        low = bounds.get("ge", bounds.get("gt", -float("inf")))
        high = bounds.get("le", bounds.get("lt", float("inf")))
        return low, high


def largest(value: Parameter) -> float | None:
    """Return the largest value of a number or a law; ``None`` where a law is unbounded."""
    if isinstance(value, UniformLaw):
        return value.high
    if isinstance(value, ChoiceLaw):
        return max(value.values)
    return None if isinstance(value, Law) else value


def _is_law(value: Any) -> bool:
    return isinstance(value, Law)
