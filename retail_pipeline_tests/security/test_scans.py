"""What `make check` looks for beside style: secrets in the checkout, and versions with known flaws."""

import base64
import hashlib
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

CI = Path(__file__).parents[2] / ".ci"
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----"  # in two parts, or it would be found here
TOKEN = base64.b64encode(hashlib.sha256(b"a token").digest()).decode()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a file without secrets, of which the scan knows nothing yet."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    add(tmp_path / "plain.py", "stores = 4\n")
    assert scan("--write").returncode == 0
    return tmp_path


def add(file: Path, text: str) -> None:
    file.write_text(text)
    subprocess.run(["git", "add", file.name], check=True)


def scan(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CI / "scan_secrets.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "line",
    [KEY, f'token = "{TOKEN}"', "url = 'postgresql://svc:Zq7-vv9-Rk2@db.internal/retail'"],
    ids=["a private key", "a token", "a URL"],
)
def test_a_secret_that_nobody_knows_is_named_by_its_place_and_not_repeated(checkout, line) -> None:
    add(checkout / "settings.py", f"# settings\n{line}\n")
    found = scan()

    assert found.returncode == 1
    assert "settings.py:2: " in found.stdout
    assert TOKEN not in found.stdout
    assert "Zq7" not in found.stdout


def test_what_is_known_to_be_made_up_is_passed_over_wherever_it_moves(checkout) -> None:
    add(checkout / "settings.py", f"{KEY}\n")
    assert scan("--write").returncode == 0
    add(checkout / "settings.py", f"\n\n{KEY}\n")

    assert scan().returncode == 0


def test_without_a_network_the_audit_says_in_one_line_that_it_did_not_run(capsys, monkeypatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("socket.create_connection", refuse)

    assert runpy.run_path(str(CI / "audit_dependencies.py"))["main"]() == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("The dependency audit did not run: ")
    assert "no route to host" in line


def test_a_vulnerable_version_fails_and_is_named_with_the_one_that_is_not(capsys) -> None:
    report = runpy.run_path(str(CI / "audit_dependencies.py"))["report"]
    good = {"name": "good", "version": "1.0", "vulns": []}
    bad = {"name": "bad", "version": "1.0", "vulns": [{"id": "OSV-1", "fix_versions": ["1.1"]}]}
    unseen = {"name": "unseen", "skip_reason": "not there"}

    assert report([good]) == 0
    assert report([unseen]) == 0
    assert report([good, bad, unseen]) == 1
    said = capsys.readouterr().out
    assert "bad 1.0: OSV-1, fixed in 1.1" in said
    assert "Not audited: unseen" in said
    assert "The dependency audit did not run: the database answered for no package." in said
