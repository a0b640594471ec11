"""Alerts lead to the runbooks, wherever an installation keeps them."""

from collections.abc import Callable

import pytest

from charting.helm import ROOT
from charting.rendering import Objects, of_kind

Render = Callable[..., Objects]


def links(objects: Objects) -> set[str]:
    return {
        rule["annotations"]["runbook_url"]
        for item in of_kind(objects, "PrometheusRule")
        for group in item["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def test_a_link_is_a_file_that_is_shipped(render: Render):
    found = links(render({"observability": {"prometheusRule": {"enabled": True}}}))

    assert found
    assert [link for link in found if not (ROOT / link).is_file()] == []


@pytest.mark.parametrize("given", ["https://wiki.example.com/runbooks", "https://wiki.example.com/runbooks/"])
def test_or_a_page_where_the_installer_keeps_them(render: Render, given: str):
    values = {"observability": {"prometheusRule": {"enabled": True, "runbooks": given}}}

    found = links(render(values))
    pages = {path.name for path in (ROOT / "docs/runbooks").glob("*.md")}
    assert found == {f"https://wiki.example.com/runbooks/{page}" for page in pages}
