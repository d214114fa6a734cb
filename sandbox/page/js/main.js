// Owns the page's composition: builds the parts, ties them together, looks at the world again and again.

import * as api from "./api.js";
import { BotCard } from "./bot.js";
import { ChainCard } from "./chain.js";
import { Chat } from "./chat.js";
import { ClockCard } from "./clock.js";
import { Composer } from "./composer.js";
import { openCryptoPay } from "./cryptopay.js";
import { DeskCard } from "./desk.js";
import { drawer } from "./drawer.js";
import { FaultsCard } from "./faults.js";
import { opener } from "./opener.js";
import { Overlay } from "./overlay.js";
import { PanelsCard } from "./panels.js";
import { PeopleCard } from "./people.js";
import { Session } from "./session.js";
import { openStars } from "./stars.js";
import { textActions } from "./textactions.js";
import { openWallet } from "./wallet.js";
import { openYooKassa } from "./yookassa.js";

const LOOK_MS = 2000;
const REMEMBERED = "sandbox-person";
const byId = (id) => document.getElementById(id);

const state = { people: [], current: null, bot: "", loading: true };
const overlay = new Overlay(byId("overlay"), byId("screen"), byId("toast"));

function guard(promise) {
  return promise.catch((error) => overlay.toast(error.message));
}

async function copy(text) {
  const copied = navigator.clipboard
    ? await navigator.clipboard.writeText(text).then(
        () => true,
        () => false,
      )
    : false;
  overlay.toast(copied ? "Copied to the clipboard" : `The browser did not let the page copy: ${text}`);
}

const chat = new Chat(byId("messages"), byId("to-bottom"), { press: (...press) => guard(session.press(...press)) });
const session = new Session(chat, overlay, {
  guard,
  copy,
  open: (url) => open(url),
  pay: (message) => stars({ message_id: message }),
  status: (words) => {
    byId("bot-status").textContent = words ?? "bot";
    byId("bot-status").classList.toggle("acting", words !== null);
  },
  linked: (alive) => showLink(alive),
  changed: () => {
    state.loading = false;
    showComposer();
  },
});
const composer = new Composer(byId("composer"), {
  say: (text) => guard(api.telegram.say(state.current, text)),
  start: () => guard(api.telegram.start(state.current)),
  restart: () =>
    guard(
      api.telegram
        .block(state.current, false)
        .then(look)
        .then(() => api.telegram.start(state.current)),
    ),
});
const open = opener(
  overlay,
  { people: () => state.people, current: () => state.current, botUsername: () => state.bot },
  {
    view,
    copy,
    guard,
    wallet,
    crypto: (invoice) => openCryptoPay(overlay, invoice),
    kassa: (payment) => openYooKassa(overlay, payment),
    stars,
  },
);
textActions(byId("messages"), {
  open,
  copy,
  say: (text) => guard(api.telegram.say(state.current, text)),
  photo: (source) => overlay.photo(source),
});

const worldDrawer = drawer(byId("world"), byId("drawer-shade"), byId("drawer-open"), byId("drawer-close"));
const clock = new ClockCard(byId("clock"), byId("phone-clock"), guard);
const bot = new BotCard(byId("bot"), guard);
const people = new PeopleCard(byId("people"), {
  view: (id) => {
    worldDrawer.close();
    return guard(view(id));
  },
  guard,
  refresh: look,
});
const faults = new FaultsCard(byId("faults"), guard);
const desk = new DeskCard(byId("desk"), guard);
const panels = new PanelsCard(byId("panels"), clock, guard);
const chain = new ChainCard(
  byId("chain"),
  () => {
    worldDrawer.close();
    return wallet({ to: "", nano: "", comment: "" });
  },
  guard,
);

const inView = () => state.people.find((person) => person.id === state.current);

function wallet(filledIn) {
  return openWallet(overlay, (inView()?.first_name ?? "somebody").toLowerCase(), filledIn, () =>
    guard(chain.refresh()),
  );
}

function stars(asked) {
  return openStars(overlay, state.current, asked);
}

async function view(id) {
  if (id === state.current) return;
  state.current = id;
  state.loading = true;
  localStorage.setItem(REMEMBERED, String(id));
  overlay.close();
  showPeople(performance.now());
  await session.view(id);
  byId("bot-name").textContent = session.bot.first_name;
}

function showPeople(asked) {
  people.show(state.people, state.current, asked);
  byId("as-person").textContent = inView()?.first_name ?? "";
  showComposer();
}

function showComposer() {
  if (state.loading) return;
  byId("greeting").hidden = !chat.empty;
  composer.show({ person: state.current, empty: chat.empty, blocked: Boolean(inView()?.blocked) });
}

function showLink(alive) {
  byId("link-state").textContent = alive ? "" : "The sandbox does not answer";
}

async function look() {
  const asked = performance.now();
  const world = await api.world();
  state.people = world.people;
  state.bot = world.bot_username;
  clock.set(world.now);
  bot.show({ running: world.bot_running, log: world.log_tail });
  faults.setPanels(world.panels);
  showPeople(asked);
  if (state.current === null && world.people.length) await view(remembered(world.people));
  return world;
}

function remembered(list) {
  const id = Number(localStorage.getItem(REMEMBERED));
  return list.some((person) => person.id === id) ? id : list[0].id;
}

async function lookAround() {
  try {
    if (!document.hidden) {
      const world = await look();
      await Promise.all([panels.refresh(world.panels), chain.refresh(), faults.refresh(), people.count(), desk.refresh()]);
      showLink(true);
    }
  } catch (error) {
    showLink(false);
    console.warn("the sandbox did not answer", error.message);
  } finally {
    setTimeout(lookAround, LOOK_MS);
  }
}

lookAround();
