// Owns the panels card: power, nodes, users of each panel emulator; draws what their state says and remembers nothing.

import { panel } from "./api.js";
import { el, toggle } from "./dom.js";
import { bytes } from "./money.js";

const GIGABYTE = 1024 ** 3;
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

export class PanelsCard {
  constructor(card, clock, guard) {
    this.clock = clock;
    this.guard = guard;
    this.box = el("div", { class: "panel-grid" });
    this.boxes = new Map();
    card.append(this.box);
  }

  async refresh(names) {
    for (const name of names) await this.look(name);
    for (const [name, { node }] of this.boxes) {
      if (names.includes(name)) continue;
      node.remove();
      this.boxes.delete(name);
    }
  }

  async look(name) {
    const asked = performance.now();
    this.show(name, await panel.state(name), asked);
  }

  act(name, work) {
    return this.guard(work().then(() => this.look(name)));
  }

  show(name, state, asked) {
    const box = this.boxes.get(name) ?? this.add(name);
    box.power.set(state.up, asked);
    box.kind.textContent = state.kind;
    box.node.classList.toggle("down", !state.up);
    const seen = JSON.stringify([state, Math.floor(this.clock.now() / 60_000)]);
    if (box.seen === seen) return;
    box.seen = seen;
    box.nodes.replaceChildren(...state.nodes.map((node) => this.node(name, node)));
    box.users.replaceChildren(
      ...(state.users.length
        ? state.users.map((user) => this.user(name, user, state.nodes))
        : [el("p", { class: "note", text: "No users yet" })]),
    );
  }

  add(name) {
    const power = toggle({
      label: name,
      testid: `panel-${name}-power`,
      flip: (on) => this.act(name, () => panel.power(name, on)),
    });
    const kind = el("p", { class: "note" });
    const nodes = el("div", { class: "nodes" });
    const users = el("div", { class: "users" });
    const node = el(
      "section",
      { class: "panel", "aria-label": `Panel ${name}`, testid: `panel-${name}` },
      power.node,
      kind,
      nodes,
      users,
    );
    this.box.append(node);
    const box = { node, power, kind, nodes, users };
    this.boxes.set(name, box);
    return box;
  }

  node(name, node) {
    const good = node.status === "connected";
    const next = good ? "error" : "connected";
    const words = `${node.name}: ${node.status}, usage ×${node.usage_coefficient}`;
    return el(
      "button",
      {
        class: "node",
        type: "button",
        "data-state": good ? "good" : "bad",
        testid: `node-${name}-${node.name}`,
        title: `${words}. Press for “${next}”.`,
        "aria-label": `${words}; press to set ${next}`,
        on: { click: () => this.act(name, () => panel.node(name, node.name, next)) },
      },
      el("span", { text: node.name }),
      el("small", { text: `×${node.usage_coefficient}` }),
    );
  }

  user(name, user, nodes) {
    const used = bytes(user.used_traffic ?? 0);
    const limit = user.data_limit ? ` of ${bytes(user.data_limit)}` : "";
    const first = nodes[0]?.name;
    return el(
      "div",
      { class: "user", testid: `user-${user.username}`, "data-state": user.status === "active" ? "good" : "bad" },
      el("span", { class: "user-name", text: user.username, title: user.note ?? "" }),
      el("span", { class: "user-status", text: user.status }),
      el("span", { class: "user-expiry", text: this.expiry(user.expire) }),
      el("span", { class: "user-traffic", text: used + limit }),
      first
        ? el("button", {
            type: "button",
            class: "tiny",
            text: "+1 GB",
            "aria-label": `Let ${user.username} use 1 GB more`,
            on: { click: () => this.act(name, () => panel.traffic(name, user.username, first, GIGABYTE)) },
          })
        : null,
    );
  }

  expiry(expire) {
    if (!expire) return "no expiry";
    const days = Math.floor((expire * 1000 - this.clock.now()) / 86_400_000);
    const left = days >= 0 ? `${days} d left` : "over";
    return `${DATE.format(expire * 1000)}, ${left}`;
  }
}
