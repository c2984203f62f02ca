"""Companies that the scenario names: hedgers like any enterprise, with everything of their own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from abm.agents.base.population import TraderAgent
from abm.core.errors import ScenarioError
from abm.market import CustomAgents, TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario
from abm.scenario.explain import explain

ROUNDS, MONTH = 6, 5
SMALL = {
    "calendar.rounds_per_day": ROUNDS,
    "calendar.days_per_month": MONTH,
    "contract.listed_months": 6,
    "exchange.sessions.opening_auction": 0.0,
    "run.days": 5 * MONTH,
    "agents.enterprises.count": 20,
    "agents.noise.count": 30,
}
ACME = {"name": "acme", "need_msit_per_day": 3_000, "cash_usd": 5e6, "provider": 3, "price_multiple": 1.2}
STRIP = {"rule": "strip", "ramp_days": 1, "cross_probability": 1.0, "band_share": 0.0}


def scenario(*companies, **fields) -> Scenario:
    return Scenario().replace(SMALL | {"agents.companies": list(companies)} | fields)


def company(**changes):
    return {**ACME, **changes}


@cache
def month_of(*programmes: str):
    """Tables of a month and two days, with a company for each programme."""
    named = [company(name=f"{rule}-{row}", programme={"rule": rule}) for row, rule in enumerate(programmes)]
    recorder = Recorder("full")
    market = TokenFuturesMarket(scenario(*named), rng=3, recorder=recorder)
    for _ in range((MONTH + 2) * ROUNDS):
        market.step()
    market.tables.record_agents()
    return market, {name: recorder.table(name) for name in recorder.table_names}


def test_a_company_that_does_not_hedge_changes_nobodys_path():
    alone, joined = month_of()[1], month_of("none")[1]
    newcomer = len(alone["agents"])
    assert joined["agents"]["account"].tolist()[-1] == newcomer  # its account is the last
    for name, table in alone.items():
        if name == "ledger":  # which numbers its own accounts after those of traders
            continue
        rows = joined[name]
        if name == "exposures":  # its cash counts among that of its member and of the house
            table, rows = (
                rows[rows["level"] == "client"].rename(columns={"node": "account"}) for rows in (table, rows)
            )
        if "account" in rows:
            rows = rows[rows["account"] != newcomer]
        if "agent_class" in rows and "day" in rows:  # companies are a class of their own
            rows = rows[rows["agent_class"] != "company"]
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), table.reset_index(drop=True))
    assert len(alone["trades"]) > 200


def test_an_idle_custom_trader_does_not_move_a_company():
    class Bystander(TraderAgent):
        def decide(self, view):
            return None

    terms = scenario(company(programme=STRIP), **{"run.days": 2})
    alone = TokenFuturesMarket(terms, rng=3)
    watched = TokenFuturesMarket(terms, rng=3, custom_agents=[CustomAgents(Bystander, count=1)])
    for market in (alone, watched):
        for _ in range(2 * ROUNDS):
            market.step()
    house = [market.clearing for market in (alone, watched)]
    np.testing.assert_array_equal(house[0].position_lots[-1], house[1].position_lots[-1])
    assert house[0].position_lots[-1].any()
    assert house[0].member_of[-1] == house[1].member_of[-1]


def test_its_rows_stand_under_its_name():
    market, tables = month_of("strip", "none")
    first = market.companies["strip-0"].first_account
    for name in ("hedging", "agents"):
        named = tables[name][tables[name]["name"] != ""]
        assert named["name"].tolist() == ["strip-0", "none-1"]
        assert named["account"].tolist() == [first, first + 1]
    assert tables["agents"]["agent_class"].tolist()[-2:] == ["company", "company"]
    own = tables["hedging"].set_index("name").loc[["strip-0", "none-1"]]
    assert own["hedges"].tolist() == [True, False]
    assert own["provider"].tolist() == [3, 3]
    assert own["price_multiple"].tolist() == [1.2, 1.2]
    assert own["futures_pnl_usd"]["none-1"] == 0.0
    assert tables["agents"].set_index("name")["lots_traded"]["strip-0"] > 3
    paid = own["bill_usd"] - own["futures_pnl_usd"] + own["fees_usd"] + own["interest_usd"]
    np.testing.assert_allclose(own["net_cost_usd"], paid)


def test_the_bill_of_a_month_is_need_times_own_price_day_by_day():
    market, tables = month_of("strip", "none")
    account = market.companies["none-1"].first_account
    own = tables["hedging"].set_index("account").loc[account]
    prices = tables["provider_prices"].query(f"provider == 3 and day < {MONTH}")["price_usd"].to_numpy()
    days = tables["bills"].query(f"account == {account} and day < {MONTH}")
    np.testing.assert_allclose(days["price_usd"], 1.2 * prices)
    np.testing.assert_allclose(days["bill_usd"], 3_000 * 1.2 * prices)
    assert own["bill_usd"] == pytest.approx(days["bill_usd"].sum())
    assert own["need_msit"] == own["expected_need_msit"] == 3_000 * MONTH
    assert own["expected_need_bill_usd"] == pytest.approx(own["bill_usd"])  # its need is certain
    assert own["budget_usd"] == own["expected_bill_usd"]
    expected = market.desk.quotes.expected_multiples[3] * 1.2
    mean_usd = TokenFuturesMarket(market.market_scenario, rng=3).desk.expected_month_mean_usd(0, 1)[0]
    assert own["budget_usd"] == pytest.approx(3_000 * MONTH * expected * mean_usd)


def test_an_uncertain_need_parts_the_bill_from_that_of_the_expected_need():
    market, tables = month_of("none")
    enterprises = tables["hedging"][tables["hedging"]["name"] == ""]
    days = tables["bills"][tables["bills"]["day"] < MONTH].groupby("account").sum()
    np.testing.assert_allclose(enterprises["need_msit"], days["need_msit"][:20])
    np.testing.assert_allclose(enterprises["expected_need_msit"], market.enterprises.mean_need_msit * MONTH)
    ratio = enterprises["need_msit"] / enterprises["expected_need_msit"]
    assert ratio.std() > 0.03
    np.testing.assert_allclose(
        enterprises["budget_usd"] * ratio, enterprises["expected_bill_usd"], rtol=1e-12
    )
    prices = tables["provider_prices"].query(f"day < {MONTH}").groupby("provider")["price_usd"].sum()
    of_expected = market.enterprises.mean_need_msit * prices[enterprises["provider"]].to_numpy()
    np.testing.assert_allclose(enterprises["expected_need_bill_usd"], of_expected)


def test_positions_are_those_of_the_clearing_house_by_account_and_month():
    tables = month_of("strip", "none")[1]
    accounts = tables["accounts"].set_index(["day", "account"])
    by_account = tables["positions"].groupby(["day", "account"])["lots"]
    net = by_account.sum().reindex(accounts.index, fill_value=0)
    gross = by_account.agg(lambda lots: lots.abs().sum()).reindex(accounts.index, fill_value=0)
    assert (net == accounts["net_lots"]).all()
    assert (gross == accounts["gross_lots"]).all()
    longs = tables["positions"].query("lots > 0").groupby(["day", "month"])["lots"].sum()
    daily = tables["daily"][~tables["daily"]["final"]].set_index(["day", "month"])["open_interest_lots"]
    assert (longs.reindex(daily.index, fill_value=0) == daily).all()
    assert MONTH - 1 in longs.index.get_level_values("day")  # the last day of a month, when slots move on


def test_a_company_holds_its_programme_in_its_own_price():
    """A need of 3,000 mSIT a day at 1.2 times a provider's price is so many lots of the index."""
    eager = STRIP | {"actions_per_day": 40.0, "slice_share": 1.0}
    market = TokenFuturesMarket(scenario(company(programme=eager, cash_usd=1e9)), rng=1)
    for _ in range(10 * ROUNDS):
        market.step()
    own = market.companies["acme"]
    lots = 3_000 * MONTH / 1_000 * 1.2 * market.desk.quotes.expected_multiples[3]
    np.testing.assert_array_equal(own.target_lots[0, 1:], round(lots))
    held = market.clearing.position_lots[own.first_account, market.curve.months["slot"]]
    np.testing.assert_array_equal(held[1:4], round(lots))
    assert held[0] == 0


