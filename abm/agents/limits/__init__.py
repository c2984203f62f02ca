"""Risk limits of every class of speculators: bounded leverage, and a stop-out."""
