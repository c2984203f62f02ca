"""What a market stands on before anybody trades, and the one check of it that ``validate`` and ``run`` share.

Bounds of one field, and rules between fields, are the scenario's own. What only shows when a part is built (a
price file that cannot be read, a curve that is infinite, more money than integers hold) shows here, without
traders and without compiling anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from abm.agents.hedgers.quantities import provider_capacity
from abm.core.calendar import TradingCalendar
from abm.core.contract import SCALE_FLOOR_TICKS, ContractSpec
from abm.core.errors import IndexDataError, ParameterError, ScenarioError
from abm.core.money import usd_to_micro
from abm.core.randomness import RandomStreams
from abm.core.settings.fields import Section
from abm.core.settings.laws import Law
from abm.core.settings.wording import printable, shown
from abm.exchange.interface import MAX_LADDER_TICKS
from abm.market.assembly.extent import MOST_POSITION_USD, Infeasible, require_money, require_room
from abm.market.assembly.margin_history import growth_of_tenors
from abm.market.assembly.spot_build import build_desk
from abm.market.assembly.warm_up_rules import warm_up_scenario
from abm.market.day.spot_desk import SpotDesk
from abm.scenario import Scenario, explain
from abm.scenario.price_model import build_level, build_process, fit_provider_prices
from abm.scenario.sections.shocks import StressRegimeSection
from abm.spot.index.list_prices import ListPriceFit

MOST_PRICE_USD = 1e7
"""Highest price or model price on day 0, USD per mSIT; judgement: the most that a scenario may ask is 1e6."""

MOST_LOG_GROWTH = 40.0
"""Largest log growth of the price over the listed months; judgement: far beyond any price allowed."""

ROOM_TO_RISE = 100.0
"""How far beyond the largest position allowed on day 0 the price may take it before it is held there."""

_MOST_TEXT = 600


@dataclass(frozen=True)
class Foundations:
    """Contract, days, random streams of run and firms, price lists, and the spot desk on the first day."""

    contract: ContractSpec
    calendar: TradingCalendar
    streams: RandomStreams
    firms: RandomStreams
    list_prices: ListPriceFit
    desk: SpotDesk
    money_ratio: float


def require_feasible(scenario: Scenario, seed: int | None = None) -> None:
    """Refuse a scenario whose market cannot be built, as ``run`` would.

    Parameters
    ----------
    scenario : Scenario
        A validated scenario.
    seed : int, optional
        Seed of the run, from which traders are drawn; the scenario's own by default.

    Raises
    ------
    ScenarioError
        One line: file, field, value and what is wrong.
    """
    lay_foundations(scenario, scenario.run.seed if seed is None else seed)


def lay_foundations(scenario: Scenario, seed: int, population_seed: int | None = None) -> Foundations:
    """Build what a market stands on.

    Parameters
    ----------
    scenario : Scenario
        A validated scenario.
    seed : int
        Seed of every random stream.
    population_seed : int, optional
        Seed of who is there instead; the scenario's by default, and without one the run's.

    Raises
    ------
    ScenarioError
        One line: file, field, value and what is wrong.
    """
    if population_seed is not None:
        scenario = scenario.replace({"run.population_seed": population_seed})
    try:
        return _laid(scenario, seed)
    except Infeasible as problem:
        field = _culprit(scenario, seed, problem)
        value = "" if field == problem.field == "index.provider_prices" else f"{_value(scenario, field)} "
        text = printable(problem.text, _MOST_TEXT)
        verb = "is not usable: " if value else ""
        raise ScenarioError(f"{scenario.file_that_set(field)}{field}: {value}{verb}{text}") from None


def _laid(scenario: Scenario, seed: int) -> Foundations:
    """Build the parts in order, each complaint an ``Infeasible``; overflow is one, not a warning."""
    require_room(scenario)
    warm_up_scenario(scenario)
    _require_registered(scenario.clearing.margin.registered)
    contract, calendar = build_contract(scenario), build_calendar(scenario)
    streams, chosen = RandomStreams(seed), scenario.run.population_seed
    firms = streams if chosen is None else RandomStreams(chosen)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        list_prices: ListPriceFit = _named("index.provider_prices", lambda: fit_provider_prices(scenario))
        _named("spot", lambda: _require_growth(scenario, calendar, list_prices))
        desk: SpotDesk = _named(
            "spot", lambda: _desk_on_first_day(scenario, calendar, list_prices, streams, firms)
        )
        _require_prices(scenario, contract, calendar, desk)
        price_usd = desk.process.level.initial_price_usd
        money_ratio: float = _named("agents.capital", lambda: _money_ratio(scenario, calendar, desk))
        largest_msit = _named(
            "agents",
            lambda: require_money(
                scenario,
                firms,
                price_usd=price_usd,
                multiples=desk.quotes.expected_multiples,
                money_ratio=money_ratio,
            ),
        )
        desk.ceiling_usd = ROOM_TO_RISE * MOST_POSITION_USD / largest_msit
    return Foundations(contract, calendar, streams, firms, list_prices, desk, money_ratio)


def _money_ratio(scenario: Scenario, calendar: TradingCalendar, desk: SpotDesk) -> float:
    """Return the money of the first day over that of day 0: as the price level, where capital follows it.

    Weeks before day 0, at another level of the price, owners that keep equity in proportion to the value of a
    lot have as much more in their accounts, or less.
    """
    if scenario.agents.capital.rule != "follows_notional":
        return 1.0
    level = desk.process.level
    first = level.log_usd(calendar.year_fraction(calendar.first_trading_day))
    return math.exp(float(first - level.log_usd(0.0)))


def _require_registered(model: str) -> None:
    """Refuse a margin model that nobody has registered."""
    if model:
        from abm.clearing.margin_models import margin_model_names  # kernels: not for those who name none

        if model not in margin_model_names():
            text = f"no script has registered it (known: {', '.join(margin_model_names())})"
            raise Infeasible("clearing.margin.registered", text)


def build_contract(scenario: Scenario) -> ContractSpec:
    """Return the terms of the contract."""
    section = scenario.contract
    return ContractSpec(
        product_code=section.product_code,
        contract_size_msit=section.contract_size_msit,
        tick_size_usd_micro=usd_to_micro(section.tick_size_usd),
        listed_months=section.listed_months,
    )


def build_calendar(scenario: Scenario) -> TradingCalendar:
    """Return the days and delivery months."""
    section = scenario.calendar
    return TradingCalendar(
        rounds_per_day=section.rounds_per_day,
        days_per_month=section.days_per_month,
        months_per_year=section.months_per_year,
        listed_months=scenario.contract.listed_months,
        first_year=section.first_year,
        first_month=section.first_month,
        warm_up_days=scenario.warm_up_days,
    )


def _desk_on_first_day(
    scenario: Scenario,
    calendar: TradingCalendar,
    list_prices: ListPriceFit,
    streams: RandomStreams,
    firms: RandomStreams,
) -> SpotDesk:
    desk = build_desk(scenario, calendar, list_prices, provider_capacity(scenario.agents, firms), streams)
    desk.advance_to(calendar.first_trading_day)
    return desk


def _require_growth(scenario: Scenario, calendar: TradingCalendar, list_prices: ListPriceFit) -> None:
    """Refuse a price that would grow beyond counting if it stayed in one regime: closed forms, so at once."""
    spot, months = scenario.spot, scenario.contract.listed_months
    level = build_level(spot, list_prices, calendar)
    alone = {"spot": spot.model_copy(update={"stress": StressRegimeSection()})}
    if spot.stress.entries_per_year > 0.0:
        stressed = {"sigma": spot.stress.sigma, "jump_intensity": spot.stress.jump_intensity}
        alone["spot.stress"] = alone["spot"].model_copy(update=stressed)
    for field, section in alone.items():
        _, growth = growth_of_tenors(build_process(section, level), calendar, months)
        if not np.abs(growth).max() <= MOST_LOG_GROWTH:
            text = f"the price would be expected to move by e^{growth[np.abs(growth).argmax()]:.3g}"
            raise Infeasible(field, f"{text} within contract.listed_months = {months}")


def _require_prices(
    scenario: Scenario, contract: ContractSpec, calendar: TradingCalendar, desk: SpotDesk
) -> None:
    """Refuse a price below a tick, a curve beyond counting, and limits wider than a book."""
    day = calendar.first_trading_day
    price_usd, tick_usd = desk.process.level.initial_price_usd, contract.tick_size_usd_micro / 1e6
    if price_usd < tick_usd:
        text = f"the price of day 0, {price_usd:.6g} USD per mSIT, is below a tick"
        raise Infeasible("contract.tick_size_usd", text, "spot.initial_price_usd")
    curve_usd = _named("spot", lambda: desk.model_curve_usd(day, contract.listed_months + 1))
    prices = {"index": desk.index_usd} | {f"model price of tenor {i}": usd for i, usd in enumerate(curve_usd)}
    for name, usd in prices.items():
        if not abs(usd) <= MOST_PRICE_USD:
            text = f"the {name} on day {day} comes to {usd:.3g} USD per mSIT, beyond {MOST_PRICE_USD:g}"
            raise Infeasible("spot.initial_price_usd", text)
    rules = scenario.exchange
    widths = {"daily_limit": rules.daily_limit, "final_day_band": rules.final_day_band}
    if rules.halts.expanded_limits:
        widths["halts.expanded_limits"] = rules.halts.expanded_limits[-1]
    widest = max(widths, key=lambda name: widths[name])
    scale_ticks = max(SCALE_FLOOR_TICKS, float(np.abs(curve_usd).max()) / tick_usd)
    if 2.0 * widths[widest] * scale_ticks + 1.0 >= MAX_LADDER_TICKS:
        raise Infeasible(
            "contract.tick_size_usd",
            f"exchange.{widest} = {widths[widest]:g} of a model price of {scale_ticks:.3g} ticks is a range "
            f"of more than {MAX_LADDER_TICKS:,} ticks",
            f"exchange.{widest}",
            "spot.initial_price_usd",
        )


def _named(field: str, build: Callable[[], Any]) -> Any:
    """Build a part; what it complains of names the scenario's field if it can."""
    try:
        return build()
    except Infeasible:
        raise
    except IndexDataError as problem:
        raise Infeasible(field, str(problem)) from None
    except ScenarioError as problem:
        at, _, text = str(problem).partition(": ")
        raise Infeasible(at, text) from None
    except ParameterError as problem:
        at, _, text = str(problem).partition(": ")
        known = f"index.{at.removeprefix('list_prices.')}" if at.startswith("list_prices.") else f"spot.{at}"
        raise Infeasible(known if "." in at else field, f"{at}: {text}") from None
    except ArithmeticError:
        raise Infeasible(field, "its numbers are beyond what a float can hold") from None


