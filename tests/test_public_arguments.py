"""Every public function that takes an index, a seed, a count or whole numbers refuses what is none.

The table names each of them; a new public function with such an argument has to join it. An index has to be
in range too: none wraps. What a trader sends to the exchange is tested with the exchange's refusals in
``tests/agents/base/test_order_entry.py``.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from test_public_names import FACES

import abm
import analysis
from abm import agents, clearing, exchange, experiments, spot
from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import CalibrationError, ParameterError, ScenarioError
from abm.core.money import allocate_largest_remainder, ceil_div, usd_to_micro
from abm.core.randomness import RandomStreams
from abm.hedging import HedgeStudy
from abm.recording.metrics import settlement_volatility

COUNTED_BY = {
    "account", "block", "breaches", "comparisons", "count", "credit", "days", "debit", "draws", "dt",
    "failing", "far_tenor", "first_account", "horizon", "jobs", "last_lag", "levels", "min_providers",
    "month", "months", "mpor_days", "n", "n_paths", "observations", "order_id", "regime", "rng", "rounds",
    "row", "seed", "seeds", "size", "slot", "spread_months", "tenor", "tenors", "today",
}  # fmt: skip
"""Names of arguments that are an index, a seed, a count, a step or a source of draws."""

NOT_HERE = {
    "OrderEntry": "its refusals are the exchange's: tests/agents/base/test_order_entry.py",
    "CalibrationResult.__init__": "a result, made by calibrate",
    "Comparison.__init__": "a result, made by compare",
    "DefaultEvent.__init__": "a record, made by the clearing house",
    "MarginCall.__init__": "a record, made by the clearing house",
    "ReductionNotice.__init__": "a record, made by the clearing house",
    "WaterfallResult.__init__": "a record, made by the clearing house",
    "MarketView.__init__": "a record, made by the market",
    "NewAccounts.__init__": "a record, made by the market",
    "PriceSeries.__init__": "a record, made by read_price_series",
    "CustomPopulation.suspend": "the same as Population.suspend",
    "TokenFuturesMarket.__init__: seed": "another name of rng: tests/market/test_mesa_contract.py",
    "TokenFuturesMarket.reset_randomizer": "refused whatever it is given: tests/market/test_mesa_contract.py",
    "TokenFuturesMarket.reset_rng": "refused whatever it is given: tests/market/test_mesa_contract.py",
    "CustomPopulation.__init__": "its accounts are given by the market",
    "Population.__init__": "its accounts are checked when the market is built",
    "PoissonFlow.__init__: first_account": "its accounts are checked when the market is built",
    "TraderAgent.__init__": "its row is checked when the market is built",
    "ClearingHouse.close_out_orders": "called by the market alone, with the curve's own months",
    "MarginBacktest.hold": "called by the market alone, with the curve's own months",
    "MarginBacktest.close_day": "called by the market alone, with the curve's own months",
    "daily_settlement": "called by the market alone, with the curve's own months",
    "liquidity_summary: levels": "those of depth_at_levels",
    "liquidity_intervals: levels": "those of depth_at_levels",
    "calibrate: dt": "tests/spot/calibration/test_calibration.py",
    "PopulationSpec": "tests/market/assembly/test_mistakes_in_a_users_class.py",
    "CustomAgents": "tests/market/assembly/test_mistakes_in_a_users_class.py",
    "NewAccounts": "tests/market/assembly/test_mistakes_in_a_users_class.py",
}


def given_names() -> set[str]:
    """Return ``function: argument`` of every public function with an argument of ``COUNTED_BY``."""
    found = set()
    for face in map(import_module, FACES):
        for name in face.__all__:
            thing = getattr(face, name)
            if isinstance(thing, type):
                members = [] if getattr(thing, "_is_protocol", False) else dir(thing)
                public = [member for member in members if member == "__init__" or member[0] != "_"]
                functions = [inspect.getattr_static(thing, member) for member in public]
            else:
                functions = [thing]
            for function in functions:
                if inspect.isfunction(function) and function.__module__.split(".")[0] in ("abm", "analysis"):
                    for argument in set(inspect.signature(function).parameters) & COUNTED_BY:
                        found.add(f"{function.__qualname__}: {argument}")
    return found


NOT_WHOLE = (0.5, 1.0, math.nan, math.inf, True, np.bool_(True), "1", None, 1j, [1, 2], np.array([0, 1]))
NUMBERLESS = tuple(value for value in NOT_WHOLE if value is not None)
NO_ARRAY_OF_WHOLE = ([0.5], [math.nan], ["1"], [True], np.array([1.5]))


class Case(NamedTuple):
    call: Callable[[Any], Any]
    bad: tuple[Any, ...]
    good: tuple[Any, ...] = ()


def index(call, count, *, good=True):
    """An index of ``count`` rows."""
    return Case(call, (*NOT_WHOLE, -1, count, -count), (0, np.int8(0), np.array(0)) if good else ())


def whole(call, least, good=()):
    """A whole number, at least so much."""
    return Case(call, (*NOT_WHOLE, least - 1), good)


def whole_array(call, *more):
    return Case(call, (*NO_ARRAY_OF_WHOLE, *more))


MONTHS = np.zeros(12, dtype=agents.MONTH_DTYPE)
NOTHING = agents.Depth(*np.zeros((4, 0), dtype=np.int64))
VIEW = abm.MarketView(0, 0, 0.1, 2.0, MONTHS, lambda: None, lambda tenor: NOTHING, lambda: None)
MARKET = SimpleNamespace(
    clearing=SimpleNamespace(position_lots=np.arange(36).reshape(3, 12)),
    contract=ContractSpec(),
    clock=SimpleNamespace(calendar=TradingCalendar(), day=0),
    front_month=0,
    equity_usd_micro=np.arange(3),
)
TRADER = SimpleNamespace(
    model=SimpleNamespace(
        position_lots=lambda account, tenor: abm.TokenFuturesMarket.position_lots(MARKET, account, tenor)
    ),
    account=1,
)
COLUMNS = np.zeros(3, dtype=[("account", np.int64), ("actions_per_day", float)])
CROWD = agents.Population(COLUMNS, np.zeros(3, dtype=np.uint64), first_account=0, funding=None)
BASIS = clearing.MarginBasis(1_000, 1, np.zeros((800, 12)))
HOUSE = clearing.ClearingHouse(
    contract=ContractSpec(),
    n_slots=12,
    accounts=clearing.AccountTerms(*np.zeros((7, 3), dtype=np.int64), is_client=np.ones(3, dtype=np.bool_)),
    members=clearing.MemberTerms(*np.zeros((2, 2), dtype=np.int64)),
    rules=clearing.ClearingRules(0, 1, 0.5, 0.02, 252),
    margin=clearing.FlatMargin(BASIS, buckets=[(11, 500)]),
)
HOUSE.set_margin(
    clearing.MarginDay(
        settlement_ticks=np.ones(12, dtype=np.int64),
        tenor=np.arange(12),
        remaining_share_bps=np.zeros(12, dtype=np.int64),
        months=np.arange(12),
        volume_lots=np.zeros(12, dtype=np.int64),
    )
)
LEDGER = clearing.Ledger(clearing.ChartOfAccounts(3, 2))
ENGINES = {
    engine.__name__: engine(n_accounts=3, n_slots=12)
    for engine in (exchange.CompiledExchange, exchange.ReferenceExchange)
}
DRAWS = np.random.default_rng(1)
PROCESS = spot.MeanRevertingJumpDiffusion(2.0, 0.5, 1.0, spot.GaussianJumps(0.0, 0.1), spot.Level(2.0))
DOUBLE = spot.DoubleExponentialJumps(0.5, 10.0, 10.0)
CALM = spot.Regime(0.5, 1.0, spot.GaussianJumps(0.0, 0.1))
SWITCHING = spot.RegimeSwitchingJumpDiffusion(2.0, (CALM,), ((0.0,),), spot.Level(2.0))
STUDY = HedgeStudy.from_scenario("plain", horizon_months=1)
QUOTES = spot.ProviderQuotes([0.0] * 4, [1.0] * 4, weight_cap=0.5, basis_kappa=1.0, basis_sd=0.1, rng=DRAWS)
LISTED = spot.ListPriceQuotes(
    [0.0] * 4,
    [1.0] * 4,
    weight_cap=0.5,
    basis_kappa=1.0,
    basis_sd=0.1,
    initial_spot_usd=2.0,
    trend_per_year=0.0,
    rng=DRAWS,
)
SHOCK = spot.PriceDislocation(1.0)
RUN = SimpleNamespace(tables={"daily": pd.DataFrame({"tenor": range(12)})})
NO_SEED = (-1, 1.7, 1.0, True, "7", math.nan, DRAWS, np.random.RandomState(1), [1], np.float64(3))
NO_SOURCE = (1, None, "1", np.random.RandomState(1))
NO_NUMBER = (math.nan, math.inf, "1", True, [1.0], 1j)
NO_SHARE = (*NO_NUMBER, None, 0.0, 1.0, 1, -0.5, 95)
NO_STEP = (math.nan, math.inf, -1.0, "1", True, [0.1], None)
SPEC = {"qualities": [80.0] * 4, "reference_quality": 80.0, "minimum_quality": 70.0}
CALENDAR = TradingCalendar()


def built_with(**given):
    return lambda value: (lambda name: abm.TokenFuturesMarket(**{name: value}))(*given)


def engine_cases():
    for name, engine in ENGINES.items():
        yield (
            f"{name}.cancel_account: account",
            index(lambda value, engine=engine: engine.cancel_account(value, 0), 3, good=False),
        )
        yield (
            f"{name}.open_orders: account",
            index(lambda value, engine=engine: engine.open_orders(value), 3, good=False),
        )
        yield (
            f"{name}.own_quotes: first_account",
            index(lambda value, engine=engine: engine.own_quotes(value, 1), 3, good=False),
        )
        yield f"{name}.own_quotes: count", whole(lambda value, engine=engine: engine.own_quotes(2, value), 0)
        yield (
            f"{name}.depth: month",
            Case(lambda value, engine=engine: engine.depth(value, 1), (*NOT_WHOLE, -1, 0)),
        )
        yield (
            f"{name}.depth: levels",
            Case(lambda value, engine=engine: engine.depth(0, value), (*NOT_WHOLE, -1)),
        )
        yield (
            f"{name}.depth: spread_months",
            Case(lambda value, engine=engine: engine.depth(0, 1, value), (*NOT_WHOLE, -1)),
        )
        yield (
            f"{name}.expire_month: month",
            Case(lambda value, engine=engine: engine.expire_month(value), (*NOT_WHOLE, -1, 0)),
        )
        yield (
            f"{name}.uncross: months",
            whole_array(lambda value, engine=engine: engine.uncross(value), [-1], [0]),
        )
        yield (
            f"{name}.open_day: months",
            whole_array(lambda value, engine=engine: opened(engine, months=value)),
        )
        yield (
            f"{name}.open_day: reference_ticks",
            whole_array(lambda value, engine=engine: opened(engine, reference_ticks=value)),
        )
        yield (
            f"{name}.load_risk: position_lots",
            whole_array(
                lambda value, engine=engine: engine.load_risk(
                    position_lots=value,
                    funds_usd_micro=[0] * 3,
                    margin_per_lot_usd_micro=[0] * 12,
                    may_trade=[True] * 3,
                ),
                [1],
                [[1, 2]],
            ),
        )
        yield (
            f"{name}.set_phases: phases",
            whole_array(lambda value, engine=engine: engine.set_phases(value), [0]),
        )


def opened(engine, **changed):
    ticks = np.full(12, 1_000)
    terms = {
        "months": np.arange(12),
        "reference_ticks": ticks,
        "low_ticks": ticks - 9,
        "high_ticks": ticks + 9,
        "is_daily_limit": np.ones(12, dtype=bool),
        "protection_ticks": ticks,
    }
    return engine.open_day(**terms | changed)


def cases_of_samples_and_seeds():
    """What a sample, a seed, a count of draws, seeds, blocks or comparisons has to be."""
    pairs = [1.0, 2.0, 4.0]
    no_sample = ("1", None, 1.0, ["1", "2", "3"], [True, False, True], [[1.0, 2.0, 3.0]], [1j, 1, 2], {1.0})
    rows = pd.DataFrame({"seed": [1, 1, 2], "x": pairs})
    pair = analysis.paired_difference(pairs, [2.0, 5.0, 5.0])

    def mean_of_x(part):
        return part["x"].mean()

    functions = {
        "mean_interval": lambda **given: analysis.mean_interval(pairs, **given),
        "paired_difference": lambda **given: analysis.paired_difference(pairs, [2.0, 5.0, 5.0], **given),
        "block_bootstrap": lambda **given: analysis.block_bootstrap(pairs, np.mean, **{"block": 1} | given),
        "seed_bootstrap": lambda **given: analysis.seed_bootstrap(rows, mean_of_x, **{"draws": 100} | given),
    }
    for name, function in functions.items():
        yield (
            f"{name}: seed",
            Case(lambda v, function=function: function(seed=v), (*NO_SEED, None), (0, np.int64(3))),
        )
        yield f"{name}: draws", whole(lambda v, function=function: function(draws=v), 100, (np.int64(100),))
        yield (
            f"{name}: confidence",
            Case(lambda v, function=function: function(confidence=v), NO_SHARE, (0.9,)),
        )
    yield (
        "mean_interval: values",
        Case(analysis.mean_interval, no_sample, (pairs, [1, None, np.nan], [pd.NA, 1])),
    )
    yield (
        "paired_difference: base",
        Case(
            lambda v: analysis.paired_difference(v, pairs),
            (*no_sample, [1.0, 2.0], pd.Series(pairs)),
            ((1, 2, 3), np.arange(3), []),
        ),
    )
    yield (
        "paired_difference: method",
        Case(lambda v: functions["paired_difference"](method=v), ("T", "bca", None, 1, ["t"]), ("t",)),
    )
    yield (
        "block_bootstrap: block",
        Case(lambda v: functions["block_bootstrap"](block=v), (*NOT_WHOLE, 0, 4), (3,)),
    )
    yield (
        "block_bootstrap: series",
        Case(lambda v: analysis.block_bootstrap(v, np.mean, block=1), no_sample, (pd.Series(pairs),)),
    )
    yield (
        "block_bootstrap: statistic",
        Case(
            lambda v: analysis.block_bootstrap(pairs, lambda part: v, block=1, draws=100),
            ("1", None, True, [1.0], np.ones(1), 1j),
            (1, np.float64(2.0), np.array(1.0), math.nan),
        ),
    )
    yield (
        "seed_bootstrap: frame",
        Case(lambda v: analysis.seed_bootstrap(v, len), (None, pairs, {"seed": [1]})),
    )
    yield (
        "seed_bootstrap: by",
        Case(lambda v: analysis.seed_bootstrap(rows, len, by=v), ("seeds", None, 1, ["seed"])),
    )
    yield (
        "holm: p_values",
        Case(analysis.holm, (*no_sample, [1.1], [-0.1], [math.inf]), ([0, 1], [math.nan], [])),
    )
    yield "adjusted_confidence: comparisons", whole(analysis.adjusted_confidence, 1, (np.int64(2),))
    yield "power: n", whole(lambda v: analysis.power(0.5, 1.0, v), 2, (np.int64(2),))
    yield "power: effect", Case(lambda v: analysis.power(v, 1.0, 9), NO_NUMBER, (0, -1.0))
    yield "power: sd", Case(lambda v: analysis.power(0.5, v, 9), (*NO_NUMBER, -1.0), (0, 1.0))
    yield "power: confidence", Case(lambda v: analysis.power(0.5, 1.0, 9, v), NO_SHARE)
    yield "seeds_needed: sd", Case(lambda v: analysis.seeds_needed(v, effect=1.0), (*NO_NUMBER, -1.0), (0, 2))
    yield (
        "seeds_needed: effect",
        Case(lambda v: analysis.seeds_needed(1.0, effect=v), (*NO_NUMBER, None, 0.0, 1e-300), (-1.0, 1e-9)),
    )
    yield (
        "seeds_needed: half_width",
        Case(
            lambda v: analysis.seeds_needed(1.0, half_width=v),
            (*NO_NUMBER, None, 0.0, -1.0, 1e-300),
            (1, 1e-9),
        ),
    )
    yield (
        "seeds_needed: power",
        Case(lambda v: analysis.seeds_needed(1.0, effect=1.0, power=v), NO_SHARE, (0.9,)),
    )
    yield (
        "verdict: p_adjusted",
        Case(lambda v: analysis.verdict(pair, v), ("0", -0.1, 1.1, True), (0.5, math.nan, None)),
    )
    yield "verdict: confidence", Case(lambda v: analysis.verdict(pair, confidence=v), NO_SHARE)
    yield "verdict: comparisons", whole(lambda v: analysis.verdict(pair, comparisons=v), 1, (2,))


TABLE: dict[str, Case] = {
    **{
        f"MarketView.{name}: tenor": index(lambda value, name=name: getattr(VIEW, name)(value), 12)
        for name in (
            "best_bid_ticks",
            "best_ask_ticks",
            "last_trade_ticks",
            "mid_ticks",
            "depth",
            "phase",
            "indicative_ticks",
            "model_ticks",
            "settlement_ticks",
        )
    },
    "TraderAgent.position_lots: tenor": index(lambda v: abm.TraderAgent.position_lots(TRADER, v), 12),
    "TokenFuturesMarket.position_lots: tenor": index(
        lambda v: abm.TokenFuturesMarket.position_lots(MARKET, 0, v), 12
    ),
    "TokenFuturesMarket.position_lots: account": index(
        lambda v: abm.TokenFuturesMarket.position_lots(MARKET, v, 0), 3
    ),
    "TokenFuturesMarket.equity_usd: account": index(
        lambda v: abm.TokenFuturesMarket.equity_usd(MARKET, v), 3
    ),
    "TokenFuturesMarket.__init__: rng": Case(built_with(rng=1), NO_SEED),
    "run: seed": Case(lambda v: abm.run("plain", v), NO_SEED),
    "RandomStreams.__init__: seed": Case(RandomStreams, (*NO_SEED, None), (0, np.int64(3), 2**70)),
    "RandomStreams.keys: count": whole(lambda v: RandomStreams(1).keys("a", v), 0, (0, np.int8(2))),
    "Population.suspend: account": index(CROWD.suspend, 3),
    "Population.row_of: account": index(CROWD.row_of, 3),
    "PoissonFlow.__init__: tenors": whole_array(
        lambda v: agents.PoissonFlow(
            agents.FlowRates([1.0], 1.0, [1.0]),
            np.zeros(3, np.uint64),
            tenors=v,
            first_account=0,
            funding=None,
        ),
        [-1],
    ),
    "Outbox.add: account": Case(
        lambda v: abm.Outbox().add(v, 0.0, 0, np.int64(0)), NOT_WHOLE, (0, np.int64(2))
    ),
    "Outbox.add: month": Case(lambda v: abm.Outbox().add(0, 0.0, 0, v), NOT_WHOLE, (0, np.int64(2))),
    "Outbox.add: order_id": Case(
        lambda v: abm.Outbox().add(0, 0.0, 0, np.int64(0), order_id=v), NUMBERLESS, (0, np.int64(2))
    ),
    "Outbox.add: spread_months": Case(
        lambda v: abm.Outbox().add(0, 0.0, 0, np.int64(0), spread_months=v), NOT_WHOLE, (0, np.int64(2))
    ),
    "Outbox.add: price_ticks": Case(
        lambda v: abm.Outbox().add(0, 0.0, 0, 0, price_ticks=v), NOT_WHOLE, (-7,)
    ),
    "Outbox.add: lots": Case(lambda v: abm.Outbox().add(0, 0.0, 0, 0, lots=v), NOT_WHOLE, (7, np.int16(7))),
    "Outbox.extend: messages": Case(abm.Outbox().extend, (np.zeros(2, dtype=[("order_id", float)]),)),
    "ClearingHouse.change_maker_fee: account": index(lambda v: HOUSE.change_maker_fee(v, 0), 3),
    "ClearingHouse.change_maker_fee: fee": Case(
        lambda v: HOUSE.change_maker_fee(0, v), NOT_WHOLE, (-5, np.int64(5))
    ),
    "ClearingHouse.pay: account": index(lambda v: HOUSE.pay(v, 0), 3),
    "ClearingHouse.pay: amount_usd_micro": whole(lambda v: HOUSE.pay(0, v), 0, (5, np.int64(5))),
    "ClearingHouse.final_settlement: slot": index(lambda v: HOUSE.final_settlement(v, 0), 12),
    "ClearingHouse.exposure_graph: scenario": index(
        lambda v: HOUSE.exposure_graph(np.zeros((2, 12), dtype=np.int64), v), 2
    ),
    "Ledger.post: debit": index(lambda v: post(debit=v), 18, good=False),
    "Ledger.post: credit": index(lambda v: post(credit=v), 18, good=False),
    "Ledger.post: amount_usd_micro": Case(lambda v: post(amount_usd_micro=v), (0.5, math.nan, True, "1")),
    "EwmaMargin.__init__: mpor_days": whole(lambda v: clearing.EwmaMargin(BASIS, mpor_days=v), 1, (2,)),
    "FilteredHistoricalMargin.__init__: mpor_days": whole(
        lambda v: clearing.FilteredHistoricalMargin(BASIS, mpor_days=v), 1, (2,)
    ),
    "Concentration.__init__: mpor_days": whole(
        lambda v: clearing.Concentration(clearing.FlatMargin(BASIS, buckets=[(11, 9)]), BASIS, mpor_days=v),
        1,
        (2,),
    ),
    "MarginBacktest.__init__: mpor_days": whole(
        lambda v: clearing.MarginBacktest(tick_value_usd_micro=1, mpor_days=v), 1, (2,)
    ),
    "FlatMargin.__init__: buckets": Case(
        lambda v: clearing.FlatMargin(BASIS, buckets=[(v, 9)]), NOT_WHOLE, (11, np.int64(3))
    ),
    "MarginBasis.require_history: days": whole(lambda v: BASIS.require_history("mine", v), 0, (800,)),
    "MarginBasis: tick_value": whole(lambda v: clearing.MarginBasis(v, 1, np.zeros((1, 2))), 1, (5,)),
    "MarginDay.__init__: tenor": whole_array(lambda v: day(tenor=v), [0, 0], [-1, 0]),
    "MarginDay.__init__: months": whole_array(lambda v: day(months=v), [0]),
    "MarginDay.__init__: settlement_ticks": whole_array(lambda v: day(settlement_ticks=v), [0]),
    "final_settlement_ticks: fixings": whole_array(
        lambda v: exchange.final_settlement_ticks(v, 1_000, scheduled_fixings=1)
    ),
    **dict(engine_cases()),
    **{
        f"CompiledExchange: {name}": whole(
            lambda v, name=name: exchange.CompiledExchange(**{"n_accounts": 1, "n_slots": 1} | {name: v}), 1
        )
        for name in ("n_slots", "max_order_lots")
    },
    "CompiledExchange: n_accounts": whole(lambda v: exchange.CompiledExchange(n_accounts=v, n_slots=1), 0),
    "sweep: jobs": whole(lambda v: abm.sweep("plain", {}, jobs=v), 1),
    "sweep: seeds": Case(
        lambda v: abm.sweep("plain", {}, seeds=v),
        (*([seed] for seed in NO_SEED), 8, 1.5, "12", [], [1, 1], None),
    ),
    "sweep: days": Case(lambda v: abm.sweep("plain", {}, days=v), (0, -1, 1.5, True, math.nan, "1")),
    "compare: jobs": whole(lambda v: abm.compare(COMPARED, seeds=[1, 2], jobs=v), 1),
    "compare: seeds": Case(
        lambda v: abm.compare(COMPARED, seeds=v),
        (*([1, seed] for seed in NO_SEED), [1], 8, 1.5, "12", [], [1, 1], None),
    ),
    "compare: days": Case(lambda v: abm.compare(COMPARED, days=v), (0, -1, 1.5, True, math.nan, "1")),
    "compare: population_seed": Case(lambda v: abm.compare(COMPARED, population_seed=v), (-1, 0.5, "1")),
    "compare: most_seeds": whole(lambda v: abm.compare(COMPARED, most_seeds=v), 2),
    "company_in_market: jobs": whole(
        lambda v: experiments.company_in_market("plain", STUDY, "strip", seeds=[1], jobs=v), 1
    ),
    "company_in_market: seeds": Case(
        lambda v: experiments.company_in_market("plain", STUDY, "strip", seeds=v),
        (*([seed] for seed in NO_SEED), 8, 1.5, "12", [], [1, 1], None),
    ),
    "design: seeds": Case(
        lambda v: experiments.design(abm.Scenario(), {}, seeds=v, out=None),
        (*([seed] for seed in NO_SEED), 8),
    ),
    "sweep: vary": Case(
        lambda v: abm.sweep("plain", v),
        (
            [("run.days", [1])],
            {"run.days": 1},
            {"run.days": []},
            {"run.days": {1, 2}},
            {"run.days": iter([1])},
            {"run.days": np.array(3)},
            {"run.days": [1.5]},
            {"run.seed": [1]},
        ),
    ),
    **{
        f"TradingCalendar.{name}: {argument}": Case(
            lambda v, name=name: getattr(CALENDAR, name)(v),
            (*NOT_WHOLE[:-1], -1, np.array([-1]), np.array([0.5])),
            (0, np.int64(7)),
        )
        for name, argument in (
            ("month_of", "day"),
            ("first_day", "month"),
            ("last_day", "month"),
            ("is_last_day_of_month", "day"),
            ("slot", "month"),
        )
    },
    "TradingCalendar.listed: day": whole(CALENDAR.listed, 0, (0, np.int64(7))),
    "TradingCalendar.month_code: month": whole(CALENDAR.month_code, 0, (0, np.int64(7))),
    "TradingCalendar: rounds_per_day": whole(TradingCalendar, 1, (np.int64(7),)),
    "TradingCalendar: first_month": Case(
        lambda v: TradingCalendar(first_month=v), (*NOT_WHOLE, 0, 13), (12,)
    ),
    "ContractSpec: tick_size_usd_micro": whole(lambda v: ContractSpec(tick_size_usd_micro=v), 1, (7,)),
    "ContractSpec.price_to_ticks: price_usd": Case(
        ContractSpec().price_to_ticks, (math.nan, math.inf, "2", None, True, [2.0]), (2.0, np.float32(2.0))
    ),
    "ContractSpec.notional_usd_micro: lots": Case(
        lambda v: ContractSpec().notional_usd_micro(1, v),
        (*NOT_WHOLE[:-1], np.array([0.5])),
        (-3, np.array([1, 2])),
    ),
    "usd_to_micro: amount_usd": Case(usd_to_micro, (math.nan, math.inf, "2", None, True, [2.0]), (2, 2.0)),
    "ceil_div: numerator": Case(
        lambda v: ceil_div(v, 3), (*NOT_WHOLE[:-1], np.array([0.5])), (5, np.array([1, 2]))
    ),
    "ceil_div: denominator": whole(lambda v: ceil_div(7, v), 1),
    "allocate_largest_remainder: total": whole(lambda v: allocate_largest_remainder(v, [1, 2]), 0),
    "allocate_largest_remainder: weights": whole_array(lambda v: allocate_largest_remainder(7, v), [-1]),
    "SpotProcess.simulate: n_paths": whole(lambda v: PROCESS.simulate([0.0, 0.1], v, DRAWS), 1),
    "SpotProcess.simulate: rng": Case(lambda v: PROCESS.simulate([0.0, 0.1], 1, v), NO_SOURCE),
    "SpotProcess.simulate: times": Case(
        lambda v: PROCESS.simulate(v, 1, DRAWS),
        ([0.0, math.nan], [0.0, math.inf], [[0.0]], [1.0, 0.0], 0.5, ["0"]),
    ),
    "SpotProcess.simulate_factors: n_paths": whole(lambda v: PROCESS.simulate_factors([0.0], v, DRAWS), 1),
    "SpotProcess.simulate_factors: rng": Case(lambda v: PROCESS.simulate_factors([0.0], 1, v), NO_SOURCE),
    "SpotProcess.simulate_log_deviation: n_paths": whole(
        lambda v: PROCESS.simulate_log_deviation([0.0], v, DRAWS), 1
    ),
    "SpotProcess.simulate_log_deviation: rng": Case(
        lambda v: PROCESS.simulate_log_deviation([0.0], 1, v), NO_SOURCE
    ),
    "SpotProcess.advance: dt": Case(
        lambda v: PROCESS.advance(spot.SpotState(0.0), v, DRAWS), (*NO_STEP, 0.0)
    ),
    "SpotProcess.advance: rng": Case(lambda v: PROCESS.advance(spot.SpotState(0.0), 0.1, v), NO_SOURCE),
    "SpotProcess.advance: state.regime": index(
        lambda v: PROCESS.advance(spot.SpotState(0.0, 0.0, v), 0.1, DRAWS), 1, good=False
    ),
    "SpotProcess.advance: state.x": Case(
        lambda v: PROCESS.advance(spot.SpotState(v), 0.1, DRAWS),
        (math.nan, math.inf, "0", [0.0], np.zeros(2)),
    ),
    "SpotProcess.mean: x0": Case(lambda v: PROCESS.mean(1.0, v), (math.nan, math.inf, "0", [0.0, math.nan])),
    "SpotProcess.mean: tau": Case(lambda v: PROCESS.mean(v), (math.nan, -1.0, "1", True, [1j])),
    **{
        f"SpotProcess.{name}: regime": Case(
            lambda v, ask=ask: ask(v), (0.5, True, "1", 1, -1, [0, 1.0], np.array([0.5])), (0, np.int8(0))
        )
        for name, ask in {
            "average_price_forward": lambda v: PROCESS.average_price_forward(0.0, [0.5], 0.0, regime=v),
            "exponential_moment": lambda v: PROCESS.exponential_moment(1.0, 1.0, regime=v),
            "forward": lambda v: PROCESS.forward(0.0, [0.5], 0.0, regime=v),
            "mean": lambda v: PROCESS.mean(1.0, regime=v),
            "variance": lambda v: PROCESS.variance(1.0, regime=v),
        }.items()
    },
    "SpotProcess.exponential_moment: a": Case(
        lambda v: PROCESS.exponential_moment(v, 1.0), (math.nan, math.inf, "1"), (1, 1j)
    ),
    "MeanRevertingJumpDiffusion.step: dt": Case(lambda v: PROCESS.step(0.0, v, DRAWS), NO_STEP, (0.1,)),
    "MeanRevertingJumpDiffusion.step: rng": Case(lambda v: PROCESS.step(0.0, 0.1, v), NO_SOURCE),
    "MeanRevertingJumpDiffusion.step: size": Case(
        lambda v: PROCESS.step(0.0, 0.1, DRAWS, size=v), (*NUMBERLESS, -1)
    ),
    "MeanRevertingJumpDiffusion.step: x": Case(
        lambda v: PROCESS.step(v, 0.1, DRAWS), (math.nan, "0", [0.0, math.nan]), (0.0, [0.0, 1.0])
    ),
    "GaussianJumps.moment: n": whole(spot.GaussianJumps(0.0, 0.1).moment, 0, (2,)),
    "GaussianJumps.sample: size": whole(lambda v: spot.GaussianJumps(0.0, 0.1).sample(v, DRAWS), 0, (2,)),
    "GaussianJumps.sample: rng": Case(lambda v: spot.GaussianJumps(0.0, 0.1).sample(1, v), NO_SOURCE),
    "DoubleExponentialJumps.moment: n": whole(DOUBLE.moment, 0, (2,)),
    "DoubleExponentialJumps.sample: size": whole(lambda v: DOUBLE.sample(v, DRAWS), 0, (2,)),
    "DoubleExponentialJumps.sample: rng": Case(lambda v: DOUBLE.sample(1, v), NO_SOURCE),
    "RegimeSwitchingJumpDiffusion.in_regime: regime": index(SWITCHING.in_regime, 1),
    "RegimeSwitchingJumpDiffusion.__init__: regime": index(
        lambda v: spot.RegimeSwitchingJumpDiffusion(2.0, (CALM,), ((0.0,),), spot.Level(2.0), regime=v), 1
    ),
    "Level: initial_price_usd": Case(
        spot.Level, (math.nan, math.inf, 0.0, "2", True, [2.0]), (2, np.float32(2))
    ),
    "Level.usd: t": Case(spot.Level(2.0).usd, (math.nan, math.inf, "1", None), (1, [1.0, 2.0])),
    "ProviderQuotes.__init__: rng": Case(
        lambda v: spot.ProviderQuotes(
            [0.0] * 4, [1.0] * 4, weight_cap=0.5, basis_kappa=1.0, basis_sd=0.1, rng=v
        ),
        NO_SOURCE,
    ),
    "ProviderQuotes.advance: dt": Case(lambda v: QUOTES.advance(2.0, v, DRAWS), NO_STEP),
    "ProviderQuotes.advance: rng": Case(lambda v: QUOTES.advance(2.0, 0.1, v), NO_SOURCE),
    "ListPriceQuotes.__init__: rng": Case(
        lambda v: spot.ListPriceQuotes(
            [0.0] * 4,
            [1.0] * 4,
            weight_cap=0.5,
            basis_kappa=1.0,
            basis_sd=0.1,
            initial_spot_usd=2.0,
            trend_per_year=0.0,
            rng=v,
        ),
        NO_SOURCE,
    ),
    "ListPriceQuotes.advance: dt": Case(lambda v: LISTED.advance(2.0, v, DRAWS), NO_STEP),
    "ListPriceQuotes.advance: rng": Case(lambda v: LISTED.advance(2.0, 0.1, v), NO_SOURCE),
    "PriceDislocation.amount_usd: days": whole_array(SHOCK.amount_usd, 1.5),
    "PriceDislocation.foreseen_usd: days": whole_array(lambda v: SHOCK.foreseen_usd(0, v), 1.5),
    "PriceDislocation.foreseen_usd: today": Case(lambda v: SHOCK.foreseen_usd(v, [0]), NOT_WHOLE, (0,)),
    "ChainedFisherIndex.__init__: min_providers": whole(
        lambda v: spot.ChainedFisherIndex(2.0, min_providers=v, reference_quality=8.0, minimum_quality=7.0),
        1,
        (4,),
    ),
    "token_price_index: min_providers": whole(
        lambda v: spot.token_price_index([2.0] * 4, [1.0] * 4, min_providers=v, **SPEC), 1, (4,)
    ),
    "token_price_index: prices_usd": Case(
        lambda v: spot.token_price_index(v, [1.0] * 4, **SPEC),
        ([math.inf] * 4, [-1.0] * 4, ["2"] * 4, [True] * 4),
    ),
    "fit_list_prices: min_providers": whole(
        lambda v: spot.fit_list_prices(
            PRICE_ROWS,
            output_share=0.5,
            reference_quality=80.0,
            minimum_quality=75.0,
            cap=0.3,
            min_providers=v,
        ),
        1,
    ),
    "index_tracking: horizon": whole(
        lambda v: spot.index_tracking([1.0, 2, 3, 4], [1.0, 2, 3, 5], horizon=v), 1
    ),
    "returns_of: tenor": index(lambda v: analysis.returns_of(RUN, v), 12, good=False),
    "aggressor_signs: tenor": index(lambda v: analysis.aggressor_signs(RUN, v), 12, good=False),
    "facts_over_runs: tenor": index(lambda v: analysis.facts_over_runs([OPEN_RUN], v), 12, good=False),
    "settlement_volatility: tenor": whole(
        lambda v: settlement_volatility(DAILY, tenor=v, days_per_year=252), 0, (0,)
    ),
    "kupiec_test: breaches": Case(lambda v: analysis.kupiec_test(v, 100, 0.99), (*NOT_WHOLE, -1, 101), (1,)),
    "kupiec_test: observations": whole(lambda v: analysis.kupiec_test(0, v, 0.99), 0, (100,)),
    "kupiec_bounds: observations": whole(lambda v: analysis.kupiec_bounds(v, 0.99), 1, (100,)),
    "kupiec_power: observations": whole(lambda v: analysis.kupiec_power(v, 0.99), 0, (100,)),
    "christoffersen_power: observations": whole(lambda v: analysis.christoffersen_power(v, 0.99), 0, (100,)),
    "margin_model_table: tenor": whole(
        lambda v: analysis.margin_model_table(NO_MODELS, NO_MODELS, None, tenor=v), 0, (0,)
    ),
    "christoffersen_test: breaches": Case(
        analysis.christoffersen_test,
        ([0.5, 1.0], [2, 0], [math.nan], ["0"], [[True]]),
        ([0, 1, 0], [True, False]),
    ),
    "conditional_coverage_test: breaches": Case(
        lambda v: analysis.conditional_coverage_test(v, 0.99), ([0.5, 1.0], [2, 0], [math.nan]), ([0, 1, 0],)
    ),
    "backtest_table: mpor_days": whole(
        lambda v: analysis.backtest_table(pd.DataFrame(), "account", confidence=0.99, mpor_days=v), 1
    ),
    "procyclicality: days": Case(
        lambda v: analysis.procyclicality([1.0, 2.0], [v]), (*NOT_WHOLE, 0), (1, np.int64(1))
    ),
    "cascade: failing": Case(
        lambda v: analysis.cascade(EXPOSURES, failing=v), (*NUMBERLESS, -1, 2), (0, np.int64(1), None)
    ),
    "cascade: loss": Case(
        lambda v: analysis.cascade(EXPOSURES, loss=v), ("resources", "", None), ("uncovered",)
    ),
    "failure_ranking: days": whole(lambda v: analysis.failure_ranking(EXPOSURES, days=v), 1, (1,)),
    "day_facts: tenor": index(lambda v: analysis.day_facts(OPEN_RUN, v), 12, good=False),
    "day_fact_intervals: tenor": index(lambda v: analysis.day_fact_intervals(OPEN_RUN, v), 12, good=False),
    "day_fact_intervals: draws": whole(lambda v: analysis.day_fact_intervals([], draws=v), 100),
    "day_fact_intervals: seed": Case(lambda v: analysis.day_fact_intervals([], seed=v), (*NO_SEED, None)),
    "liquidity_intervals: draws": whole(lambda v: analysis.liquidity_intervals([], draws=v), 100),
    "liquidity_intervals: seed": Case(lambda v: analysis.liquidity_intervals([], seed=v), (*NO_SEED, None)),
    "risk_premium: draws": whole(lambda v: analysis.risk_premium([], draws=v), 100),
    "risk_premium: seed": Case(lambda v: analysis.risk_premium([], seed=v), (*NO_SEED, None)),
    "volume_buckets: seed": Case(lambda v: analysis.volume_buckets(None, seed=v), (*NO_SEED, None)),
    "day_regimes: tenor": whole(lambda v: analysis.day_regimes(None, v), 0),
    "depth_at_levels: levels": whole(
        lambda v: analysis.depth_at_levels(SimpleNamespace(depth=None), [v]), 1, (1, np.int64(5))
    ),
    "largest_exposures: count": whole(lambda v: analysis.largest_exposures(EXPOSURES, v), 1, (1,)),
    **dict(cases_of_samples_and_seeds()),
}


def post(**changed):
    terms = {"debit": 0, "credit": 1, "amount_usd_micro": 5, "now_round": 0} | changed
    LEDGER.post(
        clearing.PostingKind.ENDOWMENT,
        **terms,
    )


def day(**changed):
    plain = {name: [0, 0] for name in ("settlement_ticks", "remaining_share_bps", "months", "volume_lots")}
    return clearing.MarginDay(
        **{name: np.array(v) for name, v in plain.items()} | {"tenor": np.array([0, 1])} | changed
    )


COMPARED = {"plain": "plain", "coarse": {"contract.tick_size_usd": 0.005}}
PRICE_ROWS = spot.read_list_prices()
DAILY = pd.DataFrame(
    {"day": [0, 1], "tenor": [0, 0], "month": [0, 0], "settlement_ticks": [5, 6], "final": [False] * 2}
)
NO_MODELS = pd.DataFrame({"model": [], "own": [], "tenor": []})
AMOUNTS = (
    "resources",
    "fund",
    "assessable",
    "shortfall",
    "uncovered",
    "stressed_loss",
    "collateral",
    "margin",
)
EXPOSURES = pd.DataFrame(
    {
        "day": 0,
        "scenario": 0,
        "level": ["house", "member", "member"],
        "node": [0, 0, 1],
        "creditor": 0,
        "lots": 0,
        "in_default": False,
    }
    | {f"{name}_usd_micro": 0 for name in AMOUNTS}
)
OPEN_RUN = abm.RunFolder(Path(), {}, "", RUN.tables)


@pytest.mark.parametrize("name", TABLE)
def test_what_is_no_index_seed_count_or_array_is_refused_in_one_line(name):
    case = TABLE[name]
    for value in case.bad:
        with pytest.raises((ParameterError, ScenarioError, CalibrationError)) as refusal:
            case.call(value)
        line = str(refusal.value)
        assert "\n" not in line
        assert ": " in line, line


@pytest.mark.parametrize("name", [name for name, case in TABLE.items() if case.good])
def test_whole_numbers_of_numpy_are_as_good_as_plain_ones(name):
    for value in TABLE[name].good:
        TABLE[name].call(value)


def test_every_public_function_with_such_an_argument_is_in_the_table():
    listed = {*TABLE, *NOT_HERE}
    missing = [
        name for name in sorted(given_names()) if not listed & {name, name.split(":")[0], name.split(".")[0]}
    ]
    assert missing == []


def test_a_function_of_the_calendar_takes_an_array():
    days = np.array([0, 20, 21, 252])
    assert CALENDAR.month_of(days).tolist() == [CALENDAR.month_of(day) for day in days.tolist()]
    assert CALENDAR.slot(np.array([11, 12])).tolist() == [11, 0]
    assert CALENDAR.is_last_day_of_month(days).tolist() == [False, True, False, False]
