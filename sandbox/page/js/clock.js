// Owns the clock card, and the ticking display of the sandbox's time between two looks at the world.

import { advance } from "./api.js";
import { el } from "./dom.js";

const JUMPS = [
  ["10m", "+10 min", 600],
  ["1d", "+1 day", 86_400],
  ["7d", "+7 days", 7 * 86_400],
  ["30d", "+30 days", 30 * 86_400],
];
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export class ClockCard {
  constructor(card, phoneClock, guard) {
    this.phoneClock = phoneClock;
    this.ahead = 0;
    this.time = el("strong", { class: "clock-time", testid: "clock-time" });
    this.day = el("span", { class: "clock-day", testid: "clock-day" });
    const jump = async (seconds) => this.set((await advance(seconds)).now);
    card.append(
      el("div", { class: "clock-face" }, this.time, this.day),
      el(
        "div",
        { class: "button-row" },
        ...JUMPS.map(([name, text, seconds]) =>
          el("button", { type: "button", text, testid: `clock-${name}`, on: { click: () => guard(jump(seconds)) } }),
        ),
      ),
    );
    setInterval(() => this.tick(), 1000);
  }

  /** Milliseconds since the epoch, as the sandbox counts. */
  now() {
    return Date.now() + this.ahead;
  }

  set(iso) {
    this.ahead = Date.parse(iso) - Date.now();
    this.tick();
  }

  tick() {
    const now = this.now();
    this.time.textContent = TIME.format(now);
    this.day.textContent = DAY.format(now);
    this.phoneClock.textContent = TIME.format(now).slice(0, 5);
  }
}
