"""What the sections of a scenario are made of: declared fields, and laws of parameters."""
