// Owns the card of the world's faults: a few switches over the emulators' fault scripts, which stay the truth.

import { faults } from "./api.js";
import { el, toggle } from "./dom.js";

const ALWAYS = -1;

/** Each switch: name, words, the doors it acts on (from the panels' names), the fault it scripts. */
const SWITCHES = [
  {
    name: "panel-slow",
    label: "Panels answer slowly",
    hint: "every answer takes 3 s",
    doors: (panels) => panels,
    fault: { match: "*", action: "delay", times: ALWAYS, seconds: 3 },
  },
  {
    name: "panel-error",
    label: "Panels answer 500",
    hint: "reachable, but broken",
    doors: (panels) => panels,
    fault: { match: "*", action: "error", times: ALWAYS, status: 500 },
  },
  {
    name: "chain-limit",
    label: "tonapi answers 429",
    hint: "payments are not seen meanwhile",
    doors: () => ["chain"],
    fault: { match: "*", action: "rate_limit", times: ALWAYS, status: 429, seconds: 1 },
  },
  {
    name: "crypto-error",
    label: "Crypto Pay answers 500",
    hint: "invoices are neither made nor seen",
    doors: () => ["cryptopay"],
    fault: { match: "*", action: "error", times: ALWAYS, status: 500 },
  },
  {
    name: "kassa-error",
    label: "YooKassa answers 500",
    hint: "cards and SBP: neither made nor seen",
    doors: () => ["yookassa"],
    fault: { match: "*", action: "error", times: ALWAYS, status: 500 },
  },
  {
    name: "stars-untold",
    label: "Telegram forgets to tell of Stars",
    hint: "the list of transactions still has them",
    doors: () => ["telegram"],
    fault: { match: "update:successful_payment", action: "drop_before", times: ALWAYS },
  },
  {
    name: "telegram-limit",
    label: "Telegram answers 429 to sends",
    hint: "retry after 2 s, each time",
    doors: () => ["telegram"],
    fault: { match: "send", action: "rate_limit", times: ALWAYS, status: 429, seconds: 2 },
  },
];

const same = (one, other) => one.match === other.match && one.action === other.action && one.times === other.times;

export class FaultsCard {
  constructor(card, guard) {
    this.doors = [];
    this.rows = SWITCHES.map((fault) => ({
      ...fault,
      toggle: toggle({
        label: fault.label,
        hint: fault.hint,
        testid: `fault-${fault.name}`,
        flip: (on) => guard(this.flip(fault, on)),
      }),
    }));
    card.append(
      ...this.rows.map((row) => row.toggle.node),
      el("p", { class: "note", testid: "fault-others", hidden: true }),
    );
    this.note = card.lastElementChild;
  }

  async flip({ doors, fault }, on) {
    for (const door of doors(this.doors)) {
      const kept = (await faults.list(door)).filter((other) => !same(other, fault));
      await faults.clear(door);
      for (const one of on ? [...kept, fault] : kept) await faults.add(door, one);
    }
  }

  setPanels(names) {
    this.doors = names.map((name) => `panels/${encodeURIComponent(name)}`);
  }

  async refresh() {
    const asked = performance.now();
    const scripts = new Map();
    for (const door of [...this.doors, "chain", "cryptopay", "yookassa", "telegram"]) scripts.set(door, await faults.list(door));
    let shown = 0;
    for (const {
      doors,
      fault,
      toggle: { set },
    } of this.rows) {
      const struck = doors(this.doors).map((door) => scripts.get(door).some((one) => same(one, fault)));
      set(struck.length > 0 && struck.every(Boolean), asked);
      shown += struck.filter(Boolean).length;
    }
    const others = [...scripts.values()].flat().length - shown;
    this.note.hidden = others <= 0;
    this.note.textContent = `${others} more scripted by hand`;
  }
}
