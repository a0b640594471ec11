"""`python -m charting.pin VERSION REGISTRY/REPOSITORY DIGESTS`: makes the chart the chart of one release.

DIGESTS is a folder with a file for each service that holds the digest of its image. Afterwards the chart has
that version and its values name the images by digest.
"""

import re
import sys
from pathlib import Path
from typing import Final

from charting.described import CHART

_SERVICES: Final = ("gateway", "auth", "triage")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def pinned_chart(text: str, version: str, images: str) -> str:
    """Chart.yaml of this version, telling Artifact Hub where its images are."""
    text = re.sub(r"^version: .*$", f"version: {version}", text, flags=re.MULTILINE)
    text = re.sub(r"^appVersion: .*$", f'appVersion: "{version}"', text, flags=re.MULTILINE)
    return re.sub(
        r"image: \S+/(gateway|auth|triage):\S+", lambda found: f"image: {images}/{found[1]}:{version}", text
    )


def pinned_values(text: str, images: str, digests: dict[str, str]) -> str:
    """values.yaml with the registry, the repository and each service's digest.

    Raises:
        ValueError: the text is not laid out as expected, or a digest is none.
    """
    registry, _, repository = images.partition("/")
    text = _once(text, "  registry: ghcr.io\n", f"  registry: {registry}\n")
    text = _once(text, "  repository: api-reliability-suite\n", f"  repository: {repository}\n")
    for service, digest in digests.items():
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"the digest of {service} is none")
        head, _, rest = text.partition(f"\n{service}:\n")
        before, found, after = rest.partition('    digest: ""\n')
        if not found:
            raise ValueError(f"{service} has no image.digest to fill in")
        text = f"{head}\n{service}:\n{before}    digest: {digest}\n{after}"
    return text


def _once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"{old.strip()!r} is there {text.count(old)} times")
    return text.replace(old, new)


def main(arguments: list[str]) -> None:
    version, images, folder = arguments
    digests = {service: (Path(folder) / service).read_text().strip() for service in _SERVICES}
    chart, values = CHART / "Chart.yaml", CHART / "values.yaml"
    pinned = pinned_values(values.read_text(encoding="utf-8"), images, digests)
    chart.write_text(pinned_chart(chart.read_text(encoding="utf-8"), version, images), encoding="utf-8")
    values.write_text(pinned, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
