"""What all traders' capital follows over time."""
