"""What a request carries of the text's own comments."""

from __future__ import annotations

from keras_lsp.session.open_document import OpenDocument
from keras_lsp.session.project import ProjectFiles
from keras_lsp.session.recipe import fingerprint_of, request_for
from keras_lsp.session.settings import Settings
from keras_lsp.session.surroundings import Surroundings
from keras_lsp.text.document import Document

TEXT = """\
import keras

# keras-lsp: input=(None, 32)
class Net(keras.Model):
    pass

class Other(keras.Model):
    pass

model = keras.Sequential()  # keras-lsp: input=int32(None, 16)
"""


def opened(text: str) -> OpenDocument:
    return OpenDocument(Document("file:///nowhere/a.py", 1, text))


def surroundings(**shapes: str) -> Surroundings:
    return Surroundings(ProjectFiles(), Settings(input_shapes=shapes))


def test_a_comment_counts_more_than_a_setting() -> None:
    entry = opened(TEXT)
    around = surroundings(Net="(None, 3)", Other="(None, 4)", Elsewhere="(None, 5)")
    hints = request_for(entry, [entry], around).input_hints
    assert hints == {"Net": "(None, 32)", "Other": "(None, 4)", "model": "int32(None, 16)"}


def test_a_replay_is_due_when_what_is_pinned_changes() -> None:
    def fingerprint(text: str) -> str:
        entry = opened(text)
        return fingerprint_of(entry, [entry], surroundings())

    assert fingerprint(TEXT) == fingerprint(TEXT.replace("(None, 32)", "(None,32)  # images"))
    assert fingerprint(TEXT) != fingerprint(TEXT.replace("(None, 32)", "(None, 33)"))
    unpinned = fingerprint(TEXT.replace("# keras-lsp: input=(None, 32)", "# input=(None, 32)"))
    assert fingerprint(TEXT) != unpinned
    assert unpinned == fingerprint(TEXT.replace("(None, 32)", "(None, 3"))  # half-typed says nothing
