"""Spot prices that move together: each keeps its own law, and their correlation has a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from monte_carlo import assert_within_four_standard_errors, batch_cumulants

from abm.core.errors import ParameterError
from abm.spot.process.correlated import CorrelatedProcesses
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion

KOU, GAUSSIAN = DoubleExponentialJumps(0.8, 6.0, 8.0), GaussianJumps(0.25, 0.12)
TOKENS = MeanRevertingJumpDiffusion(6.0, 0.6, 6.0, KOU, Level(3.0, 1.84), 0.2)
HOURS = MeanRevertingJumpDiffusion(
    2.0, 0.3, 3.0, GAUSSIAN, Level(2.5), -0.1, LongRunFactor(-0.2, 0.25, 0.5), reversion_level=0.1
)
TIMES = np.array([0.0, 0.1, 0.45])
SWITCHING = RegimeSwitchingJumpDiffusion(6.0, (Regime(0.4, 2.0, KOU),), ((0.0,),), Level(1.0))
RHO = ((1.0, 0.6), (0.6, 1.0))


def matrix(correlation):
    return CorrelatedProcesses((TOKENS, HOURS), correlation)


def pair(**terms):
    return CorrelatedProcesses((TOKENS, HOURS), RHO, **terms)


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"common_jump_share": 0.5},
        {"common_jump_share": 1.0, "common_sizes": "comonotone"},
    ],
    ids=["own jumps", "half the jumps together", "jumps of one quantile"],
)
def test_log_prices_have_the_closed_covariance_and_each_its_own_law(terms):
    prices = pair(**terms)
    paths = prices.simulate(TIMES, 40_000, np.random.default_rng(7))
    for process, path in zip(prices.processes, paths, strict=True):
        for i in (1, 2):
            deviation = np.ascontiguousarray(path.log_deviation[:, i])
            assert_within_four_standard_errors(batch_cumulants(deviation), process.cumulants(TIMES[i]))
        assert_within_four_standard_errors(path.price_usd[:, 1:], process.forward(0.0, TIMES[1:], process.x0))
        assert (path.log_deviation[:, 0] == process.x0).all()
    for i in (1, 2):
        covariance = prices.covariance(TIMES[i])
        assert np.diagonal(covariance) == pytest.approx([p.cumulants(TIMES[i])[1] for p in prices.processes])
        one, other = (path.log_deviation[:, i] - path.log_deviation[:, i].mean() for path in paths)
        assert_within_four_standard_errors(one * other, covariance[0, 1])


def test_diffusions_of_one_speed_have_the_correlation_of_their_brownian_motions_at_any_horizon():
    alike = [MeanRevertingJumpDiffusion(4.0, sigma, 0.0, KOU, Level(1.0)) for sigma in (0.2, 0.7)]
    for tau in (0.01, 1.0, 30.0):
        assert CorrelatedProcesses(alike, RHO).log_price_correlation(tau)[0, 1] == pytest.approx(0.6)


def test_jumps_that_come_together_correlate_prices_whose_diffusions_do_not():
    alone = CorrelatedProcesses((TOKENS, TOKENS), np.eye(2))
    assert alone.log_price_correlation(0.5)[0, 1] == pytest.approx(0.0, abs=1e-15)
    same = CorrelatedProcesses((TOKENS, TOKENS), np.ones((2, 2)), 1.0, "comonotone")
    assert same.log_price_correlation(0.5)[0, 1] == pytest.approx(1.0, rel=1e-9)
    one, other = same.simulate(TIMES, 500, np.random.default_rng(1))
    np.testing.assert_allclose(one.price_usd, other.price_usd, rtol=1e-9)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: CorrelatedProcesses((TOKENS,), ((1.0,),)), "processes: a list of 1 is not two or more"),
        (lambda: matrix(((1.0, 1.2), (1.2, 1.0))), "correlation: .* is not a symm"),
        (lambda: matrix(((1.0, 0.2), (0.3, 1.0))), "correlation: .* is not a symm"),
        (lambda: matrix(np.eye(3)), r"correlation: an array of shape \(3, 3\) is not"),
        (
            lambda: CorrelatedProcesses((TOKENS,) * 3, ((1.0, 0.9, 0.9), (0.9, 1.0, -0.9), (0.9, -0.9, 1.0))),
            "correlation: .* positive semidefinite",
        ),
        (lambda: pair(common_jump_share=1.5), r"common_jump_share: 1.5 is not in \[0, 1\]"),
        (lambda: pair(common_sizes="alike"), "common_sizes: alike is not independent or comonotone"),
        (
            lambda: CorrelatedProcesses((TOKENS, SWITCHING), RHO),
            r"processes\[1\]: RegimeSwitchingJumpDiffusion is not a MeanRevertingJumpDiffusion",
        ),
    ],
)
def test_impossible_pairs_are_refused(ask, message):
    with pytest.raises(ParameterError, match=message):
        ask()
