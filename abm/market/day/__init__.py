"""What happens in a trading day, desk by desk."""
