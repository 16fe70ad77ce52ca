"""`python -m tests.unbreakable.record_session`: writes a model in a real Neovim and keeps all it sends.

Two files are typed key by key at the speed of a person, with slips of the finger, with looks at cards and
definitions, lines that are moved, undone and done again. What is kept is `recorded_session.jsonl.gz`: a line
for each message that Neovim sends after `initialized`, when it was sent (milliseconds) and the message; the
folder is ROOT in it. It takes ten minutes.
"""

from __future__ import annotations

import gzip
import json
import os
import pty
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tests.editors.neovim import ROOT, SERVER, nvim
from tests.unbreakable.recorded_session import FILE, KEPT_AS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEYSTROKE = 0.09  # seconds, on average
THOUGHT = 1.0
SLIPS = 0.02  # of the keys
ESCAPE, ENTER, BACK = "\x1b", "\r", "\x7f"

CONFIGURATION = """
vim.opt.runtimepath:prepend({plugin})
vim.opt.swapfile = false
vim.opt.completeopt = {{ 'menuone', 'noselect', 'popup' }}
vim.g.keras_lsp = {{ trusted_roots = {{ {root} }} }}
vim.lsp.config('keras_lsp', {{
  cmd = {command},
  init_options = {{ interpreters = {{ [{uri}] = {{ {python} }} }} }},
}})
vim.lsp.enable('keras_lsp')
vim.lsp.inlay_hint.enable(true)
vim.api.nvim_create_autocmd('LspAttach', {{ callback = function(event)
  vim.lsp.completion.enable(true, event.data.client_id, event.buf, {{ autotrigger = true }})
  vim.lsp.codelens.refresh({{ bufnr = event.buf }})
end }})
vim.api.nvim_create_autocmd('BufRead', {{ callback = function(event)
  vim.bo.modifiable = vim.startswith(event.match, {root})  -- not Keras itself
end }})
vim.api.nvim_create_autocmd('FileType', {{ callback = function()
  vim.bo.autoindent, vim.bo.indentexpr = false, ''
end }})
"""

MODEL = """\
import keras
from keras import layers


class Block(layers.Layer):
    def __init__(self, units, rate=0.1):
        super().__init__()
        self.dense = layers.Dense(units, activation="relu")
        self.norm = layers.LayerNormalization()
        self.drop = layers.Dropout(rate)

    def call(self, x, training=False):
        x = self.norm(self.dense(x))
        return self.drop(x, training=training)


class Classifier(keras.Model):
    def __init__(self, hidden=128, classes=10):
        super().__init__()
        self.blocks = [Block(hidden) for _ in range(3)]
        self.head = layers.Dense(classes)

    def call(self, inputs, training=False):
        x = inputs
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(x)


model = Classifier()
logits = model(keras.Input((784,)))
print(model.layers[0].dense.kernel.shape)
print(model.get_layer(index=-1).weights[0].shape)
"""
TRAINING = """\
import keras
from model import Classifier

inputs = keras.Input((28, 28, 1))
x = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
x = keras.layers.MaxPooling2D()(x)
x = keras.layers.Flatten()(x)
outputs = keras.layers.Dense(10, activation="softmax")(x)
small = keras.Model(inputs, outputs)
small.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
small.summary()
large = Classifier(hidden=64)
large.layers[0].weights[0]
logits = large(keras.Input((784,)))
"""


