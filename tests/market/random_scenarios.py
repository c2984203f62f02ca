"""Random scenario files: a walk over the fields of the model, with their bounds and beyond the usual.

Most are valid, some are not. What a file says is drawn field by field from what the field declares: its type,
its bounds and their ends, laws where a parameter may have one, arrays of no, one and many entries. Only the
fields that set how long a run takes (counts, rounds, rates) are held small most of the time.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from abm.core.errors import ScenarioError
from abm.core.settings.fields import declared_bounds
from abm.core.settings.laws import ChoiceLaw, ExponentialLaw, LognormalLaw, UniformLaw
from abm.core.settings.toml_text import toml_document
from abm.scenario import Scenario, list_scenarios

Tables = dict[str, Any]

_LAWS = (UniformLaw, LognormalLaw, ExponentialLaw, ChoiceLaw)
_FIXED = {"name", "description", "run", "exchange.engine", "clearing.margin.registered"}
_FILES = {"index.provider_prices", "agents.sentiment.graph.edge_list"}
_SIZES = {"rounds_per_day": 6, "listed_months": 6, "history_days": 400, "lookback_days": 400}
_FAR = 1e300


class ScenarioDraw:
    """Draws the tables of one scenario file.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the draws.
    small : bool
        Hold counts and resolutions small always, not only most of the time.
    """

    def __init__(self, rng: np.random.Generator, *, small: bool = True) -> None:
        self.rng, self.small = rng, small
        self.share = float(
            rng.choice([0.01, 0.03] if small else [0.01, 0.03, 0.1, 0.3])
        )  # of the fields that differ from the default

    def tables(self) -> Tables:
        """Return nested tables as a file has them, some of them a few changes of a packaged scenario."""
        if self.rng.random() < (0.04 if self.small else 0.2):
            self.share = 0.005
            drawn = self.section(Scenario, "")
            drawn["extends"] = self.one_of(tuple(row.name for row in list_scenarios()))
        else:
            drawn = self.section(Scenario, "")
        stress = drawn.get("spot", {}).get("stress", {})
        if self.small:
            stress.pop("entries_per_year", None)  # its stiff equation may take seconds
        drawn.setdefault("run", {})["days"] = 2
        drawn["run"]["seed"] = int(self.rng.integers(0, 2**31))
        if "extends" in drawn:
            return drawn
        drawn.setdefault("calendar", {}).setdefault(
            "rounds_per_day", int(self.rng.integers(2, 5 if self.small else 9))
        )
        drawn.setdefault("contract", {}).setdefault(
            "listed_months", int(self.rng.integers(1, 4 if self.small else 7))
        )
        drawn.setdefault("clearing", {}).setdefault("margin", {}).setdefault("history_days", 310)
        for name in ("enterprises", "providers", "noise", "fundamentalists", "chartists", "market_makers"):
            drawn.setdefault("agents", {}).setdefault(name, {}).setdefault("count", self.count())
        if drawn["agents"]["providers"]["count"] < 4:
            drawn.setdefault("index", {})["method"] = "process"
        return drawn

    def section(self, model: type[BaseModel], prefix: str) -> Tables:
        """Return a table with some of the fields of a section."""
        tables: Tables = {}
        for name, info in model.model_fields.items():
            dotted = f"{prefix}{name}"
            if dotted in _FIXED | _FILES:
                continue
            inner = list(sections_in(info.annotation))
            if inner and get_origin(info.annotation) is not tuple:
                chosen = inner[int(self.rng.integers(len(inner)))]
                table = self.section(chosen, f"{dotted}.")
                if "kind" in chosen.model_fields and dotted == "spot.jumps":
                    table["kind"] = chosen.model_fields["kind"].default
                if table:
                    tables[name] = table
            elif self.rng.random() < (0.3 if name == "count" else self.share) or info.is_required():
                value = self.value(info.annotation, info, name)
                if value is not None:
                    tables[name] = value
        return tables

    def count(self) -> int:
        """Return a number of traders: often none, seldom many."""
        if not self.small and self.rng.random() < 0.02:
            return int(self.rng.choice([1_000, 10_000]))
        some = [0, 1, 2, 4, 6, 12] if self.small else [0, 1, 2, 4, 12, 30]
        return int(self.rng.choice(some, p=[0.15, 0.1, 0.1, 0.2, 0.25, 0.2]))

    def value(self, annotation: Any, info: FieldInfo, name: str) -> Any:
        """Return a value of a type within bounds, as TOML has it; ``None`` to leave the field out."""
        bounds, origin = bounds_of(annotation) or declared_bounds(info), get_origin(annotation)
        if any(law in get_args(annotation) or law in flat(annotation) for law in _LAWS):
            return self.parameter(bounds)
        if origin is Annotated:
            return self.value(get_args(annotation)[0], info, name)
        if origin is Literal:
            return self.one_of(get_args(annotation))
        if origin in (Union, types.UnionType):
            return self.value(self.one_of(get_args(annotation)), info, name)
        if origin is tuple:
            return self.array(get_args(annotation)[0], info)
        if annotation is type(None):
            return None
        if annotation is bool:
            return bool(self.rng.random() < 0.5)
        if annotation is str:
            return "".join(self.rng.choice(list("AZ09"), size=int(self.rng.integers(1, 9))))
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.section(annotation, "row.")
        if annotation is int:
            return self.integer(bounds, name)
        assert annotation is float, f"{name}: no draw for {annotation}"
        return self.number(bounds)

    def one_of(self, options: tuple[Any, ...]) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def array(self, item: Any, info: FieldInfo) -> list[Any]:
        """Return an array of no, one or several entries; numbers are often in order, as rules ask for."""
        most = min(60, next((m.max_length for m in info.metadata if hasattr(m, "max_length")), 60))
        length = int(self.rng.choice([0, 1, 2, 5, 7, most], p=[0.15, 0.25, 0.2, 0.2, 0.15, 0.05]))
        values = [self.value(item, FieldInfo(annotation=item), "") for _ in range(min(length, most))]
        if values and not isinstance(values[0], dict) and self.rng.random() < 0.7:
            values = sorted(set(values))
        return values

    def integer(self, bounds: dict[str, float], name: str) -> int:
        if name == "count":
            return self.count()
        low = int(bounds.get("ge", bounds.get("gt", -(10**9))))
        high = int(bounds.get("le", bounds.get("lt", 10**9)))
        if name in _SIZES and (self.small or self.rng.random() < 0.95):
            high = max(low, min(high, _SIZES[name]))
        kind = self.rng.random()
        if kind < 0.15:
            return low
        if kind < 0.25 and name != "rounds_per_day":
            return high
        if kind < 0.6:
            return int(self.rng.integers(low, min(high, low + 10) + 1))
        return int(np.clip(round(self.number({"ge": low, "le": high})), low, high))

    def number(self, bounds: dict[str, float]) -> float:
        """Return an end of the interval, one near it, or a value inside, evenly or by orders of size."""
        low = bounds.get("ge", bounds.get("gt", -_FAR))
        high = bounds.get("le", bounds.get("lt", _FAR))
        first = low if "gt" not in bounds else math.nextafter(low, math.inf)
        last = high if "lt" not in bounds else math.nextafter(high, -math.inf)
        kind, share = self.rng.random(), float(self.rng.random())
        if kind < 0.06:
            return float(first)
        if kind < 0.12:
            return float(last)
        if kind < 0.2:
            return float(min(max(0.0, first), last))
        if kind < 0.5:
            return float(np.clip(low + (min(high, low + 1e3) - low) * share, first, last))
        sign = -1.0 if low < 0 and self.rng.random() < 0.5 else 1.0
        size = 10.0 ** float(self.rng.uniform(-4, min(4, math.log10(max(abs(low), abs(high), 1e-3)))))
        return float(np.clip(sign * size, first, last))

    def parameter(self, bounds: dict[str, float]) -> Any:
        """Return a number, or a law with a support of such numbers."""
        kind = self.rng.random()
        if kind < 0.6:
            return self.number(bounds)
        if kind < 0.7:
            low, high = sorted((self.number(bounds), self.number(bounds)))
            return {"law": "uniform", "low": low, "high": high}
        if kind < 0.8:
            log_sd = self.number({"ge": 0, "le": 5})
            return {"law": "lognormal", "median": self.number(bounds), "log_sd": log_sd}
        if kind < 0.9:
            return {"law": "exponential", "mean": self.number(bounds)}
        values = [self.number(bounds) for _ in range(int(self.rng.integers(1, 4)))]
        weighted = self.rng.random() < 0.5
        weights = {"weights": [self.number({"ge": 0, "le": 1}) for _ in values]} if weighted else {}
        return {"law": "choice", "values": values, **weights}


def flat(annotation: Any) -> tuple[Any, ...]:
    """Return the types that an annotation is made of."""
    return tuple(part for outer in get_args(annotation) for part in (outer, *flat(outer)))


def sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that a field may hold, laws of parameters left out."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in _LAWS:
            yield annotation
        return
    for argument in get_args(annotation):
        yield from sections_in(argument)


def bounds_of(annotation: Any) -> dict[str, float]:
    """Return the bounds inside an annotation such as ``Annotated[float, Field(gt=0)]``."""
    infos = [part for part in get_args(annotation) if isinstance(part, FieldInfo)]
    return declared_bounds(infos[0]) if infos else {}


class Attempt(NamedTuple):
    """A random file made acceptable: what was refused on the way was named, and was taken out."""

    scenario: Scenario
    refusals: list[str]


def acceptable_scenario(path: Path, seed: int, check: Callable[[Scenario], None], *, small: bool) -> Attempt:
    """Write a random scenario, and take out what is refused by its name in the message until it is accepted.

    Raises
    ------
    AssertionError
        If a refusal is not one line, or names no field that the file sets.
    """
    tables, refusals = ScenarioDraw(np.random.default_rng(seed), small=small).tables(), []
    while True:
        path.write_text(toml_document(tables), encoding="utf-8")
        try:
            scenario = Scenario.load(path)
            check(scenario)
            return Attempt(scenario, refusals)
        except ScenarioError as error:
            message = str(error)
        refusals.append(message)
        assert message.isprintable(), message
        named = [word.strip(":,()") for word in message.removeprefix(f"{path}: ").split()]
        taken = any(take_out(tables, word.split(".")) for word in named)
        if "extends" in tables and not taken:  # the other of two fields is in the file that it extends
            return acceptable_scenario(path, seed + 1_000_000, check, small=small)
        assert taken, f"seed {seed}: {message}"
        assert message.startswith(f"{path}: "), message


def take_out(tables: Tables, parts: list[str]) -> bool:
    """Delete a field from nested tables, or the array or law around it; say whether it was there."""
    *outer, last = parts
    here: Any = tables
    for at, part in enumerate(outer):
        if not isinstance(here, dict) or part not in here:
            return False
        if not isinstance(here[part], dict) or "law" in here[part]:
            return at > 0 and here.pop(part) is not None
        here = here[part]
    return bool(outer) and isinstance(here, dict) and here.pop(last, None) is not None
