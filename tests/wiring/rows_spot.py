"""Where the fields of ``run``, ``recording``, ``calendar``, ``contract``, ``spot`` and ``index`` arrive."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from field_table import SEED, Group, Idle, Row
from probes import COARSE, tables_of_a_run, traders

from abm.core.randomness import RandomStreams
from abm.market.assembly.margin_history import launch_history
from abm.market.assembly.spot_build import build_desk
from abm.recording.schemas import PROFILES
from abm.spot.index.list_prices import fit_list_prices, read_list_prices

PRICES = Path(__file__).parent / "inputs" / "three_prices.csv"

IDLE = [
    Idle("name", "a label, shown in reports and left out of the hash"),
    Idle("description", "a label, shown in lists and left out of the hash"),
]


def _fit(market, **changes):
    """Say how far a fit of the packaged list prices with stated terms is from the market's."""
    terms = {
        "output_share": 0.4,
        "reference_quality": 88.0,
        "minimum_quality": 70.0,
        "cap": 0.35,
        "min_providers": 3,
    }
    own = fit_list_prices(read_list_prices(), **(terms | changes))
    found = market.list_prices
    return (
        found.initial_price_usd - own.initial_price_usd,
        found.trend_per_year - own.trend_per_year,
        *(found.provider_log_offsets - own.provider_log_offsets if found.provider_names == own.provider_names
          else (math.nan,)),
    )  # fmt: skip


def _fitted(market):
    return [abs(gap) < 1e-12 for gap in _fit(market)] == [True] * len(_fit(market))


def _level(market):
    return market.desk.process.level


def _process(market):
    return market.desk.process


def _days_of_a_run(market):
    return int(tables_of_a_run(market)["spot"]["day"].max()) + 1


def _kept_of_a_run(market):
    return sorted(tables_of_a_run(market))


def _averages_of_three_in_history(market):
    """Say whether the margin history values months that settle on three fixings."""
    history = launch_history(
        market.desk.process,
        market.clock.calendar,
        days=810,
        listed_months=5,
        final_fixings=3,
        rng=RandomStreams(SEED).generator("margin-history"),
    )
    return bool(np.array_equal(market.risk_desk._history, history))


CALENDAR = Group(
    "calendar",
    [
        Row("run.days", 33, (lambda m: len(m.hedge_accounts._expected_month_usd), 4)),
        Row("run.seed", 77, (lambda m: type(m)(m.market_scenario).seed_used, 77)),
        Row(
            "calendar.rounds_per_day", 24,
            (lambda m: m.clock.calendar.rounds_per_day, 24),
            (lambda m: m.public_view().day_share, 1.0 / 24.0),
        ),
        Row(
            "calendar.days_per_month", 9,
            (lambda m: [m.clock.calendar.is_last_day_of_month(day) for day in (8, 9)], [True, False]),
            (lambda m: traders(m, "enterprise").programme.days_per_month, 9),
            (lambda m: m.desk.final_fixings, 9),
        ),
        Row(
            "calendar.months_per_year", 12,
            (lambda m: m.clock.calendar.days_per_year, 108),
            (lambda m: m.clearing.rules.days_per_year, 108),
        ),
        Row("calendar.first_year", 2031, (lambda m: m.clock.calendar.month_code(0)[1:], "31")),
        Row("calendar.first_month", 11, (lambda m: m.clock.calendar.month_code(1)[0], "Z")),
        Row("contract.product_code", "TOK", (lambda m: m.contract.product_code, "TOK")),
        Row("contract.contract_size_msit", 250, (lambda m: m.contract.tick_value_usd_micro, 1_250_000)),
        Row(
            "contract.tick_size_usd", 0.005,
            (lambda m: m.contract.tick_size_usd_micro, 5_000),
            (lambda m: m.contract.price_to_ticks(m.desk.process.level.initial_price_usd), 400),
        ),
        Row(
            "contract.listed_months", 7,
            (lambda m: m.exchange.n_slots, 7),
            (lambda m: len(m.curve.months), 7),
            (lambda m: m.clock.calendar.slot(8), 1),
            (lambda m: m.clearing.position_lots.shape[1], 7),
        ),
    ],
)  # fmt: skip

