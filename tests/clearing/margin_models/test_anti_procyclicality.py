"""Buffer, stressed weight and floor around any model (EMIR RTS 153/2013, Art. 28)."""

import numpy as np
import pytest
from margin_days import alternating, basis, day, lots, market, observed, random_moves

from abm.clearing.margin_models import Buffer, EwmaMargin, FlatMargin, Floor, StressedWeight, margin_model
from abm.clearing.margin_models import wrap_margin_model as wrap
from abm.core.errors import ParameterError

SHOWN = day(1_000, 1_000, 1_000)


class Stepping:
    """A model whose rate is set by hand: 10 % of the price times a multiple."""

    def __init__(self):
        self.multiple = 1.0
        self._days = []

    def observe(self, shown):
        self._days.append(shown)
        self._flat = FlatMargin(basis(), buckets=[(2, round(1_000 * self.multiple))])
        self._flat.observe(shown)

    def per_lot_usd_micro(self):
        return self._flat.per_lot_usd_micro()

    def per_account_usd_micro(self, position_lots):
        return self._flat.per_account_usd_micro(position_lots)

    def update_digest(self, digest):
        self._flat.update_digest(digest)


def fixed(multiple):
    model = Stepping()
    model.multiple = multiple
    return model


def course(tool, multiples):
    """Margin of an account on each day of such requirements, over the unprotected one of a calm day."""
    model = Stepping()
    protected = tool(model)
    ratios = []
    for multiple in multiples:
        model.multiple = multiple
        protected.observe(SHOWN)
        account, per_lot = (
            protected.per_account_usd_micro(lots([0, 7, 0]))[0],
            protected.per_lot_usd_micro()[1],
        )
        assert account == 7 * per_lot
        ratios.append(per_lot / (100 * 10**6))
    return ratios


@pytest.mark.parametrize(
    ("tool", "calm", "stressed", "step"),
    [
        (lambda model: model, 1.0, 2.0, 2.00),
        (lambda model: Buffer(model, basis()), 1.25, 2.0, 1.60),
        (lambda model: StressedWeight(model, fixed(3.0)), 1.5, 2.25, 1.50),
        (lambda model: Floor(model, fixed(1.5)), 1.5, 2.0, 1.33),
    ],
    ids=["none", "buffer", "stressed_weight", "floor"],
)
def test_a_step_to_twice_the_requirement(tool, calm, stressed, step):
    assert course(tool, [1.0, 1.0, 2.0]) == [calm, calm, stressed]
    assert round(stressed / calm, 2) == step


def test_the_buffer_is_released_in_a_straight_line_and_comes_back():
    def tool(model):
        return Buffer(model, basis(), release_from=1.2, release_at=1.6, average_decay=1.0 - 1e-9)

    ratios = course(tool, [1.0, 1.2, 1.3, 1.4, 1.6, 3.0, 1.0])
    assert ratios == pytest.approx([1.25, 1.2 * 1.25, 1.3 * 1.1875, 1.4 * 1.125, 1.6, 3.0, 1.25], rel=1e-6)


def test_a_requirement_never_falls_while_risk_rises():
    def tool(model):
        return Buffer(model, basis(), release_from=1.5, release_at=2.0, average_decay=1.0 - 1e-9)

    rising = [course(tool, [1.0, stress])[1] for stress in np.arange(1.0, 2.6, 0.01)]
    assert min(np.diff(rising)) >= -2e-6  # the buffer is kept in millionths
    with pytest.raises(ParameterError, match="would fall while risk rises"):
        Buffer(Stepping(), basis(), release_from=1.51, release_at=2.0)


def test_a_higher_level_that_lasts_becomes_the_new_calm():
    def tool(model):
        return Buffer(model, basis(), average_decay=0.9)

    ratios = course(tool, [1.0] * 5 + [2.0] * 60)
    assert ratios[5] == 2.0
    assert ratios[-1] == pytest.approx(2.5, rel=0.01)


def test_the_buffer_does_not_mind_prices_or_fixings():
    """The level is per dollar at risk: a cheaper contract or a nearly fixed front month is no calm."""
    buffered = Buffer(margin_model("ewma", basis(alternating(0.02, 100))), basis())
    held = []
    for price, share in [(1_000, 10_000), (400, 5_000), (5_000, 500)]:
        shown = day(price, price, price, share=(share, 10_000, 10_000), months=(price, price + 1, price + 2))
        buffered.observe(shown)
        held.append(buffered.held_share)
    assert held == [0.25] * 3


def test_invariant_28_a_floor_never_lowers_margin():
    history = random_moves(21, 400)
    days = market(2.0 * random_moves(22, 60), start=5_000)
    portfolios = np.random.default_rng(23).integers(-9, 9, (40, 3))
    for name, parameters in {
        "flat": {"buckets": [(2, 900)]},
        "ewma": {},
        "filtered_historical": {},
        "scan": {},
    }.items():
        plain = margin_model(name, basis(history), **parameters)
        floored = wrap("floor", margin_model(name, basis(history), **parameters), basis(history))
        raised = 0
        for shown in days:
            plain.observe(shown), floored.observe(shown)
            assert (floored.per_lot_usd_micro() >= plain.per_lot_usd_micro()).all()
            gap = floored.per_account_usd_micro(portfolios) - plain.per_account_usd_micro(portfolios)
            assert (gap >= 0).all()
            raised += int((gap > 0).sum())
        assert raised > 0, name


def test_the_floor_is_the_margin_of_ten_years_of_volatility():
    calm_after_wild = np.concatenate(
        [alternating(0.09, 500), alternating(0.04, 2_000), alternating(0.01, 520)]
    )
    floored = wrap("floor", margin_model("ewma", basis(calm_after_wild)), basis(calm_after_wild))
    floored.observe(SHOWN)
    ten_years = np.sqrt(np.mean(np.square(calm_after_wild[-2_520:, 1])))
    plain = observed(margin_model("ewma", basis(alternating(float(ten_years), 60))), [SHOWN])
    assert floored.per_lot_usd_micro() == pytest.approx(plain.per_lot_usd_micro(), rel=1e-6)


def test_the_stressed_margin_is_that_of_the_most_volatile_250_days():
    history = np.concatenate([alternating(0.01, 300), alternating(0.04, 250), alternating(0.01, 300)])
    weighted = wrap(
        "stressed_weight", margin_model("ewma", basis(history)), basis(history), weight_bps=10_000
    )
    weighted.observe(SHOWN)
    stressed = observed(EwmaMargin(basis(alternating(0.04, 60))), [SHOWN])
    assert weighted.per_lot_usd_micro() == pytest.approx(stressed.per_lot_usd_micro(), rel=1e-9)


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (lambda: Buffer(Stepping(), basis(), buffer_bps=-1), "buffer_bps: -1"),
        (lambda: Buffer(Stepping(), basis(), release_from=0.9), "release_from: 0.9"),
        (lambda: Buffer(Stepping(), basis(), release_from=2.0), "release_from: 2.0"),
        (lambda: Buffer(Stepping(), basis(), average_decay=1.0), "average_decay: 1.0"),
        (lambda: StressedWeight(Stepping(), Stepping(), weight_bps=10_001), "weight_bps: 10001"),
    ],
)
def test_a_tool_that_makes_no_sense_is_refused(tool, message):
    with pytest.raises(ParameterError, match=message):
        tool()
