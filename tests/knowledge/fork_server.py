"""Runs `routeback` commands, each in its own process, without importing everything each time.

Reads one command per line (JSON: argv, env, cwd, out, err), writes its exit code.
"""

import json
import os
import sys
import traceback

import assistant.app
import assistant.commands.console  # noqa: F401  (imported here, once, as is the line above)
from assistant.cli import main
from assistant.language import language_of_text


def run(argv: list[str], env: dict[str, str], cwd: str, out: str, err: str) -> int:
    """Run one command in this process."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for path, stream in ((out, sys.stdout), (err, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream.fileno())
    sys.argv = ["routeback", *argv]
    try:
        main()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    language_of_text("loads its model")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
            sys.stdout.flush()
        else:
            code = run(**json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