WARM_UP = Group(
    "a warm-up",
    [
        Row(
            "run.warm_up_months", 2,
            (lambda m: m.clock.day, -20),
            (lambda m: m.clock.calendar.first_recorded_month, 2),
            (lambda m: traders(m, "fundamentalist").columns["belief_time"].tolist(), [-20.0] * 5),
        ),
        Row(
            "run.warm_up_rules", "base",
            (lambda m: len(m._day.coming), 1),
        ),
        Row("exchange.price_band", 0.04, (lambda m: m._day.coming[0]._rules.prices.price_band, 0.04)),
    ],
)  # fmt: skip

RUNS = [
    Group(
        f"a run of profile {profile}",
        [
            Row("run.days", days, (_days_of_a_run, days)),
            Row("recording.profile", profile, (_kept_of_a_run, sorted(PROFILES[profile]))),
        ],
        given=COARSE | {"run.days": 1},
    )
    for days, profile in ((3, "summary"), (2, "full"))
]

EVERY_MODEL = Group(
    "a run that asks every margin model",
    [
        Row(
            "recording.margin_models", True,
            (_kept_of_a_run, sorted((*PROFILES["summary"], "margin_models", "margin_model_lots"))),
        ),
    ],
    given=COARSE | {"run.days": 1, "recording.profile": "summary"},
)  # fmt: skip

FIXINGS = Group(
    "final fixings",
    [
        Row(
            "contract.final_fixings", 3,
            (lambda m: m.desk.final_fixings, 3),
            # Three of ten fixings are to come on the last three days, and all of the margin until then.
            (lambda m: [_remaining(m, day) for day in (0, 7, 8, 9)], [10_000, 10_000, 6_667, 3_334]),
            (_averages_of_three_in_history, True),
        )
    ],
)  # fmt: skip


def _remaining(market, day):
    none = np.zeros(market.exchange.n_slots, dtype=np.int64)
    return int(market.curve.margin_day(day, none).remaining_share_bps[0])


def _is_counted_on(market):
    """Say whether the far month is dearer by what the shifts to come are expected to add."""
    desk, calendar = market.desk, market.clock.calendar
    dates = np.array([calendar.year_fraction(day) for day in range(40, 50)])
    return bool((desk._known_log_shift(0, dates) > 0.1).all())


SPOT = Group(
    "spot price",
    [
        Row("spot.initial_price_usd", 2.5, (lambda m: _level(m).initial_price_usd, 2.5)),
        Row("spot.trend_per_year", 0.9, (lambda m: _level(m).trend_per_year, 0.9)),
        Row("spot.kappa", 3.1, (lambda m: _process(m).kappa, 3.1)),
        Row("spot.sigma", 0.31, (lambda m: _process(m).sigma, 0.31)),
        Row("spot.jump_intensity", 5.5, (lambda m: _process(m).jump_intensity, 5.5)),
        Row(
            "spot.jumps[double_exponential].kind", "double_exponential",
            (lambda m: type(_process(m).jumps).__name__, "DoubleExponentialJumps"),
        ),
        Row("spot.jumps[double_exponential].p_up", 0.41, (lambda m: _process(m).jumps.p_up, 0.41)),
        Row("spot.jumps[double_exponential].eta_up", 13.5, (lambda m: _process(m).jumps.eta_up, 13.5)),
        Row("spot.jumps[double_exponential].eta_down", 11.5, (lambda m: _process(m).jumps.eta_down, 11.5)),
        Row("spot.level_shift.log_size", 0.2, (lambda m: m.desk.shifts[0].log_size, 0.2)),
        Row("spot.level_shift.start_day", 7, (lambda m: m.desk.shifts[0].start_year, 7 / 60)),
        Row("spot.level_shift.duration_days", 14, (lambda m: m.desk.shifts[0].duration_years, 14 / 60)),
        Row("spot.dislocation.size", -0.3, (lambda m: m.desk.dislocation.size_usd, -0.75)),
        Row("spot.dislocation.start_day", 4, (lambda m: m.desk.dislocation.start_day, 4)),
        Row("spot.dislocation.duration_days", 6, (lambda m: m.desk.dislocation.duration_days, 6)),
        Row("spot.dislocation.fade_days", 8, (lambda m: m.desk.dislocation.fade_days, 8)),
        Row("spot.long_run.volatility", 0.21, (lambda m: _process(m).long_run.volatility, 0.21)),
        Row("spot.long_run.drift", 0.11, (lambda m: _process(m).long_run.drift, 0.11)),
        Row("spot.long_run.correlation", -0.35, (lambda m: _process(m).long_run.correlation, -0.35)),
        Row("spot.premium.diffusion", 0.15, (lambda m: _process(m).premium.diffusion, 0.15)),
        Row("spot.premium.jump_tilt", 0.7, (lambda m: _process(m).premium.jump_tilt, 0.7)),
        Row("spot.premium.long_run", 0.05, (lambda m: _process(m).premium.long_run, 0.05)),
    ],
    given={"spot.jumps": {"kind": "gaussian"}},
)  # fmt: skip