def _culprit(scenario: Scenario, seed: int, problem: Infeasible) -> str:
    """Return the field that the user has set and without which the problem is gone, else the one it names."""
    named = [field for field in (problem.field, *problem.others) if _is_changed(scenario, field)]
    if named:
        return max(named, key=scenario.rank)
    first = problem.field.split(".")[0]
    changed = [row for row in explain(scenario) if _is_changed(scenario, row.field)]
    changed.sort(key=lambda row: not isinstance(row.value, float | int))
    changed.sort(key=lambda row: (-scenario.rank(row.field), not row.field.startswith(first)))
    fields = [row.field for row in changed]
    left = {field: _problem_of(_without(scenario, field), seed) for field in fields}
    well = [field for field in fields if left[field] is None]
    other = [field for field, now in left.items() if now is not None and now.field not in ("", problem.field)]
    if well or other:
        return (well + other)[0]
    for field in fields:  # no one field alone: the one whose default ends it after those before
        scenario = _without(scenario, field) or scenario
        if _problem_of(scenario, seed) is None:
            return field
    return problem.field


def _without(scenario: Scenario, field: str) -> Scenario | None:
    """Return a scenario with the default in a field; ``None`` if that does not go with the rest."""
    try:
        return scenario.replace({field: _default_of(scenario, field)})
    except (ScenarioError, AttributeError, KeyError):
        return None


