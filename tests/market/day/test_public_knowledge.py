"""What traders know of the long run and of the regime: everything, or what fixings and futures tell."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest

from abm.market import TokenFuturesMarket, run
from abm.market.assembly.foundations import lay_foundations
from abm.market.day.private_signals import tomorrows_values_ticks
from abm.market.day.spot_desk import SpotDesk
from abm.scenario import Scenario
from abm.spot.process.process import SpotState

LASTING = {"spot.long_run.volatility": 0.22, "spot.sigma": 0.15}
STRESS = {"spot.stress.entries_per_year": 6.0, "spot.stress.level": 0.3}
FILTERED = {"spot.knowledge": "filtered"}
FIXINGS_ONLY = {"spot.belief.futures_noise": "fixings_only"}
SURE = FILTERED | {"spot.belief.index_noise": 0.0, "spot.belief.long_run_sd": 0.0}
QUICK = {
    "calendar.rounds_per_day": 4, "run.days": 4, "calendar.days_per_month": 7,
    "agents.noise.count": 20, "agents.enterprises.count": 8, "recording.profile": "summary",
}  # fmt: skip


def scenario(changes: dict[str, object]) -> Scenario:
    return Scenario.load("plain").replace(QUICK | changes)


def desk_of(changes: dict[str, object], seed: int = 1) -> SpotDesk:
    return lay_foundations(scenario(changes), seed).desk


def walked(market: TokenFuturesMarket, days: int) -> TokenFuturesMarket:
    for _ in range(days * market.clock.calendar.rounds_per_day):
        market.step()
    return market


def market_of(changes: dict[str, object]) -> TokenFuturesMarket:
    return TokenFuturesMarket(scenario(changes), rng=1)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"spot.long_run.drift": -0.4, "spot.premium.diffusion": 0.3},
        {"spot.dislocation.size": -0.2, "spot.level_shift.log_size": 0.4, "spot.level_shift.foreseen": True},
    ],
    ids=["plain", "drift and premium", "shift and dislocation"],
)
def test_where_nothing_is_uncertain_the_filtered_curve_is_the_exact_one(changes: dict[str, object]):
    exact, filtered = desk_of(changes), desk_of(changes | SURE)
    for day in range(30):
        if day > 0:
            exact.advance_to(day)
            filtered.advance_to(day)
        np.testing.assert_allclose(
            filtered.model_curve_usd(day, 12), exact.model_curve_usd(day, 12), rtol=1e-12
        )


def test_the_path_of_prices_does_not_depend_on_what_is_known_of_it():
    changes = LASTING | STRESS
    exact, filtered = desk_of(changes), desk_of(changes | FILTERED)
    for day in range(1, 60):
        assert exact.advance_to(day) == filtered.advance_to(day)
    assert exact.state == filtered.state


def disguised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Split the price of every market built from now on into other parts with the same sum."""
    step = SpotDesk._step_price

    def stepped(desk: SpotDesk, dt: float) -> None:
        desk._state = getattr(desk, "_true_state", desk._state)
        step(desk, dt)
        desk._true_state = desk._state
        x, xi, regime = desk._state
        desk._state = SpotState(x - 0.125, xi + 0.125, 1 - regime)

    monkeypatch.setattr(SpotDesk, "_step_price", stepped)


@pytest.mark.parametrize("more", [{}, FIXINGS_ONLY], ids=["with futures", "fixings only"])
def test_nothing_that_anybody_sees_depends_on_how_the_price_splits(
    more: dict[str, object], monkeypatch: pytest.MonkeyPatch
):
    changes = LASTING | STRESS | FILTERED | more
    plain = walked(market_of(changes), 4)
    before = plain.desk.state
    disguised(monkeypatch)
    other = walked(market_of(changes), 4)
    assert other.desk.state.xi == pytest.approx(before.xi + 0.125)
    assert other.state_hash() == plain.state_hash()
    assert other.public_view().months.tolist() == plain.public_view().months.tolist()
    for seen in ("expected_settlement_usd", "expected_month_mean_usd", "model_curve_usd"):
        assert getattr(other.desk, seen)(3, 12).tolist() == getattr(plain.desk, seen)(3, 12).tolist()


def test_with_exact_knowledge_the_split_is_seen(monkeypatch: pytest.MonkeyPatch):
    plain = walked(market_of(LASTING | STRESS), 2)
    disguised(monkeypatch)
    assert walked(market_of(LASTING | STRESS), 2).state_hash() != plain.state_hash()


