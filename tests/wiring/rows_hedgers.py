"""Where the fields of enterprises, providers and their programmes arrive."""

from __future__ import annotations

import math

import numpy as np
from field_table import SEED, Group, Row
from probes import column, draws, traders

from abm.core.randomness import RandomStreams

SECTION = {"enterprise": "agents.enterprises", "provider": "agents.providers"}
WITHOUT_SPREAD = {"agents.enterprises.need_log_sd": 0.0, "agents.providers.capacity_log_sd": 0.0}


def _need(market):
    return traders(market, "enterprise").mean_need_msit


def _multiples(market):
    return market.desk.quotes.expected_multiples


def _programme(name, term):
    return lambda m: getattr(traders(m, name).programme, term)


def _of(name, attribute):
    return lambda m: getattr(traders(m, name), attribute)


def _abandonment(name, term):
    return lambda m: getattr(traders(m, name).treasury.rule, term)


def _finished_usd(market, name):
    """Return what the finished programme of each hedger is worth on day 0, USD; NaN without a hedge."""
    own = traders(market, name)
    lots = np.abs(own.programme.target_lots(own.need_lots, 9)).sum(axis=1)
    return np.where(lots > 0.0, lots * 500 * market.desk.process.level.initial_price_usd, np.nan)


def _share(name, amount, spread=0.0):
    """Look at an amount of money on day 0 as a share of the finished programme, the draws taken out."""

    def probe(market):
        own = traders(market, name)
        usd = getattr(own.funding, amount) / 1e6 / _finished_usd(market, name)
        usd = usd * np.exp(-spread * draws(SEED, name, "cash", own.count))
        return np.round(usd[np.isfinite(usd)], 9)

    return probe


def _who_hedges(market):
    hedges = traders(market, "enterprise").hedges
    drawn = RandomStreams(SEED).generator("population", "enterprise", "hedges").random(len(hedges))
    return bool((hedges == (drawn < 0.55)).all())


def _down(begins, ends):
    """Return the chance of an outage a day later, without one now."""
    return begins / (begins + ends) * -math.expm1(-(begins + ends))


def _month_lots(market):
    """Look at a month's need of who hedges, in lots, at the index."""
    own = traders(market, "enterprise")
    return (own.need_lots[:, 0] / _multiples(market)[own.provider])[own.hedges]


NEEDS = Group(
    "needs and capacities",
    [
        Row("agents.enterprises.count", 70, (lambda m: traders(m, "enterprise").count, 70)),
        Row("agents.enterprises.hedging_share", 0.55, (_who_hedges, True)),
        Row("agents.enterprises.need_msit_per_day", 2_400.0, (_need, 2_400.0),
            # A month of ten days in lots of 500 mSIT, at the own provider's multiple of the index.
            (_month_lots, 2_400.0 * 10 / 500)),
        Row("agents.enterprises.need_volatility", 0.16, (_of("enterprise", "need_volatility"), 0.16)),
        Row("agents.enterprises.need_reversion_per_day", 0.13,
            (_of("enterprise", "need_reversion_per_day"), 0.13)),
        Row("agents.enterprises.need_price_correlation", 0.32,
            (_of("enterprise", "need_price_correlation"), 0.32)),
        Row("agents.enterprises.credit_share", 0.17, (_share("enterprise", "credit_limit_usd_micro"), 0.17)),
        Row("agents.enterprises.cash_share", 0.37, (_share("enterprise", "cash_usd_micro", 0.42), 0.37)),
        Row("agents.enterprises.cash_log_sd", 0.42, (_share("enterprise", "cash_usd_micro", 0.42), 0.37)),
        Row("agents.providers.count", 9, (lambda m: traders(m, "provider").count, 9),
            (lambda m: len(m.desk.quotes), 9),
            (lambda m: int(traders(m, "enterprise").provider.max()), 8)),
        Row("agents.providers.capacity_msit_per_day", 21_000.0,
            (lambda m: m.desk.quotes.volume_shares, 21_000.0),
            (lambda m: -traders(m, "provider").need_lots[:, 0] / _multiples(m), 21_000.0 * 10 / 500)),
        Row("agents.providers.marginal_cost_share", 0.3,
            # 0.3 of a price of 500 ticks.
            (lambda m: traders(m, "provider").marginal_cost_ticks, 150.0)),
        Row("agents.providers.floor", "delivery_month", (_of("provider", "floor_by_month"), True)),
        Row("agents.providers.cash_share", 0.62, (_share("provider", "cash_usd_micro"), 0.62)),
        Row("agents.providers.credit_share", 0.33, (_share("provider", "credit_limit_usd_micro"), 0.33)),
        # 3.5 begin in 60 days and one in 4 days ends: exact probabilities of one day.
        Row("agents.providers.outages_per_year", 3.5,
            (lambda m: traders(m, "provider").outages._goes_down, _down(3.5 / 60, 0.25))),
        Row("agents.providers.outage_days", 4.0,
            (lambda m: traders(m, "provider").outages._goes_down, _down(3.5 / 60, 0.25))),
        Row("agents.providers.outage_capacity_loss", 0.45,
            (lambda m: traders(m, "provider").outages._loss, 0.45)),
    ],
    given=WITHOUT_SPREAD,
)  # fmt: skip


SPREADS = Group(
    "spread of needs and capacities",
    [
        Row("agents.enterprises.need_log_sd", 0.6,
            (lambda m: np.log(_need(m) / 2_000.0) / draws(SEED, "enterprise", "need", 8), 0.6)),
        # Lognormal with the mean as given, so that the median is lower.
        Row("agents.providers.capacity_log_sd", 0.5,
            (lambda m: (np.log(m.desk.quotes.volume_shares / 20_200.0) + 0.125)
             / draws(SEED, "provider", "capacity", 6), 0.5)),
    ],
)  # fmt: skip


