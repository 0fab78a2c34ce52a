"""The configuration: read by its schema, its names and paths checked, its components resolved."""
