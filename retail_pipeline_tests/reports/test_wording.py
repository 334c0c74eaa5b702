"""One catalogue: every sentence of the code is in it, and none that the code no longer says."""

import datetime as dt
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from retail_pipeline import reports
from retail_pipeline.reports.wording import Wording

FOLDER = Path(reports.__file__).parent
_SENTENCE = re.compile(r"""\b(?:_|words)\(\s*["'](.+?)["']\s*[,)]""", re.DOTALL)


def said() -> set[str]:
    files = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.j2")]
    return {sentence for file in files for sentence in _SENTENCE.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("language", sorted(path.stem for path in (FOLDER / "locales").glob("*.po")))
def test_every_sentence_is_translated_with_the_same_names(language: str) -> None:
    with (FOLDER / "locales" / f"{language}.po").open("rb") as file:
        catalog = {str(message.id): str(message.string) for message in read_po(file, locale=language) if message.id}
    assert set(catalog) == said()
    assert len(catalog) > 30
    for sentence, translation in catalog.items():
        assert translation
        assert set(re.findall(r"{\w+}", translation)) == set(re.findall(r"{\w+}", sentence))


def test_figures_follow_the_locale_and_the_unknown_is_a_dash() -> None:
    english, portuguese = Wording("en"), Wording("pt")
    assert (english.number(1234.5, 1), portuguese.number(1234.5, 1)) == ("1,234.5", "1.234,5")
    assert (english.percent(0.0164, 1), english.change(-0.2), english.number(None)) == ("1.6 %", "−20 %", "–")
    assert portuguese.date(dt.date(2026, 11, 20)) == "sexta-feira, 20 de novembro de 2026"
    assert english.weekday(1) == "Mon"


@pytest.mark.parametrize("language", ["tlh", "not a language", ""])
def test_an_unknown_language_speaks_english(language: str) -> None:
    assert Wording(language)("Zones") == "Zones"
