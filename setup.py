"""Put the app, its pages and its settings into the wheel; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithApp(build_py):
    """Copies to ``cactiviz/ui/script`` what Streamlit wants as files at the top of a folder."""

    def run(self) -> None:
        """Build the package; one that stays in its repository has these files there."""
        super().run()
        if self.editable_mode:
            return
        script = Path(self.build_lib, "cactiviz", "ui", "script")
        for file in [Path("app.py"), *Path("pages").glob("*.py"), Path(".streamlit/config.toml")]:
            (script / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, script / file)


setup(cmdclass={"build_py": BuildWithApp})
