"""What the chart makes of no values at all, without what is random; run, it writes that down."""

from typing import Final

import yaml

from charting.described import CHART
from charting.rendering import helm, objects_of

FILE: Final = CHART.parent / "tests" / "default.yaml"


def golden() -> str:
    objects = objects_of(helm("template", "suite", CHART, "--namespace", "suite"))
    for item in objects:
        if item["kind"] == "Secret":
            item["data"] = dict.fromkeys(item["data"], "made at install")
    objects.sort(key=lambda item: (item["kind"], item["metadata"]["name"]))
    return yaml.safe_dump_all(objects, sort_keys=True)


if __name__ == "__main__":
    FILE.write_text(golden(), encoding="utf-8")
