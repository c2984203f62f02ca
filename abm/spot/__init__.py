"""Spot market of inference tokens: price process, provider quotes, Token Price Index and its fixing."""
