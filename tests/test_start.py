"""Which libraries are loaded by what: torch and the zoos only where they are used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    *("torch", "torchvision", "timm", "lightning", "torchmetrics", "streamlit", "skimage"),
    *("jsonschema", "cv2", "scipy", "sympy", "plotly", "PIL", "rich", "torch._dynamo"),
}
COMMAND = "from cactiviz.cli.main import main\ntry: main({})\nexcept SystemExit: pass"
HELPS = """
from cactiviz.cli.main import main
for name in {}:
    try: main([name, "--help"])
    except SystemExit: pass
"""
#: Commands whose help lists samples, data sets, palettes and the like.
WITH_TABLES = (
    *("compare", "report", "animate", "replay", "neurons", "filters", "evaluate", "train"),
    *("data", "doctor"),
)
_SCENE = ["compare", "scenes:cactus/1", "--models", "cactinet", "--methods", "grad_cam"]


@pytest.mark.parametrize(
    ("work", "loaded"),
    [
        ("import cactiviz", set()),
        (COMMAND.format(["--help"]), set()),
        (COMMAND.format(["--version"]), set()),
        (COMMAND.format(["methods"]), set()),
        (COMMAND.format(["models"]), set()),
        (HELPS.format(("models", "methods", "app")), set()),
        (HELPS.format(WITH_TABLES), {"cv2", "PIL"}),
        (COMMAND.format(["compare", "x.png", "--palette", "virdis"]), {"cv2", "PIL"}),
        (COMMAND.format([*_SCENE, "--device", "cpu"]), {"torch", "cv2", "PIL"}),
    ],
    ids=[
        *("import", "help", "version", "methods", "models", "plain helps", "helps"),
        *("wrong usage", "compare"),
    ],
)
def test_nothing_is_loaded_that_is_not_used(work: str, loaded: set[str]) -> None:
    told = "\nimport json, sys; print(json.dumps(list(sys.modules)), file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", work + told], capture_output=True, text=True, check=True
    )
    assert ended.stdout or "usage:" in ended.stderr or work == "import cactiviz"
    modules = json.loads(ended.stderr.splitlines()[-1])
    assert HEAVY & set(modules) == loaded
