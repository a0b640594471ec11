"""Presidio's recognizers of patterns at their best on logs: each find replaced by its type's name.

Without a language model, and without dates, URLs and UUIDs and finds of a low score, which take
less of what is secret with them than of what a reader of logs needs.
"""

from typing import Any

from answering import serve
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine


class NoLanguage(NlpEngine):
    """Finds no words: patterns need none, and a pipeline of spaCy's would only cost time."""

    def load(self) -> None:
        return

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        del text
        return NlpArtifacts([], [], [], [], self, language)

    def process_batch(self, texts: Any, language: str, **_: Any) -> Any:
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        del word, language
        return False

    def is_punct(self, word: str, language: str) -> bool:
        del word, language
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return ["en"]


registry = RecognizerRegistry()
registry.load_predefined_recognizers(languages=["en"])
for recognizer in list(registry.recognizers):
    if "Spacy" in type(recognizer).__name__:
        registry.remove_recognizer(recognizer.name)
_NEEDED = {"DATE_TIME", "URL", "UUID"}
entities = [kind for one in registry.recognizers for kind in one.supported_entities if kind not in _NEEDED]
analyzer = AnalyzerEngine(registry=registry, nlp_engine=NoLanguage(), supported_languages=["en"])


def redact(line: str) -> str:
    found = sorted(
        analyzer.analyze(line, "en", entities, score_threshold=0.4), key=lambda hit: (hit.start, -hit.end)
    )
    parts, at = [], 0
    for hit in found:
        if hit.start >= at:
            parts += [line[at : hit.start], f"<{hit.entity_type}>"]
        at = max(at, hit.end)
    return "".join(parts) + line[at:]


def answers(lines: list[str]) -> list[str]:
    return [redact(line) for line in lines]


serve(answers, answers)
