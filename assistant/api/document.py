"""The OpenAPI document, without a server: ``python -m assistant.api.document`` prints it."""

import json

from assistant.api.server import application


def document() -> str:
    """Return the document as JSON, the same for the same code."""
    values = application().openapi()
    return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201
