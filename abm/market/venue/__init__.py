"""Rules of the venue around the round: sessions, halts, fee tiers, the market-maker contract."""
