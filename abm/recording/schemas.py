"""What a run folder holds: one Arrow schema per table, units on every column, and the recording profiles.

Every table is long (one fact a row) and every column has a ``units`` entry in its field metadata. A money
column is integer micro-USD; a ``_ticks`` column is an integer price and is null where there is no price; a
``_usd`` column is a float outside the clearing system (spot prices, bills). ``round`` counts from zero
within its day and ``deadline_round`` from the start of the simulation. A month is the absolute delivery
month and the tenor its distance from the front month (0 = front).
"""

from __future__ import annotations

import pyarrow as pa


def _field(name: str, kind: pa.DataType, units: str, description: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable, metadata={"units": units, "description": description})


def _int(name: str, units: str, description: str) -> pa.Field:
    return _field(name, pa.int64(), units, description)


def _money(name: str, description: str) -> pa.Field:
    return _int(f"{name}_usd_micro", "micro-USD", description)


def _price(name: str, description: str) -> pa.Field:
    return _field(f"{name}_ticks", pa.int64(), "ticks", description, nullable=True)


def _float(name: str, units: str, description: str) -> pa.Field:
    return _field(name, pa.float64(), units, description)


def _flag(name: str, description: str) -> pa.Field:
    return _field(name, pa.bool_(), "true or false", description)


def _text(name: str, description: str) -> pa.Field:
    return _field(name, pa.string(), "text", description)


_DAY = _int("day", "trading day", "Trading day, from 0.")
_ROUND = _int("round", "round of the day", "Trading round within the day, from 0.")
_MONTH = _int("month", "delivery month", "Absolute number of the delivery month.")
_TENOR = _int("tenor", "months", "Months between the front month (0) and this one.")
_ACCOUNT = _int("account", "account number", "Trading account.")
_MEMBER = _int("member", "member number", "Clearing member of the account.")


def _schema(description: str, *fields: pa.Field) -> pa.Schema:
    return pa.schema(fields, metadata={"description": description})


