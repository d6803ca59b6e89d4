// Comments and evidence. What people write is shown as text.
import { following, get, send } from "./api.js";
import { el, empty, failed, fill, time, toast } from "./dom.js";

export class CommentsPart {
  constructor(state) {
    this.state = state;
    this.place = document.getElementById("comments");
    this.form = document.getElementById("comment");
    this.form?.addEventListener("submit", (event) => this.submit(event, (text) => send("POST", `${state.root}/comments`, { text }, { once: true })));
  }

  async start() {
    try {
      const page = await get(`${this.state.root}/comments?limit=20`);
      if (!page.results.length) return fill(this.place, empty("Nobody has said anything yet."));
      fill(this.place, page.results.map((each) => this.entry(each)));
      this.more(page.next, this.place);
    } catch (error) {
      failed(this.place, error, () => this.start());
    }
    return null;
  }

  more(next, place) {
    if (!next) return;
    const button = el("button", { type: "button", className: "quiet small more", onclick: async () => {
      button.disabled = true;
      try {
        const page = await get(following(next));
        button.replaceWith(...page.results.map((each) => this.entry(each)));
        this.more(page.next, place);
      } catch (error) {
        toast(error.message);
        button.disabled = false;
      }
    } }, "Earlier comments");
    place.append(button);
  }

  entry(comment) {
    const words = { deleted: "Taken back by its author.", hidden: "Hidden by staff." };
    const text = comment.text ? el("p", { className: "text" }, comment.text) : el("p", { className: "muted" }, words[comment.state]);
    const by = el("p", { className: "by" }, el("b", {}, comment.author || "Somebody"), el("small", {}, time(comment.created_at), comment.edited_at ? ", edited" : ""));
    const answers = el("div", { className: "answers" });
    const made = el("article", { className: "comment" }, by, text, this.deeds(comment, answers), answers);
    if (comment.answers) this.answers(comment, answers);
    return made;
  }

  deeds(comment, answers) {
    const deeds = el("div", { className: "deeds" });
    const add = (words, act) => deeds.append(el("button", { type: "button", className: "link", onclick: act }, words));
    if (comment.state !== "shown") return deeds;
    const { is_member: isMember, signed_in: isSignedIn } = this.state.facts;
    if (isMember && !comment.parent) add("Answer", () => this.reply(comment, answers));
    if (comment.is_own && comment.editable_until && new Date(comment.editable_until) > new Date()) add("Edit", () => this.edit(comment, answers));
    if (comment.is_own) add("Take back", () => this.remove(comment));
    if (!comment.is_own && isSignedIn) add("Report", () => this.report(comment, answers));
    return deeds;
  }

  async answers(comment, place) {
    try {
      const page = await get(`${this.state.root}/comments?parent=${comment.id}&limit=50`);
      place.replaceChildren(...page.results.map((each) => this.entry(each)));
    } catch (error) {
      failed(place, error, () => this.answers(comment, place));
    }
  }

  reply(comment, place) {
    this.ask(place, { label: "Your answer", deed: "Answer" }, (text) => send("POST", `${this.state.root}/comments`, { text, parent: comment.id }, { once: true }));
  }

  edit(comment, place) {
    this.ask(place, { label: "Your comment", deed: "Save", value: comment.text }, (text) => send("PATCH", `${this.state.root}/comments/${comment.id}`, { text }));
  }

  report(comment, place) {
    this.ask(place, { label: "What is wrong with it", deed: "Report to staff" }, async (reason) => {
      await send("POST", `${this.state.root}/comments/${comment.id}/report`, { reason }, { once: true });
      toast("Reported. Staff will look at it.");
    });
  }

  // A small form beneath a comment, in place of any other that stands there.
  ask(place, { label, deed, value = "" }, act) {
    place.querySelector("form")?.remove();
    const field = el("textarea", { name: "text", rows: 2, maxlength: 4000, required: true, "aria-label": label });
    field.value = value;
    const form = el("form", { className: "comment-form" }, field, el("p", { className: "error", role: "alert", hidden: true }), el("button", { type: "submit", className: "small" }, deed));
    form.addEventListener("submit", (event) => this.submit(event, act));
    place.append(form);
    field.focus();
  }

  async submit(event, act) {
    event.preventDefault();
    const form = event.currentTarget;
    const refusal = form.querySelector(".error");
    const button = form.querySelector("button");
    button.disabled = true;
    refusal.hidden = true;
    try {
      await act(form.elements.text.value);
      form.reset();
      await this.start();
    } catch (error) {
      refusal.textContent = error.message;
      refusal.hidden = false;
    } finally {
      button.disabled = false;
    }
  }

  async remove(comment) {
    try {
      await send("DELETE", `${this.state.root}/comments/${comment.id}`);
      await this.start();
    } catch (error) {
      toast(error.message);
    }
  }
}

export async function showEvidence(state) {
  const place = document.getElementById("evidence");
  if (!place) return;
  try {
    const { results } = await get(`${state.root}/evidence`);
    // Links lead elsewhere, so only what is an ordinary address becomes one.
    const items = results.map((each) => {
      const isLink = each.kind === "link" && /^https?:\/\//i.test(each.url ?? "");
      const address = isLink ? each.url : `/api/v1/${state.root}/evidence/${each.id}/content`;
      const shown = isLink || each.kind === "file" ? el("a", { href: address, rel: "noopener noreferrer nofollow", target: "_blank" }, each.name || each.url) : each.name;
      return el("li", {}, shown, " ", el("span", { className: "muted" }, each.kind));
    });
    if (items.length) place.append(el("ul", { className: "plain" }, items));
  } catch (error) {
    failed(place, error);
  }
}
