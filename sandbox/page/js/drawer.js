// Owns the world panel's being a drawer on narrow screens.

import { icon } from "./dom.js";

const narrow = matchMedia("(max-width: 799px)");

export function drawer(panel, shade, opener, closer) {
  opener.append(icon("world"));
  closer.append(icon("close"));
  const set = (open) => {
    const covers = narrow.matches && open;
    panel.classList.toggle("open", covers);
    panel.inert = narrow.matches && !open;
    shade.hidden = !covers;
    opener.setAttribute("aria-expanded", String(covers));
    if (covers) closer.focus();
  };
  opener.addEventListener("click", () => set(true));
  closer.addEventListener("click", () => {
    set(false);
    opener.focus();
  });
  shade.addEventListener("click", () => set(false));
  panel.addEventListener("keydown", (event) => event.key === "Escape" && set(false));
  narrow.addEventListener("change", () => set(false));
  set(false);
  return { close: () => set(false) };
}
