"""One catalogue a language: every sentence that is said stands in it, and no sentence stands elsewhere."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.nodes import Const, Output, TemplateData

from retail_pipeline import reports
from retail_pipeline.reports import wording
from retail_pipeline.reports.message import corrected, message, subject
from retail_pipeline.reports.overview import overview_page
from retail_pipeline.reports.page import day_page
from retail_pipeline.reports.wording import Wording
from retail_pipeline_tests.reports.days import DAY, eventful_day
from retail_pipeline_tests.reports.html import Page
from retail_pipeline_tests.reports.weeks import organization

FOLDER = Path(reports.__file__).parent
FIRST = DAY - dt.timedelta(days=6)
LANGUAGES = sorted(path.stem for path in (FOLDER / "locales").glob("*.po"))
METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract")]
ATTRIBUTES = re.compile(r"""(?:alt|aria-label|title|placeholder)="[^"]*[^\W\d_]""")


def said() -> set[str]:
    """What Babel finds in the code and the templates of reports."""
    found = extract_from_dir(FOLDER, METHODS, keywords=dict.fromkeys(("_", "words", "said")))
    return {str(sentence) for _, _, sentence, _, _ in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_with_the_same_names(language: str) -> None:
    with (FOLDER / "locales" / f"{language}.po").open("rb") as file:
        catalog = {str(message.id): str(message.string) for message in read_po(file, locale=language) if message.id}
    assert set(catalog) == said()
    assert len(catalog) > 80
    for sentence, translation in catalog.items():
        assert translation
        assert set(re.findall(r"{\w+}", translation)) == set(re.findall(r"{\w+}", sentence))


@pytest.mark.parametrize("template", sorted((FOLDER / "templates").glob("*.j2")), ids=lambda path: path.name)
def test_no_sentence_stands_in_a_template(template: Path) -> None:
    parsed = Environment(autoescape=True).parse(template.read_text(encoding="utf-8"))
    plain = "".join(node.data for node in parsed.find_all(TemplateData))
    assert not ATTRIBUTES.search(plain)
    shown = re.sub(r"<style>.*?</style>|<[^>]*>", " ", plain, flags=re.DOTALL)
    assert not re.findall(r"[^\W\d_]+", shown)
    assert not [
        node for output in parsed.find_all(Output) for node in output.nodes if isinstance(node, Const) and node.value
    ]


class Marked:
    """A catalogue of a language that puts every sentence between brackets."""

    def get(self, sentence: str) -> Message:
        return Message(sentence, f"⟦{sentence}⟧")


def unmarked(text: str) -> list[str]:
    """Words that no catalogue said; brackets may hold others."""
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = inner
    return re.findall(r"[^\W\d_]{2,}", text)


def names_of(words: Wording) -> re.Pattern[str]:
    """What comes from the fleet file or the locale."""
    told = [words.weekday(number) for number in range(1, 8)] + [words.date(DAY), words.date(FIRST), "UTC"]
    names = ["Shop & <Son>", "Window & <show>", "Checkout", "Acme"]
    return re.compile("|".join(map(re.escape, [*told, *names])))


def page_and_message() -> tuple[str, list[str]]:
    """Of a day: its page, and what is sent with it."""
    told = eventful_day(language="pt")
    return day_page(told), [corrected(subject(told), "pt"), message(told)]


def overview() -> tuple[str, list[str]]:
    """Of an organization."""
    return overview_page(organization(language="pt")), []


@pytest.mark.parametrize("made", [page_and_message, overview])
def test_everything_that_is_shown_comes_from_the_catalogue(
    made: Callable[[], tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "_catalog", lambda _: Marked())
    words = Wording("pt")
    text, sent = made()
    page = Page(text)

    shown = [*page.texts, *page.told, *sent, *(text for picture in page.pictures for text in Page(picture).texts)]
    assert len(shown) > 50
    left = {text: found for text in shown if (found := unmarked(names_of(words).sub(" ", text)))}
    assert left == {}


def test_figures_follow_the_locale_and_the_unknown_is_a_dash() -> None:
    english, portuguese = Wording("en"), Wording("pt")
    assert (english.number(1234.5, 1), portuguese.number(1234.5, 1)) == ("1,234.5", "1.234,5")
    assert (english.percent(0.0164, 1), english.change(-0.2), english.number(None)) == ("1.6 %", "−20 %", "–")
    assert portuguese.date(dt.date(2026, 11, 20)) == "sexta-feira, 20 de novembro de 2026"
    assert english.weekday(1) == "Mon"


def test_charts_write_figures_as_the_page_does() -> None:
    shown: list[dict[str, Any]] = [Wording(language).figures_of_charts for language in ("en", "pt")]
    assert [(one["decimal"], one["thousands"]) for one in shown] == [(".", ","), (",", ".")]


@pytest.mark.parametrize("language", ["tlh", "not a language", ""])
def test_an_unknown_language_speaks_english(language: str) -> None:
    assert Wording(language)("Zones") == "Zones"
