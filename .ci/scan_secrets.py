"""Looks for secrets in every file of the checkout; offline. Known findings, all made up, stand in `.secrets.baseline`.

With `--write` it takes what it finds for known: read the difference before you commit it.
"""

import subprocess
import sys
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.core import baseline
from detect_secrets.settings import transient_settings

BASELINE = Path(".secrets.baseline")
# Passwords of tests say that they are: whoever pastes a real one has one that does not.
MADE_UP = r"(?i).*(secret|s3cr|test|example|pass|hunter|simulated|^an?-).*"
DETECTORS = (
    *("AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "DiscordBotTokenDetector"),
    *("GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector", "KeywordDetector", "NpmDetector"),
    *("PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector", "StripeDetector"),
    *("TelegramBotTokenDetector", "TwilioKeyDetector"),
)
SETTINGS = {
    "plugins_used": [
        *({"name": name} for name in DETECTORS),
        {"name": "Base64HighEntropyString", "limit": 4.5},
        {"name": "HexHighEntropyString", "limit": 3.0},
    ],
    "filters_used": [
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
        {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
        {"path": "detect_secrets.filters.heuristic.is_potential_uuid"},
        {"path": "detect_secrets.filters.regex.should_exclude_secret", "pattern": [MADE_UP]},
    ],
}


def scan() -> SecretsCollection:
    """What is found in the files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout  # noqa: S607
    files = [name for name in listed.decode().split("\0") if name and name != str(BASELINE) and Path(name).is_file()]
    found = SecretsCollection()
    with transient_settings(SETTINGS):
        found.scan_files(*files)
    return found


def main() -> int:
    """The exit code: 1 when there is a finding that nobody knows."""
    found = scan()
    if "--write" in sys.argv[1:]:
        with transient_settings(SETTINGS):
            baseline.save_to_file(found, str(BASELINE))
        return 0
    known = SecretsCollection.load_from_baseline(baseline.load_from_file(str(BASELINE)))
    new = found - known
    for name, secret in new:
        sys.stdout.write(f"{name}:{secret.line_number}: {secret.type}\n")
    if new:
        sys.stdout.write("Real: take it out and replace it where it is used. Made up: `make secrets`, and commit.\n")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
