"""Every bug that is planted. Each list stands with its part of the product; this joins them."""

from __future__ import annotations

from tests.planted.in_books import BOOKS
from tests.planted.in_chain import CHAIN
from tests.planted.in_gateways import GATEWAYS
from tests.planted.in_people import PEOPLE

PLANTS = (*BOOKS, *PEOPLE, *CHAIN, *GATEWAYS)
