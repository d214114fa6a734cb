// Owns the card of the bot's process: whether it runs, its three buttons, the end of its log.

import { bot } from "./api.js";
import { el } from "./dom.js";

export class BotCard {
  constructor(card, guard) {
    this.state = el("p", { class: "state", testid: "bot-state", role: "status" });
    this.log = el("pre", { class: "log", testid: "log", tabindex: "0", "aria-label": "Bot log" });
    const act = async (action) => {
      this.show({ running: (await bot(action)).bot_running });
    };
    this.buttons = Object.fromEntries(
      [
        ["start", "Start"],
        ["stop", "Stop"],
        ["kill", "Kill −9"],
      ].map(([action, text]) => [
        action,
        el("button", {
          type: "button",
          text,
          class: action === "kill" ? "danger" : null,
          testid: `bot-${action}`,
          on: { click: () => guard(act(action)) },
        }),
      ]),
    );
    card.append(
      this.state,
      el("div", { class: "button-row" }, ...Object.values(this.buttons)),
      el("details", {}, el("summary", { text: "Log" }), this.log),
    );
  }

  show({ running, log }) {
    this.state.textContent = running ? "running" : "not running";
    this.state.dataset.state = running ? "good" : "bad";
    this.buttons.start.disabled = running;
    this.buttons.stop.disabled = !running;
    this.buttons.kill.disabled = !running;
    if (log === undefined) return;
    const text = log.join("\n");
    if (this.log.textContent === text) return;
    this.log.textContent = text;
    this.log.scrollTop = this.log.scrollHeight;
  }
}
