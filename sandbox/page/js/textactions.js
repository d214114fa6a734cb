// Owns presses inside message texts: links, commands, code to copy, spoilers, folded quotes, photos.

/** `acts`: open(url), copy(text), say(command), photo(source). */
export function textActions(list, acts) {
  const press = (event) => {
    const { target } = event;
    const link = target.closest("a");
    if (link) {
      event.preventDefault();
      if (link.dataset.command) acts.say(link.dataset.command);
      else acts.open(link.href);
      return;
    }
    const spoiler = target.closest(".spoiler");
    if (spoiler) spoiler.classList.add("shown");
    else if (target.closest("code")) acts.copy(target.closest("code").textContent);
    else if (target.closest("blockquote.expandable")) target.closest("blockquote").classList.toggle("open");
    else if (target.matches(".photo img")) acts.photo(target.src);
  };
  list.addEventListener("click", press);
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches(".spoiler, code, .photo img")) press(event);
  });
}
