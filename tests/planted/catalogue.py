"""Every bug that is planted. Each list stands with its part of the product; this joins them."""

from __future__ import annotations

from tests.planted.in_books import BOOKS
from tests.planted.in_chain import CHAIN
from tests.planted.in_choice import CHOICES
from tests.planted.in_deliveries import UNDELIVERED
from tests.planted.in_gateways import GATEWAYS
from tests.planted.in_kassa import KASSA
from tests.planted.in_office import OFFICE
from tests.planted.in_people import PEOPLE
from tests.planted.in_promos import PROMO
from tests.planted.in_screens import SCREENS

PLANTS = (*BOOKS, *PEOPLE, *CHAIN, *GATEWAYS, *KASSA, *PROMO, *OFFICE, *CHOICES, *UNDELIVERED, *SCREENS)