def _law_of_shifts(term):
    return lambda m: getattr(m.desk._arrivals.law, term)


RANDOM_SHIFTS = Group(
    "random shifts of the level",
    [
        Row("spot.level_shift.intensity_per_year", 1.5, (_law_of_shifts("intensity"), 1.5)),
        Row("spot.level_shift.log_size", 0.24, (_law_of_shifts("log_size"), 0.24)),
        Row("spot.level_shift.log_size_sd", 0.09, (_law_of_shifts("log_size_sd"), 0.09)),
        Row("spot.level_shift.start_day", 8, (_law_of_shifts("first_year"), 8 / 60)),
        Row("spot.level_shift.duration_days", 15, (_law_of_shifts("duration_years"), 15 / 60)),
        # A curve that counts on 1.5 shifts a year lies higher than one that does not.
        Row("spot.level_shift.foreseen", True, (_is_counted_on, True)),
    ],
)


GAUSSIAN = Group(
    "Gaussian jumps and stress",
    [
        Row("spot.kappa", 3.3, (lambda m: _process(m).kappa, 3.3)),
        Row("spot.sigma", 0.33, (lambda m: _process(m).regimes[0].sigma, 0.33)),
        Row("spot.jump_intensity", 5.7, (lambda m: _process(m).regimes[0].jump_intensity, 5.7)),
        Row(
            "spot.jumps[gaussian].kind", "gaussian",
            (lambda m: [type(one.jumps).__name__ for one in _process(m).regimes], ["GaussianJumps"] * 2),
        ),
        Row("spot.jumps[gaussian].mean", -0.07, (lambda m: _process(m).regimes[0].jumps.mean, -0.07)),
        Row("spot.jumps[gaussian].std", 0.19, (lambda m: _process(m).regimes[1].jumps.std, 0.19)),
        Row("spot.stress.entries_per_year", 2.5, (lambda m: _process(m).generator[0], (-2.5, 2.5))),
        Row("spot.stress.exits_per_year", 9.5, (lambda m: _process(m).generator[1], (9.5, -9.5))),
        Row("spot.stress.sigma", 0.95, (lambda m: _process(m).regimes[1].sigma, 0.95)),
        Row("spot.stress.jump_intensity", 14.5, (lambda m: _process(m).regimes[1].jump_intensity, 14.5)),
        Row("spot.stress.level", 0.29, (lambda m: _process(m).regimes[1].reversion_level, 0.29)),
        Row("spot.long_run.drift", 0.12, (lambda m: _process(m).long_run.drift, 0.12)),
        Row("spot.premium.diffusion", 0.16, (lambda m: _process(m).premium.diffusion, 0.16)),
    ],
)  # fmt: skip


def _belief_on_day_0(market):
    """Return the public belief as it is before the first fixing."""
    terms = (market.market_scenario, market.clock.calendar, market.list_prices)
    return build_desk(*terms, np.ones(6), RandomStreams(SEED)).belief


def _shares_behind_noise(market, basis_sd):
    """Say whether the noise of the index is that of quotes with a basis of so much."""
    quotes = market.desk.quotes
    shares = quotes.index_weights * quotes.expected_multiples
    return math.isclose(market.desk.belief.index_noise.sd, basis_sd * math.sqrt((shares**2).sum()))


