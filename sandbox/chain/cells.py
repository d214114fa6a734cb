"""Owns the writing of cells bit by bit and of bags of them; must not know what they say."""

from dataclasses import dataclass, field
from typing import Self

from sandbox.chain.address import Address

_MAGIC = bytes.fromhex("b5ee9c72")
_CELL_BITS = 1023
_SHORT_OFFSETS = 0x100


@dataclass
class Cell:
    """Up to 1023 bits and four references; every method adds to its end and returns it."""

    bits: str = ""
    refs: list["Cell"] = field(default_factory=list)

    def number(self, value: int, bits: int) -> Self:
        """Add an unsigned number."""
        self.bits += f"{value:0{bits}b}" if bits else ""
        if len(self.bits) > _CELL_BITS or value >> bits:
            raise ValueError("the cell is full, or the number too big")
        return self

    def coins(self, value: int) -> Self:
        """Add an amount, led by how many bytes it takes."""
        size = (value.bit_length() + 7) // 8
        return self.number(size, 4).number(value, 8 * size)

    def address(self, address: Address | None) -> Self:
        """Add an address, or that there is none."""
        if address is None:
            return self.number(0, 2)
        self.number(0b100, 3).number(address.workchain & 0xFF, 8)
        return self.number(int.from_bytes(address.hash, "big"), 256)

    def bytes(self, payload: bytes) -> Self:
        """Add whole bytes."""
        return self.number(int.from_bytes(payload, "big"), 8 * len(payload))

    def ref(self, cell: "Cell") -> Self:
        """Refer to another cell."""
        self.refs.append(cell)
        return self


def bag(root: Cell) -> str:
    """Write a cell with all it refers to as the hex of a bag of cells, each before those that it refers to."""
    cells = _in_order(root)
    places = {id(cell): place for place, cell in enumerate(cells)}
    packed = b"".join(_packed(cell, places) for cell in cells)
    offset_bytes = 1 if len(packed) < _SHORT_OFFSETS else 2
    # No index, no checksum, one byte for a cell's number; then how many cells, roots, absent; size; the root's number.
    header = bytes([1, offset_bytes, len(cells), 1, 0]) + len(packed).to_bytes(offset_bytes, "big") + b"\x00"
    return (_MAGIC + header + packed).hex()


def _in_order(root: Cell) -> list[Cell]:
    return [root, *(cell for ref in root.refs for cell in _in_order(ref))]


def _packed(cell: Cell, places: dict[int, int]) -> bytes:
    whole, rest = divmod(len(cell.bits), 8)
    # What is no whole byte ends with a one and zeros; the second descriptor then counts an odd number of half bytes.
    padded = cell.bits + ("1" + "0" * (7 - rest) if rest else "")
    content = int(padded, 2).to_bytes(len(padded) // 8, "big") if padded else b""
    return bytes([len(cell.refs), 2 * whole + bool(rest)]) + content + bytes(places[id(ref)] for ref in cell.refs)
