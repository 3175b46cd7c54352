// The colours of a video: histograms, and their mean.

import { fill, h, setVariable, whenChanged } from "../dom.js";
import { createHistogram } from "./histogram.js";

export function createColour() {
  const body = h("div");
  const element = h("section", { class: "panel colour" }, h("h2", { text: "Colour" }), body);
  const render = whenChanged(
    ({ key, document }) => [key, Boolean(document)],
    ({ document }) => fill(body, document.color_profile ? parts(document.color_profile) : null),
  );
  return {
    element,
    update(_, metadata) {
      element.hidden = !metadata?.document;
      if (metadata?.document) render(metadata);
    },
  };
}

const parts = ({ histograms, average_color }) => [createHistogram(histograms), average(average_color)];

function average({ r, g, b }) {
  const hex = `#${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
  setVariable(swatch, "--colour", hex);
  return h(
    "p",
    { class: "average" },
    swatch,
    h("span", { text: "Average colour" }),
    h("code", { text: hex }),
    h("span", { class: "muted", text: `red ${r}, green ${g}, blue ${b}` }),
  );
}
