// RGB histograms: three areas over the 256 levels, and what they are at the level that is pointed at.

import { h, s, setAttribute, setText } from "../dom.js";
import { list, percent } from "../format.js";

const CHANNELS = [
  ["r", "Red"],
  ["g", "Green"],
  ["b", "Blue"],
];
const HEIGHT = 100;
const LAST = 255;

export function createHistogram(histograms) {
  const most = highest(histograms);
  const areas = CHANNELS.map(([key]) =>
    s("path", { class: `area area-${key}`, d: areaPath(histograms[key], most) }),
  );
  const line = s("line", { class: "level", y1: 0, y2: HEIGHT, x1: 128, x2: 128 });
  const plot = s(
    "svg",
    {
      class: "plot",
      viewBox: `0 0 256 ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": summary(histograms),
    },
    areas,
    line,
  );
  const values = h("output", { class: "values", for: "level" });
  const level = h("input", {
    id: "level",
    type: "range",
    class: "over-plot",
    min: 0,
    max: LAST,
    value: 128,
    "aria-label": "Level to read off",
  });

  function show() {
    const at = Number(level.value);
    setAttribute(line, "x1", at + 0.5);
    setAttribute(line, "x2", at + 0.5);
    setText(values, "");
    values.replaceChildren(
      h("span", { text: `Level ${at}` }),
      ...CHANNELS.map(([key, name]) => value(key, name, histograms[key][at])),
    );
    setAttribute(
      level,
      "aria-valuetext",
      `Level ${at}: ${CHANNELS.map(([key, name]) => `${name} ${percent(histograms[key][at], 2)}`).join(", ")}`,
    );
  }

  level.addEventListener("input", show);
  level.addEventListener("pointermove", (event) => {
    const { left, width } = level.getBoundingClientRect();
    level.value = Math.round(((event.clientX - left) / width) * LAST);
    show();
  });
  show();
  return h(
    ...["figure", { class: "histogram" }],
    h("div", { class: "plot-holder" }, plot, level),
    values,
    h("figcaption", { class: "muted", text: summary(histograms) }),
  );
}

const value = (key, name, share) =>
  h("span", { class: `value value-${key}` }, h("b", { text: name }), ` ${percent(share, 2)}`);

/** Black and white often pile up, and would press everything else flat: they do not count. */
function highest(histograms) {
  const inner = CHANNELS.flatMap(([key]) => histograms[key].slice(1, LAST));
  return Math.max(...inner, 1e-9);
}

/** Drawn by the square root, so that what is rare can be seen too. */
function areaPath(shares, most) {
  const points = shares.map((share, level) => {
    const y = HEIGHT * (1 - Math.min(1, Math.sqrt(share / most)) * 0.96);
    return `L${level + 0.5} ${y.toFixed(2)}`;
  });
  return `M0 ${HEIGHT}${points.join("")}L256 ${HEIGHT}Z`;
}

/** What one sees, for who does not see it. */
export function summary(histograms) {
  const halves = CHANNELS.map(([key, name]) => `${name.toLowerCase()} ${median(histograms[key])}`);
  const at = (level) => CHANNELS.reduce((sum, [key]) => sum + histograms[key][level], 0) / CHANNELS.length;
  const [black, full] = [at(0), at(LAST)];
  const ends =
    black + full < 0.0005
      ? "Nothing is clipped."
      : `${percent(black)} are clipped at black, ${percent(full)} at full.`;
  return `Half of the values are at or below ${list(halves)} of 255. ${ends}`;
}

function median(shares) {
  let sum = 0;
  return Math.max(
    0,
    shares.findIndex((share) => (sum += share) >= 0.5 - 1e-9),
  );
}
