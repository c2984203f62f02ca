"""What a custom trader may send to the exchange, and how what it says becomes a message.

A price or quantity that no exchange can accept (NaN, infinite, beyond the integers of a message) is sent as a
value that the exchange refuses and counts. One between two ticks or lots is the user's mistake and raises.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError
from abm.core.orders import ALL_MONTHS, NO_PRICE, MessageKind, SelfMatch, Side, TimeInForce

_NOT_VALID = -1
"""Stands for a NaN quantity, tenor or code: refused wherever it appears."""
_LIMIT, _MARKET = int(MessageKind.LIMIT), int(MessageKind.MARKET)
_STOP, _STOP_LIMIT = int(MessageKind.STOP), int(MessageKind.STOP_LIMIT)
_GTD = int(TimeInForce.GTD)
_UNLISTED_MONTH = int(np.iinfo(np.int32).min)
_BITS_8, _BITS_32, _BITS_64 = (int(np.iinfo(kind).max) for kind in (np.int8, np.int32, np.int64))


class OrderEntry:
    """The messages of a trader; those that place orders return the new order's id.

    A ``tenor`` counts months from the front month, which is 0. A trader's messages of a round arrive
    together, in the order in which they were sent.
    """

    account: int
    model: Any

    def limit(
        self,
        *,
        side: Side,
        price_ticks: float | None,
        lots: float,
        tenor: int = 0,
        time_in_force: TimeInForce = TimeInForce.DAY,
        post_only: bool = False,
        display_lots: float = 0,
        minimum_lots: float = 0,
        expiry_days: int | None = None,
        self_match: SelfMatch | None = None,
        far_tenor: int | None = None,
    ) -> int:
        """Send a limit order and return its order id.

        Parameters
        ----------
        side : Side
            Of a calendar spread: that of the near month.
        price_ticks : int
            Limit in ticks; ``None``, as the view gives for an empty side, is refused.
        lots : int
            Quantity.
        tenor : int
            Month; of a calendar spread the near one.
        time_in_force : TimeInForce
            How long the order lives.
        post_only : bool
            Refuse the order rather than let it trade at once.
        display_lots : int
            Lots of an iceberg order that show; 0 shows all.
        minimum_lots : int
            Lots that must fill at once; 0 asks for none.
        expiry_days : int, optional
            Trading days from today (0: today) to the day at whose close the order ends; makes it ``GTD``.
        self_match : SelfMatch, optional
            What happens when the order meets one of this trader's own; the scenario's instruction by default.
        far_tenor : int, optional
            Makes it an order for the calendar spread of ``tenor`` against this later month.
        """
        return self._send_order(
            _LIMIT, tenor, side, lots, time_in_force, expiry_days, self_match,
            self._price("price_ticks", price_ticks),
            0,
            post_only if post_only is True or post_only is False else self._flag("post_only", post_only),
            self._whole("display_lots", display_lots, _BITS_32) if display_lots != 0 else 0,
            self._whole("minimum_lots", minimum_lots, _BITS_32) if minimum_lots != 0 else 0,
            self._spread_months(tenor, far_tenor) if far_tenor is not None else 0,
        )  # fmt: skip

    def market(
        self,
        *,
        side: Side,
        lots: float,
        tenor: int = 0,
        time_in_force: TimeInForce = TimeInForce.IOC,
        minimum_lots: float = 0,
        self_match: SelfMatch | None = None,
    ) -> int:
        """Send a market order with protection and return its order id; what does not trade is cancelled."""
        least = self._whole("minimum_lots", minimum_lots, _BITS_32) if minimum_lots != 0 else 0
        return self._send_order(
            _MARKET, tenor, side, lots, time_in_force, None, self_match, minimum_lots=least
        )

    def stop(
        self,
        *,
        side: Side,
        stop_ticks: float | None,
        lots: float,
        limit_ticks: float | None = None,
        tenor: int = 0,
        time_in_force: TimeInForce = TimeInForce.DAY,
        expiry_days: int | None = None,
        self_match: SelfMatch | None = None,
    ) -> int:
        """Send a stop order and return its order id.

        It waits until the last trade is at ``stop_ticks`` or beyond (above for a buy, below for a sell), then
        enters as a market order, or as a limit order at ``limit_ticks`` if that is given.
        """
        return self._send_order(
            _STOP if limit_ticks is None else _STOP_LIMIT,
            tenor, side, lots, time_in_force, expiry_days, self_match,
            self._price("limit_ticks", limit_ticks),
            self._price("stop_ticks", stop_ticks),
        )  # fmt: skip

    def modify(
        self,
        order_id: int,
        price_ticks: float | None,
        lots: float,
        *,
        post_only: bool = False,
        self_match: SelfMatch | None = None,
    ) -> None:
        """Give a resting order another price and another remaining quantity.

        A smaller quantity at the same price keeps the order's place in the queue; any other change loses it.
        """
        self._send(
            MessageKind.MODIFY,
            self._month(0),
            order_id=self._whole("order_id", order_id, _BITS_64),
            price_ticks=self._price("price_ticks", price_ticks),
            lots=self._whole("lots", lots, _BITS_64),
            post_only=self._flag("post_only", post_only),
            self_match=self._self_match(self_match),
        )

    def quote(
        self,
        *,
        bid_ticks: float | None,
        bid_lots: float,
        ask_ticks: float | None,
        ask_lots: float,
        tenor: int = 0,
        post_only: bool = False,
        self_match: SelfMatch | None = None,
    ) -> int:
        """Replace both sides of this trader's quote in a month and return the order id of the bid.

        The ask has the id after it. A side of 0 lots is withdrawn, whatever its price; a side with its old
        price and not more lots than before keeps its place and its old id.
        """
        return self._send(
            MessageKind.QUOTE,
            self._month(tenor),
            price_ticks=self._price("bid_ticks", bid_ticks),
            lots=self._whole("bid_lots", bid_lots, _BITS_64),
            ask_ticks=self._price("ask_ticks", ask_ticks),
            ask_lots=self._whole("ask_lots", ask_lots, _BITS_32),
            post_only=self._flag("post_only", post_only),
            self_match=self._self_match(self_match),
        )

    def cancel(self, order_id: int) -> None:
        """Cancel one of this trader's resting orders."""
        named = self._whole("order_id", order_id, _BITS_64)
        self._send(MessageKind.CANCEL, self._month(0), order_id=named)

    def cancel_all(self, tenor: int | None = None, far_tenor: int | None = None) -> None:
        """Cancel this trader's resting orders in one month, in one calendar spread, or everywhere."""
        if tenor is None:
            if far_tenor is not None:
                raise ParameterError(f"{type(self).__name__}: far_tenor {far_tenor} is given without a tenor")
            self._send(MessageKind.CANCEL_ALL, ALL_MONTHS)
        else:
            self._send(
                MessageKind.CANCEL_ALL,
                self._month(tenor),
                spread_months=self._spread_months(tenor, far_tenor),
            )

    def open_orders(self) -> NDArray[np.void]:
        """Return this trader's resting orders (``RESTING_DTYPE``), as the exchange has them now."""
        orders: NDArray[np.void] = self.model.exchange.open_orders(self.account)
        return orders

    def _send_order(
        self,
        kind: int,
        tenor: int,
        side: int,
        lots: float,
        time_in_force: int,
        expiry_days: int | None,
        self_match: int | None,
        price_ticks: int = 0,
        stop_ticks: int = 0,
        post_only: bool = False,
        display_lots: int = 0,
        minimum_lots: int = 0,
        spread_months: int = 0,
    ) -> int:
        life = self._whole("time_in_force", _GTD if expiry_days is not None else time_in_force, _BITS_8)
        # By position, in the order of Outbox.add: this is the path of every custom agent's order.
        return self._send(
            kind,
            self._month(tenor),
            self._whole("side", side, _BITS_8, nan=0),
            price_ticks,
            self._whole("lots", lots, _BITS_64),
            life,
            post_only,
            None,
            stop_ticks,
            0,
            0,
            display_lots,
            minimum_lots,
            self._expiry_day(expiry_days) if life == _GTD else 0,
            None if self_match is None else self._whole("self_match", self_match, _BITS_8),
            spread_months,
        )

    def _send(self, kind: int, month: int, *message: Any, **named: Any) -> int:
        """Put a message into the round's batch and return its order id."""
        raise NotImplementedError

    def _number(self, field: str, value: Any) -> Any:
        """Return a value as a plain Python number, or raise naming class, field and value."""
        plain: Any = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, bool) or not isinstance(plain, Real):
            raise ParameterError(f"{type(self).__name__}: {field} {value!r} is not a number")
        return plain

    def _whole(self, field: str, value: Any, largest: int, *, nan: int = _NOT_VALID) -> int:
        """Return a whole number within plus or minus the largest, or raise if it is between two."""
        if isinstance(value, int) and -largest < value < largest and value is not True and value is not False:
            return value + 0  # nearly always; a plain int, also of an enum, in a third of the time of int()
        number = self._number(field, value)
        if number != number:
            return nan
        if abs(number) >= largest:
            return largest if number > 0 else -largest
        if int(number) != number:
            raise ParameterError(f"{type(self).__name__}: {field} {number} is not a whole number")
        return int(number)

    def _flag(self, field: str, value: Any) -> bool:
        """Return a yes or no, also of NumPy or as 1 or 0, or raise naming class, field and value."""
        if isinstance(value, (bool, np.bool_)) or (isinstance(value, (int, np.integer)) and value in (0, 1)):
            return bool(value)
        raise ParameterError(f"{type(self).__name__}: {field} {value!r} is not True or False")

    def _price(self, field: str, value: float | None) -> int:
        """Return a price, ``NO_PRICE`` for none, NaN and infinities."""
        if value is None:
            return NO_PRICE
        if isinstance(value, int) and value != NO_PRICE:
            return self._whole(field, value, _BITS_64)
        number = self._number(field, value)
        no_price = number != number or abs(number) == math.inf or number == NO_PRICE
        return NO_PRICE if no_price else self._whole(field, number, _BITS_64)

    def _month(self, tenor: int) -> int:
        """Return the month of a tenor; a negative one is never listed, nor is it ``ALL_MONTHS``."""
        months_ahead = self._whole("tenor", tenor, _BITS_32)
        if months_ahead < 0:
            return _UNLISTED_MONTH
        month: int = self.model.front_month + months_ahead
        return month if month < _BITS_32 else _BITS_32

    def _spread_months(self, tenor: int, far_tenor: int | None) -> int:
        """Return the length of a calendar spread; a far leg that is not later is no spread that is listed."""
        if far_tenor is None:
            return 0
        length = self._whole("far_tenor", far_tenor, _BITS_32) - self._whole("tenor", tenor, _BITS_32)
        return min(length, _BITS_8) if length > 0 else _NOT_VALID

    def _expiry_day(self, expiry_days: int | None) -> int:
        """Return the last day of an order; yesterday if none is given, so that it is refused."""
        days_ahead = _NOT_VALID if expiry_days is None else self._whole("expiry_days", expiry_days, _BITS_32)
        return min(int(self.model.clock.day) + days_ahead, _BITS_32)

    def _self_match(self, instruction: int | None) -> int | None:
        return None if instruction is None else self._whole("self_match", instruction, _BITS_8)
