"""Lots as the tables of a run count them: held, traded, in auctions too, by month after one has gone."""

from __future__ import annotations

from quiet_market import FEW_TRADERS, at_settlement, buys, play, quiet, rows_of, sells


def test_net_and_gross_lots_differ_where_months_offset_each_other():
    holders = [
        {"name": "one", "lots": (4, -3), "cash_usd": 1e6},
        {"name": "other", "lots": (-4, 3), "cash_usd": 1e6},
    ]
    market, _, recorder = quiet(agents__holders=holders, **FEW_TRADERS)
    play(market, 12)
    first = next(population for population in market.populations if population.name == "holder").first_account
    rows = recorder.table("accounts").query(f"{first} <= account < {first + 2}")
    assert rows_of(rows, "net_lots", "gross_lots") == [(1, 7), (-1, 7)]


def test_lots_traded_are_those_of_auctions_too():
    market, (ann, bob), recorder = quiet(exchange__sessions__opening_auction=0.25, **FEW_TRADERS)
    ann.script[0, 0], bob.script[0, 0] = buys(at_settlement(), 5), sells(at_settlement(), 5)
    bob.script[0, 5], ann.script[0, 6] = sells(at_settlement(), 3), buys(at_settlement(), 3)
    play(market, 12)
    market.tables.record_agents()
    rows = recorder.table("agents").set_index("account").loc[[ann.account, bob.account]]
    # An auction costs 0.35 USD a lot, taking 0.50 and making 0.20.
    assert rows_of(rows, "lots_traded", "maker_lots", "fees_usd_micro", "messages") == [
        (8, 0, 5 * 350_000 + 3 * 500_000, 2),
        (8, 3, 5 * 350_000 + 3 * 200_000, 2),
    ]


def test_quotes_and_open_interest_stand_beside_their_month_when_one_has_gone():
    market, (ann, bob), recorder = quiet(calendar__days_per_month=2, **FEW_TRADERS)
    bob.script[1, 0], ann.script[1, 1] = sells(at_settlement(2), 6, 2), buys(at_settlement(2), 6, 2)
    ann.script[2, 0], bob.script[2, 0] = buys(at_settlement(1, -50), 7, 1), sells(at_settlement(1, 50), 9, 1)
    play(market, 36)
    quotes = recorder.table("quotes").query("day == 2 and round == 0 and (bid_lots > 0 or ask_lots > 0)")
    assert rows_of(quotes, "month", "tenor", "bid_lots", "ask_lots") == [(2, 1, 7, 9)]
    held = recorder.table("daily").query("open_interest_lots > 0")
    assert rows_of(held, "day", "month", "tenor", "open_interest_lots") == [(1, 2, 2, 6), (2, 2, 1, 6)]
