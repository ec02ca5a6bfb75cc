"""Everything that the pages say, in each language: `en.yaml` and `id.yaml` beside this file."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

LANGUAGES = {"en": "English", "id": "Bahasa Indonesia"}


class Words:
    """The sentences of one language by their names."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._sentences = sentences(language)

    def __call__(self, name: str, **values: object) -> str:
        """A sentence with its values filled in; a missing name is an error that a test finds."""
        return self._sentences[name].format(**values)


@lru_cache
def sentences(language: str) -> Mapping[str, str]:
    """All sentences of a language."""
    file = Path(__file__).parent / f"{language}.yaml"
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))
