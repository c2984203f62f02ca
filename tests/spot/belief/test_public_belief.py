"""The public's filter: against plain filters, on average right, and calm about what prices alone say."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.belief.gaussian_sum import GaussianSum, collapsed
from abm.spot.belief.public_belief import IndexNoise, PublicBelief
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.process import SpotProcess
from abm.spot.process.regime_moments import branches
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion

DT = 1.0 / 252.0
KAPPA, SIGMA, VOLATILITY = 4.0, 0.15, 0.22
JUMPS = DoubleExponentialJumps(0.32, 12.5, 10.0)
QUIET = IndexNoise(0.0, 20.0)
NOISY = IndexNoise(0.03, 20.0)


def one_regime(jump_intensity: float = 4.0, **changes: float) -> MeanRevertingJumpDiffusion:
    factor = LongRunFactor(changes.get("drift", 0.0), VOLATILITY, changes.get("correlation", 0.0))
    return MeanRevertingJumpDiffusion(KAPPA, SIGMA, jump_intensity, JUMPS, Level(3.0), long_run=factor)


TWO_REGIMES = RegimeSwitchingJumpDiffusion(
    KAPPA,
    (Regime(SIGMA, 4.0, JUMPS), Regime(0.6, 20.0, JUMPS, 0.3)),
    ((-6.0, 6.0), (20.0, -20.0)),
    Level(3.0),
    long_run=LongRunFactor(0.1, VOLATILITY, 0.4),
)


def believing(process: SpotProcess, noise: IndexNoise = NOISY, sd: float = 0.06, **more: float):
    return PublicBelief(process, DT, index_noise=noise, long_run_sd=sd, **more)


def plain_kalman(seen, *, sigma, correlation, drift, noise, sd):
    """Filter by the matrices of the textbook: state X, xi, basis, seen as their sum without error."""
    kept, kept_basis = math.exp(-KAPPA * DT), math.exp(-noise.kappa * DT)
    a = np.diag([kept, 1.0, kept_basis])
    both = correlation * sigma * VOLATILITY * (1.0 - kept) / KAPPA
    q = np.array(
        [
            [sigma**2 * (1.0 - kept**2) / (2.0 * KAPPA), both, 0.0],
            [both, VOLATILITY**2 * DT, 0.0],
            [0.0, 0.0, noise.sd**2 * (1.0 - kept_basis**2)],
        ]
    )
    m = np.zeros(3)
    p = np.array([[sd**2, -(sd**2), 0.0], [-(sd**2), sd**2, 0.0], [0.0, 0.0, noise.sd**2]])
    h = np.ones((1, 3))
    for day, y in enumerate(seen):
        if day > 0:
            m, p = a @ m + [0.0, drift * DT, 0.0], a @ p @ a.T + q
        s = (h @ p @ h.T).item()
        gain = (p @ h.T).ravel() / s
        m = m + gain * (y + 0.5 * noise.sd**2 - m.sum())
        p = p - np.outer(gain, h @ p)
    return m, p


@pytest.mark.parametrize(("correlation", "drift"), [(0.0, 0.0), (0.6, -0.3)])
def test_without_jumps_and_regimes_it_is_the_kalman_filter(correlation: float, drift: float):
    process = one_regime(0.0, correlation=correlation, drift=drift)
    belief = believing(process)
    seen = np.random.default_rng(1).normal(0.0, 0.02, 60).cumsum()
    for y in seen:
        belief.see_day(float(y))
    mean, covariance = plain_kalman(
        seen, sigma=SIGMA, correlation=correlation, drift=drift, noise=NOISY, sd=0.06
    )
    np.testing.assert_allclose(belief.mean, mean, rtol=1e-9)
    np.testing.assert_allclose(belief.covariance, covariance, rtol=1e-8, atol=1e-15)


def test_regimes_that_are_alike_and_jumps_of_no_size_change_nothing():
    nothing = GaussianJumps(0.0, 0.0)
    alike = RegimeSwitchingJumpDiffusion(
        KAPPA,
        (Regime(SIGMA, 50.0, nothing), Regime(SIGMA, 5.0, nothing)),
        ((-9.0, 9.0), (3.0, -3.0)),
        Level(3.0),
        long_run=LongRunFactor(0.0, VOLATILITY, 0.0),
    )
    one, two = believing(one_regime(0.0)), believing(alike)
    for y in np.random.default_rng(2).normal(0.0, 0.02, 40).cumsum():
        one.see_day(float(y))
        two.see_day(float(y))
    np.testing.assert_allclose(two.mean, one.mean, rtol=1e-9)
    np.testing.assert_allclose(two.covariance, one.covariance, rtol=1e-8, atol=1e-15)
    switched = 0.75 * -math.expm1(-12.0 * 39 * DT)  # the rates alone: moves tell nothing
    assert two.regime_probabilities[1] == pytest.approx(switched, rel=1e-9)


@pytest.mark.parametrize("process", [one_regime(drift=0.1, correlation=0.4), TWO_REGIMES])
@pytest.mark.parametrize("dt", [DT, 0.25])
def test_the_branches_of_a_step_sum_to_the_cumulants_of_the_process(process: SpotProcess, dt: float):
    found = branches(process.dynamics(), dt)
    weight = found.probability[0]
    assert weight.sum() == pytest.approx(1.0, abs=1e-14)
    total, spread = found.mean[0].sum(axis=-1), found.covariance[0].sum(axis=(-1, -2))
    mean = (weight * total).sum()
    variance = (weight * (spread + (total - mean) ** 2)).sum()
    np.testing.assert_allclose((mean, variance), process.cumulants(dt, 0.0, xi=0.0)[:2], rtol=1e-10)


def test_a_collapse_keeps_mean_and_covariance_of_what_it_puts_together():
    rng = np.random.default_rng(8)
    roots = rng.normal(size=(4, 3, 3))
    parts = GaussianSum(np.array([0.1, 0.2, 0.3, 0.4]), rng.normal(size=(4, 3)), roots @ roots.swapaxes(1, 2))
    one = collapsed(parts, np.array([0, 1, 0, 1]), 2)
    assert one.weights.tolist() == pytest.approx([0.4, 0.6])
    for group, (share, own) in enumerate((([0.25, 0.75], [0, 2]), ([1 / 3, 2 / 3], [1, 3]))):
        mean = sum(weight * parts.means[i] for weight, i in zip(share, own, strict=True))
        raw = sum(
            weight * (parts.covariances[i] + np.outer(parts.means[i], parts.means[i]))
            for weight, i in zip(share, own, strict=True)
        )
        np.testing.assert_allclose(one.means[group], mean)
        np.testing.assert_allclose(one.covariances[group], raw - np.outer(mean, mean))


def test_an_expected_price_is_the_mean_of_exponentials_over_what_is_uncertain():
    """Against Gauss-Hermite quadrature over X, xi and the basis, whose own law goes on from there."""
    belief = believing(one_regime(), IndexNoise(0.2, 20.0), sd=0.3)
    belief.see_day(0.1)
    belief.see_day(0.05)
    (view,) = belief.views()
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    at = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij")).reshape(3, -1)
    weight = np.einsum("i,j,k->ijk", weights, weights, weights).ravel() / weights.sum() ** 3
    values, vectors = np.linalg.eigh(view.covariance)
    errors = (vectors * np.sqrt(np.maximum(values, 0.0))) @ at
    for years in (DT, 0.1, 0.8):
        left = np.exp(-np.array([KAPPA, 0.0, 20.0]) * years)
        moved = left @ errors + left[2] * view.basis
        own = 0.2**2 * (1.0 - left[2] ** 2)  # variance that the basis gains by then, about its mean
        expected = math.log((weight * np.exp(moved)).sum()) + 0.5 * own - 0.5 * 0.2**2
        assert belief.log_adjustment(view, left[:, np.newaxis])[0] == pytest.approx(expected, abs=1e-9)


def test_a_day_without_a_jump_is_a_diffusion_and_a_day_with_one_holds_its_mean():
    found = branches(one_regime(4.0).dynamics(), DT)
    np.testing.assert_allclose(found.probability[0, 0], [math.exp(-4.0 * DT), -math.expm1(-4.0 * DT)])
    diffused = SIGMA**2 * -math.expm1(-2.0 * KAPPA * DT) / (2.0 * KAPPA)
    assert found.covariance[0, 0, 0, 0, 0] == pytest.approx(diffused, rel=1e-12)
    expected = 4.0 * JUMPS.moment(1) * -math.expm1(-KAPPA * DT) / KAPPA  # of all jumps of a day
    assert found.mean[0, 0, 1, 0] * -math.expm1(-4.0 * DT) == pytest.approx(expected, rel=1e-10)


def reaction(process: SpotProcess, move: float, days: int = 120) -> float:
    """Say by how much a sudden move of the fixing moves the expected long-run factor that day."""
    belief, still = believing(process, QUIET), believing(process, QUIET)
    for _ in range(days):
        belief.see_day(0.0)
        still.see_day(0.0)
    belief.see_day(move)
    still.see_day(0.0)
    return float(belief.mean[1] - still.mean[1]) / move


def test_a_usual_move_is_taken_for_lasting_in_part_and_a_jump_for_passing():
    usual, jump = reaction(one_regime(), 0.01), reaction(one_regime(), 0.15)
    assert 0.75 < usual < 0.9
    assert 0.0 < jump < 0.15


def test_a_move_that_stays_is_believed_in_time_and_one_that_goes_is_forgotten():
    stays, goes = believing(one_regime(0.0), QUIET), believing(one_regime(0.0), QUIET)
    by_day = []
    for day in range(500):
        lasting = 0.0 if day < 100 else 0.05
        stays.see_day(lasting)
        goes.see_day(lasting * math.exp(-KAPPA * DT * (day - 100)))
        by_day.append((stays.mean[1], goes.mean[1]))
    assert by_day[100][0] == by_day[100][1]  # nobody can tell them apart on the first day
    assert by_day[99][0] < 0.01
    assert 0.6 * 0.05 < by_day[100][0] < 0.85 * 0.05
    assert by_day[499][0] > 0.97 * 0.05
    assert abs(by_day[499][1]) < 0.002


def test_stress_shows_itself_in_the_size_of_moves():
    belief = believing(TWO_REGIMES, QUIET)
    rng = np.random.default_rng(3)
    for y in rng.normal(0.0, 0.008, 60).cumsum():
        belief.see_day(float(y))
    calm = belief.regime_probabilities[1]
    for y in rng.normal(0.0, 0.06, 10).cumsum():
        belief.see_day(float(y))
    assert calm < 0.1
    assert belief.regime_probabilities[1] > 0.8


def test_a_day_without_an_index_only_adds_uncertainty():
    belief = believing(one_regime())
    for _ in range(30):
        belief.see_day(0.02)
    mean, covariance = belief.mean, belief.covariance
    belief.see_day(None)
    jumps = 4.0 * JUMPS.moment(1) * -math.expm1(-KAPPA * DT) / KAPPA
    assert belief.mean[0] == pytest.approx(mean[0] * math.exp(-KAPPA * DT) + jumps)
    assert belief.mean[1] == pytest.approx(mean[1])
    assert belief.covariance[1, 1] == pytest.approx(covariance[1, 1] + VOLATILITY**2 * DT)


def test_where_nothing_is_uncertain_what_comes_is_deviation():
    still = MeanRevertingJumpDiffusion(
        KAPPA, 0.0, 0.0, JUMPS, Level(3.0), long_run=LongRunFactor(0.5, 0.0, 0.0)
    )
    belief = believing(still, QUIET, sd=0.0)
    for y in (0.0, 0.1, -0.2):
        belief.see_day(y)
    np.testing.assert_allclose(belief.mean, [-0.2 - 2 * 0.5 * DT, 2 * 0.5 * DT, 0.0], atol=1e-12)
    assert not belief.covariance.any()


def digest_of(belief: PublicBelief) -> str:
    digest = hashlib.sha256()
    belief.update_digest(digest)
    return digest.hexdigest()


def after_evenings(distances, noise: float, process: SpotProcess | None = None) -> PublicBelief:
    belief = believing(one_regime() if process is None else process, futures_noise=noise)
    regimes = len(belief.regime_probabilities)
    for distance in distances:
        belief.see_day(0.0)
        belief.see_evening(np.full(regimes, distance), np.tile((0.25, 1.0, 0.0), (regimes, 1)))
    return belief


def test_infinite_noise_of_futures_is_fixings_only():
    alone = believing(one_regime())
    for _ in range(30):
        alone.see_day(0.0)
    wild = np.random.default_rng(4).normal(0.0, 1.0, 30)
    assert digest_of(after_evenings(wild, math.inf)) == digest_of(alone)
    assert digest_of(after_evenings(wild, 1.0)) != digest_of(alone)


def test_a_premium_that_was_always_there_is_no_news():
    without, with_one = after_evenings(np.zeros(60), 0.5), after_evenings(np.full(60, 0.03), 0.5)
    np.testing.assert_allclose(with_one.mean, without.mean, rtol=1e-12)


def test_pressure_moves_the_belief_by_a_small_part_of_itself_and_for_a_time():
    step = np.repeat([0.0, 0.05], [60, 252])
    moved = [
        after_evenings(step[:days], 1.0).mean[1] - after_evenings(0.0 * step[:days], 1.0).mean[1]
        for days in (80, 312)
    ]
    assert 0.0 < moved[0] < 0.05 * 0.05
    assert moved[1] < 0.2 * moved[0]


def test_futures_that_know_more_are_learnt_from():
    """Fixings stand still, and prices say that the long run is worth more: less noise, more is believed."""
    news = np.repeat([0.0, 0.05], [60, 10])
    less, more = (after_evenings(news, noise) for noise in (1.0, 0.1))
    assert 0.0 < less.mean[1] < 0.005 < more.mean[1]
    assert more.covariance[1, 1] < less.covariance[1, 1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"noise": IndexNoise(-0.1, 20.0)}, "index_noise.sd"),
        ({"noise": IndexNoise(0.1, 0.0)}, "index_noise.kappa"),
        ({"sd": math.nan}, "long_run_sd"),
        ({"futures_noise": 0.0}, "futures_noise"),
    ],
)
def test_numbers_outside_their_domain_are_refused(changes: dict, field: str):
    with pytest.raises(ParameterError, match=field):
        believing(one_regime(), **changes)


def sampled(process: SpotProcess, noise: IndexNoise, sd: float, paths: int, days: int, seed: int):
    """Draw paths of the state from the start belief: what is seen, xi and the regime by path and day."""
    rng = np.random.default_rng(seed)
    drawn = process.simulate_factors(np.arange(days + 1) * DT, paths, rng)
    error = sd * rng.standard_normal((paths, 1))
    basis = np.empty((days + 1, paths))
    basis[0] = noise.sd * rng.standard_normal(paths)
    kept = math.exp(-noise.kappa * DT)
    for day in range(days):
        shock = noise.sd * math.sqrt(1.0 - kept**2) * rng.standard_normal(paths)
        basis[day + 1] = kept * basis[day] + shock
    x = drawn.x - error * np.exp(-KAPPA * DT * np.arange(days + 1))
    xi = drawn.xi + error
    return x + xi + basis.T - 0.5 * noise.sd**2, xi, drawn.regime


@pytest.mark.verify
@pytest.mark.parametrize(
    ("process", "paths"), [(one_regime(), 400), (one_regime(correlation=0.5), 400), (TWO_REGIMES, 250)]
)
def test_the_belief_is_as_sure_as_it_is_right(process: SpotProcess, paths: int):
    """Standardised errors of xi have mean 0 (4 standard errors over paths) and sd 1 (to 6 %)."""
    seen, xi, regimes = sampled(process, NOISY, 0.06, paths, 200, seed=11)
    errors, stressed = np.empty((paths, 200 - 21)), []
    for path in range(paths):
        belief = believing(process)
        for day in range(200):
            belief.see_day(float(seen[path, day]))
            if day >= 21:
                sd = math.sqrt(belief.covariance[1, 1])
                errors[path, day - 21] = (belief.mean[1] - xi[path, day]) / sd
                stressed.append((belief.regime_probabilities[-1], regimes[path, day]))
    by_path = errors.mean(axis=1)
    assert abs(by_path.mean()) < 4.0 * by_path.std() / math.sqrt(paths)
    assert errors.std() == pytest.approx(1.0, abs=0.06)
    if len(process.dynamics().regimes) > 1:
        believed, true = np.array(stressed).T
        for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
            among = (believed >= low) & (believed <= high)
            assert believed[among].mean() == pytest.approx(true[among].mean(), abs=0.05)


def sums_of_jumps(intensity: float, particles: int, rng: np.random.Generator):
    """Draw what the jumps of a day add, far more and larger ones than there are, and the weight of each."""
    usual, drawn = intensity * DT, 0.7
    counts = rng.poisson(drawn, particles)
    log_weight = counts * math.log(usual / drawn) + drawn - usual
    total = np.zeros(particles)
    for number in range(counts.max()):
        has = np.flatnonzero(counts > number)
        up = rng.random(has.size) < 0.5
        eta = np.where(up, JUMPS.eta_up, JUMPS.eta_down)
        size = rng.standard_exponential(has.size) / (0.5 * eta)
        chance = np.where(up, JUMPS.p_up, 1.0 - JUMPS.p_up)
        log_weight[has] += np.log(chance / 0.25) - 0.5 * eta * size
        total[has] += np.where(up, size, -size) * np.exp(-KAPPA * DT * rng.random(has.size))
    return total, log_weight


@pytest.mark.verify
@pytest.mark.parametrize("intensity", [4.0, 30.0])
def test_it_agrees_with_a_particle_filter(intensity: float):
    """Particle filter of 50,000, jumps drawn by importance, on eight paths of 60 days seen with noise of 1 %.

    The mean of xi agrees to .15 of its uncertainty (root mean square), the uncertainty to 5 %: between
    them are the collapse to one Gaussian and the Gaussian in place of a jump's own law.
    """
    process, noise = one_regime(intensity), IndexNoise(0.01, 1e4)  # independent from day to day
    particles, rng = 50_000, np.random.default_rng(5)
    seen, _, _ = sampled(process, noise, 0.06, 8, 60, seed=6)
    gaps, ratios, kept = [], [], math.exp(-KAPPA * DT)
    diffused = SIGMA * math.sqrt((1.0 - kept**2) / (2.0 * KAPPA))
    for path in seen:
        error = 0.06 * rng.standard_normal(particles)
        x, xi, belief = -error, error.copy(), believing(process, noise)
        for day, y in enumerate(path):
            log_weight = np.zeros(particles)
            if day > 0:
                jumped, log_weight = sums_of_jumps(intensity, particles, rng)
                x = kept * x + diffused * rng.standard_normal(particles) + jumped
                xi = xi + VOLATILITY * math.sqrt(DT) * rng.standard_normal(particles)
            log_weight -= 0.5 * ((y + 0.5 * noise.sd**2 - x - xi) / noise.sd) ** 2
            weight = np.exp(log_weight - log_weight.max())
            chosen = rng.choice(particles, particles, p=weight / weight.sum())
            x, xi = x[chosen], xi[chosen]
            belief.see_day(float(y))
            if day >= 10:
                gaps.append((belief.mean[1] - xi.mean()) / xi.std())
                ratios.append(math.sqrt(belief.covariance[1, 1]) / xi.std())
    assert math.sqrt(np.mean(np.square(gaps))) < 0.15
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)
