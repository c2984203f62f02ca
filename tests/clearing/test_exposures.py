"""Two tiers: clients owe members, members owe the house; exposures under a stated move, as rows and graph."""

import numpy as np
from clearing_room import USD, mark, room, trades

MOVES = np.array([[-300, -300, -300], [300, 300, 300]])


def house_of_two():
    """Members 0 and 1; accounts 0 and 2 are long 10 and 4 lots, accounts 1 and 3 short; 3 has credit."""
    house = room(
        [1_500, 5_000, 900, 2_000],
        deposit=[1_000, 4_000, 600, 500],
        credit=[0, 0, 0, 700],
        member=[0, 0, 1, 1],
        capital=(2_000, 1_000),
        fund=(500, 400),
        skin=300,
        rules={"assessment_bps": 20_000},
    )
    house.book_trades(trades((0, 1, 10, 1_000, 0), (2, 3, 4, 1_000, 1)))
    mark(house, 1_000)
    return house


def column(rows, name, *, scenario, level):
    chosen = (rows["scenario"] == scenario) & (rows["level"] == level)
    return [value / USD if name.endswith("_usd_micro") else value for value in rows[name][chosen].tolist()]


def test_a_clients_loss_beyond_collateral_and_own_money_is_its_members_shortfall():
    rows = house_of_two().exposure_rows(MOVES)
    fall = {"scenario": 0, "level": "client"}
    assert column(rows, "stressed_loss_usd_micro", **fall) == [3_000, 0, 1_200, 0]
    assert column(rows, "uncovered_usd_micro", **fall) == [2_000, 0, 600, 0]
    assert column(rows, "resources_usd_micro", **fall) == [500, 1_000, 300, 2_200]
    assert column(rows, "shortfall_usd_micro", **fall) == [1_500, 0, 300, 0]
    assert column(rows, "shortfall_usd_micro", scenario=0, level="member") == [1_500, 300]
    assert column(rows, "shortfall_usd_micro", scenario=0, level="house") == [1_800]
    rise = {"scenario": 1, "level": "client"}
    assert column(rows, "uncovered_usd_micro", **rise) == [0, 0, 0, 700]
    assert column(rows, "shortfall_usd_micro", **rise) == [0, 0, 0, 0]


def test_members_show_their_capital_fund_and_what_they_may_be_assessed_for():
    rows = house_of_two().exposure_rows(MOVES)
    members = {"scenario": 1, "level": "member"}
    assert column(rows, "resources_usd_micro", **members) == [2_000, 1_000]
    assert column(rows, "fund_usd_micro", **members) == [500, 400]
    assert column(rows, "assessable_usd_micro", **members) == [1_000, 800]
    assert column(rows, "margin_usd_micro", **members) == [2_000, 800]
    house = {"scenario": 1, "level": "house"}
    assert column(rows, "resources_usd_micro", **house) == [300]
    assert column(rows, "fund_usd_micro", **house) == [900]
    assert column(rows, "margin_usd_micro", **house) == [2_800]


def test_every_column_has_one_value_per_scenario_and_node():
    rows = house_of_two().exposure_rows(MOVES)
    assert {len(values) for values in rows.values()} == {2 * (4 + 2 + 1)}
    assert rows["creditor"].tolist()[:7] == [0, 0, 1, 1, -1, -1, -1]
    assert rows["node"].tolist()[:7] == [0, 1, 2, 3, 0, 1, 0]


def test_the_graph_leads_from_clients_over_members_to_the_house():
    house = house_of_two()
    graph = house.exposure_graph(MOVES, scenario=0)
    assert set(graph.edges) == {
        (("client", 0), ("member", 0)),
        (("client", 1), ("member", 0)),
        (("client", 2), ("member", 1)),
        (("client", 3), ("member", 1)),
        (("member", 0), ("house", 0)),
        (("member", 1), ("house", 0)),
    }
    assert graph.edges[("client", 0), ("member", 0)] == {
        "margin_usd_micro": 1_000 * USD,
        "stressed_loss_usd_micro": 3_000 * USD,
        "uncovered_usd_micro": 2_000 * USD,
        "shortfall_usd_micro": 1_500 * USD,
    }
    assert graph.nodes["member", 1]["resources_usd_micro"] == 1_000 * USD
    # what flows in at a member is what it owes on
    for member in (("member", 0), ("member", 1)):
        owed = sum(graph.edges[edge]["margin_usd_micro"] for edge in graph.in_edges(member))
        assert graph.edges[member, ("house", 0)]["margin_usd_micro"] == owed


def test_a_ported_client_is_exposed_to_its_new_member():
    house = house_of_two()
    house.parts.books.register.member_of[2] = 0
    rows = house.exposure_rows(MOVES)
    assert rows["creditor"].tolist()[:4] == [0, 0, 0, 1]
    assert column(rows, "shortfall_usd_micro", scenario=0, level="member") == [1_800, 0]


def test_the_money_of_an_account_in_default_is_no_longer_a_resource():
    house = house_of_two()
    house.parts.books.register.in_default[0] = True
    rows = house.exposure_rows(MOVES)
    assert column(rows, "resources_usd_micro", scenario=0, level="client")[0] == 0
    assert rows["in_default"].tolist()[:7] == [True] + [False] * 6
