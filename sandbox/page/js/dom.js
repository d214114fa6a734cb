// Owns the making of page nodes; never takes markup, so that no text of a bot or a person can become one.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  url: "M7 17 17 7M9 7h8v8",
  copy: "M9 9h10v10H9zM5 15V5h10",
  web_app: "M4 5h16v14H4zM4 9h16",
  pay: "M3 7h18v11H3zM3 11h18",
  send: "M4 12 20 4l-5 16-3.5-6.5L4 12z",
  down: "M6 9l6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  world: "M4 6h16M4 12h16M4 18h10",
  check: "M5 12.5 10 17.5 19.5 7",
  wallet: "M3 7h15a3 3 0 0 1 3 3v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM3 7l11-3v3M16 13.5h2",
  bot: "M5 9h14v10H5zM12 9V5M9 13.5v1M15 13.5v1",
};

/** Make a node: `class`, `text`, `testid`, `on` (listeners), booleans and attributes by name. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "testid") node.dataset.testid = value;
    else if (name === "on")
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * A labelled on/off switch: `flip(on)` does what the person wants, `set(on, asked)` shows the truth as it was at
 * `asked` (performance.now()); news older than the last flip is ignored: it would turn back under the finger.
 */
export function toggle({ label, testid, flip, hint }) {
  let flipped = 0;
  const change = async () => {
    flipped = Infinity;
    await flip(box.checked);
    flipped = performance.now();
  };
  const set = (on, asked) => {
    if (asked >= flipped) box.checked = on;
  };
  const box = el("input", { type: "checkbox", role: "switch", testid, on: { change } });
  const words = el(
    "span",
    { class: "switch-words" },
    el("span", { text: label }),
    hint ? el("small", { text: hint }) : null,
  );
  const node = el(
    "label",
    { class: "switch" },
    words,
    box,
    el("span", { class: "switch-track", "aria-hidden": "true" }),
  );
  return { node, box, set };
}

const AVATAR_HUES = [212, 28, 142, 268, 340, 188, 48];

export function avatar(person) {
  const letters = [...person.first_name.trim()].slice(0, 1).join("").toUpperCase() || "?";
  return el("span", { class: `avatar hue-${person.id % AVATAR_HUES.length}`, text: letters, "aria-hidden": "true" });
}
