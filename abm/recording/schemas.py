"""What a run folder holds: one Arrow schema per table, units on every column, and the recording profiles.

Every table is long (one fact a row) and every column has a ``units`` entry in its field metadata. A money
column is integer micro-USD; a ``_ticks`` column is an integer price and is null where there is no price; a
``_usd`` column is a float outside the clearing system (spot prices, bills). ``round`` counts from zero
within its day and ``deadline_round`` from the start of the simulation. A month is the absolute delivery
month and the tenor its distance from the front month (0 = front).
"""

from __future__ import annotations

import pyarrow as pa

from abm.recording.capital_columns import CAPITAL_COLUMNS
from abm.recording.class_money import CLASS_MONEY_SCHEMAS
from abm.recording.class_schemas import CLASS_SCHEMAS
from abm.recording.columns import (
    ACCOUNT,
    DAY,
    MEMBER,
    MONTH,
    NAME,
    ROUND,
    TENOR,
    flag,
    money,
    number,
    price,
    schema,
    since,
    text,
    whole_number,
)
from abm.recording.margin_schemas import MARGIN_SCHEMAS
from abm.recording.trading_schemas import TRADING_SCHEMAS

SCHEMAS: dict[str, pa.Schema] = {
    "spot": schema(
        "Spot price, index and provider quotes, one row a day.",
        DAY,
        whole_number("month", "delivery month", "Delivery month that the day's fixing belongs to."),
        number("spot_usd", "USD per mSIT", "Price of the spot process."),
        number("tpi_usd", "USD per mSIT", "Token Price Index before rounding; NaN when unavailable."),
        number(
            "volume_weighted_usd", "USD per mSIT", "Index by the volume-weighted method; NaN without one."
        ),
        number("matched_usd", "USD per mSIT", "Index by the chained Fisher method; NaN without one."),
        money("index_fixing", "Published fixing, per mSIT; the prior one when the index is unavailable."),
        flag("index_available", "Whether the index could be computed that day."),
        number("provider_low_usd", "USD per mSIT", "Lowest provider quote."),
        number("provider_high_usd", "USD per mSIT", "Highest provider quote."),
    ),
    **TRADING_SCHEMAS,
    "transfers": schema(
        "Positions that came or changed hands without a trade. With those of the trades they give every "
        "position, and its variation margin.",
        DAY,
        ROUND,
        MONTH,
        text(
            "kind",
            "opening (brought in before the first round, at its settlement price), auction (of a defaulter's "
            "positions), tear_up, or porting (a client moves to another member, with its own position).",
        ),
        whole_number(
            "buyer", "account number", "Account whose position rises; -1 for nobody, at the opening."
        ),
        whole_number(
            "seller", "account number", "Account whose position falls; -1 for nobody, at the opening."
        ),
        whole_number("buyer_member", "member number", "Clearing member of the buyer then; -1 for nobody."),
        whole_number("seller_member", "member number", "Clearing member of the seller then; -1 for nobody."),
        whole_number("lots", "lots", "Quantity."),
        whole_number("price_ticks", "ticks", "Price from which variation margin runs, as that of a trade."),
    ),
    "halts": schema(
        "Months that stopped trading continuously for a reason of price.",
        DAY,
        ROUND,
        MONTH,
        TENOR,
        text("kind", "limit (a daily limit was reached) or interruption (too large a price step)."),
        flag("is_cause", "Whether this month's price is the reason; false if it halts with another."),
        whole_number("rounds", "rounds", "Length of the halt, or of the auction after an interruption."),
        price("limit_low", "Lowest price allowed from then on."),
        price("limit_high", "Highest price allowed from then on."),
    ),
    "daily": schema(
        "The day's result in each listed month, one row a day and month; on a month's last trading day "
        "that row is the final settlement.",
        DAY,
        MONTH,
        TENOR,
        price("settlement", "Daily settlement price; the final price where ``final`` is true."),
        whole_number(
            "settlement_tier",
            "tier number",
            "Rule that gave the settlement price; the lowest is closest to trades.",
        ),
        price("model", "Model forward price of the month, rounded to the tick."),
        since(
            6,
            number(
                "expected_usd",
                "USD per mSIT",
                "Expected final settlement, given what the public knows after the day's fixing, and without "
                "the premium that the model price may hold.",
            ),
        ),
        whole_number("volume_lots", "lots", "Lots traded in the day."),
        whole_number("auction_lots", "lots", "Lots among them that traded in auctions."),
        whole_number("trades", "count", "Trades in the day."),
        whole_number("open_interest_lots", "lots", "Sum of long positions at the close."),
        number("spread_ticks", "ticks", "Mean ask minus bid over two-sided rounds; NaN if there is none."),
        number(
            "two_sided_share",
            "share of rounds",
            "Rounds of continuous trading that end with a bid and an ask.",
        ),
        number(
            "depth_lots", "lots", "Mean of best-bid plus best-ask lots over rounds of continuous trading."
        ),
        price("limit_low", "Lowest price allowed in the day; null without a limit."),
        price("limit_high", "Highest price allowed in the day; null without a limit."),
        flag("final", "Whether the row is the month's final settlement."),
    ),
    "accounts": schema(
        "Money and position of each account at the close, one row a day and account.",
        DAY,
        ACCOUNT,
        money("equity", "Collateral balance after variation margin."),
        money("bank_cash", "Own money at the bank."),
        money("credit_drawn", "Drawn part of the credit line."),
        money("collateral_interest", "Interest received on collateral since the start."),
        money("levies", "Levies, such as a transaction tax, since the start."),
        money("initial_margin", "Initial margin requirement."),
        money("maintenance_margin", "Maintenance margin requirement."),
        money("variation", "Variation margin of the day, received positive."),
        whole_number("net_lots", "lots", "Sum of signed positions over the months."),
        whole_number("gross_lots", "lots", "Sum of absolute positions over the months."),
        flag("in_default", "Whether the account is in default."),
        *CAPITAL_COLUMNS,
    ),
    "margin_calls": schema(
        "Margin calls. Rows of one account with one deadline are one call, computed again while it is open.",
        DAY,
        ROUND,
        ACCOUNT,
        MEMBER,
        money("amount", "Amount called: what restores the account to its initial margin."),
        money("met_cash", "Part met at once from bank cash."),
        money("met_credit", "Part met at once from the credit line."),
        money("outstanding", "Part still owed."),
        whole_number("deadline_round", "round of the run", "Absolute round by which the rest is due."),
        money("loss", "Cause: variation margin paid since the last margin cycle; a gain is negative."),
        money("model_rise", "Cause: rise of the requirement of the positions held at the last cycle."),
        money("position_rise", "Cause: rise of the requirement through trades, transfers and expiries."),
        money(
            "carried", "Cause: all else, as an unpaid call, fees, less excess; the four sum to the amount."
        ),
    ),
    "defaults": schema(
        "Defaults and the loss each close-out left, by the layer that bore it: the amounts stand on the "
        "close_out_finished row and are zero on the others.",
        DAY,
        ROUND,
        ACCOUNT,
        MEMBER,
        text("event", "client_default, member_default, forced_reduction or close_out_finished."),
        money("loss", "Loss beyond the defaulter's own collateral."),
        money("member_capital", "Borne by the clearing member's capital."),
        money("member_fund", "Borne by the failed member's fund contribution."),
        money("skin_in_the_game", "Borne by the clearing house's capital."),
        money("survivors_fund", "Borne by the other members' fund contributions."),
        money("assessments", "Borne by assessments on the other members."),
        money("variation_haircut", "Borne by a haircut on variation-margin gains."),
        money("tear_up", "Given up by those whose contracts were torn up."),
        money("uncovered", "Borne by nobody: the part beyond every layer."),
        money("surplus", "Collateral left and returned to the defaulter's estate."),
    ),
    "margin_backtest": schema(
        "Margin required at a close against the loss of the position held then over the margin period.",
        whole_number("day", "trading day", "Close at which the margin was required."),
        ACCOUNT,
        money("requirement", "Initial margin of the account."),
        money("loss", "Loss over the margin period from there; negative is a gain."),
        flag("breach", "Whether the loss was larger than the margin."),
    ),
    "contract_backtest": schema(
        "The same of one lot of each listed month, long and short.",
        whole_number("day", "trading day", "Close at which the margin was required."),
        MONTH,
        TENOR,
        whole_number("side", "1 long, -1 short", "Side of the position."),
        money("requirement", "Initial margin of one lot."),
        money("loss", "Loss over the margin period from there; negative is a gain."),
        flag("breach", "Whether the loss was larger than the margin."),
    ),
    **MARGIN_SCHEMAS,
    **CLASS_MONEY_SCHEMAS,
    **CLASS_SCHEMAS,
    "exposures": schema(
        "Who owes whom under stated price moves at the close, one row a day, stress scenario and node.",
        DAY,
        whole_number("scenario", "scenario number", "Stress scenario: 0 a rise, 1 a fall of all prices."),
        text("level", "client, member or house."),
        whole_number("node", "number", "Account or member; 0 for the house."),
        whole_number("creditor", "number", "Whom it owes: the member of a client, -1 for the house."),
        whole_number("lots", "lots", "Sum of absolute positions."),
        money("margin", "Initial margin."),
        money("collateral", "Collateral balance."),
        money("resources", "Cash and credit of a client, capital of a member, own capital of the house."),
        money("fund", "Guaranty-fund contribution."),
        money("assessable", "What may still be called beyond the fund."),
        money("stressed_loss", "Loss in the scenario; zero for a gain."),
        money("uncovered", "Part of it beyond collateral."),
        money("shortfall", "Part of that beyond the client's own resources."),
        flag("in_default", "Whether it is in default."),
    ),
    "guaranty_fund": schema(
        "Sizings of the guaranty fund, one row a sizing and member.",
        DAY,
        whole_number("member", "member number", "Clearing member."),
        money("cover_two", "The two largest stressed losses beyond margin, which the fund covers."),
        whole_number("scenario", "scenario number", "Stress scenario of that loss."),
        money("required", "Contribution required of the member."),
        money("paid_in", "Paid in at this sizing."),
        money("returned", "Returned at this sizing."),
    ),
    "dmm": schema(
        "Duties and pay of each designated market maker, one row a day and maker.",
        DAY,
        ACCOUNT,
        number("presence", "share of rounds", "Rounds with a two-sided quote."),
        number("spread_compliance", "share of rounds", "Rounds with a quote inside the largest spread."),
        number("size_compliance", "share of rounds", "Rounds with a quote of at least the smallest size."),
        number("at_best", "share of sides", "Own bids and asks at the best price."),
        number("stress_presence", "share of rounds", "Stressed rounds with a complying quote; NaN without."),
        number("stress_share", "share of rounds", "Rounds in which the month was in stress."),
        flag("obligation_met", "Whether the duty was met."),
        flag("under_contract", "Whether the maker had the status that day."),
        money("pay", "Pay booked that day."),
    ),
    "hedging": schema(
        "Physical bill and hedge of each enterprise, one row a finished delivery month and enterprise.",
        MONTH,
        ACCOUNT,
        NAME,
        flag("hedges", "Whether the enterprise runs a hedge programme."),
        whole_number("provider", "provider number", "Provider that it buys from."),
        number("price_multiple", "1", "Its price as a multiple of its provider's."),
        number("need_msit", "mSIT", "Tokens bought in the month."),
        number("expected_need_msit", "mSIT", "Tokens that the programme counted on for the month."),
        number("bill_usd", "USD", "Physical cost at the own provider's prices."),
        number("expected_bill_usd", "USD", "The same need at the model forward curve of day 0."),
        number("expected_need_bill_usd", "USD", "The expected need at the own prices that came."),
        number("budget_usd", "USD", "The expected need at the model forward curve of day 0."),
        number("futures_pnl_usd", "USD", "Profit on that month's contract, fees excluded."),
        number(
            "fees_usd", "USD", "Trading fees of the account on all contracts; of the last day: next month."
        ),
        number("interest_usd", "USD", "Interest on drawn credit and fees on undrawn credit."),
        number("hedge_lots_at_delivery", "lots", "Position when delivery began, long positive."),
        number("net_cost_usd", "USD", "Bill minus futures profit plus fees plus interest."),
        number("margin_cost_usd", "USD", "What own money in the hedge could have earned; not in net cost."),
        whole_number("abandoned_days", "days", "Days on which the hedge was given up."),
    ),
    "bills": schema(
        "What each enterprise bought in the day, one row a day and enterprise.",
        DAY,
        ACCOUNT,
        number("need_msit", "mSIT", "Tokens bought."),
        number("price_usd", "USD per mSIT", "Own price."),
        number("bill_usd", "USD", "Physical cost."),
    ),
    "provider_prices": schema(
        "Price of each provider, one row a day and provider.",
        DAY,
        whole_number("provider", "provider number", "Provider."),
        number("price_usd", "USD per mSIT", "Its quote of the day."),
    ),
    "positions": schema(
        "Positions at the close, one row a day, account and delivery month that is not flat.",
        DAY,
        ACCOUNT,
        MONTH,
        whole_number("lots", "lots", "Signed position."),
    ),
    "hedge_events": schema(
        "Hedges given up for want of free funds, and taken up again.",
        DAY,
        ACCOUNT,
        text("event", "abandoned or resumed."),
        money("free_funds", "Bank cash, undrawn credit and collateral beyond initial margin at the open."),
        money("initial_margin", "Initial margin requirement then."),
    ),
    "agents": schema(
        "Result of each account over the whole run.",
        ACCOUNT,
        text("agent_class", "Kind of trader."),
        NAME,
        MEMBER,
        money("initial_equity", "Bank cash plus collateral minus credit at the start."),
        money("final_equity", "Bank cash plus collateral minus credit at the end."),
        money("pnl", "Futures profit after fees and pay."),
        money("fees", "Fees paid; negative when rebates are larger."),
        money("pay", "Pay of a market maker."),
        money("levies", "Levies paid, such as a transaction tax; not in the profit."),
        money(
            "credit_interest",
            "Interest on drawn and fees on undrawn credit, paid or added to the debt; not in the profit.",
        ),
        money("collateral_interest", "Interest received on collateral; not in the profit."),
        money("deficit_covered", "Loss in default that others bore; not in the profit."),
        money(
            "gains_given_up",
            "Gains cut or torn up at the end of the waterfall; not in the profit. Final less initial equity "
            "is profit - levies - credit_interest + collateral_interest + deficit_covered - gains_given_up "
            "+ brought_in - paid_out + outside_gain.",
        ),
        whole_number("lots_traded", "lots", "Lots bought plus lots sold."),
        whole_number("maker_lots", "lots", "Lots traded as the resting order."),
        whole_number("messages", "count", "Messages sent to the exchange."),
        whole_number("rejected", "count", "Messages refused."),
        flag("in_default", "Whether the account defaulted."),
        *CAPITAL_COLUMNS,
    ),
    "orders": schema(
        "Every message with its immediate outcome.",
        DAY,
        ROUND,
        number("arrival_ms", "milliseconds", "Arrival after the start of the round."),
        ACCOUNT,
        whole_number(
            "kind",
            "message kind code",
            "0 limit, 1 market, 2 cancel, 3 cancel all, 4 stop, 5 stop limit, 6 modify, 7 quote.",
        ),
        whole_number("side", "1 buy, -1 sell", "Side of the order."),
        MONTH,
        price("price", "Limit price; null for a message without one."),
        whole_number("lots", "lots", "Quantity asked for."),
        price("stop", "Trigger of a stop order."),
        price("ask", "Ask price of a quote."),
        whole_number("ask_lots", "lots", "Ask quantity of a quote."),
        whole_number("display_lots", "lots", "Shown part of an iceberg order; 0 for all."),
        whole_number("minimum_lots", "lots", "Quantity that had to trade at once."),
        whole_number("spread_months", "months", "Length of the calendar spread; 0 for an outright month."),
        whole_number("time_in_force", "time-in-force code", "0 day, 1 GTC, 2 IOC, 3 FOK, 4 GTD."),
        whole_number("post_only", "1 yes, 0 no", "Whether the order may only add liquidity."),
        whole_number("order_id", "order number", "Order, or the order to cancel."),
        whole_number("reason", "reject reason code", "Why the message was refused; 0 when accepted."),
        whole_number("filled_lots", "lots", "Lots traded at once."),
        whole_number("resting_lots", "lots", "Lots left in the book."),
    ),
    "ledger": schema(
        "Every posting of the clearing house's double-entry ledger.",
        DAY,
        ROUND,
        whole_number("debit", "ledger account number", "Ledger account debited."),
        whole_number("credit", "ledger account number", "Ledger account credited."),
        money("amount", "Amount, not negative."),
        text("kind", "What the posting is for."),
    ),
}
"""Schema of each table by name; field metadata carry ``units`` and ``description``."""

_SUMMARY = (
    "spot", "daily", "hedging", "hedge_events", "agents", "defaults", "dmm", "margin_calls", "halts",
    "guaranty_fund", "clearing_days", *CLASS_MONEY_SCHEMAS, *CLASS_SCHEMAS,
)  # fmt: skip
_DAILY = (
    *_SUMMARY, "quotes", "trades", "depth", "transfers", "accounts", "margin_backtest", "contract_backtest",
    "exposures", "provider_prices", "bills", "positions",
)  # fmt: skip

PROFILES: dict[str, tuple[str, ...]] = {
    "summary": _SUMMARY,
    "daily": _DAILY,
    "full": (*_DAILY, "orders", "ledger"),
}
"""Tables that each recording profile keeps; those of ``ON_REQUEST`` are in none."""


def units(table: str) -> dict[str, str]:
    """Return the units of each column of a table."""
    return {field.name: field.metadata[b"units"].decode() for field in SCHEMAS[table]}
