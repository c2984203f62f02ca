"""Tables of a run folder about margin: the clearing house's day in sums, and every model beside its own.

The other tables, the rules that hold for all of them, and the profiles are in ``abm.recording.schemas``.
"""

from __future__ import annotations

import pyarrow as pa

from abm.recording.columns import DAY, MONTH, TENOR, flag, money, number, schema, since, text, whole_number

_CLOSE = whole_number("day", "trading day", "Close at which the margin was, or would have been, required.")
_MODEL = text("model", "Margin model, as clearing.margin.model or .registered names it.")
_NOTIONAL = (
    "at settlement prices, each at no less than clearing.margin.floor_price_usd in absolute value, as margin "
    "models value it."
)

MARGIN_SCHEMAS: dict[str, pa.Schema] = {
    "clearing_days": schema(
        "What the clearing house required and moved, one row a day, as of the close.",
        DAY,
        whole_number("accounts", "accounts", "Accounts with a position."),
        money("initial_margin", "Initial margin required of all accounts."),
        money("member_margin", "Part of it required of members' own accounts; the rest is the clients'."),
        money("notional", f"Value of all lots held, long and short alike, {_NOTIONAL}"),
        money("variation", "Variation margin of the day: paid by those who lost over it, got by the others."),
        money("credit_drawn", "Drawn part of all credit lines."),
        money("credit_interest", "Interest of the day on drawn credit, and fees on undrawn credit."),
        number(
            "lot_margin_share",
            "share of notional",
            "Initial margin of one lot over its value, mean over listed months but the front one, whose "
            "margin falls with its fixings; NaN where no other is listed.",
        ),
        since(
            6,
            money(
                "liquidity_need",
                "Variation margin of the day that those who lost it did not pay, in default or with an open "
                "call: what the house had to front to those who gained.",
            ),
        ),
        since(6, money("owed", "What accounts owe the house beyond all collateral.")),
    ),
    "margin_models": schema(
        "What each margin model would have required of the positions of a close, and how that stood up over "
        "the margin period. One row a close whose period is over, and built-in model; a registered one has "
        "rows where it is the scenario's. All have the scenario's confidence, period, charges and tools; a "
        "model that these do not allow is left out.",
        _CLOSE,
        _MODEL,
        flag("own", "Whether it is the scenario's model, whose margin was really required."),
        whole_number("accounts", "accounts", "Accounts with a position."),
        money("requirement", "Initial margin of all accounts."),
        money("member_requirement", "Part of it of members' own accounts; the rest is the clients'."),
        money("notional", f"Value of all lots held, long and short alike, {_NOTIONAL}"),
        whole_number("breaches", "accounts", "Accounts whose loss over the margin period was larger."),
        money("largest_excess", "Largest loss of an account beyond its margin; 0 without one."),
        money("total_excess", "Sum of the losses of accounts beyond their margins."),
    ),
    "margin_model_lots": schema(
        "The same of one lot, one row a close, model and listed month.",
        _CLOSE,
        _MODEL,
        flag("own", "Whether it is the scenario's model."),
        MONTH,
        TENOR,
        money("requirement", "Initial margin of one lot, long or short."),
        money("notional", f"Value of the lot {_NOTIONAL}"),
        money("loss", "Loss of a long lot over the margin period, which is the gain of a short one."),
    ),
}
"""Schema of each table by name."""

ON_REQUEST = ("margin_models", "margin_model_lots")
"""Tables of no profile: they are kept where ``recording.margin_models`` asks for them."""
