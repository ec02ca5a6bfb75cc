"""The sentences of the dashboard: in every language, and none that nobody says."""

import re
import string

import pytest

from dashboard.parts import number, percent, plain
from dashboard.words import LANGUAGES, Words, sentences
from tests.conftest import PROJECT

_SAID = re.compile(r"words\(\s*f?\"([^\"]+)\"")


def said() -> list[str]:
    """Names of sentences in the code; `{...}` stands for anything."""
    return [
        name
        for path in sorted((PROJECT / "dashboard").rglob("*.py"))
        for name in _SAID.findall(path.read_text(encoding="utf-8"))
    ]


def test_languages_say_the_same() -> None:
    names = {language: set(sentences(language)) for language in LANGUAGES}
    assert names["en"] == names["id"]
    for name in names["en"]:
        blanks = [
            {
                blank
                for _, blank, _, _ in string.Formatter().parse(sentences(language)[name])
                if blank
            }
            for language in LANGUAGES
        ]
        assert blanks[0] == blanks[1], name


def test_every_sentence_is_known_and_said() -> None:
    names, patterns = set(sentences("en")), [
        re.compile(re.sub(r"\\\{.+?\\\}", r"[\\w.]+", re.escape(name))) for name in said()
    ]  # fmt: skip
    unknown = [p.pattern for p in patterns if not any(p.fullmatch(name) for name in names)]
    unsaid = [name for name in names if not any(p.fullmatch(name) for p in patterns)]
    assert not unknown
    assert not unsaid


@pytest.mark.parametrize(("language", "text"), [("en", "1,234.50"), ("id", "1.234,50")])
def test_numbers_have_the_signs_of_the_language(language: str, text: str) -> None:
    assert number(1234.5, Words(language), 2) == text


def test_percent() -> None:
    assert percent(0.7932, Words("en")) == "79.3 %"


def test_text_of_others_is_no_markdown() -> None:
    assert plain("__a__ *c* [d](e) :red[x] <b> $1$\n    f") == (
        r"\_\_a\_\_ \*c\* \[d\]\(e\) \:red\[x\] \<b\> \$1\$ f"
    )
