"""The frictions of a market: what parts it from the frictionless laboratory, and how each is switched off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, NamedTuple

from abm.core.errors import ScenarioError
from abm.scenario.model import Scenario

DEEP = 100.0
"""Share of a finished strip's notional at which nobody lacks cash: a hundred times the whole hedge."""


class Friction(NamedTuple):
    """One thing that real markets have and the laboratory has not.

    Attributes
    ----------
    name : str
        Name to call it by.
    about : str
        What it does, in a sentence.
    off : mapping of str to object
        Fields, by dotted name, with the values at which it is not there.
    """

    name: str
    about: str
    off: Mapping[str, Any]


class FrictionState(NamedTuple):
    """A friction as a scenario has it.

    Attributes
    ----------
    friction : Friction
        What it is.
    values : dict of str to object
        Present values of its fields.
    is_on : bool
        Whether one of them is not the value that switches it off.
    """

    friction: Friction
    values: dict[str, Any]
    is_on: bool


FRICTIONS = (
    Friction(
        "fees",
        "Exchange fees and rebates on each lot.",
        {
            "exchange.maker_fee_usd": 0.0,
            "exchange.taker_fee_usd": 0.0,
            "exchange.auction_fee_usd": 0.0,
            "exchange.dmm_maker_fee_usd": 0.0,
        },
    ),
    Friction(
        "basis",
        "A provider's own price strays from the index that contracts settle on.",
        {"index.basis_sd": 0.0},
    ),
    Friction("need", "An enterprise's need is uncertain.", {"agents.enterprises.need_volatility": 0.0}),
    Friction(
        "spot premium",
        "The model curve is priced apart from what is expected of the price.",
        {"spot.premium.diffusion": 0.0, "spot.premium.jump_tilt": 0.0, "spot.premium.long_run": 0.0},
    ),
    Friction(
        "scarce cash",
        "Hedgers' own money for margin is limited; without it calls are missed and hedges end.",
        {
            "agents.enterprises.cash_share": DEEP,
            "agents.enterprises.cash_log_sd": 0.0,
            "agents.providers.cash_share": DEEP,
        },
    ),
    Friction(
        "abandonment",
        "A treasury gives its hedge up when free funds run short.",
        {
            "agents.enterprises.programme.abandon_below": 0.0,
            "agents.providers.programme.abandon_below": 0.0,
        },
    ),
    Friction(
        "price of credit",
        "Drawn credit lines bear interest.",
        {"agents.credit_rate": 0.0},
    ),
)


def frictions_of(scenario: Scenario) -> list[FrictionState]:
    """Return every friction with its present values, in the order of ``FRICTIONS``.

    Parameters
    ----------
    scenario : Scenario
        Resolved.
    """
    found = []
    for friction in FRICTIONS:
        values = {field: _value(scenario, field) for field in friction.off}
        found.append(
            FrictionState(friction, values, any(values[f] != off for f, off in friction.off.items()))
        )
    return found


def without_frictions(scenario: Scenario, names: Iterable[str] | None = None) -> Scenario:
    """Return a scenario with some frictions switched off, everything else equal.

    Parameters
    ----------
    scenario : Scenario
        Resolved.
    names : iterable of str, optional
        Names of ``FRICTIONS``; all of them by default.

    Raises
    ------
    ScenarioError
        If there is no friction of a name.
    """
    known = {friction.name: friction for friction in FRICTIONS}
    wanted = list(known) if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise ScenarioError(f"frictions: {name!r} is not one of {', '.join(known)}")
    fields = {field: value for name in wanted for field, value in known[name].off.items()}
    changes = {field: value for field, value in fields.items() if _value(scenario, field) != value}
    return scenario.replace(changes) if changes else scenario


def with_only(scenario: Scenario, name: str) -> Scenario:
    """Return a scenario with one friction left as it is and all others switched off.

    Raises
    ------
    ScenarioError
        If there is no friction of that name.
    """
    without_frictions(scenario, [name])  # refuses a name that is none
    return without_frictions(scenario, [each.name for each in FRICTIONS if each.name != name])


def _value(scenario: Scenario, field: str) -> Any:
    return reduce(getattr, field.split("."), scenario)
