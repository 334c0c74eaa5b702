"""Asks OSV, a database of vulnerabilities, about every version in constraints.txt. Without a network it says so."""

import json
import socket
import subprocess
import sys

DATABASE = "api.osv.dev"
CONSTRAINTS = "constraints.txt"
PATIENCE_S = 180


def skipped(why: str) -> int:
    """Not run is not failed: who builds without a network still builds."""
    sys.stdout.write(f"The dependency audit did not run: {why}.\n")
    return 0


def main() -> int:
    """The exit code: 1 when a version is known to be vulnerable."""
    try:
        socket.create_connection((DATABASE, 443), timeout=3).close()
    except OSError as error:
        return skipped(f"{DATABASE} can't be reached ({error})")
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--vulnerability-service=osv",
        "--format=json",
        "--progress-spinner=off",
    ]
    command += ["--no-deps", "--disable-pip", f"--requirement={CONSTRAINTS}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)  # noqa: S603
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return skipped(f"{DATABASE} took longer than {PATIENCE_S} s")
    except (ValueError, KeyError):
        return skipped((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1])
    return report(packages)


def report(packages: list[dict]) -> int:
    """Say what is vulnerable and what was not looked at."""
    unseen = [one["name"] for one in packages if "skip_reason" in one]
    if len(unseen) == len(packages):
        return skipped("the database answered for no package")
    if unseen:
        sys.stdout.write(f"Not audited: {', '.join(unseen)}\n")
    vulnerable = [(one, flaw) for one in packages for flaw in one.get("vulns", ())]
    for one, flaw in vulnerable:
        fixed = ", ".join(flaw["fix_versions"]) or "nothing yet"
        sys.stdout.write(f"{one['name']} {one['version']}: {flaw['id']}, fixed in {fixed}\n")
    if not vulnerable:
        sys.stdout.write(f"No known vulnerability in {len(packages) - len(unseen)} packages.\n")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
