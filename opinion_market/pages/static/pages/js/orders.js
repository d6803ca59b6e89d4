// What can be done with an open order: change it in a dialog, or cancel it.
import { grouped, parseCount, parsePrice, percent } from "./amounts.js";
import { send } from "./api.js";
import { el, toast } from "./dom.js";

// The buttons of an order's row. `named`: what the order is, for those who hear the page; done() reads it again.
export function orderDeeds(order, named, done) {
  return el("div", { className: "row-deeds" }, amendButton(order, named, done), cancelButton(order, named, done));
}

function cancelButton(order, named, done) {
  const button = el("button", { type: "button", className: "quiet small", "data-key": `cancel-${order.id}`, "aria-label": `Cancel ${named}`, onclick: async () => {
    button.disabled = true;
    try {
      const { cancelled_quantity: quantity } = await send("DELETE", `orders/${order.id}`);
      toast(`Cancelled ${grouped(quantity)} contracts.`);
    } catch (error) {
      toast(error.message);
      button.disabled = false;
    }
    await done().catch(() => {});
  } }, "Cancel");
  return button;
}

function amendButton(order, named, done) {
  const key = `amend-${order.id}`;
  return el("button", { type: "button", className: "quiet small", "data-key": key, "aria-label": `Change ${named}`, onclick: () => new Amendment(order, named, done, key).open() }, "Change");
}

// One dialog for one change. Live data may redraw the row behind it; the focus goes back to the row's new button.
class Amendment {
  constructor(order, named, done, key) {
    Object.assign(this, { order, named, done, key });
    this.price = el("input", { name: "price", inputmode: "decimal", autocomplete: "off", value: percent(order.price, "") });
    this.quantity = el("input", { name: "quantity", inputmode: "numeric", autocomplete: "off", value: order.quantity });
    this.refusal = el("p", { className: "error", role: "alert", hidden: true });
    this.button = el("button", { type: "submit" }, "Change order");
    const filled = order.filled_quantity ? `${grouped(order.filled_quantity)} of them are filled already. ` : "";
    const form = el("form", { method: "dialog", novalidate: true },
      el("h2", { id: "amend-title" }, `Change ${named}`),
      el("div", { className: "fields" }, el("label", {}, el("span", {}, "Price, %"), this.price), el("label", {}, el("span", {}, "Contracts in all"), this.quantity)),
      el("p", { className: "hint" }, `${filled}Fewer contracts at the same price keep the order's place in the queue; any other change places it anew, and it may trade at once.`),
      this.refusal,
      el("div", { className: "dialog-deeds" }, el("button", { type: "button", className: "quiet", onclick: () => this.dialog.close() }, "Keep it as it is"), this.button));
    form.addEventListener("submit", (event) => this.submit(event));
    this.dialog = el("dialog", { "aria-labelledby": "amend-title" }, form);
    this.dialog.addEventListener("close", () => this.leave());
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.price.select();
  }

  leave() {
    this.dialog.remove();
    document.querySelector(`[data-key="${this.key}"]`)?.focus();
  }

  // Only what differs is sent: naming the same price again would cost the order its place.
  read() {
    const [price, quantity] = [parsePrice(this.price.value), parseCount(this.quantity.value)];
    if (price === null || price < 1 || price > 9999) return { field: this.price, words: "A price is from 0.01 to 99.99." };
    if (!quantity || quantity > 1e9) return { field: this.quantity, words: "Name a whole number of contracts." };
    const change = {};
    if (price !== this.order.price) change.price = price;
    if (quantity !== this.order.quantity) change.quantity = quantity;
    return { change };
  }

  refuse(words, field = null) {
    this.refusal.textContent = words;
    this.refusal.hidden = false;
    for (const each of [this.price, this.quantity]) each.setAttribute("aria-invalid", String(each === field));
    field?.focus();
  }

  async submit(event) {
    event.preventDefault();
    const { change, field, words } = this.read();
    if (!change) return this.refuse(words, field);
    if (!Object.keys(change).length) return this.dialog.close();
    this.button.disabled = true;
    try {
      const changed = await send("PATCH", `orders/${this.order.id}`, change, { once: true });
      const traded = changed.filled_quantity - this.order.filled_quantity;
      toast(traded > 0 ? `Changed; ${grouped(traded)} filled at once.` : "Changed.");
      await this.done().catch(() => {});
      this.dialog.close();
    } catch (error) {
      this.refuse(error.message);
    } finally {
      this.button.disabled = false;
    }
    return null;
  }
}
