"""``python -m tests.docs`` writes what the code knows into the reference."""

from tests.docs.pages import PAGES

for path, made in PAGES.items():
    path.write_text(made(), encoding="utf-8")
