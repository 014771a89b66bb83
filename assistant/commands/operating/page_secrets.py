"""What Streamlit has to know to let people sign in: a file that this user alone can read."""

import json
import os
import secrets
import tomllib
from pathlib import Path
from typing import Final

from assistant.settings import Settings

_FILE: Final = "page.toml"


def page_secrets(settings: Settings) -> Path:
    """Write the file of a data folder, and return where it is. Its cookie secret stays the same.

    Raises:
        OSError: it cannot be written.
    """
    path, sign_in = settings.data_dir / _FILE, settings.sign_in
    values = {
        "redirect_uri": f"{sign_in.page_url.rstrip('/')}/oauth2callback",
        "cookie_secret": _cookie_secret(path),
        "client_id": sign_in.client_id,
        "client_secret": sign_in.client_secret.get_secret_value(),
        "server_metadata_url": f"{(sign_in.issuer or '').rstrip('/')}"
        "/.well-known/openid-configuration",
        "expose_tokens": "id",
    }
    # A string of JSON is one of TOML, as long as nothing is left as it is beyond ASCII.
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    scope = f"client_kwargs = {{ scope = {json.dumps(sign_in.scope)} }}"
    text = "\n".join(["[auth]", *lines, scope, ""])
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
    return path


def _cookie_secret(path: Path) -> str:
    try:
        secret = tomllib.loads(path.read_text())["auth"]["cookie_secret"]
    except (OSError, ValueError, KeyError, TypeError):
        return secrets.token_urlsafe(32)
    return secret if isinstance(secret, str) else secrets.token_urlsafe(32)
