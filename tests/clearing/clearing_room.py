"""Small clearing houses and records written in dollars, for the tests of this folder.

One tick is one dollar a lot, so a move of 10 ticks on 3 lots is 30 dollars.
"""

from __future__ import annotations

import numpy as np

from abm.clearing import AccountTerms, ClearingHouse, ClearingRules, FlatMargin, MarginDay, MemberTerms
from abm.clearing.margin_models import MarginBasis
from abm.core.contract import ContractSpec
from abm.core.orders import NO_PRICE, TRADE_DTYPE, Side

USD = 1_000_000
N_SLOTS = 3
AUCTION = 0
"""Aggressor side of a trade in an auction."""
CONTRACT = ContractSpec(listed_months=N_SLOTS)


def usd(*dollars):
    return np.array([round(value * USD) for value in dollars], dtype=np.int64)


def ticks(*prices):
    return np.array([NO_PRICE if price is None else price for price in prices], dtype=np.int64)


def terms(cash, *, deposit=0, credit=0, rate_bps=0, member=0, maker=0, taker=0, auction=None, **flags):
    """One entry of ``cash`` per account; any other argument is one value for all or one per account."""
    count = len(cash)
    reserve, credit_first = flags.pop("reserve", None), flags.pop("credit_first", None)
    is_client = flags.pop("is_client", True)
    fee_bps, end_bps = flags.pop("commitment_fee_bps", None), flags.pop("credit_end_bps", None)
    assert not flags, flags

    def truth(value):
        return np.array(np.broadcast_to(value, count), dtype=np.bool_)

    def bps(value):
        return None if value is None else np.array(np.broadcast_to(value, count), dtype=np.int64)

    def money(value):
        return usd(*np.broadcast_to(value, count).tolist())

    return AccountTerms(
        member=np.array(np.broadcast_to(member, count), dtype=np.int64),
        cash_usd_micro=money(cash),
        initial_collateral_usd_micro=money(deposit),
        credit_limit_usd_micro=money(credit),
        credit_rate_per_year_bps=np.array(np.broadcast_to(rate_bps, count), dtype=np.int64),
        maker_fee_usd_micro=money(maker),
        taker_fee_usd_micro=money(taker),
        auction_fee_usd_micro=None if auction is None else money(auction),
        is_client=truth(is_client),
        cash_reserve_usd_micro=None if reserve is None else money(reserve),
        credit_first=None if credit_first is None else truth(credit_first),
        commitment_fee_per_year_bps=bps(fee_bps),
        credit_end_share_bps=bps(end_bps),
    )


def room(
    cash,
    *,
    capital=(1_000, 1_000),
    fund=(500, 500),
    skin=300,
    deadline=4,
    slice_share=0.25,
    protection=0.03,
    rate_bps=1_000,
    journal=False,
    margin_ticks=(1_000, 1_000, 1_000),
    rules=None,
    capital_terms=None,
    **account,
):
    """Two members by default, 10 % margin; at 1,000 ticks that is 100 dollars a lot.

    ``rate_bps`` is the margin rate; pass ``credit_rate_bps`` for the price of credit, and further fields of
    ``ClearingRules`` as ``rules``; ``capital_terms`` are of owners and wealth outside.
    """
    house = ClearingHouse(
        contract=CONTRACT,
        n_slots=N_SLOTS,
        accounts=terms(cash, rate_bps=account.pop("credit_rate_bps", 0), **account),
        members=MemberTerms(usd(*capital), usd(*fund)),
        rules=ClearingRules(
            skin_in_the_game_usd_micro=skin * USD,
            call_deadline_rounds=deadline,
            close_out_slice_share=slice_share,
            close_out_protection=protection,
            days_per_year=252,
            **(rules or {}),
        ),
        margin=FlatMargin(basis(), buckets=[(12, rate_bps)]),
        journal=journal,
        capital=capital_terms,
    )
    house.set_margin(settlement(*margin_ticks))
    return house


def basis(floor_price_ticks=100):
    """What a margin model is built on here, without a history."""
    return MarginBasis(
        tick_value_usd_micro=CONTRACT.tick_value_usd_micro,
        floor_price_ticks=floor_price_ticks,
        history=np.zeros((0, N_SLOTS)),
    )


def settlement(*prices):
    """A day's settlement before any fixing, of months 0, 1, 2 in slots of their own, without volume."""
    slots = np.arange(N_SLOTS)
    return MarginDay(ticks(*prices), slots, np.full(N_SLOTS, 10_000), slots, np.zeros(N_SLOTS))


def trades(*rows):
    """Rows of (buyer, seller, lots, price, month[, aggressor_side]); the buyer is the aggressor."""
    made = np.zeros(len(rows), dtype=TRADE_DTYPE)
    for at, (buyer, seller, lots, price, month, *side) in enumerate(rows):
        made[at]["buyer"], made[at]["seller"], made[at]["lots"] = buyer, seller, lots
        made[at]["price_ticks"], made[at]["month"] = price, month
        made[at]["aggressor_side"] = side[0] if side else Side.BUY
    return made


def trade(house, *row):
    house.book_trades(trades(row))


def mark(house, *prices, now_round=0):
    """Mark at one price for every month, or at one price per month."""
    per_slot = prices if len(prices) > 1 else prices * N_SLOTS
    return house.mark_to_market(ticks(*per_slot), now_round=now_round)


def net_worth(house):
    return house.collateral_usd_micro + house.bank_cash_usd_micro - house.credit_drawn_usd_micro


def in_usd(array):
    return [value / USD for value in array.tolist()]


def layers_of(result):
    """Layers of a result that bore something, in dollars, by their short names."""
    named = result.layers._asdict().items()
    return {name.removesuffix("_usd_micro"): amount / USD for name, amount in named if amount}
