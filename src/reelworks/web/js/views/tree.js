// Any JSON value as a tree that folds; a fold is filled when it is first opened.

import { h } from "../dom.js";
import { plural } from "../format.js";

export function createTree(value) {
  return h(
    "dl",
    { class: "tree" },
    Object.entries(value).map(([name, each]) => branch(name, each)),
  );
}

function branch(name, value) {
  if (value === null || typeof value !== "object") return leaf(name, value);
  const entries = Object.keys(value).length;
  if (!entries) return leaf(name, "none");
  const details = h(
    "details",
    {},
    h("summary", {}, name, h("span", { class: "muted", text: ` ${plural(entries, "value")}` })),
  );
  details.addEventListener("toggle", () => details.append(createTree(value)), { once: true });
  return h("div", { class: "branch" }, h("dt", { class: "unseen", text: name }), h("dd", {}, details));
}

const leaf = (name, value) =>
  h("div", { class: "leaf" }, h("dt", { text: name }), h("dd", { text: String(value ?? "unknown") }));