def _slices(market, name, column_name):
    """Look at the lots of a slice or a band beside those of a month, as a share to two places."""
    own = traders(market, name)
    lots = np.abs(own.need_lots[:, 0])
    share = own.columns[column_name][lots > 0] / lots[lots > 0]
    return round(float(np.median(share)), 2)


def _programme_rows(name, first):
    """Return the rows of a layered programme, with values of their own for each class."""
    table = f"{SECTION[name]}.programme"
    layered = {"near_ratio": 0.71 + first, "mid_ratio": 0.41 + first, "far_ratio": 0.11 + first,
               "margin_budget": 0.91 + first}  # fmt: skip
    plain = {"cross_probability": 0.31 + first, "max_premium": 0.021 + first, "patience_days": 1.5 + first,
             "participation": 0.61 + first, "latency_ms": 83.0 + first,
             "actions_per_day": 9.0 + first}  # fmt: skip
    abandonment = {"abandon_below": 0.81 + first, "reenter_above": 1.21 + first,
                   "unwind_days": round(400 * first),
                   "cooling_days": round(1_100 * first)}  # fmt: skip
    return [
        *(Row(f"{table}.{term}", value, (_programme(name, term), value)) for term, value in layered.items()),
        *(Row(f"{table}.{term}", value, (column(name, term), value)) for term, value in plain.items()),
        *(Row(f"{table}.{term}", value, (_abandonment(name, term), value))
          for term, value in abandonment.items()),
        Row(f"{table}.ramp_days", round(1_700 * first), (_of(name, "ramp_days"), round(1_700 * first))),
        Row(f"{table}.slice_share", 0.16 + first,
            (lambda m: _slices(m, name, "slice_lots"), round(0.16 + first, 2))),
        Row(f"{table}.band_share", 0.05 + first,
            (lambda m: _slices(m, name, "band_lots"), round(0.05 + first, 2))),
        # A sixth of the yearly premium a month.
        Row(f"{table}.risk_premium", 0.24 + first,
            (column(name, "risk_premium_per_month"), (0.24 + first) / 6)),
    ]  # fmt: skip


LARGE = {
    "agents.enterprises.need_msit_per_day": 50_000.0,
    "agents.providers.capacity_msit_per_day": 300_000.0,
}
"""Positions so large that a share of them in whole lots is that share to two places."""

LAYERED = Group(
    "layered programmes",
    [
        *_programme_rows("enterprise", 0.01),
        *_programme_rows("provider", 0.03),
        Row("agents.enterprises.programme.cost_of_funds", 0.066,
            (lambda m: m.hedge_accounts._funds_rate_per_day, 0.066 / 60)),
    ],
    given=WITHOUT_SPREAD | LARGE,
)  # fmt: skip


def _other_programme(name, rule, **terms):
    """Return a group for a word of ``rule``: terms of ``Programme``, as field, value, what arrives."""
    table = f"{SECTION[name]}.programme"
    rows = [Row(f"{table}.rule", rule, (_programme(name, "kind"), rule))]
    for term, (field, value, arrives) in terms.items():
        rows.append(Row(f"{table}.{field}", value, (_programme(name, term), arrives)))
    return Group(f"{name}: {rule}", rows)


PROGRAMMES = [
    group
    for name, more in (("enterprise", 0.0), ("provider", 0.02))
    for group in (
        _other_programme(name, "strip", ratio=("ratio", 0.91 + more, 0.91 + more)),
        _other_programme(name, "rolling", roll_tenor=("roll_tenor", 3, 3), roll_days=("roll_days", 4, 4)),
        # Scaling is a year's: a sixth of it a month. Tailing discounts at a sixtieth of the cost a day.
        _other_programme(
            name, "stack",
            stack_tenor=("stack_tenor", 2, 2),
            stack_damping_per_month=("stack_scaling", 0.54 + more, (0.54 + more) / 6),
            tail_rate_per_day=("cost_of_funds", 0.072 + more, (0.072 + more) / 60),
        ),
        _other_programme(name, "none"),
    )
]  # fmt: skip
for _group in PROGRAMMES:
    if _group.name.endswith("stack"):
        _table = _group.rows[0].field.removesuffix(".rule")
        _class = _group.name.partition(":")[0]
        _group.rows.append(Row(f"{_table}.tail", True, *_group.rows[-1].arrivals))


def _estimator(attribute):
    return lambda m: getattr(traders(m, "enterprise").estimator, attribute)


MINIMUM_VARIANCE = Group(
    "minimum-variance programme",
    [
        Row("agents.enterprises.programme.rule", "minimum_variance",
            (_programme("enterprise", "kind"), "minimum_variance")),
        Row("agents.enterprises.programme.ratio", 0.93,
            (_estimator("_prior"), np.array([0.0, 0.93, 0.93, 0.93, 0.93]))),
        Row("agents.enterprises.programme.estimation_days", 200, (_estimator("_estimation_days"), 200)),
        Row("agents.enterprises.programme.window_months", 7, (_estimator("_window_months"), 7)),
        Row("agents.enterprises.programme.quantity_correction", True, (_estimator("_with_quantity"), True)),
    ],
)  # fmt: skip

GROUPS = [NEEDS, SPREADS, LAYERED, *PROGRAMMES, MINIMUM_VARIANCE]
