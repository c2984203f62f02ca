"""Traders: who decides what to send to the exchange, seeing one public market view a round."""
