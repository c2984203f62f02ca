"""The guaranty fund: stress, size, and its cycle."""
