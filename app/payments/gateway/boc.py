"""Reads a bag of cells, as far as comments and jetton transfers need it. Hostile input gives ValueError, never more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAGIC = bytes.fromhex("b5ee9c72")
_HAS_INDEX, _SIZE_BITS = 0x80, 0x07
_REFS_BITS, _UNUSUAL_BITS = 0x07, 0x18
_MOST_CELLS = 512
_MOST_REFS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the bytes of its content, how many of their bits count, and the numbers of the cells it refers to."""

    content: bytes
    bits: int
    refs: tuple[int, ...]

class _Reader:
    """Takes bytes from the front; ValueError where there are too few."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        taken = self._packed[self._at : self._at + count]
        if len(taken) != count:
            raise ValueError("the bag of cells is cut short")
        self._at += count
        return taken

    def number(self, size: int) -> int:
        """The next `size` bytes as an unsigned number."""
        return int.from_bytes(self.take(size), "big")


def is_boc(packed: bytes) -> bool:
    """Whether these bytes claim to be a bag of cells."""
    return packed.startswith(_MAGIC)


def snake_bytes(packed: bytes, most: int) -> bytes:
    """The bytes of a single-root bag, each cell continued in its first reference; at most `most` of them.

    ValueError for anything else: several roots, exotic cells, hashes inside, bits that are no whole bytes, a
    reference that does not point forward (so nothing can loop), or more than 512 cells.
    """
    cells, root = cells_of(packed)
    return snake_from(cells, cells[root], most)


def snake_from(cells: Sequence[Cell], first: Cell, most: int) -> bytes:
    """The bytes of `first` and of what continues it; ValueError where one does not end on a byte."""
    gathered, cell = bytearray(), first
    while len(gathered) < most:
        if cell.bits % 8:
            raise ValueError("the cell does not end on a byte")
        gathered += cell.content
        if not cell.refs:
            break
        cell = cells[cell.refs[0]]
    return bytes(gathered[:most])


def cells_of(packed: bytes) -> tuple[list[Cell], int]:
    """All cells of the bag, and the number of its root; ValueError as in `snake_bytes`, but for bits."""
    reader = _Reader(packed)
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise ValueError("not a bag of cells")
    flags = reader.number(1)
    ref_size, offset_size = flags & _SIZE_BITS, reader.number(1)
    if not 1 <= ref_size <= 4 or not 1 <= offset_size <= 8:
        raise ValueError("unknown sizes in the bag of cells")
    count, roots, absent = (reader.number(ref_size) for _ in range(3))
    if not 1 <= count <= _MOST_CELLS or roots != 1 or absent:
        raise ValueError("unknown shape of the bag of cells")
    reader.number(offset_size)
    root = reader.number(ref_size)
    if root >= count:
        raise ValueError("the root is not in the bag")
    if flags & _HAS_INDEX:
        reader.take(count * offset_size)
    return [_cell(reader, place, count, ref_size) for place in range(count)], root


def _cell(reader: _Reader, place: int, count: int, ref_size: int) -> Cell:
    first, half_bytes = reader.number(1), reader.number(1)
    refs_count = first & _REFS_BITS
    if first & _UNUSUAL_BITS or refs_count > _MOST_REFS:
        raise ValueError("not an ordinary cell")
    content = reader.take((half_bytes + 1) // 2)
    refs = tuple(reader.number(ref_size) for _ in range(refs_count))
    if any(not place < ref < count for ref in refs):
        raise ValueError("a reference does not point forward")
    if half_bytes % 2 == 0:
        return Cell(content, 8 * len(content), refs)
    # The last one-bit only marks the end of what is no whole byte.
    last = content[-1]
    if last == 0:
        raise ValueError("the end of the cell is not marked")
    unused = (last & -last).bit_length()
    return Cell(content, 8 * len(content) - unused, refs)