BELIEF = Group(
    "a filter of numbers",
    [
        Row("spot.knowledge", "filtered", (lambda m: type(m.desk.belief).__name__, "PublicBelief")),
        Row(
            "spot.belief.long_run_sd", 0.07,
            (lambda m: math.sqrt(_belief_on_day_0(m).covariance[1, 1]), 0.07),
        ),
        Row("spot.belief.index_noise", 0.02, (lambda m: m.desk.belief.index_noise, (0.02, 17.0))),
        Row("spot.belief.futures_noise", 0.7, (lambda m: m.desk.belief.futures_noise, 0.7)),
        Row("index.basis_kappa", 17.0, (lambda m: m.desk.belief.index_noise.kappa, 17.0)),
    ],
    given={"spot.long_run.volatility": 0.2},
)  # fmt: skip

FIXINGS_ONLY = Group(
    "a filter of fixings, with the noise of quotes",
    [
        Row("spot.belief.futures_noise", "fixings_only", (lambda m: m.desk.belief.futures_noise, math.inf)),
        Row("index.basis_sd", 0.05, (lambda m: _shares_behind_noise(m, 0.05), True)),
    ],
    given={"spot.knowledge": "filtered"},
)

WEEK = (0.01, 0.02, -0.03, 0.04, -0.04)
PATTERN = ((0.06 * math.sin(math.pi / 3), 0.06 * math.cos(math.pi / 3)),)
"""Seen from hour 16, a peak at hour 20 is a sixth of a day ahead."""

SEASONS = Group(
    "seasonality",
    [
        Row("spot.seasonality.weekly", WEEK, (lambda m: _level(m).seasonality.weekly, WEEK)),
        *(
            Row(f"spot.seasonality.{name}", value, (lambda m: _level(m).seasonality.diurnal, PATTERN))
            for name, value in {
                "diurnal_amplitude": 0.06,
                "diurnal_peak_hour": 20.0,
                "fixing_hour": 16.0,
            }.items()
        ),
    ],
    given={"spot.seasonality.diurnal_amplitude": 0.03},
)

SUPPLY = Group(
    "supply of tokens",
    [
        Row(
            "spot.trend_per_year", "three_factor_supply",
            # (0.4 + 0.9 - 0.05 + 0.7 - 0.3 + 0.5 x 1.25) / (1.25 + 0.5)
            (lambda m: _level(m).trend_per_year, 2.275 / 1.75),
            (lambda m: traders(m, "provider").cost_decline_per_day, 1.25 / 60),
        ),
        *(
            Row(f"spot.supply.{name}", value, (lambda m: _level(m).trend_per_year, 2.275 / 1.75))
            for name, value in {"capital_growth": 0.7, "demand_growth": 0.3, "price_elasticity": 1.25,
                                "supply_elasticity": 0.5}.items()
        ),
        *(
            Row(
                f"spot.supply.{name}", value,
                (lambda m: _level(m).trend_per_year, 2.275 / 1.75),
                (lambda m: traders(m, "provider").cost_decline_per_day, 1.25 / 60),
            )
            for name, value in {"energy_cost_growth": 0.05, "hardware_efficiency_growth": 0.4,
                                "algorithmic_efficiency_growth": 0.9}.items()
        ),
    ],
)  # fmt: skip

LIST_PRICES = Group(
    "price and trend of the list prices",
    [
        Row(
            "spot.initial_price_usd", "provider_prices",
            (lambda m: _level(m).initial_price_usd / m.list_prices.initial_price_usd, 1.0),
        ),
        Row(
            "spot.trend_per_year", "provider_prices",
            (lambda m: _level(m).trend_per_year / m.list_prices.trend_per_year, 1.0),
        ),
    ],
)  # fmt: skip

TWO_PRICES = np.array([1.5 * 86.0 / 88.0, 0.75 * 86.0 / 87.5])
"""What the newest models of the file cost with a quarter of output tokens, at the reference quality; the six
providers of the market are like the one or the other by turns."""

OWN_PRICES = Group(
    "own list prices",
    [
        Row(
            "index.provider_prices", str(PRICES),
            (lambda m: m.list_prices.provider_names, ("Alpha", "Beta")),
            (lambda m: m.desk.quotes.log_offsets, np.resize(np.log(TWO_PRICES / TWO_PRICES.mean()), 6)),
        )
    ],
    given={"index.min_providers": 2, "index.weight_cap": 0.5},
)  # fmt: skip

_RULES = ("cap", "min_providers", "reference_quality", "minimum_quality", "stale_after_days")


