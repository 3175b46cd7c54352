// What lies over the page: a notice, and the veil while files hover over it.

import { h, setText } from "../dom.js";
import { icon } from "../icons.js";

export function createNotices(actions) {
  const words = h("p");
  const close = h(
    "button",
    { class: "quiet round", type: "button", "aria-label": "Dismiss", on: { click: actions.dismiss } },
    icon("close"),
  );
  const notice = h("div", { class: "notice", hidden: true }, words, close);
  const look = h("p");
  const veil = h(
    "div",
    { class: "veil", hidden: true, "aria-hidden": "true" },
    h("p", { class: "veil-title", text: "Let go to upload" }),
    look,
  );

  function update(state) {
    notice.hidden = !state.notice;
    setText(words, state.notice);
    veil.hidden = !state.isDropping;
    setText(look, state.wishes.preset ? `with the look “${state.wishes.preset}”` : "");
  }

  return { element: h("div", { role: "alert" }, notice, veil), update };
}
