"""What the house promises and no import contract says: small folders, one name each."""

import ast
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = ("assistant", "guardrails", "evals", "ui")
MOST_MODULES = 16


def test_no_folder_is_a_hall():
    tops = (*SHIPPED, "benchmarks", "deploy", "tests", "training")
    count = Counter(path.parent for top in tops for path in (ROOT / top).rglob("*.py"))
    wide = {str(folder.relative_to(ROOT)) for folder, n in count.items() if n > MOST_MODULES}
    assert wide - {"assistant/records/migrations/versions"} == set()  # these are read in order


def test_no_two_public_classes_have_one_name():
    places: defaultdict[str, list[str]] = defaultdict(list)
    for top in SHIPPED:
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(path.relative_to(ROOT)))
    assert len(places) > 500
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
