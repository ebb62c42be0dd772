"""Who sits at a browser."""
