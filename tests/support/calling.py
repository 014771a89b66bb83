"""A running server's JSON, as a client without our models reads it."""

import json

from assistant.commands.guard.source import reply_of


def ask(running, method, path, **options):
    return json.loads(reply_of(running, method, path, **options))
