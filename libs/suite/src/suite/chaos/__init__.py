"""`make chaos`: breaks everything the suite stands on, one at a time, and measures what every route does."""