def _chain(name):
    return lambda m: getattr(m.desk.matched._chain, name)


INDEX = Group(
    "index",
    [
        Row("index.output_share", 0.4, (_fitted, True)),
        Row(
            "index.reference_quality", 88.0,
            (_fitted, True),
            (lambda m: m.desk.weighted.quality, 88.0),
            (_chain("reference_quality"), 88.0),
        ),
        Row("index.minimum_quality", 70.0, (_fitted, True)),
        Row(
            "index.weight_cap", 0.35,
            (_fitted, True),
            (lambda m: m.desk.weighted.cap, 0.35),
            (_chain("cap"), 0.35),
            (lambda m: float(m.desk.quotes.index_weights.max()), 0.35),
        ),
        Row(
            "index.min_providers", 3,
            (_fitted, True),
            (lambda m: m.desk.weighted.min_providers, 3),
            (_chain("min_providers"), 3),
        ),
        Row(
            "index.stale_after_days", 8,
            (lambda m: m.desk.weighted.stale_after_days, 8),
            (_chain("stale_after_days"), 8),
        ),
        Row("index.basis_sd", 0.09, (lambda m: m.desk.quotes.basis_sd, 0.09)),
        Row("index.basis_kappa", 23.0, (lambda m: m.desk.quotes.basis_kappa, 23.0)),
        Row(
            "index.outages_per_year", 2.5,
            (lambda m: m.desk.quotes._outages.rate_per_year, 2.5),
            (lambda m: m.desk.quotes._outages._rng.bit_generator.state,
             RandomStreams(SEED).generator("provider-outages").bit_generator.state),
        ),
        Row("index.outage_days", 6.5, (lambda m: m.desk.quotes._outages.mean_days, 6.5)),
    ],
    # Capacities so unequal that the cap binds with or without the rows.
    given={"agents.providers.capacity_log_sd": 3.0},
)  # fmt: skip


def _index_is_spot(market):
    desk = market.desk
    spot_usd = math.exp(desk._log_level(0) + desk._state.x + desk._state.xi)
    return bool(abs(desk.index_usd - spot_usd) < 1e-9)


def _dynamics(name):
    return lambda m: getattr(m.desk.quotes.dynamics[0], name)


NO_INDEX = Group(
    "index of the process",
    [Row("index.method", "process", (lambda m: m.desk.method, "process"), (_index_is_spot, True))],
)


QUOTES = Group(
    "list price dynamics",
    [
        Row("index.quote_dynamics", "list_prices",
            (lambda m: type(m.desk.quotes).__name__, "ListPriceQuotes")),
        Row("index.method", "chained_fisher", (lambda m: m.desk.method, "chained_fisher")),
        Row("index.changes_per_year", 5.6, (_dynamics("changes_per_year"), 5.6)),
        Row("index.share_down", 0.66, (_dynamics("share_down"), 0.66)),
        Row("index.mean_abs_log_change", 0.28, (_dynamics("mean_abs_log_change"), 0.28)),
        Row("index.sd_log_change", 0.44, (_dynamics("sd_log_change"), 0.44)),
        Row("index.basis_sd", 0.07, (lambda m: m.desk.quotes.basis_sd, 0.07)),
        Row("index.basis_kappa", 21.0, (lambda m: m.desk.quotes.basis_kappa, 21.0)),
        Row("index.outages_per_year", 1.5, (lambda m: m.desk.quotes._outages.rate_per_year, 1.5)),
        Row("index.outage_days", 7.5, (lambda m: m.desk.quotes._outages.mean_days, 7.5)),
        Row("spot.initial_price_usd", 2.2, (lambda m: m.desk.quotes._spot_usd, 2.2)),
        Row("spot.trend_per_year", 0.8, (lambda m: m.desk.quotes.trend_per_year, 0.8)),
    ],
)  # fmt: skip

GROUPS = [
    RANDOM_SHIFTS, NO_INDEX, EVERY_MODEL, WARM_UP,
    CALENDAR, *RUNS, FIXINGS, SPOT, GAUSSIAN, BELIEF, FIXINGS_ONLY, SEASONS, SUPPLY, LIST_PRICES, OWN_PRICES,
    INDEX, QUOTES,
]  # fmt: skip
