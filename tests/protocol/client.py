"""A language client for tests: real server process, real stdio, messages as plain dicts.

It frames messages itself, so that a test can also send what no client should.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

Json = Any  # what `json.loads` gives
Message = dict[str, Json]
T = TypeVar("T")

SERVE = (sys.executable, "-m", "keras_lsp", "serve", "--stdio")
PATIENCE = 60.0  # seconds until a test that waits for nothing is ended; not a measure of anything

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

FULL_CAPABILITIES: Message = {
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "workspaceEdit": {"documentChanges": True},
        "didChangeConfiguration": {"dynamicRegistration": True},
        "inlayHint": {"refreshSupport": True},
        "codeLens": {"refreshSupport": True},
    },
    "textDocument": {
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "completion": {
            "completionItem": {
                "documentationFormat": ["markdown", "plaintext"],
                "resolveSupport": {"properties": ["documentation", "detail"]},
                "labelDetailsSupport": True,
                "snippetSupport": True,
            }
        },
        "signatureHelp": {
            "signatureInformation": {
                "documentationFormat": ["markdown", "plaintext"],
                "parameterInformation": {"labelOffsetSupport": True},
            }
        },
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "definition": {"linkSupport": False},
        "inlayHint": {},
        "publishDiagnostics": {
            "relatedInformation": True,
            "versionSupport": True,
            "codeDescriptionSupport": True,
            "dataSupport": True,
            "tagSupport": {"valueSet": [1, 2]},
        },
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
            "isPreferredSupport": True,
        },
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}


# That diagnostics are pulled is an exception here: then nothing is published.
PULLING_CAPABILITIES: Message = {
    **FULL_CAPABILITIES,
    "workspace": {
        **FULL_CAPABILITIES["workspace"],
        "diagnostics": {"refreshSupport": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    },
    "textDocument": {**FULL_CAPABILITIES["textDocument"], "diagnostic": {}},
}


def label_of(hint: Message) -> str:
    """What an editor shows of an inlay hint."""
    label = hint["label"]
    return label if isinstance(label, str) else "".join(part["value"] for part in label)


def items_of(answer: list[Message] | Message) -> list[Message]:
    """Of a completion, each with its own edit, as a client takes those that share the text they replace."""
    if isinstance(answer, list):
        return answer
    where = answer.get("itemDefaults", {}).get("editRange")
    found = []
    for item in answer["items"]:
        text = item.pop("textEditText", item["label"])
        found.append(item if "textEdit" in item else {**item, "textEdit": {"range": where, "newText": text}})
    return found


class ServerError(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: Message) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]


class Client:
    """One running server. `messages` holds everything it said, in order."""

    def __init__(self, process: asyncio.subprocess.Process, settings: Message | None) -> None:
        self.process = process
        self.messages: list[Message] = []
        self.settings = settings
        self.encoding = "utf-16"
        self.capabilities: Message = {}
        self._arrived = asyncio.Condition()
        self._stderr = bytearray()
        self._last_id = 0
        self._ended = False  # nothing more will be read
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._read_stderr())]

    @classmethod
    async def launch(
        cls,
        command: Sequence[str] = SERVE,
        *,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        settings: Message | None = None,
    ) -> Client:
        """Start the process only; `settings` is what `workspace/configuration` will be answered with."""
        inherited = os.environ | {"KERAS_LSP_STRICT": "1"}
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=inherited | dict(environment or {}),
            cwd=cwd,
            limit=64 << 20,
        )
        return cls(process, settings)

    @classmethod
    async def start(
        cls,
        command: Sequence[str] = SERVE,
        *,
        options: Message | None = None,
        capabilities: Message | None = None,
        encodings: Sequence[str] = (),
        root: Path | None = None,
        environment: Mapping[str, str] | None = None,
        settings: Message | None = None,
        process_id: int | None = None,
    ) -> Client:
        """Start a server and go through `initialize` and `initialized`.

        `options` are the initializationOptions, `encodings` the position encodings offered.
        """
        client = await cls.launch(command, environment=environment, cwd=root, settings=settings)
        offered = dict(FULL_CAPABILITIES if capabilities is None else capabilities)
        if encodings:
            offered["general"] = {"positionEncodings": list(encodings)}
        try:
            await client.initialize(offered, options=options, root=root, process_id=process_id)
        except BaseException:
            await client.kill()
            raise
        return client

    async def initialize(
        self,
        capabilities: Message,
        *,
        options: Message | None = None,
        root: Path | None = None,
        process_id: int | None = None,
    ) -> Message:
        folders = [{"uri": root.as_uri(), "name": root.name}] if root else None
        result: Message = await self.request(
            "initialize",
            {
                "processId": process_id,
                "rootUri": root.as_uri() if root else None,
                "workspaceFolders": folders,
                "capabilities": capabilities,
                "initializationOptions": options,
            },
        )
        self.capabilities = result["capabilities"]
        self.encoding = self.capabilities.get("positionEncoding", "utf-16")
        self.notify("initialized", {})
        return result

    # -- messages -----------------------------------------------------------------------------------

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def send(self, message: Json) -> None:
        """One framed message, which need not make sense."""
        self.send_body(json.dumps(message).encode())

    def send_body(self, body: bytes) -> None:
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method: str, params: Json = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Json = None) -> int:
        """Send a request and return its id at once; see `answer`."""
        self._last_id += 1
        self.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        return self._last_id

    async def answer(self, request_id: Json) -> Json:
        """The result of a request, or ServerError."""
        response = await self.wait_for(lambda m: "method" not in m and m.get("id") == request_id)
        if "error" in response:
            raise ServerError(response["error"])
        return response["result"]

    async def request(self, method: str, params: Json = None) -> Json:
        return await self.answer(self.ask(method, params))

    async def wait_for(self, wanted: Callable[[Message], bool], since: int = 0) -> Message:
        """The first message from the server, among all after `since`, that is wanted."""
        return await self._wait(lambda: next((m for m in self.messages[since:] if wanted(m)), None))

    async def wait_for_stderr(self, pattern: str) -> re.Match[str]:
        return await self._wait(lambda: re.search(pattern, self.stderr))

    async def _wait(self, find: Callable[[], T | None]) -> T:
        async def found() -> T:
            async with self._arrived:
                while (message := find()) is None:
                    if self._ended:
                        raise ConnectionError(f"the server went away\n{self.stderr}")
                    await self._arrived.wait()
                return message

        try:
            return await asyncio.wait_for(found(), PATIENCE)
        except asyncio.TimeoutError:
            tail = "\n".join(json.dumps(m)[:300] for m in self.messages[-8:])
            raise AssertionError(f"waited in vain; last messages:\n{tail}\nstderr:\n{self.stderr}") from None

    def sent(self, method: str) -> list[Json]:
        """The params of all messages of that kind the server sent so far."""
        return [m.get("params") for m in self.messages if m.get("method") == method]

    def responses(self, request_id: Json) -> list[Message]:
        return [m for m in self.messages if "method" not in m and m.get("id") == request_id]

    async def settle(self) -> None:
        """All that was sent before is handled: a request after it has been answered."""
        await self.request("kerasLsp/model", {"uri": "nowhere:"})

    # -- documents ----------------------------------------------------------------------------------

    def open(self, uri: str, text: str, version: int = 1, language: str = "python") -> None:
        document = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, *changes: str | Message) -> None:
        """Whole new texts, or changes as the protocol spells them."""
        spelled = [{"text": change} if isinstance(change, str) else change for change in changes]
        identifier = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": spelled})

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def place(self, uri: str, text: str, offset: int) -> Message:
        """TextDocumentPositionParams for an offset in code points."""
        return {"textDocument": {"uri": uri}, "position": position(text, offset, self.encoding)}

    async def wait_for_diagnostics(
        self, uri: str, wanted: Callable[[list[Message]], bool] = lambda _: True
    ) -> list[Message]:
        """The last diagnostics published for `uri`, as soon as they are wanted ones."""
        found = await self._wait(lambda: self._last("textDocument/publishDiagnostics", uri, wanted))
        diagnostics: list[Message] = found["diagnostics"]
        return diagnostics

    async def wait_for_status(self, uri: str, *states: str) -> Message:
        """The last `kerasLsp/status` of `uri`, as soon as it is one of `states`."""
        return await self._wait(lambda: self._last("kerasLsp/status", uri, None, states))

    def _last(
        self,
        method: str,
        uri: str,
        wanted: Callable[[list[Message]], bool] | None,
        states: tuple[str, ...] = (),
    ) -> Message | None:
        about = [params for params in self.sent(method) if params["uri"] == uri]
        if not about:
            return None
        last: Message = about[-1]
        if wanted is not None and not wanted(last["diagnostics"]):
            return None
        return last if not states or last["state"] in states else None

    # -- end ----------------------------------------------------------------------------------------

    async def shutdown(self) -> int:
        """Leave as a client should; the exit code of the server."""
        await self.request("shutdown")
        self.notify("exit")
        return await self.exit_code()

    async def exit_code(self) -> int:
        try:
            code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"the server did not end\n{self.stderr}") from None
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return code

    def hang_up(self) -> None:
        """Close the server's stdin, as a client that dies does."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.exit_code()

    @property
    def stderr(self) -> str:
        return self._stderr.decode(errors="replace")

    # -- reading ------------------------------------------------------------------------------------

    async def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            while header := await self.process.stdout.readline():
                length = int(header.removeprefix(b"Content-Length: "))
                while (await self.process.stdout.readline()).strip():
                    pass
                message = json.loads(await self.process.stdout.readexactly(length))
                self._reply(message)
                async with self._arrived:
                    self.messages.append(message)
                    self._arrived.notify_all()
        finally:
            async with self._arrived:
                self._ended = True
                self._arrived.notify_all()

    async def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        while chunk := await self.process.stderr.read(4096):
            async with self._arrived:
                self._stderr += chunk
                self._arrived.notify_all()

    def _reply(self, message: Message) -> None:
        """Requests of the server are granted; it asks for settings, progress, refreshes, registrations."""
        if "method" not in message or "id" not in message:
            return
        result: Json = None
        if message["method"] == "workspace/configuration":
            result = [self.settings for _ in message["params"]["items"]]
        self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})


