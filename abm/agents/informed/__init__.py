"""Traders who know more than the public: of tomorrow, or of their own price impact."""
