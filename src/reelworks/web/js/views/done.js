// What was found and done, in words.

import { fill, h, setText, whenChanged } from "../dom.js";
import { number, title } from "../format.js";
import { fidelityWords, sizeWords } from "../words.js";

const CODECS = { h264: "H.264", hevc: "HEVC", av1: "AV1", vp9: "VP9", vp8: "VP8", mpeg2video: "MPEG-2" };

export function createDone() {
  const body = h("div", { class: "done-body" });
  const heading = h("h2", { text: "What was done" });
  const element = h("section", { class: "panel done" }, heading, body);
  const render = whenChanged(
    (video) => [video.plan, video.video_enhancement.status],
    (video) => {
      setText(heading, isDone(video) ? "What was done" : "What is to be done");
      fill(
        body,
        video.plan ? planParts(video.plan, video) : h("p", { class: "muted", text: awaited(video) }),
      );
    },
  );
  return { element, update: render };
}

const isDone = (video) => video.video_enhancement.status === "completed";

const awaited = (video) =>
  video.video_enhancement.status === "failed"
    ? "It was not planned."
    : "The video has to be looked at first.";

function planParts(plan, video) {
  if (plan.error) return h("p", { class: "fault", text: plan.error });
  return [
    h("p", { class: "verdict", text: verdict(plan, isDone(video)) }),
    filterList(plan),
    ...results(plan, video),
    textList("What was seen", plan.findings),
    textList("Not in the result", plan.dropped),
    textList("Notes", plan.notes),
  ];
}

function verdict({ action, filters }, isPast) {
  if (action === "copy") return "It needs nothing: the file is kept byte for byte.";
  if (!filters.length) return "Nothing of its pictures is changed; they are encoded anew.";
  if (filters.length === 1) return isPast ? "One thing was mended." : "One thing is to be mended.";
  return `${filters.length} things ${isPast ? "were" : "are to be"} mended.`;
}

function filterList({ filters }) {
  if (!filters.length) return null;
  return h("ol", { class: "filters" }, filters.map(filterItem));
}

function filterItem({ name, strength, reason }) {
  const strengthWords = Number.isFinite(strength)
    ? h("span", { class: "strength", text: `strength ${number(strength)}` })
    : null;
  return h(
    "li",
    {},
    h("p", { class: "filter-name" }, h("span", { text: title(name) }), strengthWords),
    h("p", { class: "reason", text: reason }),
  );
}

function results(plan, video) {
  const rows = [
    ["Picture", `${plan.width} × ${plan.height}, ${CODECS[plan.codec] ?? plan.codec} in ${plan.container}`],
    isDone(video) && plan.bytes_after ? ["Size", sizeWords(plan.bytes_before, plan.bytes_after)] : null,
    plan.fidelity ? ["Fidelity", fidelityWords(plan.fidelity)] : null,
  ].filter(Boolean);
  return [
    h(
      "dl",
      { class: "rows" },
      rows.map(([name, words]) => h("div", {}, h("dt", { text: name }), h("dd", { text: words }))),
    ),
  ];
}

function textList(heading, sentences) {
  if (!sentences?.length) return null;
  return h(
    "div",
    { class: "sentences" },
    h("h3", { text: heading }),
    h(
      "ul",
      {},
      sentences.map((text) => h("li", { text })),
    ),
  );
}
