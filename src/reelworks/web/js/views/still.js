// One picture before and after, where the browser cannot play the videos.

import { fill, h, setVariable } from "../dom.js";
import { createDivider, sideNames } from "./divider.js";

// The picture has both sides beside each other, and between them a line: a 256th of a side wide.
const LINE_SHARE = 256;

export function createStill({ links, filename, canPlayResult }) {
  const stage = h("div", { class: "still" });
  const why = h("p", { class: "why", text: sentence(links, canPlayResult) });
  if (canPlayResult) why.append(" ", playButton(links.enhanced, filename, stage));
  if (links.compare) fill(stage, screenFor(links.compare, stage));
  return { element: h("div", {}, stage, why) };
}

function sentence({ compare }, canPlayResult) {
  const what = canPlayResult ? "the original's format" : "this video's format";
  const instead = compare
    ? "one picture of it, before and after, is shown instead"
    : "there is no picture of it either; download it to see it";
  return `This browser cannot play ${what}; ${instead}.`;
}

function screenFor(source, stage) {
  const sides = ["before", "after"].map((side) => h("img", { class: side, src: source, alt: "" }));
  const screen = h(
    "div",
    { class: "screen", role: "group", "aria-label": "One picture before and after" },
    sides[1],
    sides[0],
    sideNames(),
  );
  screen.append(createDivider(screen));
  sides[0].addEventListener("load", () => setVariable(screen, "--ratio", ratioOf(sides[0])));
  sides[0].addEventListener("error", () =>
    fill(stage, h("p", { class: "awaited", text: "The picture could not be loaded." })),
  );
  return screen;
}

/** Of one side. */
function ratioOf({ naturalWidth, naturalHeight }) {
  const line = Math.max(2, Math.floor(naturalWidth / (2 * LINE_SHARE + 1)));
  return (naturalWidth - line) / 2 / naturalHeight;
}

function playButton(source, filename, stage) {
  const play = () => {
    const video = h("video", {
      class: "alone",
      src: source,
      controls: true,
      playsinline: true,
      "aria-label": `${filename}, enhanced`,
    });
    fill(stage, video);
    video.play();
    button.remove();
  };
  const button = h("button", {
    class: "small",
    type: "button",
    text: "Play the enhanced video",
    on: { click: play },
  });
  return button;
}
