"""Takes pictures of the journey over into README and walkthrough: `python -m tests.editors.vscode.pictures`.

Run `pytest tests/editors/vscode/test_journey.py` before, and look at what it put into `artifacts/vscode`.
The icon is drawn from its SVG.
"""

from __future__ import annotations

import shutil
import sys

from tests.editors.vscode.toolchain import EXTENSION, ROOT
from tests.editors.vscode.workbench import browser_page

TAKEN = {
    "readme": ("card", "completion", "fix", "model", "status"),
    "walkthrough": ("trust", "status", "card", "fix", "pin"),
}
ICON_SIZE = 256


def main() -> int:
    media = EXTENSION / "media"
    for folder, names in TAKEN.items():
        (media / folder).mkdir(exist_ok=True)
        for name in names:
            shutil.copy(ROOT / "artifacts" / "vscode" / f"{name}.png", media / folder / f"{name}.png")
    with browser_page(scale=1.0) as page:
        page.set_viewport_size({"width": ICON_SIZE, "height": ICON_SIZE})
        page.set_content(f"<style>body {{ margin: 0 }}</style>{(media / 'icon.svg').read_text('utf-8')}")
        page.screenshot(path=str(media / "icon.png"), omit_background=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
