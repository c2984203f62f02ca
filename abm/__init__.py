"""SIT futures market simulator: agents, order books, clearing and margin on AI inference tokens."""

__version__ = "0.1.0"
