"""The frictions of a market: what parts it from the frictionless laboratory, and how each is switched off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, NamedTuple

from abm.agents.classes import classes_with
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


_PROGRAMMES = ("agents.enterprises.programme", "agents.providers.programme")


def _of_limits(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of the limits of every class that has limits."""
    tables = [f"agents.{each.section}.limits" for each in classes_with("limits")]
    return {f"{table}.{field}": off for table in tables for field, off in fields.items()}


def _of_programmes(field: str, off: Any) -> dict[str, Any]:
    return {f"{table}.{field}": off for table in _PROGRAMMES}


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
        "hidden long run",
        "Nobody knows how much of a price move will last; all learn it from fixings and futures.",
        {"spot.knowledge": "exact"},
    ),
    Friction(
        "spot premium",
        "The model curve is priced apart from what is expected of the price.",
        {"spot.premium.diffusion": 0.0, "spot.premium.jump_tilt": 0.0, "spot.premium.long_run": 0.0},
    ),
    Friction(
        "price of risk",
        "Fundamentalists and market makers ask to be paid for what they hold to delivery.",
        {
            "agents.fundamentalists.relative_risk_aversion": 0.0,
            "agents.market_makers.curve_risk": "one_correlation",
        },
    ),
    Friction(
        "makers' budget",
        "Quotes thin out and widen as a maker's margin fills its budget.",
        {"agents.market_makers.margin_to_equity": 0.0, "agents.market_makers.budget_widening": 0.0},
    ),
    Friction(
        "speculators' budgets",
        "Margin and leverage of a speculator are bounded by its equity; beyond it positions shrink.",
        _of_limits({"margin_to_equity": 0.0, "shrink_above": 0.0, "max_leverage": 0.0}),
    ),
    Friction("stop-out", "A speculator that has lost too much closes out.", _of_limits({"stop_out": 0.0})),
    Friction(
        "exit by results",
        "Speculators leave and come back by their results.",
        _of_limits({"results.memory_months": 0.0}),
    ),
    Friction(
        "scarce capital",
        "Owners take out what is beyond a target that follows the price, and refill slowly.",
        {"agents.capital.rule": "none"},
    ),
    Friction(
        "wrong-way risk",
        "Other business of traders and members gains and loses with the token price.",
        {
            "agents.capital.price_beta.enterprises": 0.0,
            "agents.capital.price_beta.providers": 0.0,
            "agents.capital.price_beta.market_makers": 0.0,
            "agents.capital.price_beta.others": 0.0,
            "clearing.member_capital_price_beta": 0.0,
        },
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
        "hedgers' budgets",
        "A treasury hedges less where margin would take too much of its funds.",
        _of_programmes("margin_budget", 0.0),
    ),
    Friction(
        "abandonment",
        "A treasury gives its hedge up when free funds run short.",
        _of_programmes("abandon_below", 0.0),
    ),
    Friction(
        "price of credit",
        "Credit lines bear interest and fees, and end when their borrower has lost too much.",
        {"agents.credit_rate": 0.0, "agents.credit_commitment_fee": 0.0, "agents.credit_end_share": 0.0},
    ),
)
"""Every friction with its switch, in the order in which a trade meets them."""


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