def test_a_need_by_month_is_bought_and_hedged_month_by_month_and_its_last_value_holds_on():
    plan = company(need_msit_per_day=[1_000, 0, 3_000], programme=STRIP, price_multiple=1.0)
    market = TokenFuturesMarket(scenario(plan), rng=1)
    own = market.companies["acme"]
    lot = MONTH / 1_000 * market.desk.quotes.expected_multiples[3]
    for front, wanted in ((0, [0, 3, 3]), (1, [3, 3, 3]), (2, [3, 3, 3])):
        for _ in range(MONTH * ROUNDS):
            market.step()
        np.testing.assert_array_equal(own.target_lots[0, 1:4], np.rint(1_000 * lot * np.array(wanted)))
        assert own.month_need_msit[0] == MONTH * [1_000, 0, 3_000][front]


def test_each_has_its_own_programme_and_draws_by_its_own_name():
    drawn = {"provider": None, "need_volatility": 0.2}
    law = {"rule": "rolling", "actions_per_day": {"law": "uniform", "low": 1.0, "high": 9.0}}
    ann, bob = company(name="ann", **drawn, programme=law), company(name="bob", **drawn, programme=law)
    market, other = (TokenFuturesMarket(scenario(*who), rng=1) for who in ((ann, bob), (bob,)))
    for seen in ("provider", "streams", "need_streams"):
        np.testing.assert_array_equal(
            getattr(market.companies["bob"], seen), getattr(other.companies["bob"], seen)
        )
    rates = [own.columns["actions_per_day"][0] for own in market.companies.values()]
    assert rates[0] != rates[1] == other.companies["bob"].columns["actions_per_day"][0]
    assert [own.funding.cash_usd_micro.tolist() for own in market.companies.values()] == [[5 * 10**12]] * 2


