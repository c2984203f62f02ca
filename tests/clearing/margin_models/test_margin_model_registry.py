"""Models by name, also a user's own."""

import numpy as np
import pytest
from margin_days import basis, day, random_moves, usd

from abm.clearing.margin_models import (
    FlatMargin,
    margin_model,
    margin_model_names,
    register_margin_model,
    registry,
    wrap_margin_model,
)
from abm.core.errors import ParameterError


@pytest.fixture(autouse=True)
def own_names(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTERED", {})


def test_the_built_in_models_are_there_by_name():
    assert margin_model_names() == ("flat", "ewma", "filtered_historical", "scan")
    for name in margin_model_names():
        model = margin_model(name, basis(random_moves(1, 400)))
        model.observe(day(1_000, 1_000, 1_000))
        assert (model.per_lot_usd_micro() > 0).all()


def test_an_own_model_is_used_by_its_name_and_wrapped_like_any_other():
    class Tenth(FlatMargin):
        def __init__(self, basis, *, rate_bps=1_000):
            super().__init__(basis, buckets=[(0, rate_bps)])

    register_margin_model("tenth", Tenth)
    assert margin_model_names()[-1] == "tenth"
    own = margin_model("tenth", basis(), rate_bps=2_000)
    for wrapper in ("buffer", "concentration"):
        own = wrap_margin_model(wrapper, own, basis())
    own.observe(day(1_000, 1_000, 1_000))
    assert usd(own.per_lot_usd_micro()) == [250, 250, 250]
    register_margin_model("tenth", FlatMargin)
    assert type(margin_model("tenth", basis(), buckets=[(0, 5)])) is FlatMargin


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: margin_model("span", basis()), "'span' is not one of flat, ewma, filtered_historical, scan"),
        (lambda: register_margin_model("flat", FlatMargin), "'flat' is empty or one of the built-in"),
        (
            lambda: wrap_margin_model("cap", None, basis()),
            "'cap' is not one of buffer, stressed_weight, floor",
        ),
        (
            lambda: margin_model("ewma", basis(), lookback_days=3),
            "margin.lookback_days: ewma has no such parameter; it has confidence, mpor_days, decay, learns",
        ),
        (lambda: margin_model("scan", basis(), spread_charge=3), "margin.spread_charge: scan has no such"),
        (lambda: wrap_margin_model("floor", None, basis(), rate=3), "margin.rate: floor has no such"),
    ],
)
def test_a_mistake_is_answered_with_what_is_allowed(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_scan_takes_its_charges_by_name_and_ranges_from_rates_or_from_volatility():
    history = random_moves(2, 100)
    rated = margin_model("scan", basis(history), buckets=[(2, 1_000)], delivery_charge_bps=0)
    rated.observe(day(1_000, 1_000, 1_000))
    assert usd(rated.per_lot_usd_micro()) == [100, 100, 100]
    volatile = margin_model("scan", basis(history), delivery_charge_bps=0, mpor_days=3)
    plain = margin_model("ewma", basis(history), mpor_days=3)
    for model in (volatile, plain):
        model.observe(day(1_000, 1_000, 1_000))
    assert np.array_equal(volatile.per_lot_usd_micro(), plain.per_lot_usd_micro())
