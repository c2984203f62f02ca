"""Programmes as words of a command line, and words that stand for nothing."""

from __future__ import annotations

import pytest
from company import DEMAND_EXPLOSION
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.hedging import CommittedSpend, FixedPrice, FuturesHedge, HedgeStudy, Listing, parse_programme


@pytest.mark.parametrize(
    ("word", "programme"),
    [
        ("none", FuturesHedge("none")),
        ("strip", FuturesHedge("strip")),
        ("strip:0.8", FuturesHedge("strip", coverage=0.8)),
        ("layered", FuturesHedge("layered", near_ratio=0.75, mid_ratio=0.5, far_ratio=0.25)),
        ("layered:0.9/0.6/0.1", FuturesHedge("layered", near_ratio=0.9, mid_ratio=0.6, far_ratio=0.1)),
        ("rolling:2", FuturesHedge("rolling", lead_months=2)),
        ("rolling:3:0.7", FuturesHedge("rolling", lead_months=3, coverage=0.7)),
        ("stack", FuturesHedge("stack")),
        ("stack:scaled", FuturesHedge("stack", stack_scaling="kappa")),
        ("stack:4", FuturesHedge("stack", stack_scaling=4.0)),
        ("minimum_variance", FuturesHedge("minimum_variance")),
        ("minimum_variance:0.5", FuturesHedge("minimum_variance", coverage=0.5)),
        ("fixed_price:0.05", FixedPrice(0.05)),
        ("committed_spend", CommittedSpend()),
        ("committed_spend:0.2:0.9", CommittedSpend(0.2, 0.9)),
        ("strip:0.8+band:0.05", FuturesHedge("strip", coverage=0.8, band_share=0.05)),
        ("stack+band:0.1+tail:0.04", FuturesHedge("stack", band_share=0.1, tail_rate=0.04)),
    ],
)
def test_a_word_stands_for_its_programme_and_names_it(word, programme):
    parsed = parse_programme(word)
    assert parsed.name == word
    terms = {name: getattr(parsed, name) for name in programme.__dataclass_fields__ if name != "name"}
    assert type(programme)(**terms, name=programme.name) == programme


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("hope", "programme: 'hope' is not one of none, strip"),
        ("", "programme: '' is not one of none"),
        ("none:1", "'none:1' is not one of"),
        ("strip:much", "'strip:much'.* is not one of"),
        ("strip:3", r"programme 'strip:3': coverage: 3.0 is not in \[0, 2\]"),
        ("strip:-0.1", r"coverage: -0.1 is not in \[0, 2\]"),
        ("strip:nan", r"coverage: nan is not in \[0, 2\]"),
        ("strip:0.5:0.5", "is not one of none"),
        ("layered:0.5", "layered: 0.5 is not three shares NEAR/MID/FAR"),
        ("layered:0.5/0.5/9", r"far_ratio: 9.0 is not in \[0, 2\]"),
        ("rolling:0", "lead_months: 0 is not a whole number >= 1"),
        ("rolling:1.5", "lead_months: 1.5 is not a whole number"),
        ("rolling:inf", "lead_months: inf is not a whole number"),
        ("rolling:nan", "lead_months: nan is not a whole number"),
        ("stack:-1", "stack_scaling: -1.0 is not a finite number >= 0"),
        ("fixed_price:-1", "fixed_price.markup: -1.0 is not a finite number > -1"),
        ("fixed_price:0.1+band:0.1", "is not one of none"),
        ("committed_spend:1", r"committed_spend.discount: 1.0 is not in \[0, 1\)"),
        ("committed_spend:0.1:-1", r"committed_spend.share: -1.0 is not in \[0, 10\]"),
        ("strip+band:x", "is not one of none"),
        ("strip+band:-1", "band_share: -1.0 is not a finite number >= 0"),
        ("strip+speed:1", "is not one of none"),
        ("layered:\n1", "is not one of none"),
    ],
)
def test_a_word_for_nothing_or_for_the_impossible_is_refused_in_one_line(word, message):
    with pytest.raises(ParameterError, match=message) as refused:
        parse_programme(word)
    assert "\n" not in str(refused.value)


@settings(max_examples=60)
@given(st.text(alphabet="stripnoelayd:/+0.159-_ \n", max_size=20))
def test_any_text_is_a_programme_or_a_user_s_mistake(text):
    try:
        parse_programme(text)
    except ParameterError as error:
        complaint = str(error)
    else:
        complaint = ""
    assert "\n" not in complaint


def test_programmes_that_the_listing_cannot_carry_are_refused_before_any_work():
    for word, message in (
        ("rolling:12", "lead_months: 12 is not <= 11: 12 months are listed"),
        ("rolling:3", "lead_months: 3 is not <= 2: 3 months are listed"),
    ):
        listing = Listing(12, 3 if word == "rolling:3" else 12)
        with pytest.raises(ParameterError, match=message):
            HedgeStudy(DEMAND_EXPLOSION, [word], listing=listing)
    with pytest.raises(ParameterError, match="stack_tenor: 1 is not <= 0: 2 months are listed"):
        HedgeStudy(DEMAND_EXPLOSION, ["stack"], listing=Listing(12, 2))


def test_a_list_may_be_one_text_and_holds_the_benchmark_and_each_name_once():
    study = HedgeStudy(DEMAND_EXPLOSION, "layered,strip:0.8,strip:0.8")
    assert study.programmes == ("none", "layered", "strip:0.8")
    with pytest.raises(ParameterError, match="programmes: two are called 'strip': give each a name"):
        HedgeStudy(DEMAND_EXPLOSION, ["strip", FuturesHedge("strip", coverage=0.5)])
    with pytest.raises(ParameterError, match="programmes: int is not a word or a programme"):
        HedgeStudy(DEMAND_EXPLOSION, [7])
