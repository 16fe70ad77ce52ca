"""Reading VS Code's screen and using it with mouse and keys, as a person does."""

from __future__ import annotations

import re
from time import monotonic
from typing import TYPE_CHECKING

from playwright.sync_api import Error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Frame, Locator, Page

    from tests.editors.vscode.workbench import Workbench

SECONDS = 60
STATUS = ".statusbar-item[id='keras-lsp.keras-lsp.kerasLsp.status']"
LINES = ".editor-instance .view-line, .notebookOverlay .view-line"  # the cells of a notebook float above it
HOVER = ".monaco-hover:not(.hidden):not(.fade-in-hover)"


def plain(text: str) -> str:
    """As it is read: VS Code puts non-breaking spaces and invisible marks between words."""
    return re.sub(r"[\u200b-\u200d]", "", text.replace("\xa0", " "))


def _seen(look: Callable[[], str]) -> str:
    """Nothing where a frame goes away while it is looked into: VS Code lays another one in its place."""
    try:
        return look()
    except Error as error:
        if "Frame was detached" in error.message:
            return ""
        raise


class Screen:
    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures
        pictures.mkdir(parents=True, exist_ok=True)

    def open(self, workbench: Workbench, folder: Path, file: Path) -> None:
        self.page.goto(workbench.url(folder, [["openFile", workbench.remote(file)]]))
        self.page.locator(".view-line").first.wait_for()

    def picture(self, name: str) -> None:
        self.page.wait_for_timeout(400)  # what fades in has done so
        self.page.screenshot(path=str(self._pictures / f"{name}.png"))

    def until(self, what: str, look: Callable[[], str], seconds: float = SECONDS) -> str:
        """What `look` sees once it sees something."""
        deadline = monotonic() + seconds
        while not (found := _seen(look)):
            if monotonic() > deadline:
                self.page.screenshot(path=str(self._pictures / "failed.png"))
                raise AssertionError(f"never came on the screen: {what}; it shows\n{self.text()}")
            self.page.wait_for_timeout(100)
        return found

    def text(self) -> str:
        return plain(self.page.locator("body").inner_text())

    # -- the editor

    def lines(self) -> list[str]:
        return [plain(text) for text in self.page.locator(LINES).all_inner_texts()]

    def hints(self, wanted: str, without: str = "\0") -> str:
        def look() -> str:
            shown = "\n".join(self.lines())
            return shown if wanted in shown and without not in shown else ""

        return self.until(f"a hint {wanted}", look)

    def lens(self, wanted: str, without: str) -> str:
        """Once it stays so: VS Code takes a moment to ask for lenses anew."""
        since: float | None = None

        def look() -> str:
            nonlocal since
            shown = plain(" ".join(self.page.locator(".codelens-decoration").all_inner_texts()))
            if wanted not in shown or without in shown:
                since = None
                return ""
            since = since or monotonic()
            return shown if monotonic() > since + 1.5 else ""

        return self.until(f"a lens with {wanted}", look)

    def squiggle(self) -> str:
        return self.until("a squiggle", lambda: "squiggle" if self._squiggles() else "")

    def no_squiggle(self) -> str:
        self.until("no squiggle", lambda: "" if self._squiggles() else "gone")
        return ""

    def _squiggles(self) -> int:
        return self.page.locator(".squiggly-error, .squiggly-warning").count()

    def _word(self, text: str, line_with: str) -> tuple[float, float]:
        """Middle of a text on the screen, looked up anew since hints and edits move it."""
        place = self.page.evaluate(
            """([text, inLine, lines]) => {
              for (const line of document.querySelectorAll(lines)) {
                const all = line.textContent.replaceAll('\\u00a0', ' ');
                if (!all.includes(inLine)) continue;
                const at = all.indexOf(text);
                if (at < 0) continue;
                const walk = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
                const range = document.createRange();
                let passed = 0, begun = false;
                for (let node = walk.nextNode(); node; node = walk.nextNode()) {
                  const size = node.data.length;
                  if (!begun && at < passed + size) { range.setStart(node, at - passed); begun = true; }
                  if (begun && at + text.length <= passed + size) {
                    range.setEnd(node, at + text.length - passed);
                    const box = range.getBoundingClientRect();
                    return [box.x + box.width / 2, box.y + box.height / 2, box.x, box.right];
                  }
                  passed += size;
                }
              }
              return null;
            }""",
            [text, line_with, LINES],
        )
        if place is None:
            raise AssertionError(f"no {text!r} in a line with {line_with!r}:\n" + "\n".join(self.lines()))
        return place[0], place[1]

    def hover_text(self, text: str, line_with: str) -> None:
        self.page.mouse.move(5, 5)
        self.page.wait_for_timeout(200)
        x, y = self._word(text, line_with)
        self.page.mouse.move(x, y)
        self.page.mouse.move(x + 1, y)

    def cursor_at(self, text: str, line_with: str) -> None:
        self.page.mouse.click(*self._word(text, line_with))

    def select_text(self, text: str, line_with: str) -> None:
        self.page.mouse.dblclick(*self._word(text, line_with))

    def active_line(self, wanted: str) -> str:
        """The line that the cursor is in."""

        def look() -> str:
            shown = self.page.evaluate(
                """(lines) => {
                  const top = (element) => Math.round(element.getBoundingClientRect().y);
                  const number = document.querySelector('.active-line-number');
                  const all = [...document.querySelectorAll(lines)];
                  return all.find((line) => number && top(line) === top(number))?.textContent ?? '';
                }""",
                LINES,
            )
            return plain(shown) if wanted in plain(shown) else ""

        return self.until(f"the cursor in {wanted}", look)

    def type_at(self, line: str, keys: str) -> None:
        """Types on a new line above another one."""
        self.cursor_at(line, line)
        self.page.keyboard.press("Control+Shift+Enter")
        self.page.keyboard.type(keys, delay=20)

    def undo_all(self, typed: str) -> None:
        """Until nothing of what was typed on a line of its own is left: VS Code takes it back in pieces."""

        def look() -> str:
            shown = [line.strip() for line in self.lines()]
            if not any(line and (typed.startswith(line) or line == f"{typed}]") for line in shown):
                return "gone"
            self.page.keyboard.press("Control+z")
            return ""

        self.until("an undone edit", look)
        self.page.keyboard.press("Control+z")

    def save(self, file: Path) -> str:
        before = file.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        self.until("a saved file", lambda: "saved" if file.stat().st_mtime_ns != before else "")
        return file.read_text(encoding="utf-8")

    def escape(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.mouse.move(5, 5)
        self.page.wait_for_timeout(200)

    def quick_open(self, name: str) -> None:
        """Goes to a file, by its tab where it has one."""
        tab = self.page.locator(f".tab[data-resource-name='{name}']")
        if tab.count():
            tab.first.click()
        else:
            self.page.keyboard.press("Control+p")
            self.page.keyboard.type(name)
            self.menu(name)
            self.pick(name)
        self.tab(name)

    # -- what floats above it

    def card(self, wanted: str) -> str:
        return self._visible(f"a card with {wanted}", self.page.locator(HOVER), wanted)

    def suggestions(self, wanted: str) -> str:
        return self._visible("suggestions", self.page.locator(".suggest-widget.visible"), wanted)

    def quick_fixes(self) -> str:
        """The menu of quick fixes. VS Code opens none when findings change while it asks for them."""
        menu, asked = self.page.locator(".action-widget"), 0.0

        def look() -> str:
            nonlocal asked
            shown = plain(" ".join(menu.all_inner_texts())).strip()
            if not shown and monotonic() > asked + 5:
                asked = monotonic()
                self.page.keyboard.press("Control+.")
            return shown

        return self.until("quick fixes", look)

    def click_link(self, text: str) -> None:
        self.page.locator(HOVER).locator("a", has_text=text).first.click()

    def preview(self, wanted: str) -> str:
        """Text of a Markdown preview."""

        def look() -> str:
            for frame in self.page.frames:
                if frame.locator(".markdown-body").count():
                    shown = plain(frame.locator("body").inner_text())
                    if wanted in shown:
                        return shown
            return ""

        return self.until(f"a preview with {wanted}", look)

    def tab(self, name: str) -> str:
        """Text of the editor with that title, once it is the active one."""
        self.until(name, lambda: "active" if self._is_active(name) else "")
        return self.until(f"text of {name}", lambda: "\n".join(self.lines()).strip())

    def _is_active(self, name: str) -> bool:
        return self.page.locator(f".tab.active[data-resource-name='{name}']").count() > 0

    def menu(self, wanted: str) -> str:
        return self._visible("a menu", self.page.locator(".quick-input-widget"), wanted)

    def pick(self, label: str) -> None:
        self.page.locator(".quick-input-list .monaco-list-row", has_text=label).first.click()

    def outline(self, wanted: str) -> str:
        """What the outline shows below the files; it is opened for that, and closed again."""
        title = self.page.get_by_text("Outline", exact=True).first
        title.click()
        shown = self._visible("the outline", self.page.locator(".outline-tree"), wanted)
        title.click()
        return shown

    # -- the model view

    def title_button(self, name: str) -> None:
        self.page.locator(f".editor-actions .action-label[aria-label*='{name}']").first.click()

    def toggle_sidebar(self) -> None:
        self.page.keyboard.press("Control+b")

    def view(self, wanted: str) -> str:
        def look() -> str:
            frame = self._view()
            shown = plain(frame.locator("body").inner_text()) if frame else ""
            return shown if wanted in shown else ""

        return self.until(f"a model view with {wanted}", look)

    def click_node(self, name: str) -> None:
        frame = self._view()
        assert frame is not None
        frame.locator(f".node[data-key$='{name}']").click()

    def close_view(self) -> None:
        self.page.locator(".tab", has_text="Model: ").click(button="middle")
        self.until("no model view", lambda: "" if self._view() else "closed")

    def _view(self) -> Frame | None:
        return next((frame for frame in self.page.frames if frame.locator("#panel-graph").count()), None)

    # -- the status bar and trust

    def status(self, wanted: str) -> str:
        def look() -> str:
            item = self.page.locator(STATUS)
            shown = plain(item.first.inner_text()) if item.count() else ""
            return shown if re.search(wanted, shown) else ""

        return self.until(f"status {wanted}", look)

    def click_status(self) -> None:
        self.page.locator(STATUS).first.click()

    def grant_trust(self) -> None:
        self.page.locator(".workspace-trust-editor .monaco-button", has_text="Trust").first.click()
        granted = "You trust this folder"
        self.until("trust", lambda: granted if granted in self.text() else "")
        modal = self.page.locator("[class*='modal'] .codicon-close")
        if modal.count():
            modal.first.click()

    def _visible(self, what: str, places: Locator, wanted: str) -> str:
        def look() -> str:
            for text in places.all_inner_texts():
                if wanted in plain(text) and plain(text).strip():
                    return plain(text)
            return ""

        return self.until(what, look)
