from tests.knowledge.conftest import quick_path
from tests.sources.conftest import desk, make, process, settings, site

__all__ = ["desk", "make", "process", "quick_path", "settings", "site"]
