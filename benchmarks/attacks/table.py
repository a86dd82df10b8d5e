"""What an attack measured, and whether that is within its limit."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows, printed as they come.

    Attributes:
        failed: What isn't as it should be.
    """

    failed: list[str] = field(default_factory=list)

    def add(self, what: str, measured: float, most: float, unit: str = "", note: str = "") -> None:
        """A figure that has to be at most so large."""
        self._row(what, f"{measured:9.1f} {unit:4} at most {most:<8g}", measured <= most, note)

    def holds(self, what: str, held: bool, note: str = "") -> None:
        """Something that has to be so."""
        self._row(what, " " * 31, held, note)

    def _row(self, what: str, figure: str, held: bool, note: str) -> None:
        if not held:
            self.failed.append(what)
        print(f"  {what:56} {figure} {'yes' if held else 'NO':4} {note}".rstrip(), flush=True)
