"""Default management: close-out, auction, waterfall, recovery."""
