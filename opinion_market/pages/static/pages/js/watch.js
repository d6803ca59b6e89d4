// The stars: a market goes on the reader's watchlist and off it.
import { send } from "./api.js";
import { toast } from "./dom.js";

async function turn(star) {
  const watched = star.getAttribute("aria-pressed") === "true";
  star.setAttribute("aria-pressed", String(!watched));
  try {
    await send(watched ? "DELETE" : "PUT", `watchlist/${star.dataset.watch}`, undefined, { lasting: true });
  } catch (error) {
    star.setAttribute("aria-pressed", String(watched));
    toast(error.message);
  }
}

document.addEventListener("click", (event) => {
  const star = event.target.closest("[data-watch]");
  if (star) turn(star);
});
