"""What happens in the market, as rows of the recorder."""
