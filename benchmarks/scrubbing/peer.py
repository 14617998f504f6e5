"""Microsoft Presidio on the same narratives, where it is installed; see benchmarks/README.md.

It knows nothing of the event: it looks for what people, places and numbers look like.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

from benchmarks.scrubbing.measuring import Span
from benchmarks.scrubbing.narrative import LANGUAGES, Narrative

MISSING: Final = "Presidio was not measured: not installed here; benchmarks/README.md says how"
REGIONS: Final = ("GB", "DE", "ES")


class Presidio:
    """Presidio's analyser with its default recognisers.

    Args:
        lenient: by default phones are checked against the numbering plans of some countries, which
            numbers kept for fiction do not all pass; if true, any number that could be one counts.
        models: a spaCy model, already installed, by language; for a language without one a blank
            model is taken, so that only recognisers of patterns work in it.

    Raises:
        RuntimeError: Presidio is not installed.
    """

    def __init__(self, models: Mapping[str, str], *, lenient: bool) -> None:
        try:
            analyzer, spacy = import_module("presidio_analyzer"), import_module("spacy")
        except ImportError:
            raise RuntimeError(MISSING) from None
        # it asks the network for a list of domains, and takes its own where there is none
        logging.getLogger("tldextract").setLevel(logging.CRITICAL)
        nlp = import_module("presidio_analyzer.nlp_engine")
        engine = nlp.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "not loaded"}])
        engine.nlp = {
            language: spacy.load(models[language]) if language in models else spacy.blank(language)
            for language in LANGUAGES
        }
        registry = analyzer.RecognizerRegistry(supported_languages=[*LANGUAGES])
        registry.load_predefined_recognizers(languages=[*LANGUAGES], nlp_engine=engine)
        if lenient:
            registry.remove_recognizer("PhoneRecognizer")
            phones = import_module("presidio_analyzer.predefined_recognizers").PhoneRecognizer
            for language in LANGUAGES:
                registry.add_recognizer(
                    phones(supported_language=language, supported_regions=REGIONS, leniency=0)
                )
        self.analyzer: Any = analyzer.AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=[*LANGUAGES]
        )
        self.told: Mapping[str, Any] = {
            "version": version("presidio-analyzer"),
            "spacy": version("spacy"),
            "phones": "any number that could be one" if lenient else "those of numbering plans",
            "models": {
                language: models.get(language, "none: recognisers of patterns only")
                for language in LANGUAGES
            },
        }

    def __call__(self, narrative: Narrative) -> tuple[list[Span], list[Span]]:
        """The spans that it would leave, as `measuring.kept` gives them."""
        found: Sequence[Any] = self.analyzer.analyze(
            text=narrative.text, language=narrative.case.language
        )
        left, at = [], 0
        for start, end in sorted((result.start, result.end) for result in found):
            if start > at:
                left.append((at, start))
            at = max(at, end)
        left.append((at, len(narrative.text)))
        return left, left
