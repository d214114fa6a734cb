// Owns what opening a link does in the sandbox: wallet, CryptoBot, YooKassa, Stars, "open as", share sheet, a new tab for this machine, else words.

import { telegram } from "./api.js";
import { classify } from "./links.js";
import { openAs, share } from "./sheets.js";

/** `state`: people(), current(), botUsername(); `acts`: view(id), copy(text), wallet(filled in), crypto(invoice), kassa(payment), stars(asked), guard(promise). */
export function opener(overlay, state, acts) {
  const startAs = (person, payload) => acts.guard(acts.view(person.id).then(() => telegram.start(person.id, payload)));
  const deliver = (shared, person) => {
    const target = classify(shared.url, state.botUsername());
    if (target.kind === "start") startAs(person, target.payload);
    else acts.guard(acts.view(person.id).then(() => overlay.toast(shared.url)));
  };
  const by = {
    wallet: (link) => acts.guard(acts.wallet(link)),
    crypto: (link) => acts.guard(acts.crypto(link.invoice)),
    kassa: (link) => acts.guard(acts.kassa(link.payment)),
    stars: ({ link }) => acts.guard(acts.stars({ link })),
    start: (link) => openAs(overlay, state.people(), state.current(), (person) => startAs(person, link.payload)),
    share: (link) =>
      share(
        overlay,
        link,
        state.people().filter((person) => person.id !== state.current()),
        (person) => deliver(link, person),
        acts.copy,
      ),
    loopback: (link) => window.open(link.url, "_blank", "noopener"),
    foreign: (link) => overlay.toast(`Outside the sandbox: ${link.url}`),
  };
  return (url) => {
    const link = classify(url, state.botUsername());
    by[link.kind](link);
  };
}
