// Owns the turning of a message's HTML into nodes, by an allow list; must not trust where the HTML comes from.

import { el } from "./dom.js";
import { parse } from "./links.js";

const KEPT = {
  B: "strong",
  STRONG: "strong",
  I: "em",
  EM: "em",
  U: "u",
  INS: "u",
  S: "s",
  STRIKE: "s",
  DEL: "s",
  CODE: "code",
  PRE: "pre",
  BLOCKQUOTE: "blockquote",
  "TG-SPOILER": "spoiler",
  BR: "br",
  A: "a",
  SPAN: "span",
};
const DROPPED = new Set(["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT", "NOSCRIPT", "TITLE", "SVG", "MATH"]);

/** Read the HTML in an inert document (nothing loads, nothing runs) and copy what is known, node by node. */
export function render(html) {
  const source = new DOMParser().parseFromString(`<body>${html}</body>`, "text/html");
  const target = document.createDocumentFragment();
  copyChildren(source.body, target);
  return target;
}

function copyChildren(source, target) {
  for (const child of source.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) target.append(words(child));
    else if (child.nodeType === Node.ELEMENT_NODE && !DROPPED.has(child.tagName.toUpperCase()))
      copyElement(child, target);
  }
}

// A block already ends its line: the line break behind it would show as an empty line.
function words(text) {
  return ["PRE", "BLOCKQUOTE"].includes(text.previousSibling?.tagName) ? text.data.replace(/^\n/, "") : text.data;
}

function copyElement(source, target) {
  const node = made(source);
  copyChildren(source, node ?? target);
  if (node !== null) target.append(node);
}

function made(source) {
  const kind = KEPT[source.tagName];
  if (kind === undefined) return null;
  if (kind === "a") return link(source.getAttribute("href") ?? source.textContent);
  if (kind === "spoiler" || (kind === "span" && source.className.includes("spoiler"))) {
    return el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text: press to show" });
  }
  if (kind === "span") return source.classList.contains("tg-command") ? command(source.textContent) : null;
  if (kind === "code") return el("code", { title: "Press to copy", tabindex: "0", role: "button" });
  if (kind === "blockquote" && source.hasAttribute("expandable")) return el("blockquote", { class: "expandable" });
  return el(kind);
}

function link(href) {
  const address = parse(href);
  return address && el("a", { href: address.href, rel: "noopener noreferrer" });
}

const command = (text) => el("a", { href: "#", "data-command": text });
