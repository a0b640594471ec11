"""Where the checkout is and where the runner keeps what it makes."""

from importlib.util import find_spec
from pathlib import Path

# The runner is only ever installed editable, from the checkout it serves.
ROOT = Path(__file__).resolve().parents[4]
RUN_DIR = ROOT / ".run"


def wheel(package: str) -> Path:
    """The folder of an installed package, which is only a place of programs to us.

    Not imported: these packages look for folders of their own to write to when they are.
    """
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"The wheel {package} is not installed here: run `make setup`.")
    return Path(found.submodule_search_locations[0])
