"""Herds and attention in a whole market, and the links between speculators that a scenario names."""

from __future__ import annotations

import pytest

from abm.core.errors import ScenarioError
from abm.market import TokenFuturesMarket, run
from abm.scenario import Scenario

HERD = "agents.sentiment"


def test_links_are_read_when_the_scenario_is_and_only_if_there_is_a_herd(tmp_path):
    path = tmp_path / "links.txt"
    path.write_text("0 104\n")  # the last speculator of the baseline is number 103
    linked = {f"{HERD}.graph": {"kind": "edge_list", "edge_list": str(path)}}
    assert Scenario().replace(linked).edge_list_path() == path
    with pytest.raises(ScenarioError, match=r"edge_list: .*: line 1: '0 104' is not two different traders"):
        Scenario().replace(linked | {f"{HERD}.strength": 0.5})
    path.write_bytes("0 1 # André".encode("latin-1"))
    with pytest.raises(ScenarioError, match="not UTF-8 text"):
        Scenario().replace(linked | {f"{HERD}.strength": 0.5})


def test_a_scenario_names_its_links_relative_to_its_own_file(tmp_path):
    (tmp_path / "links.txt").write_text("0 1\n1 2\n")
    path = tmp_path / "circle.toml"
    path.write_text(
        'extends = "plain"\n[agents.sentiment]\nstrength = 0.5\n'
        '[agents.sentiment.graph]\nkind = "edge_list"\nedge_list = "links.txt"\n'
    )
    scenario = Scenario.load(path)
    assert scenario.edge_list_path() == (tmp_path / "links.txt").resolve()
    herd = TokenFuturesMarket(scenario).populations[2].herd
    assert herd.graph.neighbours.tolist() == [1, 0, 2, 1]
    assert herd.graph.cluster_of[:5].tolist() == [0, 0, 0, 1, 2]
    resolved = tmp_path / "elsewhere" / "resolved.toml"
    resolved.parent.mkdir()
    resolved.write_text(scenario.to_toml())
    assert Scenario.load(resolved).sha256() == scenario.sha256()
    before = scenario.sha256()
    (tmp_path / "links.txt").write_text("0 1\n")
    assert Scenario.load(path).sha256() != before
    (tmp_path / "links.txt").unlink()
    with pytest.raises(ScenarioError, match=r"agents.sentiment.graph.edge_list: .*: no such file"):
        Scenario.load(path)


@pytest.mark.parametrize("graph", [{"kind": "edge_list"}, {"edge_list": "links.txt"}])
def test_links_and_their_file_go_together(graph):
    with pytest.raises(ScenarioError, match=r"edge_list.* does not go with (kind|edge_list) = "):
        Scenario().replace({f"{HERD}.graph": graph})


def test_every_speculator_has_a_place_in_the_herd():
    market = TokenFuturesMarket(Scenario().replace({f"{HERD}.strength": 0.5, "agents.mixture.count": 5}))
    carriers = [p for p in market.populations if getattr(p, "herd", None) is not None]
    assert [p.name for p in carriers] == ["noise", "fundamentalist", "chartist", "mixture"]
    assert [p.first_in_herd for p in carriers] == [0, 60, 84, 104]
    assert len(carriers[0].herd.opinion) == 109


def test_opinions_without_weight_are_not_drawn_and_change_nothing(short):
    market = TokenFuturesMarket(short)
    assert all(getattr(p, "herd", None) is None for p in market.populations)
    absent = short.replace({"agents.attention.response": 0.0})
    idle = absent.replace({f"{HERD}.looks_per_day": 99.0, "agents.attention.recent_days": 3.0})
    assert run(idle, seed=5).state_hash == run(absent, seed=5).state_hash


@pytest.mark.parametrize(
    "changes",
    [
        {f"{HERD}.strength": 0.9},
        {f"{HERD}.strength": 0.9, f"{HERD}.rule": "clusters", f"{HERD}.graph.kind": "erdos_renyi"},
        {"agents.attention.response": 3.0},
        {"agents.mixture.count": 20, "agents.mixture.trend_weight": 0.5},
    ],
    ids=["majority", "clusters", "attention", "mixture"],
)
def test_a_herd_attention_and_mixture_traders_make_another_market_and_the_same_one_again(
    short, short_run, changes
):
    first, second = (run(short.replace(changes), seed=5) for _ in range(2))
    assert first.state_hash == second.state_hash
    assert first.state_hash != short_run(5).state_hash
    assert not first.tables["trades"].equals(short_run(5).tables["trades"])


def test_an_idle_mixture_trader_changes_nobodys_path(short, short_run):
    quiet = short.replace({"agents.mixture.count": 3, "agents.mixture.actions_per_day": 0.0})
    assert run(quiet, seed=4).tables["trades"].equals(short_run(4).tables["trades"])


def test_traders_of_one_cluster_lean_the_same_way(short):
    market = TokenFuturesMarket(
        short.replace(
            {f"{HERD}.strength": 0.9, f"{HERD}.rule": "clusters", f"{HERD}.cluster_views_per_day": 9.0}
        )
    )
    noise = next(p for p in market.populations if p.name == "noise")
    leanings = set()
    for _ in range(24):
        market.step()
        assert len(set(noise.columns["tilt"])) == 1  # a small world is one cluster
        leanings.add(noise.columns["tilt"][0])
    assert leanings == {-0.9, 0.0, 0.9}
