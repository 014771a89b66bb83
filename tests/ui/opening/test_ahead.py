"""What charts need is imported before the first page that has one."""

import subprocess
import sys

CODE = """
import sys
from ui import __main__ as pages
assert "altair" not in sys.modules
pages._import_ahead(pause_s=0)
print("altair" in sys.modules, "pandas" in sys.modules)
"""


def test_charts_are_imported_ahead():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["True", "True"]
