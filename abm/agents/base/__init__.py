"""What every trader class is made of: populations, what they see, what they send, how they are built."""
