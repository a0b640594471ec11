"""Where the checkout is that is being measured with."""

from pathlib import Path

HERE = Path(__file__).parents[1]
