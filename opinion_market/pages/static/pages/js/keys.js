// API keys: made, shown once, revoked.
import { get, send } from "./api.js";
import { cell, el, empty, failed, fill, table, time, toast } from "./dom.js";

const form = document.getElementById("new-key");
const place = document.getElementById("keys");
const made = document.getElementById("made");
const text = document.getElementById("made-key");
const words = { read: "Read", trade: "Read and trade", admin: "All you may do" };

async function show() {
  try {
    const { results } = await get("api-keys?limit=100");
    if (!results.length) return fill(place, empty("You have no keys."));
    return fill(place, table([{ label: "Key" }, { label: "May" }, { label: "Last used", className: "less" }, { hidden: "Deeds" }], results.map(row)));
  } catch (error) {
    return failed(place, error, show);
  }
}

function row(key) {
  const state = key.revoked_at ? "revoked" : key.expires_at && new Date(key.expires_at) < new Date() ? "expired" : "";
  const about = [el("code", {}, `${key.prefix}…`), state ? el("span", { className: "tag voided" }, state) : key.expires_at ? ["until ", time(key.expires_at)] : null].flat().filter(Boolean);
  return el("tr", {}, cell([el("b", {}, key.name), el("small", {}, ...about)]), cell(words[key.scope]), cell(key.last_used_at ? time(key.last_used_at) : "never", "less muted"), cell(state ? "" : revoke(key), "n"));
}

// Asked twice: a revoked key does not come back.
function revoke(key) {
  const button = el("button", { type: "button", className: "quiet small", "aria-label": `Revoke ${key.name}`, onclick: async () => {
    if (button.dataset.asked === undefined) {
      button.dataset.asked = "";
      button.textContent = "Revoke for good?";
      return;
    }
    try {
      await send("DELETE", `api-keys/${key.id}`);
      toast(`Revoked ${key.name}.`);
    } catch (error) {
      toast(error.message);
    }
    await show();
  } }, "Revoke");
  return button;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const refusal = form.querySelector(".error");
  const wanted = { name: form.elements.name.value.trim(), scope: form.elements.scope.value };
  if (form.elements.expires_at.value) wanted.expires_at = new Date(form.elements.expires_at.value).toISOString();
  refusal.hidden = true;
  made.hidden = true;
  try {
    const key = await send("POST", "api-keys", wanted);
    text.textContent = key.key;
    made.hidden = false;
    form.reset();
    await show();
  } catch (error) {
    refusal.textContent = error.message;
    refusal.hidden = false;
  }
});

document.getElementById("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(text.textContent);
    toast("Copied.");
  } catch {
    getSelection().selectAllChildren(text);
    toast("Copy it with your keyboard: it is selected.");
  }
});

show();
