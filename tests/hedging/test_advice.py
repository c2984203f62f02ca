"""Which programme is recommended: by worst bill, within the money, the cheaper of two that are level."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from company import DEMAND_EXPLOSION

from abm.core.errors import ParameterError
from abm.hedging import (
    CompanyNeeds,
    CompanyTerms,
    FixedPrice,
    Frictions,
    HedgeStudy,
    Need,
    ProviderBasis,
    QuantityRisk,
    advise,
    company_study,
)
from abm.hedging.result import HedgeResult

PATHS = 400
STUDY = HedgeStudy(
    DEMAND_EXPLOSION,
    ["strip", "strip:0.5", "fixed_price:0.10"],
    basis=ProviderBasis(0.05),
    frictions=Frictions(half_spread=0.002),
    paths=PATHS,
)


@pytest.fixture(scope="module")
def result() -> HedgeResult:
    return STUDY.run()


def with_bills(result: HedgeResult, **bills: np.ndarray) -> HedgeResult:
    """The same study with other bills of some programmes, each in its first month."""
    programmes = dict(result.programmes)
    for name, bill in bills.items():
        name = name.replace("half", "strip:0.5").replace("plan", "fixed_price:0.10")
        months = np.zeros_like(result.bill_usd)
        months[0] = bill
        programmes[name] = replace(programmes[name], bill_usd=months)
    return replace(result, programmes=programmes)


def test_the_lowest_worst_bill_is_taken_and_the_next_is_the_runner_up(result):
    level = np.linspace(100.0, 200.0, PATHS)
    advice = advise(with_bills(result, none=level, strip=level - 30, half=level - 20, plan=level - 10))
    assert (advice.programme, advice.runner_up, advice.tied) == ("strip", "strip:0.5", ())
    assert list(advice.standings) == ["strip", "strip:0.5", "fixed_price:0.10", "none"]
    best = advice.standings["strip"]
    assert best.worst_bill_usd == pytest.approx(np.quantile(level, 0.99) - 30)
    assert best.expected_bill_usd == pytest.approx(120.0)


def test_of_two_that_cannot_be_told_apart_the_cheaper_is_taken(result):
    rng = np.random.default_rng(1)
    level = rng.lognormal(4.0, 0.4, PATHS)
    noisy = level + rng.normal(0.0, 5.0, PATHS)  # its worst bill differs by chance alone
    advice = advise(with_bills(result, none=2 * level, strip=level - 0.01, half=noisy - 1.0, plan=3 * level))
    assert advice.programme == "strip:0.5"
    assert advice.tied == ("strip",)
    assert advice.runner_up == "strip"
    certain = advise(with_bills(result, none=2 * level, strip=level - 0.01, half=level, plan=3 * level))
    assert (certain.programme, certain.tied) == ("strip", ())  # a gap that is the same on every path


def test_what_the_money_does_not_carry_is_not_taken_however_low_its_worst_bill(result):
    level = np.linspace(100.0, 200.0, PATHS)
    bills = with_bills(result, none=level, strip=level - 30, half=level - 20, plan=level - 10)
    for short_paths, carried in ((4, True), (5, False)):  # 1 % of 400 paths may run out
        short = np.full(PATHS, -1)
        short[:short_paths] = 20
        programmes = bills.programmes | {"strip": replace(bills["strip"], short_day=short)}
        advice = advise(replace(bills, programmes=programmes))
        assert advice.standings["strip"].is_carried is carried
        assert advice.programme == ("strip" if carried else "strip:0.5")
        assert advice.standings["strip"].out_of_money_share == short_paths / PATHS


def test_without_money_nothing_that_trades_is_carried():
    study = STUDY.replace(programmes=["strip", "rolling:2"], frictions=Frictions(cash_usd=0.0), paths=100)
    advice = advise(study.run())
    assert (advice.programme, advice.runner_up, advice.money_usd) == ("none", None, 0.0)
    assert not advice.standings["strip"].is_carried


def test_what_limits_a_programme_is_what_a_study_without_it_finds(result):
    limits = advise(result).limits.set_index("part")
    assert set(limits["programme"]) == {advise(result).programme} == {"strip"}
    assert set(limits.index) == {"the provider's basis", "spread, fees and funding"}
    present = np.quantile(result.horizon_bill("strip"), 0.99)
    for part, changed in {
        "the provider's basis": STUDY.replace(basis=ProviderBasis()),
        "spread, fees and funding": STUDY.replace(frictions=Frictions()),
    }.items():
        bill = changed.run().horizon_bill("strip")
        assert limits.loc[part, "worst_bill_usd"] == np.quantile(bill, 0.99)
        assert limits.loc[part, "change_usd"] == pytest.approx(np.quantile(bill, 0.99) - present)
    assert limits.index[0] == "the provider's basis"  # without spread a strip would cost a little less
    assert (limits["change_usd"] < 0.0).all()


def test_up_to_the_break_even_markup_a_fixed_price_is_the_better_choice():
    study = STUDY.replace(programmes=["strip"], need=Need(1_000.0, QuantityRisk(0.3)))
    advice = advise(study.run())
    assert advice.futures_programme == "strip"
    worst = {}
    for markup in (advice.break_even_markup - 0.001, advice.break_even_markup + 0.001):
        plan = FixedPrice(markup)
        worst[markup] = np.quantile(study.replace(programmes=[plan]).run().horizon_bill(plan.name), 0.99)
    below, above = worst.values()
    assert below < advice.standings["strip"].worst_bill_usd < above


def test_a_confidence_outside_its_domain_is_refused(result):
    for confidence in (0.4, 1.0, math.nan):
        with pytest.raises(ParameterError, match=r"confidence: .* is not in \[0.5, 1\)"):
            advise(result, confidence)


def test_a_company_spends_its_sum_in_the_first_month_at_the_price_of_day_zero():
    basis = ProviderBasis(0.02, multiple=1.25)
    terms = CompanyTerms(spend_usd=1e6, months=6, cash_usd=2e5, credit_usd=1e5, basis=basis, half_spread=0.01)
    study = company_study("plain", ["strip"], terms, paths=10, seed=3)
    price = study.process.level.initial_price_usd * 1.25
    assert study.demand.by_month(study.listing) == pytest.approx([1e6 / price] * 6)
    assert (study.frictions.funds_usd, study.frictions.half_spread) == (3e5, 0.01)
    assert (study.basis, study.paths, study.seed) == (basis, 10, 3)
    assert study.frictions.fee_usd_per_lot > 0.0
    assert study.frictions.whole_lots


def test_needs_by_month_set_the_horizon():
    needs = CompanyNeeds(np.array([1e4, 0.0, 3e4]), {}, "2027-01")
    study = company_study("plain", [FixedPrice()], CompanyTerms(needs=needs))
    assert study.listing.horizon_months == 3
    assert study.demand.by_month(study.listing).tolist() == [1e4, 0.0, 3e4]


def test_who_has_money_without_end_gives_nothing_up():
    study = company_study("plain", ["strip"], CompanyTerms(spend_usd=1e6))
    assert not study.frictions.is_limited
    changed = study.replace(frictions=replace(study.frictions, cash_usd=1e5))
    assert changed.frictions.is_limited


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        ({}, "spend and needs: neither is not one of them"),
        ({"spend_usd": 0.0}, r"spend: 0.0 is not in \(0, 1e\+12\] USD a month"),
        ({"spend_usd": math.nan}, "spend: nan is not in"),
        ({"spend_usd": "1e6"}, "spend: '1e6' is not a number"),
        ({"spend_usd": 1.0, "cash_usd": -1.0}, "cash: -1.0 is not >= 0 USD"),
        ({"spend_usd": 1.0, "cash_usd": math.nan}, "cash: nan is not >= 0 USD"),
        ({"spend_usd": 1.0, "credit_usd": 1.0}, "credit: 1.0 is not 0 where cash is not limited"),
        ({"spend_usd": 1.0, "cash_usd": 0.0, "credit_usd": math.inf}, "credit: inf is not >= 0 USD"),
        ({"spend_usd": 1.0, "half_spread": 0.6}, r"half_spread: 0.6 is not in \[0, 0.5\]"),
        ({"needs": CompanyNeeds(np.ones(2), {}, "1"), "months": 3}, "months: 3 is not 2, as in the needs"),
    ],
)
def test_impossible_terms_are_refused(terms, complaint):
    with pytest.raises(ParameterError, match=complaint):
        CompanyTerms(**terms)
