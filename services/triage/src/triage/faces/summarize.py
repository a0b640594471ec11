"""`python -m triage summarize FILE...`: the summary of log files, gzipped or not, or of standard input (`-`).

Works without a network. A model is asked only where OPENAI_API_KEY or
OPENAI_BASE_URL is set; `--preview` shows what it would be sent, and sends nothing.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from chassis.clock import SystemClock
from chassis.errors import ServiceError
from triage.cache.store import Store
from triage.domain.answer import Stage
from triage.domain.model import Reading
from triage.faces import printing
from triage.llm.configured import explainer
from triage.llm.previews import imagined
from triage.pipeline import Bounds, Triage
from triage.rules import load
from triage.settings import Settings
from triage.sources.file import unpacked_size
from triage.sources.named import STANDARD_INPUT, NamedSource
from triage.workers.inline import InlineReader

_EVERYTHING: Final = 1 << 62
_A_DAY: Final = 86_400.0
_EX_CONFIG: Final = 78
_STAGES: Final = {
    Stage.READING: "reading",
    Stage.GROUPING: "grouping",
    Stage.MODEL: "asking the model",
    Stage.DONE: "done",
}
_ANY: Final = TypeAdapter(object)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this face."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("files", nargs="+", metavar="FILE", help="log files, .gz too; - for standard input")
    parser.add_argument(
        "--preview", action="store_true", help="show what a model would be sent; send nothing"
    )
    parser.add_argument("--json", action="store_true", help="the whole answer as one JSON object")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="more redaction rules, in TOML or JSON")


def run(args: argparse.Namespace) -> int:
    """0 and the answer on standard output; 1 where a file cannot be read, 78 for a wrong setting."""
    settings, faults = Settings.inspect(_environ(args.rules))
    if settings is None or faults:
        sys.stderr.writelines(f"{fault}\n" for fault in faults)
        return _EX_CONFIG
    try:
        return asyncio.run(_run(args, settings))
    except ServiceError as failed:
        sys.stderr.write(f"{failed.detail}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _environ(rules: Path | None) -> dict[str, str]:
    """A person at a terminal is not a service in production; everything else is as the service reads it."""
    given = {"ENVIRONMENT": "development", "TRIAGE_SOURCE": "none"}
    return {**os.environ, **given, **({"TRIAGE_REDACTION_RULES_FILE": str(rules)} if rules else {})}


async def _run(args: argparse.Namespace, settings: Settings) -> int:
    source = NamedSource(args.files)
    async with AsyncExitStack() as stack:
        triage = _triage(stack, settings)
        with _bar(args.files) as bar:
            if args.preview:
                preview = await triage.preview(source, progress=_shown(bar))
            else:
                summary = await triage.summarize(source, user="cli", fresh=True, progress=_shown(bar))
    if args.json:
        answer = preview if args.preview else summary
        sys.stdout.write(orjson.dumps(_named(_ANY.dump_python(answer))).decode() + "\n")
    elif args.preview:
        printing.preview(Console(), preview)
    else:
        printing.summary(Console(), summary)
    return 0


def _named(value: Any) -> Any:
    """Levels and severities by name, bytes as text."""
    match value:
        case IntEnum():
            return value.name.lower()
        case bytes():
            return value.decode()
        case dict():
            return {name: _named(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_named(inner) for inner in value]
        case _:
            return value


def _triage(stack: AsyncExitStack, settings: Settings) -> Triage:
    clock = SystemClock()
    store = Store(clock, None)
    rules = load(settings.triage_redaction_rules_file)
    return Triage(
        readers=InlineReader(rules.rule_set),
        explainer=explainer(stack, settings, clock=clock, rules=rules, store=store, shared=None),
        imagined=imagined(settings, rules),
        store=store,
        clock=clock,
        bounds=Bounds(
            max_bytes=_EVERYTHING,
            seconds=_A_DAY,
            model_seconds=settings.triage_model_timeout_seconds,
            kept_seconds=60,
        ),
    )


def _bar(names: list[str]) -> Progress:
    """On standard error, and only where a person looks at it."""
    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    known = [unpacked_size(Path(name)) for name in names if name != STANDARD_INPUT and Path(name).is_file()]
    bar.add_task("reading", total=None if STANDARD_INPUT in names else sum(known))
    return bar


def _shown(bar: Progress) -> Callable[[Stage, Reading], Awaitable[None]]:
    async def progress(stage: Stage, reading: Reading) -> None:
        bar.update(bar.task_ids[0], completed=reading.bytes, description=_STAGES[stage])

    return progress
