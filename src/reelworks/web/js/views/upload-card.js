// An upload on the sheet, until it has become a video.

import { h, setAttribute, setText } from "../dom.js";
import { bytes } from "../format.js";
import { isOver } from "../uploads.js";
import { uploadWords } from "../words.js";
import { createProgress } from "./progress.js";

export function createUploadCard({ uploads }) {
  let key = 0;
  const number = h("span", { class: "number", "aria-hidden": "true" });
  const [look, size] = [h("span"), h("span")];
  const edge = h("div", { class: "edge" }, look, size);
  const name = h("h3");
  const words = h("p", { class: "state" });
  const error = h("p", { class: "fault" });
  const progress = createProgress();
  const stop = h("button", { class: "small", type: "button", on: { click: () => uploads.cancel(key) } });
  const again = h("button", {
    class: "small",
    type: "button",
    text: "Send again",
    on: { click: () => uploads.again(key) },
  });

  function update(upload) {
    key = upload.key;
    const share = upload.file.size ? Math.floor((100 * upload.sent) / upload.file.size) : 0;
    setText(name, upload.file.name);
    setText(number, upload.phase === "sending" ? `${share}` : "");
    setText(look, upload.wishes.preset ?? "");
    setText(size, bytes(upload.file.size));
    setText(words, uploadWords(upload));
    setText(error, upload.error);
    progress.update(
      `Upload of ${upload.file.name}`,
      share,
      upload.phase === "waiting" ? "waiting" : "moving",
    );
    progress.element.hidden = isOver(upload);
    setText(stop, isOver(upload) ? "Put away" : "Cancel");
    setAttribute(stop, "aria-label", `${stop.textContent}: upload of ${upload.file.name}`);
    again.hidden = upload.phase !== "broken";
    setAttribute(card, "data-state", isOver(upload) ? "failed" : "sending");
  }

  const frame = h("div", { class: "frame" }, h("div", { class: "picture" }, number, progress.element), edge);
  const buttons = h("div", { class: "card-actions" }, again, stop);
  const card = h("article", { class: "card" }, frame, name, words, error, buttons);
  return { element: h("li", {}, card), update };
}
