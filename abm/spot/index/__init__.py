"""From provider quotes to the Token Price Index and its fixing."""
