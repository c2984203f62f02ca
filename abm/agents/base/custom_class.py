"""What a user's trader class must be for the market to work with it: each mistake is one line."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from abm.agents.base.view import MarketView
from abm.core.arguments import finite, shown, whole
from abm.core.errors import ParameterError

_METHODS = (
    "limit", "market", "stop", "modify", "quote", "cancel", "cancel_all", "open_orders", "position_lots",
    "decide",
)  # fmt: skip
"""What a trader calls; a value of such a name, of the class or of one agent, would hide it."""
_NO_SETTER = re.compile(r"property '(\w+)' of .* has no setter")
HOW_TO_INIT = "__init__(self, model, population, row) must call super().__init__(model, population, row)"


class Traders(Protocol):
    """The population that a trader belongs to."""

    first_account: int


class Trader(Protocol):
    """A trader as it is checked here; the class itself is in ``population``."""

    account: int
    row: int
    latency_ms: float
    looks_per_day: float
    unique_id: Any


_TraderT = TypeVar("_TraderT", bound=Trader)


def check_class(agent_class: Any, base: type[Any]) -> None:
    """Refuse what cannot be a trader class.

    Raises
    ------
    ParameterError
        If it is no class derived from ``TraderAgent``, does not override ``decide(view)``, takes other
        arguments than the market gives, or hides a method by a value.
    """
    if not isinstance(agent_class, type):
        what = getattr(agent_class, "func", agent_class)
        hint = "terms of its own are class attributes of a subclass" if what is not agent_class else "give it"
        raise ParameterError(f"agent_class: {shown(agent_class)} is not a class ({hint})")
    name = agent_class.__name__
    if not issubclass(agent_class, base):
        raise ParameterError(f"agent_class: {name} is not derived from TraderAgent")
    _check_methods(agent_class, base)


def _check_methods(agent_class: Any, base: type[Any]) -> None:
    name = agent_class.__name__
    for method in _METHODS:
        if not callable(getattr(agent_class, method)):
            raise ParameterError(f"{name}: its attribute {method} hides the method {method}()")
    if not hasattr(inspect.getattr_static(agent_class, "equity_usd"), "__get__"):
        raise ParameterError(f"{name}: its attribute equity_usd hides the trader's equity")
    # A built-in class decides for all its traders at once, in compiled code: it has no decide of its own.
    is_own = not agent_class.__module__.startswith("abm.")
    if is_own and agent_class.decide is base.decide:
        raise ParameterError(f"{name}: it does not override decide(view)")
    if inspect.iscoroutinefunction(agent_class.decide) or inspect.isgeneratorfunction(agent_class.decide):
        raise ParameterError(f"{name}: decide(view) is a generator or asynchronous: it would never run")
    if not takes(inspect.getattr_static(agent_class, "decide"), agent_class.decide, 1):
        raise ParameterError(f"{name}: decide cannot be called as decide(view)")
    if not can_take(agent_class.__init__, 4):
        raise ParameterError(f"{name}: {HOW_TO_INIT}")


def takes(static: Any, method: Callable[..., Any], count: int) -> bool:
    """Say whether a method of a class takes so many arguments beside the object."""
    return can_take(method, count if isinstance(static, (staticmethod, classmethod)) else count + 1)


def can_take(function: Callable[..., Any], count: int) -> bool:
    """Say whether a function can be called with so many arguments; one without a known signature can."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def new_agent(
    agent_class: Callable[[Any, Any, int], _TraderT], model: Any, population: Traders, row: int
) -> _TraderT:
    """Return a new agent of a user's class, checked.

    Raises
    ------
    ParameterError
        If its ``__init__`` leaves out the call of ``super().__init__`` or gets it wrong, or ``check_agent``
        finds a mistake.
    """
    try:
        agent = agent_class(model, population, row)
    except TypeError as error:
        if "TraderAgent.__init__()" in str(error):
            raise ParameterError(f"{agent_class.__name__}: {HOW_TO_INIT}") from error
        raise
    except AttributeError as error:
        taken = _NO_SETTER.match(str(error))  # Mesa's random and rng, our equity_usd
        if taken is None:
            raise
        raise ParameterError(
            f"{agent_class.__name__}: it sets {taken[1]}, which belongs to the market (take another name)"
        ) from error
    check_agent(agent, population, row, model)
    return agent


def check_agent(agent: Trader, population: Traders, row: int, model: Any = None) -> None:
    """Refuse an agent that is not set up, or that has overwritten what the market set.

    Raises
    ------
    ParameterError
        Naming the class and the attribute.
    """
    name = type(agent).__name__
    expected: dict[str, Any] = {
        "population": population,
        "row": row,
        "account": population.first_account + row,
        "model": getattr(agent, "model", None) if model is None else model,
    }
    if not all(hasattr(agent, attribute) for attribute in (*expected, "drawn_for_batch")):
        raise ParameterError(f"{name}: {HOW_TO_INIT}")
    for attribute, value in expected.items():
        found = getattr(agent, attribute)
        if not (found is value or (isinstance(value, int) and whole(found) == value)):
            raise ParameterError(f"{name}: it sets {attribute}, which belongs to the market")
    if whole(agent.unique_id) is None:
        raise ParameterError(f"{name}: it sets unique_id, which belongs to the market")
    hidden = [method for method in _METHODS if not callable(getattr(agent, method))]
    if hidden:
        raise ParameterError(f"{name}: its attribute {hidden[0]} hides the method {hidden[0]}()")
    looks: Any = agent.looks_per_day
    if isinstance(looks, bool) or not (looks == math.inf or (finite(looks) is not None and looks >= 0.0)):
        raise ParameterError(f"{name}: looks_per_day {shown(looks)} is not >= 0")
    check_latency(agent)


def check_latency(agent: Trader) -> None:
    """Refuse a latency that is no time: NaN, infinite, negative or no number."""
    latency: Any = agent.latency_ms
    if type(latency) is float and 0.0 <= latency < math.inf:
        return
    number = finite(latency)
    if number is None or number < 0.0:
        raise ParameterError(
            f"{type(agent).__name__}: latency_ms {shown(latency)} is not a finite number >= 0"
        )


def note_where(error: Exception, what: str, view: MarketView) -> None:
    """Add to an error, whose traceback stays the user's, who raised it on which day and in which round."""
    if not any(note.startswith("raised in ") for note in getattr(error, "__notes__", ())):
        error.add_note(f"raised in {what} on day {view.day}, round {view.round}")
