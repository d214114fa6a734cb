"""Owns what the indexer lets through: paging, lag, hidden transactions; must not change the chain."""

from dataclasses import dataclass

from sandbox.asked import Asked
from sandbox.chain.address import Address
from sandbox.chain.ledger import Chain
from sandbox.chain.model import Transaction


class Mode(Asked):
    """The indexer's moods; every default is its good one. Rates are calls per second, None for no limit."""

    ignore_paging: bool = False
    after_inclusive: bool = False
    null_when_empty: bool = False
    rest_online: bool = True
    indexing_latency: int = 3
    keyless_per_second: float | None = None
    keyed_per_second: float | None = None
    rate_tokens: tuple[str, ...] = ("ton", "gram")
    draws_charts: bool = True
    decodes_methods: bool = True


@dataclass(frozen=True)
class Page:
    """A question for an account's transactions."""

    after_lt: int | None = None
    before_lt: int | None = None
    limit: int = 100
    ascending: bool = False


class Index:
    """A view of the chain that may lag behind it."""

    def __init__(self, chain: Chain) -> None:
        self.mode = Mode()
        self._chain = chain
        self._hidden: dict[str, int] = {}

    def hide(self, hash_: str, polls: int) -> None:
        """Leave a transaction out of its account's next lists, as many as polls says."""
        self._hidden[hash_] = polls

    def rewind(self, account: Address, count: int, polls: int) -> list[str]:
        """Hide the newest transactions of an account, as an index restored from a backup would; return their hashes."""
        newest = [step.hash for step in self._chain.transactions(account)[-count:]]
        for hash_ in newest:
            self.hide(hash_, polls)
        return newest

    def page(self, account: Address, page: Page) -> list[Transaction]:
        """Answer a poll; in ignore_paging mode the newest are given whatever was asked, as light indexers do."""
        seen = [step for step in self._chain.transactions(account) if not self._covered(step)]
        self._poll(account)
        if self.mode.ignore_paging:
            return seen[::-1][: page.limit]
        wanted = [step for step in seen if self._within(step, page)]
        return (wanted if page.ascending else wanted[::-1])[: page.limit]

    def find(self, hash_: str) -> Transaction | None:
        """Return a transaction by its hash or its incoming message's, or None while it is hidden or unknown."""
        for account in self._chain.accounts():
            for step in self._chain.transactions(account):
                if hash_ in {step.hash, step.in_msg.hash} and not self._covered(step):
                    return step
        return None

    def _covered(self, step: Transaction) -> bool:
        return self._hidden.get(step.hash, 0) > 0

    def _poll(self, account: Address) -> None:
        for step in self._chain.transactions(account) if self._hidden else ():
            if self._covered(step):
                self._hidden[step.hash] -= 1

    def _within(self, step: Transaction, page: Page) -> bool:
        if page.before_lt is not None and step.lt >= page.before_lt:
            return False
        if page.after_lt is None:
            return True
        return step.lt >= page.after_lt if self.mode.after_inclusive else step.lt > page.after_lt