def _problem_of(scenario: Scenario | None, seed: int) -> Infeasible | None:
    """Return what is wrong with a scenario, ``None`` if nothing is."""
    if scenario is None:
        return Infeasible("", "no scenario")
    try:
        _laid(scenario, seed)
    except Infeasible as problem:
        return problem
    return None


def _is_changed(scenario: Scenario, field: str) -> bool:
    """Say whether a field, not a table of fields, was set to another value than its default."""
    if scenario.rank(field) < 0:
        return False
    if any(part.isdigit() for part in field.split(".")):
        return True  # what stands in an array was set with the array
    value = _value_of(scenario, field)
    if isinstance(value, Section) and not isinstance(value, Law):
        return False
    return bool(value != _default_of(scenario, field))


def _default_of(scenario: Scenario, field: str) -> Any:
    """Return a field's default in the kind of table that it stands in."""
    *tables, last = field.split(".")
    table: Section = reduce(getattr, tables, scenario)
    return type(table).model_fields[last].get_default(call_default_factory=True)


def _value_of(scenario: Scenario, field: str) -> Any:
    """Return the value of a field; a part that is a number is a place in an array."""
    value: Any = scenario
    for part in field.split("."):
        value = value[int(part)] if part.isdigit() else getattr(value, part)
    return value


def _value(scenario: Scenario, field: str) -> str:
    try:
        value = _value_of(scenario, field)
    except (AttributeError, IndexError, TypeError):
        return "what it says"  # a place inside an array
    return shown(value.model_dump() if isinstance(value, Section) else value)
