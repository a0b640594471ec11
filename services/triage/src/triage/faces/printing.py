"""A summary and a preview for people: coloured on a terminal, plain text in a file."""

import json

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from triage.compose import left_out
from triage.domain.answer import AnswerSource, Preview, Summary
from triage.domain.model import RedactionCount, Severity

_COLOURS = {
    Severity.NONE: "green",
    Severity.LOW: "cyan",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold white on red",
}
_GROUPS = 10
_WIDE = 400


def summary(console: Console, answer: Summary) -> None:
    """Severity and headline, findings, groups, first cause, what was left out and what was redacted."""
    console.print(Text(f" {answer.severity.name} ", style=_COLOURS[answer.severity]), Text(answer.headline))
    console.print(Text(_origin(answer), style="dim"))
    for finding in answer.findings:
        console.print()
        console.print(Text(f"{finding.title}", style="bold"), Text(f"[{finding.severity.name.lower()}]"))
        console.print(Text(finding.explanation))
        if finding.next_step:
            console.print(Text(f"Next: {finding.next_step}"))
        for cited in finding.citations:
            console.print(Text(f"  {cited.group_id}: {cited.quote}", style="dim"))
    if answer.groups:
        console.print()
        console.print(_groups(answer))
    if len(answer.groups) > _GROUPS:
        console.print(Text(f"... and {answer.reading.groups - _GROUPS:,} more groups", style="dim"))
    if answer.suspected_first_cause:
        console.print(Text(f"Suspected first cause: {answer.suspected_first_cause}"))
    for sentence in left_out(answer.reading):
        console.print(Text(sentence, style="yellow"))
    _redactions(console, answer.redactions)


def preview(console: Console, shown: Preview) -> None:
    """The request as it would go out, and what was taken out of it."""
    if not shown.request_body:
        why = "there are no errors" if not shown.reading.errors else "what is left still looks like a secret"
        console.print(f"Nothing would be sent: {why}.")
    else:
        size = f"{len(shown.request_body):,} bytes, about {shown.estimated_tokens:,} tokens"
        if shown.endpoint:
            console.print(f"POST {escape(shown.endpoint)}  {size}")
        else:
            console.print("No model is set (OPENAI_API_KEY, OPENAI_BASE_URL): nothing is sent anywhere.")
            console.print(f"One would be sent this, {size}:")
        console.print_json(json.dumps(json.loads(shown.request_body)))
    for sentence in left_out(shown.reading):
        console.print(Text(sentence, style="yellow"))
    _redactions(console, shown.redactions)


def _origin(answer: Summary) -> str:
    read = answer.reading
    told = f"{read.lines:,} lines, {read.records:,} records, {read.errors:,} errors"
    told += f" in {read.groups:,} group{'' if read.groups == 1 else 's'}"
    use = answer.model
    if answer.source is AnswerSource.EXTRACTIVE:
        return f"{told}; no model" + (f" ({use.outcome})" if use else "")
    tokens = f", {use.input_tokens + use.output_tokens:,} tokens" if use else ""
    dropped = sum(count for _, count in answer.dropped)
    return f"{told}; {answer.source}{tokens}" + (f", {dropped} unproven claims dropped" if dropped else "")


def _groups(answer: Summary) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold", expand=True)
    for name in ("count", "level", "group"):
        table.add_column(name, justify="right" if name == "count" else "left", no_wrap=name != "group")
    table.add_column("what", ratio=1)
    for report in answer.groups[:_GROUPS]:
        group = report.group
        what = Text(group.template[:_WIDE])
        if report.root_cause and report.root_cause not in group.template:
            what.append(f"\nroot: {report.root_cause[:_WIDE]}", style="italic")
        what.append(
            f"\nline {group.first_line:,}: {group.example.partition(chr(10))[0][:_WIDE]}", style="dim"
        )
        if report.hint:
            what.append(f"\n{report.hint}", style="green")
        table.add_row(f"{group.count:,}", group.level.name, group.id, what)
    return table


def _redactions(console: Console, counts: tuple[RedactionCount, ...]) -> None:
    if counts:
        told = ", ".join(f"{one.count:,} {one.rule}" for one in counts)
        console.print(Text(f"Redacted: {told}", style="dim"))
