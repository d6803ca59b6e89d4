// Objecting to a proposed resolution, with a reason and evidence. It is for those who hold contracts.
import { send, upload } from "./api.js";

export class DisputePart {
  constructor(state) {
    this.state = state;
    this.form = document.getElementById("dispute");
    this.refusal = this.form.querySelector(".error");
    this.button = this.form.querySelector("[type=submit]");
    this.form.addEventListener("submit", (event) => this.submit(event));
  }

  show() {
    const holds = this.state.positions.length > 0;
    this.form.hidden = !holds;
    document.getElementById("dispute-closed").hidden = holds;
  }

  refuse(words) {
    this.refusal.textContent = words;
    this.refusal.hidden = false;
  }

  // Evidence that was taken before a later part was refused waits for the next attempt; the same file or link is the same piece.
  async evidence() {
    const { link, file } = this.form.elements;
    const given = [];
    if (link.value.trim()) given.push(await send("POST", `${this.state.root}/evidence/links`, { url: link.value.trim() }, { once: true }));
    if (file.files.length) given.push(await upload(`${this.state.root}/evidence/files`, file.files[0]));
    return given.map((each) => each.id);
  }

  async submit(event) {
    event.preventDefault();
    const reason = this.form.elements.reason.value.trim();
    if (!reason) return this.refuse("Say why it is wrong.");
    this.button.disabled = true;
    this.refusal.hidden = true;
    try {
      await send("POST", `${this.state.root}/dispute`, { reason, items: await this.evidence() }, { once: true });
      location.reload();
    } catch (error) {
      this.refuse(error.message);
      this.button.disabled = false;
    }
    return null;
  }
}
