"""The suite's redaction: a log as one request when it is timed, each line as its own when it is judged."""

from answering import serve

from triage.domain.redaction import Redactor, built_in, redact


def work(lines: list[str]) -> int:
    raw = [line.encode("utf-8", "surrogatepass") for line in lines]
    return sum(1 for _ in Redactor(built_in()).redact_lines(raw))


def answers(lines: list[str]) -> list[str]:
    return [str(redact(line)) for line in lines]


serve(work, answers)