def test_the_books_of_an_estimating_company_learn_from_its_own_months():
    plan = company(
        need_msit_per_day=[1_000, 2_000], need_volatility=0.3,
        programme={"rule": "minimum_variance", "estimation_days": 0, "quantity_correction": True},
    )  # fmt: skip
    market = TokenFuturesMarket(scenario(plan), rng=1)
    own = market.companies["acme"]
    for _ in range(4 * MONTH * ROUNDS + 1):
        market.step()
    ratios = own.estimator.ratios[0]
    assert (ratios[1:3] != 1.0).all()
    assert 0.0 <= ratios[1] <= 2.0
    np.testing.assert_allclose(own.estimator._expected_need_msit, [2_000 * MONTH])


def test_a_company_is_exempt_from_position_limits_where_enterprises_are():
    limits = {"exchange.position_limits.month_lots": 3}
    for exempt in (["enterprises"], ["providers"]):
        fields = limits | {"exchange.position_limits.exempt": exempt}
        market = TokenFuturesMarket(scenario(company(), **fields), rng=1)
        assert market.position_limits.exempt[-1] == (exempt == ["enterprises"])


def test_a_scenario_with_companies_survives_its_own_file(tmp_path):
    terms = scenario(
        company(need_msit_per_day=[1, 2.5], programme={"rule": "strip", "ratio": 0.8}),
        {"name": "b2", "need_msit_per_day": 10, "cash_usd": 1},
    )
    file = tmp_path / "two.toml"
    file.write_text(terms.to_toml())
    again = Scenario.load(file)
    assert again.sha256() == terms.sha256()
    assert again.agents.companies == terms.agents.companies
    (row,) = [row for row in explain(terms) if row.field == "agents.companies"]
    assert [company["name"] for company in row.value] == ["acme", "b2"]
    assert "CompanySection" in Scenario.json_schema()["$defs"]
    written = '[[agents.companies]]\nname = "c"\nneed_msit_per_day = 5.0\ncash_usd = 1e5\n'
    file.write_text(written + '[agents.companies.programme]\nrule = "strip"\n')
    assert Scenario.load(file).agents.companies[0].programme.rule == "strip"


@pytest.mark.parametrize(
    ("companies", "line"),
    [
        ([company(name="a b")], 'agents.companies.0.name: "a b" is not 1 to 64 letters'),
        ([company(name="../x")], 'agents.companies.0.name: "../x" is not'),
        ([company(), company(name="ACME")], 'agents.companies.1.name: "ACME" is the name of another company'),
        ([company(need_msit_per_day=0)], "agents.companies.0.need_msit_per_day: 0.0 is not in"),
        ([company(need_msit_per_day=[1, -2])], "agents.companies.0.need_msit_per_day.1: -2.0 is not in"),
        ([company(need_msit_per_day=[])], r"agents.companies.0.need_msit_per_day: \[\] has no month"),
        ([company(need_msit_per_day="much")], 'agents.companies.0.need_msit_per_day: "much" is not a number'),
        ([company(need_msit_per_day=["x"])], 'agents.companies.0.need_msit_per_day.0: "x" is not'),
        ([company(), company(name="b", provider=12)], "agents.companies.1.provider: 12 is not < agents.prov"),
        ([company(price_multiple=0)], "agents.companies.0.price_multiple: 0 is not"),
        ([company(cash_usd=0)], "agents.companies.0.cash_usd: 0 is not"),
        ([{"name": "a", "cash_usd": 1.0}], "agents.companies.0.need_msit_per_day: missing"),
        ([company(need=1)], "agents.companies.0.need: unknown key"),
        ([company(programme={"ratio": 3})], "agents.companies.0.programme.ratio: 3 is not in"),
        ([company(programme={"rule": "hope"})], 'agents.companies.0.programme.rule: "hope" is not'),
        (
            [company(programme={"rule": "stack", "stack_tenor": 5})],
            "agents.companies.0.programme.stack_tenor: 5 is not < contract.listed_months - 1 = 5",
        ),
    ],
)
def test_a_company_that_cannot_be_is_refused_in_one_line(companies, line):
    with pytest.raises(ScenarioError, match=f"^{line}") as refusal:
        scenario(*companies)
    assert "\n" not in str(refusal.value)


def test_money_and_needs_beyond_an_account_are_the_mistake_of_a_field():
    large = company(need_msit_per_day=1e7, price_multiple=1e3)
    with pytest.raises(
        ScenarioError, match=r"agents.companies.0.need_msit_per_day: .*a position may be worth"
    ):
        TokenFuturesMarket(scenario(large, **{"spot.initial_price_usd": 1e3}), rng=1)


def test_bills_have_an_expected_price_in_months_after_the_planned_end_too():
    market = TokenFuturesMarket(scenario(company(), **{"run.days": 1}), rng=1, recorder=Recorder("summary"))
    for _ in range(2 * MONTH * ROUNDS):
        market.step()
    months = market.recorder.table("hedging").query("name == 'acme'")
    assert months["month"].tolist() == [0, 1]
    assert (months["budget_usd"] > 0).all()
