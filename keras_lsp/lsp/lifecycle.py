"""From `initialize` to the end: who the client is, what it allows, and when it is gone."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from keras_lsp.lsp import from_lsp, lookout, options, process_watch
from keras_lsp.lsp.client import Client
from keras_lsp.text.line_index import Encoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keras_lsp.lsp.connection import KerasLanguageServer
    from keras_lsp.lsp.transport import Connection

SECTION = "kerasLsp"

logger = logging.getLogger(__name__)


def is_strict(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a bug of ours is to show; tests ask for it with KERAS_LSP_STRICT=1."""
    return environment.get("KERAS_LSP_STRICT") == "1"


def initialize(ls: KerasLanguageServer, params: types.InitializeParams, rule_uri: str = "") -> None:
    encoding = Encoding(ls.workspace.position_encoding or Encoding.UTF16)
    commands = options.commands_from(params.initialization_options)
    ls.client = Client.of(params.capabilities, encoding, rule_uri, commands)
    trusted = options.trust_from(params.initialization_options)
    if trusted is not None:
        ls.session.set_trusted(trusted)
    _take_settings(ls, params.initialization_options)
    ls.initial_settings = ls.settings
    ls.session.set_roots(_roots(ls))
    if params.process_id is not None and ls.connection.local:
        ls.in_background(_end_with(params.process_id, ls.connection))


def initialized(ls: KerasLanguageServer, _params: types.InitializedParams) -> None:
    wanted = []
    if ls.client.registers_configuration:
        change = types.Registration(
            id="configuration",
            method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
            register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
        )
        wanted.append(change)
    if ls.client.watches_files:
        wanted.append(lookout.registration())
    if wanted:
        ls.client_register_capability(types.RegistrationParams(wanted))
    ls.in_background(_ask_for_settings(ls))


def did_change_configuration(ls: KerasLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Either the settings themselves, or word that there are new ones."""
    pushed = params.settings
    if isinstance(pushed, dict) and SECTION in pushed:
        _take_settings(ls, pushed[SECTION])
    else:
        ls.in_background(_ask_for_settings(ls))


def did_change_folders(ls: KerasLanguageServer, _params: types.DidChangeWorkspaceFoldersParams) -> None:
    ls.session.set_roots(_roots(ls))


def trust(ls: KerasLanguageServer, params: object) -> None:
    """`kerasLsp/trust {"trusted": bool}`"""
    trusted = options.trust_from(params)
    if trusted is None:
        logger.warning("kerasLsp/trust takes {'trusted': true or false}; it said %r", params)
    else:
        ls.session.set_trusted(trusted)


async def _end_with(client_process: int, connection: Connection) -> None:
    """End the connection when the client's process is gone."""
    if await process_watch.gone(client_process):
        connection.end()


async def _ask_for_settings(ls: KerasLanguageServer) -> None:
    if not ls.client.has_configuration:
        return
    asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        (settings,) = await ls.workspace_configuration_async(asked)
    except (JsonRpcException, ValueError) as error:
        logger.warning("the client did not give its settings: %s", error)
        return
    _take_settings(ls, settings)


def _take_settings(ls: KerasLanguageServer, data: object) -> None:
    """What `data` does not set is as it was at the start: a setting may have been taken back."""
    settings, problems = options.settings_from(data, ls.initial_settings)
    for problem in problems:
        logger.warning("%s", problem)
        ls.window_log_message(types.LogMessageParams(types.MessageType.Warning, problem))
    if settings != ls.settings:
        ls.set_settings(settings)


def _roots(ls: KerasLanguageServer) -> tuple[str, ...]:
    """Folder paths; the folders the client names, else its one root."""
    folders = [folder.uri for folder in ls.workspace.folders.values()]
    uris = folders or [ls.workspace.root_uri]
    return tuple(path for uri in uris if uri and (path := from_lsp.path(uri)))
