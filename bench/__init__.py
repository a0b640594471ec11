"""Side-by-side measurements: what the suite costs, beside what one would use instead, in one run."""
