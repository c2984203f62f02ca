"""Ground floor: contract, calendar, orders, money, randomness, errors and the ``@kernel`` decorator."""
