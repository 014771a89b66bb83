"""What the compose file comes to, read by Compose itself: no daemon is needed for that."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "deploy" / "compose"
COMPOSE = Path(sys.executable).with_name("docker-compose")
FILLED = {
    "PUBLIC_HOST": "assist.example.com",
    "POSTGRES_PASSWORD": "of-the-database",
    "QDRANT_API_KEY": "of-the-index",
    "PAGE_KEY": "of-the-page",
}
"""What ``.env`` must say."""


def compose(
    folder: Path, variables: dict[str, str], *profiles: str
) -> subprocess.CompletedProcess[str]:
    """Let Compose read the file with these variables. folder: where ``.env`` is written."""
    env = folder / ".env"
    env.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    chosen = [part for profile in profiles for part in ("--profile", profile)]
    command = [str(COMPOSE), "--env-file", str(env), *chosen, "-f", str(FOLDER / "compose.yaml")]
    command += ["config", "--format", "json"]
    around = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(command, env=around, capture_output=True, text=True, check=False)


def services(folder: Path, *profiles: str, **more: str) -> dict[str, Any]:
    """Return the services by name."""
    told = compose(folder, FILLED | more, *profiles)
    assert told.returncode == 0, told.stderr
    assert told.stderr == ""
    found: dict[str, Any] = json.loads(told.stdout)["services"]
    return found


def environment(service: dict[str, Any]) -> dict[str, str]:
    """Return what a container is given: what has no value is not set."""
    return {name: value for name, value in service["environment"].items() if value is not None}
