// How one appears on leaderboards, and the theme.
import { get, send } from "./api.js";
import { choose, toast } from "./dom.js";
import { chooseTheme } from "./page.js";

const form = document.getElementById("listing");
const refusal = form.querySelector(".error");

function show(listing) {
  form.elements.shown.value = listing.shown;
  form.elements.pseudonym.value = listing.pseudonym;
  document.getElementById("shown-name").textContent = listing.shown === "hidden" ? "nothing of you" : listing.name;
}

function refuse(error) {
  refusal.textContent = error.message;
  refusal.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  refusal.hidden = true;
  try {
    show(await send("PUT", "leaderboards/listing", { shown: form.elements.shown.value, pseudonym: form.elements.pseudonym.value }));
    toast("Saved.");
  } catch (error) {
    refuse(error);
  }
});

const themes = [...document.querySelectorAll("[data-theme-choice]")];
for (const button of themes) button.addEventListener("click", () => { choose(themes, button); chooseTheme(button.dataset.themeChoice); });

get("leaderboards/listing").then(show, refuse);
