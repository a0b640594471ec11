"""Keys that sign access tokens: made, sealed, loaded, rotated."""
