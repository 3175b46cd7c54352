"""What the service tells its operator: metrics, and logs that say which work they are about."""
