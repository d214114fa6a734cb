// Owns the chain card: rate, the door to the wallet, latest transactions.

import { chain } from "./api.js";
import { el, icon } from "./dom.js";
import { dollars, gram, shortened } from "./money.js";

const WHEN = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const SHOWN = 12;

export class ChainCard {
  /** `openWallet()` is called by the card's button. */
  constructor(card, openWallet, guard) {
    this.rate = el("input", {
      class: "rate",
      inputmode: "decimal",
      "aria-label": "Rate: rubles for 1 GRAM (TON)",
      testid: "rate",
    });
    const setRate = async () => {
      await chain.rate(this.rate.value.trim().replace(",", "."));
      await this.refresh();
    };
    this.rate.addEventListener("change", () => guard(setRate()));
    this.list = el("div", { class: "transactions" });
    card.append(
      el(
        "div",
        { class: "chain-head" },
        el("label", {}, el("span", { text: "1 GRAM (TON) =" }), this.rate, el("span", { text: "₽" })),
        el(
          "button",
          { type: "button", class: "wallet-open", testid: "wallet-open", on: { click: () => guard(openWallet()) } },
          icon("wallet"),
          el("span", { text: "Open wallet" }),
        ),
      ),
      this.list,
    );
  }

  async refresh() {
    const state = await chain.state();
    if (document.activeElement !== this.rate) this.rate.value = state.rate_rub;
    const seen = JSON.stringify([state.transactions, state.wallets]);
    if (this.seen === seen) return;
    this.seen = seen;
    const names = new Map(
      state.wallets.flatMap((wallet) => [
        [wallet.address, wallet.name],
        [wallet.raw, wallet.name],
      ]),
    );
    const name = (address) => names.get(address) ?? shortened(String(address ?? "outside"), 5);
    this.list.replaceChildren(
      ...(state.transactions.length
        ? state.transactions.slice(0, SHOWN).map((one) => transaction(one, name))
        : [el("p", { class: "note", text: "No transactions yet" })]),
    );
  }
}

function transaction(one, name) {
  return el(
    "div",
    { class: "transaction", testid: "transaction" },
    el("time", { text: WHEN.format(one.utime * 1000) }),
    el("span", { class: "parties", text: `${name(one.from)} → ${name(one.to)}` }),
    el("span", { class: "comment", text: one.comment ?? "no comment" }),
    el("strong", { text: sum(one) }),
  );
}

const JETTONS = { usdt: "USDT", fake_usdt: "fake USDT" };

const sum = (one) =>
  one.jetton ? `${dollars(one.units)} ${JETTONS[one.jetton] ?? one.jetton}` : `${gram(one.value_nano)} GRAM`;
