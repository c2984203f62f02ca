"""Where the fields of a company that the scenario names arrive."""

from __future__ import annotations

import numpy as np
from field_table import SEED, Group, Row

from abm.core.randomness import RandomStreams

TABLE = "agents.companies[]"
OWN = {"name": "acme", "need_msit_per_day": 90_000.0, "cash_usd": 3e6, "credit_usd": 7e5, "provider": 2}
"""A company whose need is so large that shares of it in whole lots are those shares to two places."""


def _own(market):
    (company,) = market.companies.values()
    return company


def _of(attribute):
    return lambda m: getattr(_own(m), attribute)


def _column(name):
    return lambda m: _own(m).columns[name]


def _term(name):
    return lambda m: getattr(_own(m).programme, name)


def _rule(name):
    return lambda m: getattr(_own(m).treasury.rule, name)


def _share_of_a_month(name):
    return lambda m: round(float(_own(m).columns[name][0] / _own(m).need_lots[0, 0]), 2)


def _month_lots(market):
    """Look at a month's need in lots at the index: the multiple of the provider taken out."""
    return _own(market).need_lots[0, 0] / market.desk.quotes.expected_multiples[_own(market).provider[0]]


def _cost_of_funds_per_day(market):
    return float(market.hedge_accounts._funds_rate_per_day[-1])


def _company(rows, **other):
    """Return the rows of one company, the fields that it must have among them."""
    fields = {row.field for row in rows}
    needed = [
        Row(f"{TABLE}.{name}", value, (lambda m: len(m.companies), 1))
        for name, value in (OWN | other).items()
        if f"{TABLE}.{name}" not in fields
    ]
    return [*rows, *needed]


ITS_OWN = Group(
    "a company",
    _company(
        [
            Row(f"{TABLE}.name", "bolt", (lambda m: list(m.companies), ["bolt"])),
            # A month of ten days in lots of 500 mSIT, at 1.3 times the price of the provider.
            Row(f"{TABLE}.need_msit_per_day", 61_000.0,
                (_of("mean_need_msit"), 61_000.0), (_month_lots, 61_000.0 * 10 / 500 * 1.3)),
            Row(f"{TABLE}.price_multiple", 1.3,
                (_of("price_multiples"), 1.3), (_month_lots, 61_000.0 * 10 / 500 * 1.3)),
            Row(f"{TABLE}.need_volatility", 0.12, (_of("need_volatility"), 0.12)),
            Row(f"{TABLE}.need_reversion_per_day", 0.14, (_of("need_reversion_per_day"), 0.14)),
            Row(f"{TABLE}.need_price_correlation", 0.29, (_of("need_price_correlation"), 0.29)),
            Row(f"{TABLE}.provider", 4, (_of("provider"), 4)),
            Row(f"{TABLE}.cash_usd", 4e6, (lambda m: _own(m).funding.cash_usd_micro, 4_000_000_000_000)),
            Row(f"{TABLE}.credit_usd", 9e5,
                (lambda m: _own(m).funding.credit_limit_usd_micro, 900_000_000_000)),
            Row(f"{TABLE}.programme.rule", "layered", (_term("kind"), "layered")),
            *(Row(f"{TABLE}.programme.{term}", value, (_term(term), value)) for term, value in
              {"near_ratio": 0.73, "mid_ratio": 0.43, "far_ratio": 0.13, "margin_budget": 0.93}.items()),
            *(Row(f"{TABLE}.programme.{term}", value, (_column(term), value)) for term, value in
              {"cross_probability": 0.32, "max_premium": 0.022, "patience_days": 1.6, "participation": 0.62,
               "latency_ms": 84.0, "actions_per_day": 9.5}.items()),
            *(Row(f"{TABLE}.programme.{term}", value, (_rule(term), value)) for term, value in
              {"abandon_below": 0.82, "reenter_above": 1.22, "unwind_days": 5, "cooling_days": 12}.items()),
            Row(f"{TABLE}.programme.ramp_days", 18, (_of("ramp_days"), 18)),
            Row(f"{TABLE}.programme.slice_share", 0.17, (_share_of_a_month("slice_lots"), 0.17)),
            Row(f"{TABLE}.programme.band_share", 0.06, (_share_of_a_month("band_lots"), 0.06)),
            # A sixth of the yearly premium a month, a sixtieth of the cost of funds a day.
            Row(f"{TABLE}.programme.risk_premium", 0.27, (_column("risk_premium_per_month"), 0.27 / 6)),
            Row(f"{TABLE}.programme.cost_of_funds", 0.069, (_cost_of_funds_per_day, 0.069 / 60)),
        ]
    ),
)  # fmt: skip


def _other_programme(rule, **terms):
    """Return a group for a word of ``rule``: terms of ``Programme``, as field, value, what arrives."""
    rows = [Row(f"{TABLE}.programme.rule", rule, (_term("kind"), rule))]
    for term, (field, value, arrives) in terms.items():
        rows.append(Row(f"{TABLE}.programme.{field}", value, (_term(term), arrives)))
    return Group(f"company: {rule}", _company(rows))


STACK = _other_programme(
    "stack",
    stack_tenor=("stack_tenor", 3, 3),
    stack_damping_per_month=("stack_scaling", 0.57, 0.57 / 6),
    tail_rate_per_day=("cost_of_funds", 0.073, 0.073 / 60),
)
STACK.rows.append(Row(f"{TABLE}.programme.tail", True, (_term("tail_rate_per_day"), 0.073 / 60)))


def _estimator(attribute):
    return lambda m: getattr(_own(m).estimator, attribute)


MINIMUM_VARIANCE = Group(
    "company: minimum variance",
    _company(
        [
            Row(f"{TABLE}.programme.rule", "minimum_variance", (_term("kind"), "minimum_variance")),
            Row(f"{TABLE}.programme.ratio", 0.94,
                (_estimator("_prior"), np.array([0.0, 0.94, 0.94, 0.94, 0.94]))),
            Row(f"{TABLE}.programme.estimation_days", 210, (_estimator("_estimation_days"), 210)),
            Row(f"{TABLE}.programme.window_months", 8, (_estimator("_window_months"), 8)),
            Row(f"{TABLE}.programme.quantity_correction", True, (_estimator("_with_quantity"), True)),
        ]
    ),
)  # fmt: skip


def _needs_are_drawn_from(seed):
    """Say whether the needs of enterprises are those of a seed: who is there, whatever the prices do."""

    def probe(market):
        drawn = RandomStreams(seed).generator("population", "enterprise", "need").standard_normal(8)
        return bool(np.allclose(market.enterprises.mean_need_msit, 2_000.0 * np.exp(0.8 * drawn)))

    return probe


FIRMS = Group("who is there", [Row("run.population_seed", SEED + 4, (_needs_are_drawn_from(SEED + 4), True))])

GROUPS = [
    ITS_OWN,
    _other_programme("strip", ratio=("ratio", 0.92, 0.92)),
    _other_programme("rolling", roll_tenor=("roll_tenor", 3, 3), roll_days=("roll_days", 4, 4)),
    STACK,
    _other_programme("none"),
    MINIMUM_VARIANCE,
    FIRMS,
]
