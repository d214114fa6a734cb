"""Reads numbers, amounts and addresses off a cell, bit by bit. Hostile input gives ValueError, never more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from app.domain.ton import TonAddress
from app.payments.gateway.boc import Cell, cells_of, snake_from

if TYPE_CHECKING:
    from collections.abc import Sequence

_NO_ADDRESS, _STANDARD_ADDRESS = 0b00, 0b10


class Slice:
    """What is left of a cell, taken from the front."""

    def __init__(self, cells: Sequence[Cell], cell: Cell) -> None:
        self._cells = cells
        self._cell = cell
        self._at = 0
        self._ref = 0

    @classmethod
    def of(cls, packed: bytes) -> Self:
        """The root of a bag of cells."""
        cells, root = cells_of(packed)
        return cls(cells, cells[root])

    def number(self, bits: int) -> int:
        """The next `bits` as an unsigned number."""
        end = self._at + bits
        if end > self._cell.bits:
            raise ValueError("the cell is cut short")
        whole = int.from_bytes(self._cell.content, "big") >> (8 * len(self._cell.content) - end)
        self._at = end
        return whole & ((1 << bits) - 1)

    def coins(self) -> int:
        """The next amount: four bits tell how many bytes it has."""
        return self.number(8 * self.number(4))

    def address(self) -> TonAddress | None:
        """The next address; None where it says that there is none."""
        kind = self.number(2)
        if kind == _NO_ADDRESS:
            return None
        if kind != _STANDARD_ADDRESS or self.number(1):
            raise ValueError("an address of an unusual kind")
        workchain = self.number(8)
        return TonAddress(workchain - 256 if workchain > 127 else workchain, self.number(256).to_bytes(32, "big"))

    def either(self, most: int) -> bytes:
        """The bytes of what follows, in this cell or in its next reference, with what continues it."""
        if self.number(1):
            if self._ref >= len(self._cell.refs):
                raise ValueError("the cell has no such reference")
            return snake_from(self._cells, self._cells[self._cell.refs[self._ref]], most)
        left = self._cell.bits - self._at
        if left % 8:
            raise ValueError("the rest does not end on a byte")
        rest = self.number(left).to_bytes(left // 8, "big")
        return snake_from(self._cells, Cell(rest, left, self._cell.refs[self._ref :]), most)
