"""What this computer offers: environment variables, home folder, platform. The only place that reads them."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Machine:
    """`own_interpreter` is the Python the server itself runs under."""

    environ: Mapping[str, str]
    home: Path
    own_interpreter: Path
    windows: bool = False
    linux: bool = True

    @classmethod
    def here(cls) -> Machine:
        return cls(
            environ=dict(os.environ),
            home=Path.home(),
            own_interpreter=Path(sys.executable),
            windows=sys.platform == "win32",
            linux=sys.platform == "linux",
        )

    def flag(self, name: str) -> bool:
        """Whether a variable is set to what TensorFlow takes for true."""
        return self.environ.get(name) in ("1", "true", "True")

    def which(self, program: str, without: Path | None = None) -> Path | None:
        """Where the user's PATH finds `program`, leaving out one folder of it."""
        folders = self.environ.get("PATH", "").split(os.pathsep)
        kept = [folder for folder in folders if folder and (without is None or Path(folder) != without)]
        found = shutil.which(program, path=os.pathsep.join(kept))
        return Path(found).absolute() if found else None

    def python_in(self, prefix: Path) -> Path | None:
        """The interpreter of a virtual or conda environment."""
        names = ("Scripts/python.exe", "python.exe") if self.windows else ("bin/python", "bin/python3")
        return next((prefix / name for name in names if (prefix / name).is_file()), None)
