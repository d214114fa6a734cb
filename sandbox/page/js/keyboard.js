// Owns the inline keyboard under a message and the spinners on its buttons; must not know what a press does.

import { el, icon } from "./dom.js";

const MARKS = { url: "url", copy: "copy", web_app: "web_app", pay: "pay" };
const STYLES = new Set(["success", "danger", "primary"]);

/** Draw the rows; `press(button, row, column)` is called with the button's description. */
export function keyboard(rows, press) {
  return el(
    "div",
    { class: "keys" },
    ...rows.map((row, r) => el("div", { class: "keys-row" }, ...row.map((button, c) => key(button, r, c, press)))),
  );
}

function key(button, row, column, press) {
  const style = STYLES.has(button.style) ? ` key-${button.style}` : "";
  const mark = MARKS[button.kind];
  return el(
    "button",
    {
      class: `key${style}`,
      type: "button",
      testid: `button-${row}-${column}`,
      "aria-label": button.text,
      title: button.text,
      on: { click: () => press(button, row, column) },
    },
    el("span", { class: "key-text", text: button.text }),
    mark ? icon(mark) : null,
    el("span", { class: "key-spinner", "aria-hidden": "true" }),
  );
}

/** Show or hide the spinner of one button, where the message still has it. */
export function spin(message, row, column, busy) {
  const node = message?.querySelector(`[data-testid="button-${row}-${column}"]`);
  node?.setAttribute("aria-busy", String(busy));
}
