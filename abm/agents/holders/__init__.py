"""Accounts that hold positions: brought in on day 0, or won in a default auction."""
