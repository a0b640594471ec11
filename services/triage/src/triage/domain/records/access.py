"""The response status of an access log line, or 0 for any other line."""

import re
from typing import Final

# Common and combined log format (nginx, Apache, Caddy, Traefik), with or without a virtual host before it.
_COMBINED: Final = re.compile(r"\" (\d{3}) (?:\d+|-)(?: |$)")
_STANDING: Final = re.compile(r"(?:\S{1,255} ){0,4}\[\d[^\]]{10,40}\] \"")
_UWSGI: Final = re.compile(r"\(HTTP/\d\.\d (\d{3})\)")
_GIN: Final = re.compile(r"\[GIN\] [\d/]{10} - [\d:]{8} \|\s{0,3}(\d{3}) \|")
# HAProxy: five timers, then the status.
_HAPROXY: Final = re.compile(r"(?:-?\d{1,9}/){3,4}\+?-?\d{1,9} (\d{3}) \+?\d{1,15} ")
_REACH: Final = 4096


def status_of(line: str) -> int:
    """100 to 599 where the line is one request and its answer; 0 where it is not."""
    if '" ' in line and _STANDING.match(line):
        found = _COMBINED.search(line, 0, _REACH)
    elif line.startswith("[GIN] "):
        found = _GIN.match(line)
    elif line.startswith("[pid: "):
        found = _UWSGI.search(line, 0, _REACH)
    elif "/" in line and "haproxy" in line[:80]:
        found = _HAPROXY.search(line, 0, _REACH)
    else:
        return 0
    status = int(found.group(1)) if found else 0
    return status if 100 <= status <= 599 else 0  # noqa: PLR2004 - RFC 9110's classes
