"""One line, JSON or text, to its level and parts."""

from triage.domain.records import structured, text
from triage.domain.records.parts import UNHEADED, UNLEVELLED, Parts


def scan_line(line: str, parts: Parts | None = None, depth: int = 0) -> int:
    """A `Level`, `UNLEVELLED` or `UNHEADED`.

    A line that is JSON but not an object is text, and so is an object that
    does not parse, except that one cut short may still show its level.
    """
    if line[:1] == "{":
        fields = structured.load(line)
        if fields is not None:
            return structured.scan(fields, parts, depth)
        if (code := structured.of_fragment(line)) != UNHEADED:
            if parts is not None:
                parts.message = line
            return code
        return UNLEVELLED if line.rstrip() == "{" else UNHEADED
    return text.scan(line, parts, depth)
