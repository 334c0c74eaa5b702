"""How a device asks who is there: HTTP Basic or Digest. Where secrets come from belongs in `__main__`."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from retail_pipeline.fleet.models import Auth, Device
from retail_pipeline.local.simulator.http import HttpReply, HttpRequest

REALM = "device"
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Secret(NamedTuple):
    """User and password that a device accepts."""

    username: str
    password: str


def secrets_of(environ: Mapping[str, str]) -> dict[str, Secret]:
    """Secrets by credential name, from `RETAIL_CREDENTIAL_<NAME>_USERNAME` and `_PASSWORD`."""
    names = [match[1] for key in environ if (match := re.fullmatch(r"RETAIL_CREDENTIAL_(\w+)_USERNAME", key))]
    prefix = "RETAIL_CREDENTIAL_"
    return {
        name: Secret(environ[f"{prefix}{name}_USERNAME"], environ.get(f"{prefix}{name}_PASSWORD", "")) for name in names
    }


class Gatekeeper:
    """Lets requests in, or answers them with 401 and a challenge."""

    def __init__(self, known: Mapping[str, Secret]) -> None:
        self._known = dict(known)
        self._key = secrets.token_bytes(16)

    def refusal(self, device: Device, request: HttpRequest) -> HttpReply | None:
        """None for a welcome request. A device without credential welcomes all; one whose secret is unknown, nobody."""
        if device.credential is None:
            return None
        secret = self._known.get(device.credential)
        given = request.headers.get("authorization", "")
        check = self._is_digest if device.auth is Auth.DIGEST else _is_basic
        if secret is not None and check(secret, given, request):
            return None
        return HttpReply(401, b"Unauthorized\n", {"Content-Type": "text/plain", "WWW-Authenticate": self._ask(device)})

    def _ask(self, device: Device) -> str:
        if device.auth is Auth.BASIC:
            return f'Basic realm="{REALM}"'
        return f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{self._nonce(secrets.token_hex(8))}"'

    def _nonce(self, salt: str) -> str:
        # Signed instead of remembered: any nonce that this process gave out is good until it ends.
        return salt + hmac.new(self._key, salt.encode(), hashlib.sha256).hexdigest()[:32]

    def _is_digest(self, secret: Secret, given: str, request: HttpRequest) -> bool:
        scheme, _, rest = given.partition(" ")
        said = {name: quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        nonce = said.get("nonce", "")
        if scheme.lower() != "digest" or nonce != self._nonce(nonce[:16]) or said.get("uri") != request.target:
            return False
        ha1 = _md5(f"{secret.username}:{REALM}:{secret.password}")
        ha2 = _md5(f"{request.method}:{request.target}")
        counted = f"{nonce}:{said.get('nc', '')}:{said.get('cnonce', '')}:auth"
        expected = _md5(f"{ha1}:{counted}:{ha2}")
        return said.get("username") == secret.username and hmac.compare_digest(expected, said.get("response", ""))


def _is_basic(secret: Secret, given: str, _request: HttpRequest) -> bool:
    scheme, _, encoded = given.partition(" ")
    try:
        said = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(said.encode(), ":".join(secret).encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
