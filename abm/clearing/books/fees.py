"""Fees, rebates and market-maker pay between collateral and exchange revenue, and levies to the outside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import PAY_KINDS, Ledger, PostingKind
from abm.clearing.books.positions import PositionState
from abm.core.errors import ParameterError


def post_accrued_fees(
    ledger: Ledger, positions: PositionState, charged: NDArray[np.bool_], *, now_round: int
) -> NDArray[np.int64]:
    """Post what trading accrued for the accounts marked True and return fees minus rebates by account."""
    collateral, revenue = ledger.chart.rows(ledger.chart.collateral), ledger.chart.fee_revenue
    fees = np.where(charged, positions.accrued_fee_usd_micro, 0)
    rebates = np.where(charged, positions.accrued_rebate_usd_micro, 0)
    ledger.post(PostingKind.FEE, debit=collateral, credit=revenue, amount_usd_micro=fees, now_round=now_round)
    ledger.post(
        PostingKind.REBATE, debit=revenue, credit=collateral, amount_usd_micro=rebates, now_round=now_round
    )
    positions.accrued_fee_usd_micro[charged] = 0
    positions.accrued_rebate_usd_micro[charged] = 0
    return fees - rebates


def pay_from_revenue(
    ledger: Ledger, account: int, amount_usd_micro: int, kind: PostingKind, *, now_round: int
) -> int:
    """Pay an account out of exchange revenue, at most what is there, and return what was paid."""
    if amount_usd_micro < 0:
        raise ParameterError(f"pay of account {account}: {amount_usd_micro} micro-USD is not >= 0")
    if kind not in PAY_KINDS:
        raise ParameterError(
            f"pay of account {account}: kind {kind.name} is not one of {[pay.name for pay in PAY_KINDS]}"
        )
    chart = ledger.chart
    # Rebates above fees can leave revenue negative: then there is nothing to pay from.
    paid = min(amount_usd_micro, max(0, int(ledger.balance_usd_micro[chart.fee_revenue])))
    ledger.post(
        kind,
        debit=chart.fee_revenue,
        credit=chart.collateral.start + account,
        amount_usd_micro=paid,
        now_round=now_round,
    )
    return paid


def post_levy(ledger: Ledger, amount_usd_micro: NDArray[np.int64], *, now_round: int) -> None:
    """Take an amount from each account's collateral out of the market."""
    ledger.post(
        PostingKind.LEVY,
        debit=ledger.chart.rows(ledger.chart.collateral),
        credit=ledger.chart.external,
        amount_usd_micro=amount_usd_micro,
        now_round=now_round,
    )
