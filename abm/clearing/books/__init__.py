"""What the clearing house keeps: ledger, positions, fees, records."""
