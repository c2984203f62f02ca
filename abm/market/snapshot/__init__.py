"""A market as a copy or as a file: one walk over all that it holds, and the way back."""