def far_moves(changes: dict[str, object], start: SpotState, later: SpotState) -> float:
    """Say by how much the month eleven months ahead moves in a day, in logs."""
    desk = desk_of({"index.method": "process", "spot.trend_per_year": 0.0} | LASTING | changes)
    for day in range(1, 40):
        _set(desk, start, day)
    before = desk.model_curve_usd(39, 12)[11]
    _set(desk, later, 40)
    return float(np.log(desk.model_curve_usd(40, 12)[11] / before))


def _set(desk: SpotDesk, state: SpotState, day: int) -> None:
    desk._step_price = lambda dt: setattr(desk, "_state", state)  # type: ignore[method-assign]
    desk.advance_to(day)


def test_who_must_guess_moves_far_months_alike_for_what_passes_and_what_stays():
    rest, passing, lasting = SpotState(0.0), SpotState(0.02, 0.0), SpotState(0.0, 0.02)
    knows = [far_moves({}, rest, later) for later in (passing, lasting)]
    guesses = [far_moves(FILTERED, rest, later) for later in (passing, lasting)]
    usual = far_moves(FILTERED, rest, rest)
    assert knows[0] < 0.25 * 0.02
    assert knows[1] == pytest.approx(0.02, rel=0.02)
    assert guesses[0] == pytest.approx(guesses[1], abs=1e-7)  # a fixing is rounded
    assert knows[0] < guesses[0] - usual < knows[1]


def test_the_belief_is_in_the_hash_and_so_are_the_evenings_it_has_seen():
    both, fixings = (walked(market_of(LASTING | FILTERED | more), 3) for more in ({}, FIXINGS_ONLY))
    assert both.desk.belief.covariance[1, 1] < fixings.desk.belief.covariance[1, 1]
    hashed = both.state_hash()
    both.desk.belief._usual += 1e-12
    assert both.state_hash() != hashed


@pytest.mark.parametrize("way", ["fork", "file"])
def test_a_copied_or_saved_market_believes_the_same_and_goes_the_same_way(way: str, tmp_path: Path):
    market = walked(market_of(LASTING | STRESS | FILTERED), 2)
    if way == "fork":
        twin = market.fork()
    else:
        twin = TokenFuturesMarket.load(market.save(tmp_path / "market"))
    assert twin.desk._forwards._belief is twin.desk.belief is not market.desk.belief
    assert walked(twin, 2).state_hash() == walked(market, 2).state_hash()


def test_the_informed_know_the_curve_that_tomorrows_fixing_will_make_public():
    market = walked(market_of(LASTING | FILTERED | FIXINGS_ONLY), 2)
    market.observe()
    hashed, signal = market.state_hash(), tomorrows_values_ticks(market)
    assert market.state_hash() == hashed
    walked(market, 1)
    market.observe()
    np.testing.assert_allclose(market.curve.months["model_ticks"], signal, rtol=1e-12)


def test_a_month_that_has_not_traded_and_the_front_month_teach_nothing():
    desk = desk_of(LASTING | FILTERED | {"spot.belief.futures_noise": 0.01})
    curve = desk.model_curve_usd(0, 12)
    for _ in range(2):  # the first evening only says what is usual
        twin = copy.deepcopy(desk)
        front = np.zeros(12, dtype=np.bool_)
        front[0] = True
        twin.see_settlements(0, 1.2 * curve, front)
        twin.see_settlements(0, 1.2 * curve, np.zeros(12, dtype=np.bool_))
        assert twin.belief.mean.tolist() == desk.belief.mean.tolist()
        desk.see_settlements(0, curve, np.ones(12, dtype=np.bool_))
    desk.see_settlements(0, 1.2 * curve, np.ones(12, dtype=np.bool_))
    assert desk.belief.mean[1] > 0.05


def test_an_evening_is_weighed_by_how_the_curve_answers_to_each_factor():
    """The slopes handed to the filter are those of the log curve, found by bumping the belief."""
    desk = desk_of(LASTING | FILTERED | {"contract.final_fixings": 3})
    seen: list[np.ndarray] = []
    desk.belief.see_evening = lambda distance, slopes: seen.extend((distance, slopes))  # type: ignore
    curve, used = desk.model_curve_usd(0, 12), np.arange(12) % 3 == 1
    desk.see_settlements(0, 1.1 * curve, used)
    distance, slopes = seen
    assert distance == pytest.approx(math.log(1.1))
    for factor in range(3):
        bumped = copy.deepcopy(desk)
        bumped.belief._belief.means[:, factor] += 1e-6
        moved = np.log(bumped.model_curve_usd(0, 12) / curve)[used].mean() / 1e-6
        assert slopes[0, factor] == pytest.approx(moved, rel=1e-4)


