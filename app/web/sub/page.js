// Owns what needs a script: copying, and apps that are to be opened from inside Telegram. All else works without.
"use strict";

const copy = document.getElementById("copy");
if (copy) {
  const url = document.getElementById("url");
  const words = copy.textContent;
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(url.textContent);
    } catch {
      // Web views refuse the clipboard, or have none; what is selected can be copied there, at worst by hand.
      getSelection().selectAllChildren(url);
      if (!document.execCommand("copy")) return;
    }
    copy.textContent = copy.dataset.copied;
    setTimeout(() => { copy.textContent = words; }, 2000);
  });
}

// Events of Telegram's Mini Apps, spoken directly (core.telegram.org/api/web-events): its own script would be foreign.
function tell(type, facts) {
  if (window.TelegramWebviewProxy) window.TelegramWebviewProxy.postEvent(type, JSON.stringify(facts));
  else if (window.parent !== window) {
    window.parent.postMessage(JSON.stringify({ eventType: type, eventData: facts }), "https://web.telegram.org");
  }
}

if (location.hash.includes("tgWebAppVersion=")) {
  tell("web_app_ready", {});
  tell("web_app_expand", {});
  for (const link of document.querySelectorAll("nav a")) link.hash = location.hash;
  // A web view inside Telegram opens no other app; the browser does, by this very page.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-app]");
    if (!link) return;
    event.preventDefault();
    const page = new URL(location.pathname, location.origin);
    page.searchParams.set("open", link.dataset.app);
    page.searchParams.set("on", document.querySelector("input[name=system]:checked").id.slice(3));
    page.searchParams.set("lang", document.documentElement.lang);
    tell("web_app_open_link", { url: page.href });
  });
} else {
  const now = document.getElementById("open-now");
  if (now) addEventListener("load", () => { location.href = now.href; });
}
