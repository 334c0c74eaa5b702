"""`retail-pipeline explain` as a process: for people, for machines, and as the README shows it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from retail_pipeline.steps.explain.document import Explanation
from retail_pipeline.terminal.explain_page import page
from retail_pipeline_tests.steps.explain.conftest import Ask
from retail_pipeline_tests.steps.played import Played

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = [sys.executable, "-c", "from retail_pipeline.cli import main; main()", "explain"]
HOUR = "2024-11-22T17:00"


def run(played: Played, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, over the demo fleet."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RETAIL_")}
    environment |= {"RETAIL_DATABASE_URL": played.url, "RETAIL_HOME": str(home), "COLUMNS": "150"}
    command = [*COMMAND, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=home, env=environment, timeout=120)


def test_a_person_reads_a_page_and_a_machine_a_document(played: Played, ask: Ask, tmp_path: Path) -> None:
    asked = ("--store", "lisbon-01", "--hour", HOUR, "--metric", "capture_rate")
    shown, told = run(played, tmp_path, *asked), run(played, tmp_path, *asked, "--json")

    assert (shown.returncode, shown.stderr, told.returncode) == (0, "", 0)
    document = Explanation.model_validate_json(told.stdout)
    [figure] = ask("lisbon-01", hour=HOUR, metric="capture_rate").figures
    assert (document.figures[0].value, document.figures[0].working) == (figure.value, figure.working)
    assert all(words in shown.stdout for words in (figure.working, figure.formula, figure.version))
    assert all(one.sha256 and one.sha256 in shown.stdout for one in document.replies)


def test_a_wrong_name_exits_with_2_and_near_names(played: Played, tmp_path: Path) -> None:
    refused = run(played, tmp_path, "--store", "lisbon-1", "--hour", HOUR)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--store lisbon-1 is unknown. Did you mean lisbon-01" in refused.stderr


def test_the_readme_shows_what_is_shown(ask: Ask) -> None:
    [example] = re.findall(r"--metric capture_rate\n```\n\n```\n(.*?)```", README, re.DOTALL)
    console = Console(width=160)
    with console.capture() as captured:
        console.print(page(ask("lisbon-01", hour=HOUR, metric="capture_rate")))

    assert essence(example) == essence(captured.get())


def test_the_readme_names_every_key_of_the_documents(ask: Ask) -> None:
    told = json.loads(ask("lisbon-01", hour=HOUR).model_dump_json())
    parts = {"": told, **{name: part[0] for name, part in told.items() if isinstance(part, list) and part}}

    named = set(re.findall(r"`(\w+)`", README))
    missing = {name: set(part) - named for name, part in parts.items()}
    assert not any(missing.values()), missing


def essence(text: str) -> list[list[str]]:
    """Words by line; numbers and digests of replies, which depend on what else was asked, are blotted out."""
    known = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
    known = re.sub(r"(complete +|^)\d+( *$| +lisbon-01-door +lines)", r"\1REPLY\2", known, flags=re.MULTILINE)
    return [words for line in known.splitlines() if (words := line.split())]


@pytest.mark.parametrize("width", [60, 200])
def test_a_page_fits_a_terminal_of_any_width(ask: Ask, width: int) -> None:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(page(ask("lisbon-01", hour=HOUR)))

    assert all(len(line) <= width for line in captured.get().splitlines())
    assert "entries" in captured.get()
