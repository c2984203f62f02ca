"""The margin cycle: marks, requirements, calls and where the money comes from."""
