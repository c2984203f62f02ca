"""Rows of what becomes of accounts: positions that move without a trade, and the result of a run."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing import ClearingHouse, WaterfallResult
from abm.clearing.defaults.close_out import NO_ACCOUNT
from abm.market.parts import MarketParts
from abm.market.tables.account_names import account_names

_NOBODY = -1


class AccountTotals(NamedTuple):
    """Equity, and the totals of each account since trading began, as the clearing house names them."""

    equity_usd_micro: NDArray[np.int64]
    variation_usd_micro: NDArray[np.int64]
    fees_usd_micro: NDArray[np.int64]
    pay_usd_micro: NDArray[np.int64]
    levies_usd_micro: NDArray[np.int64]
    credit_interest_usd_micro: NDArray[np.int64]
    collateral_interest_usd_micro: NDArray[np.int64]
    deficit_covered_usd_micro: NDArray[np.int64]
    gains_given_up_usd_micro: NDArray[np.int64]
    maker_lots: NDArray[np.int64]
    taker_lots: NDArray[np.int64]
    auction_lots: NDArray[np.int64]
    paid_out_usd_micro: NDArray[np.int64]
    brought_in_usd_micro: NDArray[np.int64]
    outside_gain_usd_micro: NDArray[np.int64]

    def since(self, before: AccountTotals) -> AccountTotals:
        """Return what has come to each total since another time."""
        return AccountTotals(*(now - then for now, then in zip(self, before, strict=True)))


def totals_of(house: ClearingHouse) -> AccountTotals:
    """Return the totals of all accounts as they are now."""
    outside = {
        "paid_out_usd_micro": house.owners.paid_out_usd_micro,
        "brought_in_usd_micro": house.owners.brought_in_usd_micro,
        "outside_gain_usd_micro": house.outside_wealth.gain_usd_micro,
    }
    names = [name for name in AccountTotals._fields if name not in outside]
    totals = {name: getattr(house, name) for name in names} | outside
    return AccountTotals(**{name: total.copy() for name, total in totals.items()})


def opening_rows(market: MarketParts) -> dict[str, Any]:
    """Return the rows of ``transfers`` of the positions that stand before the first recorded round."""
    held = market.clearing.position_lots
    account, slot = np.nonzero(held)
    lots, is_long = held[account, slot], held[account, slot] > 0
    member = market.clearing.member_of[account]
    return {
        "day": market.clock.day,
        "round": market.clock.round,
        "month": _month_of_slot(market)[slot],
        "kind": "opening",
        "buyer": np.where(is_long, account, _NOBODY),
        "seller": np.where(is_long, _NOBODY, account),
        "buyer_member": np.where(is_long, member, _NOBODY),
        "seller_member": np.where(is_long, _NOBODY, member),
        "lots": np.abs(lots),
        "price_ticks": market.curve.settlement_by_slot()[slot],
    }


def transfer_rows(
    market: MarketParts, finished: list[WaterfallResult], moved: NDArray[Any]
) -> dict[str, Any]:
    """Return the rows of ``transfers`` of the positions that close-outs moved to others.

    Parameters
    ----------
    market : MarketParts
        The market, with the clients of failed members ported already.
    finished : list of WaterfallResult
        The close-outs that ended.
    moved : array of TRADE_DTYPE
        What they moved; the month is the slot.
    """
    auctioned = [result.account for result in finished if result.auction_winner != NO_ACCOUNT]
    by_auction = np.isin(moved["buyer"], auctioned) | np.isin(moved["seller"], auctioned)
    member = _members_before(market, finished)
    return {
        "day": market.clock.day,
        "round": market.clock.round,
        "month": _month_of_slot(market)[moved["month"]],
        "kind": np.where(by_auction, "auction", "tear_up"),
        "buyer": moved["buyer"].astype(np.int64),
        "seller": moved["seller"].astype(np.int64),
        "buyer_member": member[moved["buyer"]],
        "seller_member": member[moved["seller"]],
        "lots": moved["lots"],
        "price_ticks": moved["price_ticks"],
    }


def porting_rows(market: MarketParts, finished: list[WaterfallResult]) -> dict[str, Any]:
    """Return the rows of ``transfers`` of the clients of failed members: buyer and seller are the client."""
    failures = [failed for result in finished for failed in result.member_defaults]
    account = np.array([client for failed in failures for client in failed.ported_accounts], dtype=np.int64)
    old = np.array([failed.member for failed in failures for _ in failed.ported_accounts], dtype=np.int64)
    new = np.array([failed.ported_to for failed in failures for _ in failed.ported_accounts], dtype=np.int64)
    held = market.clearing.position_lots[account]
    row, slot = np.nonzero(held)
    lots, is_long = held[row, slot], held[row, slot] > 0
    return {
        "day": market.clock.day,
        "round": market.clock.round,
        "month": _month_of_slot(market)[slot],
        "kind": "porting",
        "buyer": account[row],
        "seller": account[row],
        "buyer_member": np.where(is_long, new[row], old[row]),
        "seller_member": np.where(is_long, old[row], new[row]),
        "lots": np.abs(lots),
        "price_ticks": market.clearing.last_mark_ticks[slot],
    }


def result_rows(market: MarketParts, before: AccountTotals) -> dict[str, Any]:
    """Return the rows of ``agents``: where each change of equity came from, to the micro-USD.

    Parameters
    ----------
    market : MarketParts
        The market at the end of its run.
    before : AccountTotals
        As the record began.
    """
    house, final = market.clearing, totals_of(market.clearing)
    own = final.since(before)
    pnl = own.variation_usd_micro - own.fees_usd_micro + own.pay_usd_micro
    apart = (
        own.collateral_interest_usd_micro
        - own.credit_interest_usd_micro
        - own.levies_usd_micro
        + own.deficit_covered_usd_micro
        - own.gains_given_up_usd_micro
        + own.brought_in_usd_micro
        - own.paid_out_usd_micro
        + own.outside_gain_usd_micro
    )
    assert np.array_equal(own.equity_usd_micro, pnl + apart), "an equity changed by other causes"
    return {
        "account": np.arange(len(pnl)),
        "agent_class": np.repeat(
            [population.name for population in market.populations],
            [population.count for population in market.populations],
        ),
        "name": account_names(market.populations),
        "member": house.member_of,
        "initial_equity_usd_micro": before.equity_usd_micro,
        "final_equity_usd_micro": final.equity_usd_micro,
        "pnl_usd_micro": pnl,
        "fees_usd_micro": own.fees_usd_micro,
        "pay_usd_micro": own.pay_usd_micro,
        "levies_usd_micro": own.levies_usd_micro,
        "credit_interest_usd_micro": own.credit_interest_usd_micro,
        "collateral_interest_usd_micro": own.collateral_interest_usd_micro,
        "deficit_covered_usd_micro": own.deficit_covered_usd_micro,
        "gains_given_up_usd_micro": own.gains_given_up_usd_micro,
        "lots_traded": own.maker_lots + own.taker_lots + own.auction_lots,
        "maker_lots": own.maker_lots,
        "messages": market.messages_sent,
        "rejected": market.refusals.sum(axis=1),
        "in_default": house.in_default,
    } | capital_columns(market, own)


def capital_columns(market: MarketParts, own: AccountTotals) -> dict[str, NDArray[np.int64]]:
    """Return the columns of what came and went outside trading, by account, from totals of the record."""
    return {
        "paid_out_usd_micro": own.paid_out_usd_micro,
        "brought_in_usd_micro": own.brought_in_usd_micro,
        "outside_gain_usd_micro": own.outside_gain_usd_micro,
        "target_equity_usd_micro": market.clearing.owners.target_usd_micro,
    }


def _month_of_slot(market: MarketParts) -> NDArray[np.int64]:
    months: NDArray[np.int64] = market.curve.by_slot(market.curve.listed)
    return months


def _members_before(market: MarketParts, finished: list[WaterfallResult]) -> NDArray[np.int64]:
    """Return the clearing member of each account before the clients of failed members were ported."""
    member = market.clearing.member_of.copy()
    for result in reversed(finished):  # one client may be ported twice
        for failed in reversed(result.member_defaults):
            member[list(failed.ported_accounts)] = failed.member
    return member
