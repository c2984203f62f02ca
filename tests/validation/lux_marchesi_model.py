"""The model of Lux and Marchesi (2000) by itself: plain simulation of many replicas, and its mean field.

Time runs in steps of 0.01, in each of which a trader leaves its group with the probability rate x 0.01 and
the price moves by one elementary step of 0.01 with the probability |beta (ED + mu)|, so that on average it
moves by beta ED in a unit of time. The trend is the mean change over the last 0.2 units of time, in units of
price. No group falls below four members. Numbers are those of parameter set IV.
"""

from __future__ import annotations

import numpy as np

N, LEAST = 500, 4
NU_1, NU_2, BETA, T_C, T_F = 2.0, 0.6, 4.0, 5.0, 5.0
ALPHA_1, ALPHA_2, ALPHA_3 = 0.8, 0.2, 1.0
R, S, SIGMA_MU, VALUE = 0.0004, 0.75, 0.05, 10.0
STEP_TIME, STEP_PRICE, WINDOW = 0.01, 0.01, 20
STEPS = 100
"""Steps in a unit of time."""


def simulate(random, replicas, units, *, chartists, news=0.0):
    """Return price and share of chartists at the end of each unit of time, shape (units, replicas)."""
    groups = np.tile([[chartists // 2], [chartists - chartists // 2], [N - chartists]], (1, replicas))
    price, value = np.full(replicas, VALUE), np.full(replicas, VALUE)
    past = np.tile(price, (WINDOW + 1, 1))
    prices, shares = np.zeros((2, units, replicas))
    for step in range(units * STEPS):
        if step % STEPS == 0:
            value = value * np.exp(news * random.standard_normal(replicas))
        past[step % (WINDOW + 1)] = price
        trend = (price - past[(step + 1) % (WINDOW + 1)]) / (WINDOW * STEP_TIME)
        groups = _switched(random, groups, trend, price, value)
        plus, minus, on_value = groups
        demand = (plus - minus) * T_C / N + on_value * T_F / N * (value - price)
        push = BETA * (demand + SIGMA_MU * random.standard_normal(replicas))
        price = price + STEP_PRICE * np.sign(push) * (random.random(replicas) < np.abs(push))
        prices[step // STEPS], shares[step // STEPS] = price, (plus + minus) / N
    return prices, shares


def _switched(random, groups, trend, price, value):
    plus, minus, on_value = groups
    chartists = plus + minus
    u_1 = ALPHA_1 * (plus - minus) / chartists + ALPHA_2 / NU_1 * trend
    profit = (R * VALUE + trend / NU_2) / price - R
    discount = S * np.abs(value - price) / price
    u_plus, u_minus = ALPHA_3 * (profit - discount), ALPHA_3 * (-profit - discount)
    look, compare = NU_1 * STEP_TIME * chartists / N, NU_2 * STEP_TIME / N
    plus_minus, plus_value = _leavers(random, plus, look * np.exp(-u_1), compare * on_value * np.exp(-u_plus))
    minus_plus, minus_value = _leavers(
        random, minus, look * np.exp(u_1), compare * on_value * np.exp(-u_minus)
    )
    value_plus, value_minus = _leavers(
        random, on_value, compare * plus * np.exp(u_plus), compare * minus * np.exp(u_minus)
    )
    return np.array(
        [
            plus - plus_minus - plus_value + minus_plus + value_plus,
            minus - minus_plus - minus_value + plus_minus + value_minus,
            on_value - value_plus - value_minus + plus_value + minus_value,
        ]
    )


def _leavers(random, members, first, second):
    goes_first = random.binomial(members, np.minimum(first, 1.0))
    goes_second = random.binomial(members - goes_first, np.minimum(second / (1.0 - first), 1.0))
    stands = members - goes_first - goes_second >= LEAST
    return goes_first * stands, goes_second * stands


def mean_field(x, z, p, value=VALUE, nu_2=NU_2):
    """Return the rates of change of mood, share of chartists and price for very many traders."""
    dp = BETA * (x * z * T_C + (1.0 - z) * T_F * (value - p))
    u_1 = ALPHA_1 * x + ALPHA_2 / NU_1 * dp
    profit, discount = (R * VALUE + dp / nu_2) / p - R, S * abs(value - p) / p
    up, down = (np.sinh(ALPHA_3 * (side * profit - discount)) for side in (1, -1))
    dx = NU_1 * z * ((1 - x) * np.exp(u_1) - (1 + x) * np.exp(-u_1))
    dx += nu_2 * (1 - z) * (1 - x**2) * (up - down)
    dz = nu_2 * z * (1 - z) * ((1 + x) * up + (1 - x) * down)
    return np.array([dx, dz, dp])


def jacobian(z):
    """Return the derivatives of the changes of mood and price at x = 0, p = value, where any share z rests.

    Products of |p_f - p| and x are of second order, so the discount s drops out, and with it the share.
    """
    dp = BETA * np.array([z * T_C, -(1.0 - z) * T_F])
    dx = 2.0 * z * (NU_1 * (ALPHA_1 - 1.0) * np.array([1.0, 0.0]) + ALPHA_2 * dp)
    dx += 2.0 * (1.0 - z) * ALPHA_3 * (dp - np.array([0.0, NU_2 * R])) / VALUE
    return np.array([dx, dp])


def critical_share():
    """Return the share of chartists at which the trace of the Jacobian is zero: a root of a quadratic."""
    c = 2.0 * NU_1 * (ALPHA_1 - 1.0) + 2.0 * ALPHA_3 * BETA * T_C / VALUE
    a = 2.0 * BETA * T_C * (ALPHA_2 - ALPHA_3 / VALUE)
    roots = np.roots([a, c + BETA * T_F, -BETA * T_F])
    return float(roots[(roots > 0.0) & (roots < 1.0)][0])


def linear_spread(z):
    """Return the standard deviations of mood and price around rest at a share that does not move.

    State: mood, price, and the prices of the window; each step adds the noise of so many traders who switch
    and of a price that moves in whole steps. Its variance depends on that of demand, which is iterated.
    """
    moves = np.zeros((WINDOW + 2, WINDOW + 2))
    moves[0, 0] = 1.0 + 2.0 * STEP_TIME * z * NU_1 * (ALPHA_1 - 1.0)
    moves[0, [1, -1]] = 2.0 * z * ALPHA_2 / WINDOW * np.array([1.0, -1.0])
    demand = np.zeros(WINDOW + 2)
    demand[[0, 1]] = z * T_C, -(1.0 - z) * T_F
    after = demand[0] * moves[0]
    after[1] += demand[1]
    moves[1] = BETA * STEP_TIME * after
    moves[1, 1] += 1.0
    moves[np.arange(2, WINDOW + 2), np.arange(1, WINDOW + 1)] = 1.0
    assert np.abs(np.linalg.eigvals(moves)).max() < 1.0
    switched = np.zeros(WINDOW + 2)
    switched[[0, 1]] = 1.0, BETA * STEP_TIME * z * T_C
    stepped = np.eye(WINDOW + 2)[1]
    spread = np.zeros_like(moves)
    for _ in range(8_000):
        push = BETA * np.sqrt(demand @ spread @ demand + SIGMA_MU**2)
        spread = moves @ spread @ moves.T
        spread += 4.0 * NU_1 * STEP_TIME / N * np.outer(switched, switched)
        spread += STEP_PRICE**2 * np.sqrt(2.0 / np.pi) * push * np.outer(stepped, stepped)
    return np.sqrt(spread[0, 0]), np.sqrt(spread[1, 1])
