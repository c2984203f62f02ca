"""What the public makes of the spot price: a filter over its hidden parts, fed by fixings and futures."""
