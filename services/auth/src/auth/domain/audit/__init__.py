"""The trail: what happened, in the order in which it became true, so that a change of it shows."""
