"""What speculators share: opinions over a graph, attention, remembered prices."""
