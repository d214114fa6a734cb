// Owns the wallet sheet: a payment to look at, change and send; must not know who is paid for what.

import { Refused, chain } from "./api.js";
import { el, icon, toggle } from "./dom.js";
import { dollars, gram, micro, nano, shortened } from "./money.js";

const ASSETS = {
  gram: { label: "GRAM (TON)", short: "GRAM", read: nano, write: gram },
  usdt: { label: "USDT (TON)", short: "USDT", read: micro, write: dollars },
  fake_usdt: { label: "Fake USDT", short: "fake USDT", read: micro, write: dollars },
};

/**
 * Open the sheet, filled in from a wallet link ({to, nano, comment, jetton}) or empty; `sent()` is told after a transfer.
 * `owner` names the wallet that pays unless another is chosen; the chain opens it at its first payment.
 */
export async function openWallet(overlay, owner, asked, sent) {
  const { wallets, jettons } = await chain.state();
  const form = fields(payers(wallets, owner, asked.to), asked, assetOf(asked, jettons));
  const close = el(
    "button",
    {
      class: "icon-button sheet-close",
      type: "button",
      "aria-label": "Close the wallet",
      on: { click: () => overlay.close() },
    },
    icon("close"),
  );
  const dialog = overlay.open(
    "wallet",
    "Wallet",
    el("div", { class: "sheet-head" }, icon("wallet"), el("h4", { text: "Wallet" }), close),
    form.node,
  );
  form.node.addEventListener("submit", (event) => {
    event.preventDefault();
    send(
      dialog,
      form,
      () => {
        overlay.close();
      },
      sent,
    );
  });
}

function payers(wallets, owner, payee) {
  const others = wallets.filter((wallet) => wallet.address !== payee && wallet.raw !== payee && wallet.name !== owner);
  const own = wallets.find((wallet) => wallet.name === owner) ?? { name: owner };
  return [own, ...others];
}

const payerWords = ({ name, balance_nano: balance }) =>
  `${name} · ${balance === undefined ? "new wallet" : `${gram(balance)} GRAM`}`;

/** The asset that a link asks for: the coin, or the jetton whose master it names. */
function assetOf(asked, jettons) {
  if (!asked.jetton) return "gram";
  const named = Object.entries(jettons ?? {}).find(([, master]) => master === asked.jetton);
  return named ? named[0] : "gram";
}

function fields(wallets, asked, chosen) {
  const from = el(
    "select",
    { "aria-label": "From wallet", testid: "wallet-from" },
    ...wallets.map((wallet) => el("option", { value: wallet.name, text: payerWords(wallet) })),
  );
  const to = el("input", {
    "aria-label": "To address",
    testid: "wallet-to",
    value: asked.to,
    required: true,
    spellcheck: "false",
    autocomplete: "off",
  });
  const amount = el("input", {
    "aria-label": "Amount",
    testid: "wallet-amount",
    inputmode: "decimal",
    value: asked.nano === "" ? "" : ASSETS[chosen].write(asked.nano),
    placeholder: "0",
    required: true,
    autocomplete: "off",
    autofocus: true,
  });
  const asset = el(
    "select",
    { "aria-label": "Asset", testid: "wallet-asset" },
    ...Object.entries(ASSETS).map(([name, { label }]) =>
      el("option", { value: name, text: label, ...(name === chosen ? { selected: true } : {}) }),
    ),
  );
  const comment = el("input", {
    "aria-label": "Comment",
    testid: "wallet-comment",
    value: asked.comment,
    placeholder: "No comment",
    autocomplete: "off",
  });
  const bare = toggle({
    label: "Send without comment",
    testid: "wallet-no-comment",
    flip: (on) => {
      comment.disabled = on;
    },
  });
  const error = el("p", { class: "sheet-error", testid: "wallet-error", role: "alert", hidden: true });
  const button = el("button", { class: "primary-button", type: "submit", testid: "wallet-send", text: "Send" });
  const node = el(
    "form",
    { class: "wallet-form", novalidate: true },
    el("label", { class: "amount" }, amount, el("span", { text: "to send" })),
    row("Asset", asset),
    row("From", from),
    row("To", to),
    row("Comment", comment),
    bare.node,
    error,
    button,
  );
  return { node, from, to, amount, asset, comment, bare: bare.box, error, button };
}

const row = (name, field) => el("label", { class: "wallet-row" }, el("span", { text: name }), field);

async function send(dialog, form, done, sent) {
  const asset = ASSETS[form.asset.value];
  const value = asset.read(form.amount.value);
  if (value === null) {
    refuse(form, "Enter an amount such as 0.59");
    return;
  }
  const comment = form.bare.checked || form.comment.value === "" ? null : form.comment.value;
  form.button.disabled = true;
  try {
    const transaction = await chain.transfer({
      from: form.from.value,
      to: form.to.value.trim(),
      value_nano: value.toString(),
      comment,
      ...(form.asset.value === "gram" ? {} : { jetton: form.asset.value }),
    });
    form.node.replaceWith(result(transaction, `${asset.write(value)} ${asset.short} sent`, comment, done));
    dialog.querySelector("[data-testid=wallet-done]").focus();
    sent();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refuse(form, error.message);
  } finally {
    form.button.disabled = false;
  }
}

function refuse(form, words) {
  form.error.textContent = words;
  form.error.hidden = false;
}

function result(transaction, words, comment, done) {
  return el(
    "div",
    { class: "wallet-result", testid: "wallet-result", role: "status" },
    el("span", { class: "result-mark" }, icon("check")),
    el("strong", { text: words }),
    el("p", { text: comment === null ? "without a comment" : `Comment: ${comment}` }),
    el("p", { class: "mono", text: shortened(String(transaction.hash ?? ""), 8) }),
    el("button", { class: "primary-button", type: "button", text: "Done", testid: "wallet-done", on: { click: done } }),
  );
}