class Person:
    """Presses keys."""

    def __init__(self, press: Callable[[str], object]) -> None:
        self._press = press
        self._choose = random.Random(0)  # noqa: S311  # the same person each time

    def keys(self, *keys: str) -> None:
        """One after the other, each as it is."""
        for key in keys:
            self._press(key)
            time.sleep(self._choose.expovariate(1 / KEYSTROKE))

    def think(self) -> None:
        time.sleep(self._choose.expovariate(1 / THOUGHT))

    def command(self, text: str) -> None:
        self.keys(*text, ENTER)

    def type(self, text: str) -> None:
        for key in text:
            if self._choose.random() < SLIPS and key.isalpha():
                self.keys(self._choose.choice("asdfjkl;(."), BACK)
            self.keys(ENTER if key == "\n" else key)

    def write(self, file: str, text: str) -> None:
        """In insert mode, but for what is done between lines."""
        self.keys("i")
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            self.type(line)
            if number > 3 and (self._choose.random() < 0.3 or number == len(lines)):  # there is something
                self.keys(ESCAPE)
                self.look_around(file)
                self.keys("G", "A")
        self.keys(ESCAPE)

    def look_around(self, file: str) -> None:
        """Normal mode, and back where it was, with the text as it was."""
        for _ in range(self._choose.randrange(1, 4)):
            chosen = self._choose.choice(("card", "definition", "uses", "redone", "moved", "note", "saved"))
            self.keys(*f"{self._choose.randrange(2, 12)}k", "^")
            if chosen in ("card", "definition", "uses"):
                self.keys("w", "w")
            if chosen == "card":
                self.keys("K")
            elif chosen == "definition":
                self.keys("\x1d")
                self.think()
                self.command(f":b {file}")  # it may have led into Keras itself
            elif chosen == "uses":
                self.command(":lua vim.lsp.buf.document_highlight()")
            elif chosen == "redone":
                self.keys("d", "d", "u", "Y", "p", "u")
            elif chosen == "moved":
                self.command(":m +1")
                self.keys("u")
            elif chosen == "note":
                self.keys("A", *"  # why?", ESCAPE)
                self.think()
                self.keys("u")
            self.think()
            self.command(":w")
        self.command(":lclose|cclose|only")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, log = Path(folder).resolve() / "project", Path(folder) / "log"
        root.mkdir()
        command = [sys.executable, "-m", "tests.unbreakable.record_session", str(log)]
        configuration = Path(folder) / "init.lua"
        configuration.write_text(
            CONFIGURATION.format(
                plugin=json.dumps(str(ROOT / "editors" / "neovim")),
                root=json.dumps(str(root)),
                command="{" + ", ".join(map(json.dumps, command)) + "}",
                uri=json.dumps(root.as_uri()),
                python=json.dumps(sys.executable),
            )
        )
        at_work(configuration, root)
        kept = [line.replace(root.as_uri(), "ROOT") for line in session(log.read_text().splitlines())]
    FILE.write_bytes(gzip.compress("".join(f"{line}\n" for line in kept).encode(), mtime=0))
    sys.stdout.write(f"{len(kept)} messages in {FILE}\n")


def at_work(configuration: Path, root: Path) -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(root)
        os.environ.update(TERM="xterm-256color", PYTHONPATH=str(ROOT), LINES="50", COLUMNS="110")
        os.execv(nvim(), [nvim(), "--clean", "-u", str(configuration)])  # noqa: S606  # a real one
    threading.Thread(target=drain, args=(terminal,), daemon=True).start()
    person = Person(lambda keys: os.write(terminal, keys.encode()))
    time.sleep(2)
    for name, text in (("model.py", MODEL), ("train.py", TRAINING)):
        person.command(f":e {name}")
        person.think()
        person.write(name, text)
        person.command(":w")
        time.sleep(5)
        if (root / name).read_text().rstrip() != text.rstrip():
            sys.stderr.write(f"{name} was written otherwise:\n{(root / name).read_text()}")
    person.command(":b model.py")
    person.command("?hidden=")
    person.keys("K")
    person.command(":w")
    person.command(":qa!")
    os.waitpid(process, 0)


def drain(terminal: int) -> None:
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass  # Neovim has ended


def session(lines: list[str]) -> Iterator[str]:
    """Without beginning and end, and the times counted from the first."""
    messages = [json.loads(line) for line in lines]
    first = next(at for at, message in messages if message.get("method") == "textDocument/didOpen")
    for at, message in messages:
        if "method" in message and message["method"] not in ("initialize", "initialized", "shutdown", "exit"):
            yield json.dumps([max(0, at - first), {key: message[key] for key in KEPT_AS if key in message}])


def tee(log: str) -> int:
    """The server, with all that its client sends written down."""
    with (
        subprocess.Popen(SERVER, stdin=subprocess.PIPE) as server,
        Path(log).open("a", encoding="utf-8") as written,
    ):
        assert server.stdin is not None
        for body in frames(sys.stdin.buffer):
            json.dump([round(time.monotonic() * 1000), json.loads(body)], written)
            written.write("\n")
            written.flush()
            server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            server.stdin.flush()
        server.stdin.close()
    return server.returncode


def frames(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline():
        length = int(line.removeprefix(b"Content-Length:"))
        while stream.readline().strip():
            pass
        yield stream.read(length)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(tee(sys.argv[1]))
    main()
