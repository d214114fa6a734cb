"""The keys that this installation derives from one secret. Owns the file that holds it where none is set."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, MultiFernet

if TYPE_CHECKING:
    from pathlib import Path

    from config import Settings

FILE = "secret.key"
# What keys are derived for, where more than one place has to derive the same.
PAYMENT_PATHS = "payment-paths"
SUBSCRIPTION_LINKS = "subscription links"
SUBSCRIPTION_SEAL = "subscription seal"
DEVICE_MARKS = "device marks"


class Keyring:
    """Keys for different ends, so that none gives another away."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def derive(self, purpose: str) -> bytes:
        """32 bytes that depend on the secret and the purpose."""
        return hmac.new(self._secret, purpose.encode(), hashlib.sha256).digest()

    @property
    def seal(self) -> MultiFernet:
        """Seals the panels' passwords."""
        return self.seal_for("panel passwords")

    def seal_for(self, purpose: str) -> MultiFernet:
        """Seals what is kept for this purpose, and opens nothing that was sealed for another."""
        return MultiFernet([Fernet(base64.urlsafe_b64encode(self.derive(purpose)))])


def open_keyring(settings: Settings) -> Keyring:
    """The keyring of SECRET_KEY, or of the secret that the first start left in the data folder (mode 0600)."""
    if settings.secret_key is not None:
        return Keyring(settings.secret_key.get_secret_value())
    return Keyring(_kept_secret(settings.data_dir / FILE))


def _kept_secret(path: Path) -> str:
    """The secret in the file, made at once and whole: two first starts agree on it, and a crash leaves none or all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        os.unlink(fresh)
    return path.read_text().strip()
