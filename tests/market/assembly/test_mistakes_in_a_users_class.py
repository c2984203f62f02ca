"""A mistake in a user's trader, population or rule is one line that names the class and what is wrong."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from quiet_market import play

from abm import MarketRule, PopulationSpec, TraderAgent
from abm.agents import Population
from abm.core.errors import ParameterError
from abm.market import CustomAgents, TokenFuturesMarket, run
from abm.scenario import Scenario

COARSE = {"calendar.rounds_per_day": 4, "exchange.sessions.opening_auction": 0.0}


class Idle(TraderAgent):
    def decide(self, view):
        pass


def idle(**members):
    """A class of that name with members of its own."""
    return type("Mine", (Idle,), members)


class Parameters(Idle):
    def __init__(self, model, population, row, patience):
        super().__init__(model, population, row)


class NoDecision(TraderAgent):
    pass


class TwoArguments(TraderAgent):
    def decide(self, view, model):
        pass


class NoArgument(TraderAgent):
    def decide(self):
        pass


class Waiting(TraderAgent):
    async def decide(self, view):
        pass


class Yielding(TraderAgent):
    def decide(self, view):
        yield 1


CLASSES = {
    "a partial": (functools.partial(Idle, row=1), r"agent_class: functools.partial\(.* is not a class"),
    "a function": (lambda model: None, "agent_class: <function .* is not a class"),
    "an object": (object(), "agent_class: <object .* is not a class"),
    "another class": (dict, "agent_class: dict is not derived from TraderAgent"),
    "nothing": (None, "agent_class: None is not a class"),
    "no decide": (NoDecision, r"NoDecision: it does not override decide\(view\)"),
    "decide with two": (TwoArguments, r"TwoArguments: decide cannot be called as decide\(view\)"),
    "decide with none": (NoArgument, r"NoArgument: decide cannot be called as decide\(view\)"),
    "decide that is a value": (idle(decide=5), r"Mine: its attribute decide hides the method decide\(\)"),
    "asynchronous": (Waiting, r"Waiting: decide\(view\) is a generator or asynchronous"),
    "a generator": (Yielding, r"Yielding: decide\(view\) is a generator or asynchronous"),
    "another signature": (Parameters, r"Parameters: __init__\(self, model, population, row\) must call"),
    "a hidden equity": (idle(equity_usd=5.0), "Mine: its attribute equity_usd hides the trader's equity"),
    "a hidden method": (idle(limit=5), r"Mine: its attribute limit hides the method limit\(\)"),
}


@pytest.mark.parametrize("case", CLASSES)
def test_a_class_that_cannot_trade_is_refused_by_name(case):
    agent_class, words = CLASSES[case]
    with pytest.raises(ParameterError, match=f"^custom agents: {words}") as refusal:
        CustomAgents(agent_class)
    assert "\n" not in str(refusal.value)


TERMS = {
    "count": ([2.5, True, 0, -1, math.nan, "3", None], "(a whole number )?>= 1"),
    "cash_usd": ([math.nan, math.inf, -1.0, 0, "1", True, None], "a finite number > 0"),
    "credit_usd": ([math.nan, math.inf, -1.0, "1", True, None], "a finite number >= 0"),
}


@pytest.mark.parametrize("name", TERMS)
def test_terms_that_cannot_be_are_refused_of_agents_and_populations_alike(name):
    values, allowed = TERMS[name]
    for value in values:
        line = rf"{name} {value!r} is not {allowed}$"
        with pytest.raises(ParameterError, match=f"^custom agents: {line}"):
            CustomAgents(Idle, **{name: value})
        with pytest.raises(ParameterError, match=f"^population 'mine': {line}"):
            PopulationSpec(**{"name": "mine", "count": 1, "build": lambda accounts: None} | {name: value})


def test_numbers_of_numpy_are_good_terms():
    given = CustomAgents(Idle, count=np.int64(3), cash_usd=np.float32(2.5), credit_usd=np.int8(1))
    assert given == CustomAgents(Idle, count=3, cash_usd=2.5, credit_usd=1.0)
    assert type(given.count) is int


def without_super(self, model, population, row):
    self.mood = "calm"


def with_mesas_super(self, model, population, row):
    TraderAgent.__init__(self, model)


def setting(name, value):
    def init(self, model, population, row):
        TraderAgent.__init__(self, model, population, row)
        setattr(self, name, value)

    return init


AGENTS = {
    "no super": (idle(__init__=without_super), r"Mine: __init__\(.*must call super\(\).__init__\(model"),
    "Mesa's super": (idle(__init__=with_mesas_super), r"Mine: __init__\(.*must call super\(\).__init__"),
    "a negative latency": (idle(latency_ms=-1.0), "Mine: latency_ms -1.0 is not a finite number >= 0"),
    "no latency": (idle(latency_ms=math.nan), "Mine: latency_ms nan is not a finite number >= 0"),
    "a latency in words": (idle(latency_ms="fast"), "Mine: latency_ms 'fast' is not a finite number >= 0"),
    "looks in words": (idle(looks_per_day="often"), "Mine: looks_per_day 'often' is not >= 0"),
    "looks that are no number": (idle(looks_per_day=math.nan), "Mine: looks_per_day nan is not >= 0"),
    "another's account": (idle(__init__=setting("account", 0)), "Mine: it sets account, which belongs"),
    "another row": (idle(__init__=setting("row", 7)), "Mine: it sets row, which belongs to the market"),
    "another model": (idle(__init__=setting("model", None)), "Mine: it sets model, which belongs"),
    "a name as unique_id": (idle(__init__=setting("unique_id", "ann")), "Mine: it sets unique_id, which"),
    "Mesa's generator": (
        idle(__init__=setting("random", 5)),
        r"Mine: it sets random, .*name\)",
    ),
    "Mesa's other one": (idle(__init__=setting("rng", 5)), "Mine: it sets rng, which belongs to the market"),
    "its equity": (idle(__init__=setting("equity_usd", 5)), "Mine: it sets equity_usd, which belongs"),
    "a value named as a method": (idle(__init__=setting("market", 1)), r"Mine: its attribute market hides"),
}


@pytest.fixture(scope="module")
def market():
    """One market, whose last population the tests fill with agents of their own."""
    return TokenFuturesMarket(Scenario().replace(COARSE), rng=1, custom_agents=[CustomAgents(Idle)])


@pytest.mark.parametrize("case", AGENTS)
def test_an_agent_that_is_set_up_wrong_is_refused_by_name(market, case, monkeypatch):
    monkeypatch.setattr(market, "_admits_traders", True)  # as while it is built
    agent_class, words = AGENTS[case]
    population = market.populations[-1]
    population.custom_class = agent_class
    with pytest.raises(ParameterError, match=f"^{words}") as refusal:
        population.create_agents(market)
    assert "\n" not in str(refusal.value)


class Own(Population):
    def __init__(self, accounts):
        columns = accounts.columns(np.dtype([("account", np.int64), ("actions_per_day", float)]))
        super().__init__(
            columns, accounts.streams, first_account=accounts.first_account, funding=accounts.funding
        )

    def decide_all(self, view, position_lots, outbox):
        raise KeyError("my own fault")


class NoSuper(Own):
    def __init__(self, accounts):
        self.accounts_given = accounts


class NoRule(Own):
    decide_all = Population.decide_all


class OtherRule(Own):
    def decide_all(self, view):
        pass


def spec(build, name="mine"):
    return PopulationSpec(name, 2, build)


POPULATIONS = {
    "no function": (lambda: spec(None), "population 'mine': build None is not a function"),
    "no argument": (lambda: spec(lambda: None), r"population 'mine': build cannot be called as build\(acc"),
    "no name": (lambda: spec(Own, name=3), "population: its name is empty or no text: 3"),
}
BUILDS = {
    "nothing": (lambda accounts: None, "population 'mine': build returned None, no Population"),
    "no super": (NoSuper, r"population 'mine': its __init__ does not call super\(\).__init__"),
    "no rule": (NoRule, "population 'mine': NoRule has no decide_all"),
    "another rule": (OtherRule, r"population 'mine': decide_all cannot be called as decide_all\(view, pos"),
    "an unknown column": (
        lambda a: a.columns(np.dtype([("account", int)]), mood=1),
        "columns: 'mood' is not",
    ),
    "a cut column": (
        lambda a: a.columns(np.dtype([("account", int), ("lots", int)]), lots=2.5),
        "columns: lots 2.5 is not whole",
    ),
}


@pytest.mark.parametrize("case", POPULATIONS)
def test_a_population_that_cannot_be_built_is_refused_by_name(case):
    make, words = POPULATIONS[case]
    with pytest.raises(ParameterError, match=f"^{words}"):
        make()


@pytest.mark.parametrize("case", BUILDS)
def test_what_a_population_is_built_to_must_trade(case):
    build, words = BUILDS[case]
    with pytest.raises(ParameterError, match=f"^{words}"):
        TokenFuturesMarket(Scenario().replace(COARSE), rng=1, custom_agents=[spec(build)])


class Quiet(MarketRule):
    pass


class OtherHook(MarketRule):
    def open_day(self):
        pass


class LateHook(MarketRule):
    async def close_day(self, market):
        pass


GIVEN = {
    "agents alone": ({"custom_agents": CustomAgents(Idle)}, "custom_agents: CustomAgents.* is not a list of"),
    "a class of agents": ({"custom_agents": Idle}, "custom_agents: .*Idle'> is not a list of CustomAgents"),
    "a list of classes": ({"custom_agents": [Idle]}, "custom_agents: .*is neither CustomAgents nor a Pop"),
    "a text": ({"custom_agents": "Idle"}, "custom_agents: 'Idle' is not a list of"),
    "a rule alone": ({"rules": Quiet()}, "rules: <.*Quiet object.* is not a list of instances"),
    "a class of rules": ({"rules": [Quiet]}, "rules: <class .*Quiet'> is not an instance of a MarketRule$"),
    "a function as rule": ({"rules": [print]}, "rules: .* is not an instance of a MarketRule"),
    "one rule twice": ({"rules": [quiet := Quiet(), quiet]}, "rules: the same Quiet stands twice"),
    "another hook": ({"rules": [OtherHook()]}, r"OtherHook: open_day cannot be called as open_day\(market\)"),
    "a late hook": ({"rules": [LateHook()]}, r"LateHook: close_day cannot be called as close_day\(market\)"),
    "a seed cut": ({"seed": 1.7}, r"seed: 1.7 is not a whole number >= 0"),
}


@pytest.mark.parametrize("case", GIVEN)
def test_a_run_refuses_what_it_cannot_use_before_anything_is_built(case, monkeypatch):
    arguments, words = GIVEN[case]
    monkeypatch.setitem(run.__globals__, "load_kernels", lambda choices: pytest.fail("kernels were loaded"))
    with pytest.raises(ParameterError, match=words):
        run(Scenario(), **arguments)


class Thief(TraderAgent):
    def decide(self, view):
        self.account = 0
        self.cancel_all()


class Clumsy(TraderAgent):
    def decide(self, view):
        if view.round == 2:
            raise ZeroDivisionError("my own fault")


class Farsighted(TraderAgent):
    def decide(self, view):
        self.position_lots(tenor=12)


class Broken(MarketRule):
    def before_round(self, market):
        raise ZeroDivisionError("my own fault")


FAULT = "my own fault"
FAILURES = {
    "agent": ({"custom_agents": [CustomAgents(Clumsy)]}, ZeroDivisionError, FAULT, "Clumsy.decide", 2),
    "population": ({"custom_agents": [spec(Own)]}, KeyError, FAULT, "Own.decide_all", 0),
    "rule": ({"rules": [Broken()]}, ZeroDivisionError, FAULT, "Broken.before_round", 0),
    "tenor": (
        {"custom_agents": [CustomAgents(Farsighted)]},
        ParameterError,
        r"tenor: 12 is not in \[0, 11\]",
        "Farsighted.decide",
        0,
    ),
    "account": (
        {"custom_agents": [CustomAgents(Thief)]},
        ParameterError,
        "Thief: it sets account, which belongs to the market",
        "CustomPopulation.decide_all",
        0,
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_an_error_of_the_users_says_who_made_it_and_when(case):
    given, kind, words, who, round_of_day = FAILURES[case]
    market = TokenFuturesMarket(Scenario().replace(COARSE), rng=1, **given)
    with pytest.raises(kind, match=words) as failure:
        play(market, 4)
    assert failure.value.__notes__ == [f"raised in {who} on day 0, round {round_of_day}"]


def test_an_error_of_the_users_keeps_its_traceback():
    market = TokenFuturesMarket(Scenario().replace(COARSE), rng=1, custom_agents=[CustomAgents(Clumsy)])
    with pytest.raises(ZeroDivisionError) as failure:
        play(market, 4)
    assert failure.traceback[-1].name == "decide"
    assert failure.traceback[-1].path.name == "test_mistakes_in_a_users_class.py"
