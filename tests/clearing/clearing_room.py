"""Small clearing houses and records written in dollars, for the tests of this folder.

One tick is one dollar a lot, so a move of 10 ticks on 3 lots is 30 dollars.
"""

from __future__ import annotations

import numpy as np

from abm.clearing import AccountTerms, ClearingHouse, ClearingRules, FlatMargin, MemberTerms
from abm.core.contract import ContractSpec
from abm.core.orders import NO_PRICE, TRADE_DTYPE, Side

USD = 1_000_000
N_SLOTS = 3
CONTRACT = ContractSpec(listed_months=N_SLOTS)


def usd(*dollars):
    return np.array([round(value * USD) for value in dollars], dtype=np.int64)


def ticks(*prices):
    return np.array([NO_PRICE if price is None else price for price in prices], dtype=np.int64)


def terms(cash, *, deposit=0, credit=0, rate_bps=0, member=0, maker=0, taker=0, is_client=True):
    """One entry of ``cash`` per account; any other argument is one value for all or one per account."""
    count = len(cash)

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
        is_client=np.array(np.broadcast_to(is_client, count), dtype=np.bool_),
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
    **account,
):
    """Two members by default, 10 % margin; at 1,000 ticks that is 100 dollars a lot.

    ``rate_bps`` is the margin rate; pass ``credit_rate_bps`` for the price of credit.
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
        ),
        margin=FlatMargin([(12, rate_bps)]),
        journal=journal,
    )
    house.set_margin(ticks(*margin_ticks), np.arange(N_SLOTS, dtype=np.int64))
    return house


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
