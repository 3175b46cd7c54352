// A video on the sheet.

import { h, setAttribute, setText, setVariable } from "../dom.js";
import { bytes, moment, when } from "../format.js";
import { videoHref } from "../router.js";
import { PROCESSES, hasFailed, isUnfinished } from "../videos.js";
import { etaWords, processName, videoWords } from "../words.js";
import { createProgress } from "./progress.js";

export function createVideoCard(actions) {
  let video = null;
  const picture = createPicture();
  const [look, size] = [h("span"), h("span")];
  const time = h("time");
  const link = h("a");
  const [words, eta] = [h("span"), h("span", { class: "eta" })];
  const fault = h("p", { class: "fault" });
  const cancel = h("button", {
    class: "small",
    type: "button",
    text: "Cancel",
    on: { click: () => actions.cancel(video.file_id) },
  });
  const retry = h("button", {
    class: "small",
    type: "button",
    text: "Try again",
    on: { click: () => actions.retry(video.file_id) },
  });

  function update(now) {
    if (now === video) return;
    video = now;
    setText(link, video.filename);
    setAttribute(link, "href", videoHref(video.file_id));
    setAttribute(frame, "href", videoHref(video.file_id));
    picture.update(video);
    setText(look, video.preset);
    setText(size, bytes(video.size_bytes));
    setText(time, when(video.created_at));
    setAttribute(time, "datetime", video.created_at);
    setAttribute(time, "title", moment(video.created_at));
    setText(words, videoWords(video));
    setText(eta, etaWords(video.video_enhancement));
    setText(fault, failure(video));
    cancel.hidden = !isUnfinished(video);
    retry.hidden = !video.links.retry;
    for (const button of [cancel, retry])
      setAttribute(button, "aria-label", `${button.textContent}: ${video.filename}`);
    setAttribute(card, "data-state", stateOf(video));
  }

  const edge = h("div", { class: "edge" }, look, size, time);
  const frame = h("a", { class: "frame", tabindex: -1, "aria-hidden": "true" }, picture.element, edge);
  const state = h("p", { class: "state" }, words, eta);
  const buttons = h("div", { class: "card-actions" }, cancel, retry);
  const card = h("article", { class: "card" }, frame, h("h3", {}, link), state, picture.bars, fault, buttons);
  return { element: h("li", {}, card), update };
}

function stateOf(video) {
  if (isUnfinished(video)) return "working";
  return hasFailed(video) ? "failed" : "ready";
}

function failure(video) {
  const failed = PROCESSES.map((name) => video[name]).filter((process) => process.status === "failed");
  return failed
    .map((process) => process.error)
    .filter((error) => error !== "Cancelled")
    .join(" ");
}

/** The poster once there is one; until then the original's first picture, which gets its colours as the work goes on. */
function createPicture() {
  const number = h("span", { class: "number", "aria-hidden": "true" });
  const poster = h("img", { alt: "", loading: "lazy", decoding: "async", hidden: true });
  const bars = PROCESSES.map(createProgress);
  const picture = h("div", { class: "picture" }, number, poster);
  poster.addEventListener("error", () => (poster.hidden = true));

  function update(video) {
    const { poster: source } = video.links;
    const { status, progress } = video.video_enhancement;
    if (source) setAttribute(poster, "src", source);
    poster.hidden = !source;
    showOriginal(picture, !source && isUnfinished(video) ? video.links.original : null);
    setVariable(picture, "--done", `${progress}%`);
    setText(number, !source && status === "processing" ? `${progress}` : "");
    PROCESSES.forEach((name, index) => showBar(bars[index], name, video));
    holder.hidden = !isUnfinished(video);
  }

  const holder = h(
    "div",
    { class: "bars" },
    bars.map((bar) => bar.element),
  );
  return { element: picture, bars: holder, update };
}

/** Just its beginning is loaded. Where the browser cannot play it, the frame stays empty. */
function showOriginal(picture, source) {
  const shown = picture.querySelector("video");
  if (!source) shown?.remove();
  else if (!shown) {
    picture.prepend(
      h("video", {
        class: "undeveloped",
        src: `${source}#t=0.001`,
        preload: "metadata",
        tabindex: -1,
        muted: true,
        playsinline: true,
      }),
    );
  }
}

function showBar(bar, name, video) {
  const { status, progress } = video[name];
  const state = { pending: "waiting", failed: "failed" }[status] ?? "moving";
  bar.update(`${processName(name)} of ${video.filename}`, progress, state);
}