SCHEMAS: dict[str, pa.Schema] = {
    "spot": _schema(
        "Spot price, index and provider quotes, one row a day.",
        _DAY,
        _int("month", "delivery month", "Delivery month that the day's fixing belongs to."),
        _float("spot_usd", "USD per mSIT", "Price of the spot process."),
        _float("tpi_usd", "USD per mSIT", "Token Price Index before rounding; NaN when unavailable."),
        _float(
            "volume_weighted_usd", "USD per mSIT", "Index by the volume-weighted method; NaN without one."
        ),
        _float("matched_usd", "USD per mSIT", "Index by the chained Fisher method; NaN without one."),
        _money("index_fixing", "Published fixing, per mSIT; the prior one when the index is unavailable."),
        _flag("index_available", "Whether the index could be computed that day."),
        _float("provider_low_usd", "USD per mSIT", "Lowest provider quote."),
        _float("provider_high_usd", "USD per mSIT", "Highest provider quote."),
    ),
    "quotes": _schema(
        "Top of the book at the end of each round, one row a round and listed month.",
        _DAY,
        _ROUND,
        _MONTH,
        _TENOR,
        _price("best_bid", "Best bid; null when the side is empty."),
        _price("best_ask", "Best ask; null when the side is empty."),
        _int("bid_lots", "lots", "Lots at the best bid."),
        _int("ask_lots", "lots", "Lots at the best ask."),
        _price("last_trade", "Price of the latest trade; null before the first."),
        _int("volume_lots", "lots", "Lots traded in the round."),
        _int("phase", "phase code", "0 continuous, 1 auction (its quotes are not shown), 2 halted."),
    ),
    "trades": _schema(
        "Every execution, in the order of the market.",
        _DAY,
        _ROUND,
        _MONTH,
        _TENOR,
        _int("price_ticks", "ticks", "Price of the trade; may be negative."),
        _int("lots", "lots", "Quantity of the trade."),
        _int("buyer", "account number", "Account that bought."),
        _int("seller", "account number", "Account that sold."),
        _int("aggressor_side", "1 buy, -1 sell", "Side of the incoming order; 0 in an auction."),
        _int("maker_order_id", "order number", "Resting order; in an auction the buyer's."),
        _int("taker_order_id", "order number", "Incoming order; in an auction the seller's."),
        _int("spread_months", "months", "Length of the calendar spread that this is a leg of; 0 for none."),
    ),
    "transfers": _schema(
        "Positions that came or changed hands without a trade. With those of the trades they give every "
        "position, and its variation margin.",
        _DAY,
        _ROUND,
        _MONTH,
        _text(
            "kind",
            "opening (brought in before the first round, at its settlement price), auction (of a defaulter's "
            "positions), tear_up, or porting (a client moves to another member, with its own position).",
        ),
        _int("buyer", "account number", "Account whose position rises; -1 for nobody, at the opening."),
        _int("seller", "account number", "Account whose position falls; -1 for nobody, at the opening."),
        _int("buyer_member", "member number", "Clearing member of the buyer then; -1 for nobody."),
        _int("seller_member", "member number", "Clearing member of the seller then; -1 for nobody."),
        _int("lots", "lots", "Quantity."),
        _int("price_ticks", "ticks", "Price from which variation margin runs, as that of a trade."),
    ),
    "halts": _schema(
        "Months that stopped trading continuously for a reason of price.",
        _DAY,
        _ROUND,
        _MONTH,
        _TENOR,
        _text("kind", "limit (a daily limit was reached) or interruption (too large a price step)."),
        _flag("is_cause", "Whether this month's price is the reason; false if it halts with another."),
        _int("rounds", "rounds", "Length of the halt, or of the auction after an interruption."),
        _price("limit_low", "Lowest price allowed from then on."),
        _price("limit_high", "Highest price allowed from then on."),
    ),
    "daily": _schema(
        "The day's result in each listed month, one row a day and month; on a month's last trading day "
        "that row is the final settlement.",
        _DAY,
        _MONTH,
        _TENOR,
        _price("settlement", "Daily settlement price; the final price where ``final`` is true."),
        _int(
            "settlement_tier",
            "tier number",
            "Rule that gave the settlement price; the lowest is closest to trades.",
        ),
        _price("model", "Model forward price of the month, rounded to the tick."),
        _int("volume_lots", "lots", "Lots traded in the day."),
        _int("auction_lots", "lots", "Lots among them that traded in auctions."),
        _int("trades", "count", "Trades in the day."),
        _int("open_interest_lots", "lots", "Sum of long positions at the close."),
        _float("spread_ticks", "ticks", "Mean ask minus bid over two-sided rounds; NaN if there is none."),
        _float(
            "two_sided_share",
            "share of rounds",
            "Rounds of continuous trading that end with a bid and an ask.",
        ),
        _float(
            "depth_lots", "lots", "Mean of best-bid plus best-ask lots over rounds of continuous trading."
        ),
        _price("limit_low", "Lowest price allowed in the day; null without a limit."),
        _price("limit_high", "Highest price allowed in the day; null without a limit."),
        _flag("final", "Whether the row is the month's final settlement."),
    ),
    "accounts": _schema(
        "Money and position of each account at the close, one row a day and account.",
        _DAY,
        _ACCOUNT,
        _money("equity", "Collateral balance after variation margin."),
        _money("bank_cash", "Own money at the bank."),
        _money("credit_drawn", "Drawn part of the credit line."),
        _money("collateral_interest", "Interest received on collateral since the start."),
        _money("levies", "Levies, such as a transaction tax, since the start."),
        _money("initial_margin", "Initial margin requirement."),
        _money("maintenance_margin", "Maintenance margin requirement."),
        _money("variation", "Variation margin of the day, received positive."),
        _int("net_lots", "lots", "Sum of signed positions over the months."),
        _int("gross_lots", "lots", "Sum of absolute positions over the months."),
        _flag("in_default", "Whether the account is in default."),
    ),
    "margin_calls": _schema(
        "Margin calls. Rows of one account with one deadline are one call, computed again while it is open.",
        _DAY,
        _ROUND,
        _ACCOUNT,
        _MEMBER,
        _money("amount", "Amount called: what restores the account to its initial margin."),
        _money("met_cash", "Part met at once from bank cash."),
        _money("met_credit", "Part met at once from the credit line."),
        _money("outstanding", "Part still owed."),
        _int("deadline_round", "round of the run", "Absolute round by which the rest is due."),
        _money("loss", "Cause: variation margin paid since the last margin cycle; a gain is negative."),
        _money("model_rise", "Cause: rise of the requirement of the positions held at the last cycle."),
        _money("position_rise", "Cause: rise of the requirement through trades, transfers and expiries."),
        _money(
            "carried", "Cause: all else, as an unpaid call, fees, less excess; the four sum to the amount."
        ),
    ),
    "defaults": _schema(
        "Defaults and the loss each close-out left, by the layer that bore it: the amounts stand on the "
        "close_out_finished row and are zero on the others.",
        _DAY,
        _ROUND,
        _ACCOUNT,
        _MEMBER,
        _text("event", "client_default, member_default, forced_reduction or close_out_finished."),
        _money("loss", "Loss beyond the defaulter's own collateral."),
        _money("member_capital", "Borne by the clearing member's capital."),
        _money("member_fund", "Borne by the failed member's fund contribution."),
        _money("skin_in_the_game", "Borne by the clearing house's capital."),
        _money("survivors_fund", "Borne by the other members' fund contributions."),
        _money("assessments", "Borne by assessments on the other members."),
        _money("variation_haircut", "Borne by a haircut on variation-margin gains."),
        _money("tear_up", "Given up by those whose contracts were torn up."),
        _money("uncovered", "Borne by nobody: the part beyond every layer."),
        _money("surplus", "Collateral left and returned to the defaulter's estate."),
    ),
    "margin_backtest": _schema(
        "Margin required at a close against the loss of the position held then over the margin period.",
        _int("day", "trading day", "Close at which the margin was required."),
        _ACCOUNT,
        _money("requirement", "Initial margin of the account."),
        _money("loss", "Loss over the margin period from there; negative is a gain."),
        _flag("breach", "Whether the loss was larger than the margin."),
    ),
    "contract_backtest": _schema(
        "The same of one lot of each listed month, long and short.",
        _int("day", "trading day", "Close at which the margin was required."),
        _MONTH,
        _TENOR,
        _int("side", "1 long, -1 short", "Side of the position."),
        _money("requirement", "Initial margin of one lot."),
        _money("loss", "Loss over the margin period from there; negative is a gain."),
        _flag("breach", "Whether the loss was larger than the margin."),
    ),
    "exposures": _schema(
        "Who owes whom under stated price moves at the close, one row a day, stress scenario and node.",
        _DAY,
        _int("scenario", "scenario number", "Stress scenario: 0 a rise, 1 a fall of all prices."),
        _text("level", "client, member or house."),
        _int("node", "number", "Account or member; 0 for the house."),
        _int("creditor", "number", "Whom it owes: the member of a client, -1 for the house."),
        _int("lots", "lots", "Sum of absolute positions."),
        _money("margin", "Initial margin."),
        _money("collateral", "Collateral balance."),
        _money("resources", "Cash and credit of a client, capital of a member, own capital of the house."),
        _money("fund", "Guaranty-fund contribution."),
        _money("assessable", "What may still be called beyond the fund."),
        _money("stressed_loss", "Loss in the scenario; zero for a gain."),
        _money("uncovered", "Part of it beyond collateral."),
        _money("shortfall", "Part of that beyond the client's own resources."),
        _flag("in_default", "Whether it is in default."),
    ),
    "guaranty_fund": _schema(
        "Sizings of the guaranty fund, one row a sizing and member.",
        _DAY,
        _int("member", "member number", "Clearing member."),
        _money("cover_two", "The two largest stressed losses beyond margin, which the fund covers."),
        _int("scenario", "scenario number", "Stress scenario of that loss."),
        _money("required", "Contribution required of the member."),
        _money("paid_in", "Paid in at this sizing."),
        _money("returned", "Returned at this sizing."),
    ),
    "dmm": _schema(
        "Duties and pay of each designated market maker, one row a day and maker.",
        _DAY,
        _ACCOUNT,
        _float("presence", "share of rounds", "Rounds with a two-sided quote."),
        _float("spread_compliance", "share of rounds", "Rounds with a quote inside the largest spread."),
        _float("size_compliance", "share of rounds", "Rounds with a quote of at least the smallest size."),
        _float("at_best", "share of sides", "Own bids and asks at the best price."),
        _float("stress_presence", "share of rounds", "Stressed rounds with a complying quote; NaN without."),
        _float("stress_share", "share of rounds", "Rounds in which the month was in stress."),
        _flag("obligation_met", "Whether the duty was met."),
        _flag("under_contract", "Whether the maker had the status that day."),
        _money("pay", "Pay booked that day."),
    ),
    "hedging": _schema(
        "Physical bill and hedge of each enterprise, one row a finished delivery month and enterprise.",
        _MONTH,
        _ACCOUNT,
        _flag("hedges", "Whether the enterprise runs a hedge programme."),
        _float("need_msit", "mSIT", "Tokens bought in the month."),
        _float("bill_usd", "USD", "Physical cost at the own provider's prices."),
        _float("expected_bill_usd", "USD", "The same need at the model forward curve of day 0."),
        _float("futures_pnl_usd", "USD", "Profit on that month's contract, fees excluded."),
        _float(
            "fees_usd", "USD", "Trading fees of the account on all contracts; of the last day: next month."
        ),
        _float("interest_usd", "USD", "Interest paid on drawn credit."),
        _float("hedge_lots_at_delivery", "lots", "Position when delivery began, long positive."),
        _float("net_cost_usd", "USD", "Bill minus futures profit plus fees plus interest."),
        _float("margin_cost_usd", "USD", "What own money in the hedge could have earned; not in net cost."),
        _int("abandoned_days", "days", "Days on which the hedge was given up."),
    ),
    "hedge_events": _schema(
        "Hedges given up for want of free funds, and taken up again.",
        _DAY,
        _ACCOUNT,
        _text("event", "abandoned or resumed."),
        _money("free_funds", "Bank cash, undrawn credit and collateral beyond initial margin at the open."),
        _money("initial_margin", "Initial margin requirement then."),
    ),
    "agents": _schema(
        "Result of each account over the whole run.",
        _ACCOUNT,
        _text("agent_class", "Kind of trader."),
        _MEMBER,
        _money("initial_equity", "Bank cash plus collateral minus credit at the start."),
        _money("final_equity", "Bank cash plus collateral minus credit at the end."),
        _money("pnl", "Futures profit after fees and pay."),
        _money("fees", "Fees paid; negative when rebates are larger."),
        _money("pay", "Pay of a market maker."),
        _money("levies", "Levies paid, such as a transaction tax; not in the profit."),
        _money("credit_interest", "Interest on drawn credit, paid or added to the debt; not in the profit."),
        _money("collateral_interest", "Interest received on collateral; not in the profit."),
        _money("deficit_covered", "Loss in default that others bore; not in the profit."),
        _money(
            "gains_given_up",
            "Gains cut or torn up at the end of the waterfall; not in the profit. Final less initial equity "
            "is profit - levies - credit_interest + collateral_interest + deficit_covered - gains_given_up.",
        ),
        _int("lots_traded", "lots", "Lots bought plus lots sold."),
        _int("maker_lots", "lots", "Lots traded as the resting order."),
        _int("messages", "count", "Messages sent to the exchange."),
        _int("rejected", "count", "Messages refused."),
        _flag("in_default", "Whether the account defaulted."),
    ),
    "orders": _schema(
        "Every message with its immediate outcome.",
        _DAY,
        _ROUND,
        _float("arrival_ms", "milliseconds", "Arrival after the start of the round."),
        _ACCOUNT,
        _int(
            "kind",
            "message kind code",
            "0 limit, 1 market, 2 cancel, 3 cancel all, 4 stop, 5 stop limit, 6 modify, 7 quote.",
        ),
        _int("side", "1 buy, -1 sell", "Side of the order."),
        _MONTH,
        _price("price", "Limit price; null for a message without one."),
        _int("lots", "lots", "Quantity asked for."),
        _price("stop", "Trigger of a stop order."),
        _price("ask", "Ask price of a quote."),
        _int("ask_lots", "lots", "Ask quantity of a quote."),
        _int("display_lots", "lots", "Shown part of an iceberg order; 0 for all."),
        _int("minimum_lots", "lots", "Quantity that had to trade at once."),
        _int("spread_months", "months", "Length of the calendar spread; 0 for an outright month."),
        _int("time_in_force", "time-in-force code", "0 day, 1 GTC, 2 IOC, 3 FOK, 4 GTD."),
        _int("post_only", "1 yes, 0 no", "Whether the order may only add liquidity."),
        _int("order_id", "order number", "Order, or the order to cancel."),
        _int("reason", "reject reason code", "Why the message was refused; 0 when accepted."),
        _int("filled_lots", "lots", "Lots traded at once."),
        _int("resting_lots", "lots", "Lots left in the book."),
    ),
    "ledger": _schema(
        "Every posting of the clearing house's double-entry ledger.",
        _DAY,
        _ROUND,
        _int("debit", "ledger account number", "Ledger account debited."),
        _int("credit", "ledger account number", "Ledger account credited."),
        _money("amount", "Amount, not negative."),
        _text("kind", "What the posting is for."),
    ),
}
"""Schema of each table by name; field metadata carry ``units`` and ``description``."""

_SUMMARY = (
    "spot", "daily", "hedging", "hedge_events", "agents", "defaults", "dmm", "margin_calls", "halts",
    "guaranty_fund",
)  # fmt: skip
_DAILY = (
    *_SUMMARY, "quotes", "trades", "transfers", "accounts", "margin_backtest", "contract_backtest",
    "exposures",
)  # fmt: skip

PROFILES: dict[str, tuple[str, ...]] = {
    "summary": _SUMMARY,
    "daily": _DAILY,
    "full": (*_DAILY, "orders", "ledger"),
}
"""Tables that each recording profile keeps."""


def units(table: str) -> dict[str, str]:
    """Return the units of each column of a table."""
    return {field.name: field.metadata[b"units"].decode() for field in SCHEMAS[table]}