def position(text: str, offset: int, encoding: str) -> Message:
    """Line and character of an offset, counted without the product's help."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    codec, width = CODECS[encoding]
    return {
        "line": len(before) - 1,
        "character": len(before[-1].encode(codec, "surrogatepass")) // width,
    }


def offset_of(text: str, place: Message, encoding: str) -> int:
    """The offset of a position; it must be a place in the text."""
    for offset in range(len(text) + 1):
        if position(text, offset, encoding) == {k: place[k] for k in ("line", "character")}:
            return offset
    raise AssertionError(f"{place} is not in the text")


def text_at(text: str, span: Message, encoding: str) -> str:
    """The text in an LSP range."""
    return text[offset_of(text, span["start"], encoding) : offset_of(text, span["end"], encoding)]


def apply_edit(texts: Mapping[str, str], edit: Message, encoding: str) -> dict[str, str]:
    """The texts (uri -> text) after a WorkspaceEdit."""
    changed = dict(texts)
    for uri, edits in _edits_by_uri(edit).items():
        text = changed[uri]
        places = [
            (offset_of(text, e["range"]["start"], encoding), offset_of(text, e["range"]["end"], encoding))
            for e in edits
        ]
        order = sorted(range(len(edits)), key=lambda n: (places[n], n), reverse=True)
        for n in order:
            start, end = places[n]
            text = text[:start] + edits[n]["newText"] + text[end:]
        changed[uri] = text
    return changed


def _edits_by_uri(edit: Message) -> dict[str, list[Message]]:
    if "documentChanges" in edit:
        return {change["textDocument"]["uri"]: change["edits"] for change in edit["documentChanges"]}
    changes: dict[str, list[Message]] = edit["changes"]
    return changes
