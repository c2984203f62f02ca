"""A rule of the venue as a small unit with hooks around the round: the built-in ones, and a user's own."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from inspect import iscoroutinefunction as is_coroutine
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.custom_class import can_take
from abm.core.arguments import shown
from abm.core.errors import ParameterError
from abm.core.orders import ORDER_DTYPE
from abm.exchange import MatchResult

_HOOKS = {
    "open_day": ("market",),
    "before_round": ("market",),
    "before_matching": ("market", "batch"),
    "after_matching": ("market", "batch", "result"),
    "close_day": ("market",),
    "update_digest": ("digest",),
}


_ALIKE = 0.8
"""Ratio of ``difflib`` from which a name counts as another, misspelt."""


class MarketRule:
    """One rule of the market; every hook does nothing until it is overridden.

    Pass instances to ``TokenFuturesMarket(rules=...)`` or ``run(rules=...)``. They are called in the order
    given, after the built-in rules, with the market (a ``TokenFuturesMarket``): ``market.clock``,
    ``market.exchange``, ``market.clearing`` and all else of :class:`~abm.market.state.MarketState`. A rule
    draws random numbers only from ``market.rule_generator(name)``, so that it moves nobody else's draws.
    """

    def open_day(self, market: Any) -> None:
        """Prepare for the day; limits are set and every month is in continuous trading."""

    def before_round(self, market: Any) -> None:
        """Change phases or terms before anybody looks at the market."""

    def before_matching(self, market: Any, batch: NDArray[Any]) -> NDArray[Any]:
        """Return the round's messages as they shall reach the exchange.

        Parameters
        ----------
        market : TokenFuturesMarket
            The market.
        batch : array of ORDER_DTYPE, shape (n,)
            Messages not yet in order of arrival; may be changed in place. Messages may be left out of what is
            returned; added ones go on from ``market.outbox.next_order_id`` in steps of two, and a second rule
            that adds some from what the first has left.
        """
        return batch

    def after_matching(self, market: Any, batch: NDArray[Any], result: MatchResult) -> None:
        """React to a round: its messages in order of arrival, their outcomes, all trades, cancellations.

        ``market.last_round`` has the top of the book and the listed months after it.
        """

    def close_day(self, market: Any) -> None:
        """Close the day; settlement prices are known, variation margin is not paid yet."""

    def update_digest(self, digest: Any) -> None:
        """Feed whatever the rule remembers into the state hash."""


def checked_rules(rules: Any) -> tuple[MarketRule, ...]:
    """Return a user's rules as a tuple, or raise ``ParameterError``."""
    if isinstance(rules, (str, type, set, frozenset, MarketRule)) or not isinstance(rules, Iterable):
        raise ParameterError(f"rules: {shown(rules)} is not a list of instances of MarketRule")
    listed = tuple(rules)
    for position, rule in enumerate(listed):
        if not isinstance(rule, MarketRule):
            raise ParameterError(f"rules: {shown(rule)} is not an instance of a MarketRule")
        if any(rule is other for other in listed[:position]):
            raise ParameterError(f"rules: the same {type(rule).__name__} stands twice in the list")
        _require_no_misspelt_hook(rule)
        for hook, arguments in _HOOKS.items():
            method = getattr(rule, hook)
            if not (callable(method) and can_take(method, len(arguments))) or is_coroutine(method):
                call = f"{hook}({', '.join(arguments)})"
                raise ParameterError(f"rules: {type(rule).__name__}: {hook} cannot be called as {call}")
    return listed


def _require_no_misspelt_hook(rule: MarketRule) -> None:
    """Refuse a method that nobody would call, because its name is nearly that of a hook."""
    for name in dir(type(rule)):
        if name.startswith("_") or name in _HOOKS or not callable(getattr(type(rule), name, None)):
            continue
        meant = get_close_matches(name, _HOOKS, n=1, cutoff=_ALIKE)
        if meant:
            raise ParameterError(f"rules: {type(rule).__name__}.{name} is not a hook: is {meant[0]} meant?")


def call_rules(rules: Iterable[MarketRule], market: Any, hook: str, *arguments: Any) -> None:
    """Call one hook of every rule, in order; an error says in which rule, day and round."""
    for rule in rules:
        try:
            getattr(rule, hook)(market, *arguments)
        except Exception as error:
            error.add_note(_where(rule, hook, market))
            raise


def _where(rule: MarketRule, hook: str, market: Any) -> str:
    clock = market.clock
    return f"raised in {type(rule).__name__}.{hook} on day {clock.day}, round {clock.round}"


def messages_by_rules(rules: tuple[MarketRule, ...], market: Any, batch: NDArray[Any]) -> NDArray[Any]:
    """Return the round's messages after every rule's ``before_matching``.

    Raises
    ------
    ParameterError
        If a rule returns something else, or messages of an account that does not exist.
    """
    for rule in rules:
        try:
            returned: Any = rule.before_matching(market, batch)
        except Exception as error:
            error.add_note(_where(rule, "before_matching", market))
            raise
        if returned is batch:
            continue
        name = f"{type(rule).__name__}.before_matching"
        if not isinstance(returned, np.ndarray) or returned.dtype != ORDER_DTYPE or returned.ndim != 1:
            raise ParameterError(f"{name}: returned {type(returned).__name__}, not messages of ORDER_DTYPE")
        batch = returned
    accounts = market.exchange.n_accounts
    unknown = batch["account"][(batch["account"] < 0) | (batch["account"] >= accounts)]
    if len(unknown):
        raise ParameterError(f"before_matching: account {unknown[0]} is not in [0, {accounts - 1}]")
    return batch
