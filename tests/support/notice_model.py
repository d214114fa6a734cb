"""Who should be told what, reckoned in memory from the same acts: what the real reminders are compared with. No SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.money import ZERO, Money

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.plans import Plan

DAY = timedelta(days=1)
# Days before the end, and until how many days before it that is still worth a word.
STEPS = {"soon": (3, 1), "last": (1, 0), "ended": (0, -3), "missed": (-3, -6)}


@dataclass
class Human:
    """A customer. `told` are words with the look at which they are due; `waits` are occasions not yet spoken of."""

    end: datetime
    balance: Money = ZERO
    is_trial: bool = True
    agreed: Plan | None = None
    wants: bool = True
    blocks: bool = False
    is_gone: bool = False
    is_banned: bool = False
    tried: datetime | None = None
    tried_again: bool = False
    has_new_money: bool = False
    counts_money: bool = True
    unrenewed: set[datetime] = field(default_factory=set)
    waits: list[tuple[str, datetime]] = field(default_factory=list)

    def bought(self, plan: Plan, price: Money, at: datetime) -> None:
        """Days are added to what is left."""
        self.balance -= price
        self.end = max(self.end, at) + plan.days * DAY
        self.is_trial = False
        self.tried, self.tried_again, self.has_new_money, self.counts_money = None, False, False, True

    def agrees(self, plan: Plan, at: datetime) -> None:
        """From now on it is this plan. What has ended is not renewed, but for what was tried before, with money."""
        self.counts_money = self.end > at or self.tried == self.end
        self.tried, self.tried_again = (None, False) if self.end > at else (self.end, True)
        self.agreed, self.has_new_money = plan, False


@dataclass
class Expected:
    """Something that somebody should be told at a look."""

    who: int
    word: str
    look: datetime


class NoticeModel:
    """The humans, and what a look at a moment should bring. `sold` are the plans at that moment."""

    def __init__(self, is_quiet: Callable[[datetime], bool], renewed_at: Callable[[int, datetime], datetime]) -> None:
        self.humans: dict[int, Human] = {}
        self.sold: dict[str, Plan] = {}
        self.expected: list[Expected] = []
        self.renewals = 0
        self._is_quiet = is_quiet
        # Of a renewal after the end, the moment decides the next end: that alone is taken from the real shop.
        self._renewed_at = renewed_at
        self._before: datetime | None = None
        self._news: list[tuple[int, str]] = []

    def look(self, now: datetime) -> None:
        """What a replica that works at this moment has done when it is ready."""
        for who, human in self.humans.items():
            self._renew(who, human, now)
            if self._before is not None:
                self._occasions(human, self._before, now)
        self._before = now
        if self._is_quiet(now):
            return
        for who, human in self.humans.items():
            self._speak(who, human, now)
        for who, word in self._news:
            self._say(who, word, now)
        self._news.clear()

    def _renew(self, who: int, human: Human, now: datetime) -> None:
        end, agreed = human.end, human.agreed
        if agreed is None or not end - DAY <= now < end + 3 * DAY:
            return
        is_first = human.tried != end
        is_second = not is_first and now >= end and not human.tried_again
        if not (is_first or is_second or human.has_new_money):
            return
        human.tried, human.has_new_money = end, False
        human.tried_again = now >= end
        if human.is_banned or human.is_gone:
            return
        plan = self.sold.get(agreed.key)
        if plan is not None and plan.price <= agreed.price and plan.price <= human.balance:
            human.bought(plan, plan.price, max(now, self._renewed_at(who, end)))
            self.renewals += 1
            self._news.append((who, "renewed"))
        elif now < end and end not in human.unrenewed:
            human.unrenewed.add(end)
            human.waits.append(("unrenewed", end))

    def _occasions(self, human: Human, before: datetime, now: datetime) -> None:
        if human.is_banned or human.is_gone or not (human.wants or human.agreed):
            return
        for step, (ahead, until) in STEPS.items():
            came, gone = human.end - ahead * DAY, human.end - until * DAY
            if before < came <= now < gone:
                human.waits.append((step, human.end))

    def _speak(self, who: int, human: Human, now: datetime) -> None:
        for step, end in human.waits:
            word = self._word(human, step, now) if end == human.end else None
            if word is None or human.is_banned or human.is_gone:
                continue
            if human.blocks:
                human.is_gone = True
                continue
            self._say(who, word, now)
        human.waits.clear()

    def _say(self, who: int, word: str, now: datetime) -> None:
        human = self.humans[who]
        if human.blocks:
            human.is_gone = True
        else:
            self.expected.append(Expected(who, word, now))

    def _word(self, human: Human, step: str, now: datetime) -> str | None:
        ahead, until = STEPS.get(step, (1, 0))
        if not human.end - ahead * DAY <= now < human.end - until * DAY:
            return None
        plan = self.sold.get(human.agreed.key) if human.agreed else None
        if human.agreed is None:
            return self._of_end(human, step) if human.wants else None
        is_changed = plan is None or plan.price > human.agreed.price
        is_short = plan is not None and plan.price > human.balance
        words = {
            "soon": "renewal_changed" if is_changed else "renews_soon",
            "unrenewed": "renewal_changed" if is_changed else "renewal_short" if is_short else None,
            "ended": "ended_short" if is_short and not is_changed else None,
        }
        return words.get(step) or (self._of_end(human, step) if step in {"ended", "missed"} and human.wants else None)

    def _of_end(self, human: Human, step: str) -> str | None:
        trial = {"soon": None, "last": "trial_ends", "ended": "trial_ended"}
        paid = {"soon": "ends_soon", "last": "ends_tomorrow", "ended": "ended", "missed": "missed"}
        return trial.get(step, paid.get(step)) if human.is_trial else paid.get(step)
