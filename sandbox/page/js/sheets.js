// Owns the two menus a link can raise, "Open as …" and the share sheet; what a choice does comes in as hooks.

import { avatar, el } from "./dom.js";

const rows = (people, label, testid, choose) =>
  people.map((person) =>
    el(
      "button",
      {
        class: "sheet-row",
        type: "button",
        testid: `${testid}-${person.first_name}`,
        on: { click: () => choose(person) },
      },
      avatar(person),
      el("span", { text: label(person) }),
    ),
  );

/** Ask as whom a deep link is opened. */
export function openAs(overlay, people, current, choose) {
  const label = (person) => (person.id === current ? `${person.first_name} (now in view)` : person.first_name);
  const pick = (person) => {
    overlay.close();
    choose(person);
  };
  overlay.open(
    "open-as",
    "Open as",
    el("h4", { text: "Open as …" }),
    ...rows(people, label, "open-as", pick),
    cancel(overlay),
  );
}

/** Show what would be shared, and let the other people of the sandbox receive it. */
export function share(overlay, shared, others, choose, copy) {
  const pick = (person) => {
    overlay.close();
    choose(person);
  };
  const text = [shared.text, shared.url].filter(Boolean).join("\n");
  overlay.open(
    "share",
    "Share",
    el("h4", { text: "Share" }),
    el(
      "div",
      { class: "share-card" },
      shared.text ? el("p", { text: shared.text, testid: "share-text" }) : null,
      el("p", { class: "share-link", text: shared.url, testid: "share-link" }),
    ),
    ...rows(others, (person) => `Send to ${person.first_name}`, "send-to", pick),
    el("button", {
      class: "sheet-row plain",
      type: "button",
      text: "Copy",
      testid: "share-copy",
      on: { click: () => copy(text) },
    }),
    cancel(overlay),
  );
}

const cancel = (overlay) =>
  el("button", { class: "sheet-cancel", type: "button", text: "Cancel", on: { click: () => overlay.close() } });
