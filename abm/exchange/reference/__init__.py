"""The exchange in plain Python, written to be obviously right."""
