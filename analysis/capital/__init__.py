"""What a run says about capital: owners behind the accounts, and the clearing house's liquidity."""