def test_what_is_uncertain_raises_expected_prices_by_half_its_variance():
    desk = desk_of(LASTING | FILTERED)
    surer = desk.model_curve_usd(0, 12)
    desk.belief._belief.covariances[:, 1, 1] += 0.02
    np.testing.assert_allclose(np.log(desk.model_curve_usd(0, 12) / surer)[1:], 0.01, rtol=1e-9)


def test_the_noise_of_the_index_is_that_of_its_quotes():
    desk = desk_of(FILTERED)
    rng = np.random.default_rng(1)
    weights = desk.quotes.index_weights
    logs = np.log([weights @ desk.quotes.advance(1.0, 1.0, rng) for _ in range(4_000)])
    noise = desk.belief.index_noise
    assert logs.std() == pytest.approx(noise.sd, rel=4.0 / math.sqrt(8_000))
    assert logs.mean() == pytest.approx(-0.5 * noise.sd**2, abs=4.0 * noise.sd / math.sqrt(4_000))
    assert desk_of(FILTERED | {"index.method": "process"}).belief.index_noise.sd == 0.0


def test_without_a_premium_what_is_priced_is_what_is_expected():
    for more in ({}, FILTERED):
        desk = desk_of(LASTING | more)
        assert desk.expected_settlement_usd(0, 12).tolist() == desk.model_curve_usd(0, 12).tolist()


@pytest.mark.parametrize("more", [{}, FILTERED], ids=["exact", "filtered"])
def test_a_premium_is_in_the_model_price_and_not_in_the_expectation(more: dict[str, object]):
    plain, asked = (desk_of(LASTING | more | changes) for changes in ({}, {"spot.premium.long_run": 0.1}))
    expected = asked.expected_settlement_usd(0, 12)
    np.testing.assert_allclose(expected, plain.expected_settlement_usd(0, 12), rtol=1e-12)
    days = np.arange(11 * 7, 12 * 7) / (12 * 7)
    ratio = asked.model_curve_usd(0, 12)[11] / expected[11]
    assert math.log(ratio) == pytest.approx(-0.1 * days.mean(), rel=0.02)


def test_a_run_says_what_was_expected_of_each_month_and_day():
    result = run(scenario(LASTING | FILTERED | {"run.days": 8, "spot.premium.long_run": 0.5}), seed=1)
    daily = result.tables["daily"]
    final = daily[daily["final"]]
    tick_usd = result.manifest["contract"]["tick_size_usd_micro"] / 1e6
    np.testing.assert_allclose(final["expected_usd"], final["settlement_ticks"] * tick_usd, atol=tick_usd)
    day_3 = daily[daily["day"] == 3]
    log_model = np.log(day_3["model_ticks"].astype(float) * tick_usd)
    gap = np.log(day_3["expected_usd"]) - log_model  # fixings of later months are as far ahead on average
    np.testing.assert_allclose(gap[1:], 0.5 * day_3["tenor"][1:] * 7 / 84, atol=5e-3)


@pytest.mark.verify
@pytest.mark.parametrize("changes", [LASTING, LASTING | STRESS], ids=["one regime", "with stress"])
def test_no_month_is_expected_to_change_its_price(changes: dict[str, object]):
    """Over 500 paths the mean change of expected settlements in 20 days is zero, to 4 standard errors."""
    certain = FILTERED | {"spot.belief.long_run_sd": 0.0}  # as certain as the scenario's own start is
    first = desk_of(changes | certain | {"index.method": "process"})
    start = first.expected_settlement_usd(0, 10)
    changed = np.empty((500, 3))
    for path, rng in enumerate(np.random.default_rng(7).spawn(500)):
        desk = copy.deepcopy(first)
        desk._spot_stream = rng
        for day in range(1, 21):
            desk.advance_to(day)
        changed[path] = desk.expected_settlement_usd(20, 8)[[1, 3, 6]] / start[[3, 5, 8]] - 1.0
    assert (np.abs(changed.mean(axis=0)) < 4.0 * changed.std(axis=0) / math.sqrt(500)).all()
    assert (changed.std(axis=0) > 0.03).all()
