// A dialog that is made when it is needed; the browser keeps and gives back the focus.

import { h } from "../dom.js";

/** Open a dialog with a title; `close()` ends it. Every button in its form has a `value`. */
export function openDialog({ title, body, buttons, closed }) {
  const heading = h("h2", { id: "dialog-title", text: title });
  const form = h("form", { method: "dialog" }, heading, body, h("div", { class: "buttons" }, buttons));
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed(dialog.returnValue);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export const dialogButton = (text, value, kind = "") => h("button", { class: kind, value, text });
