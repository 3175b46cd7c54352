// Where both processes of a video stand, until both are done.

import { h, setText } from "../dom.js";
import { PROCESSES, isCancelled } from "../videos.js";
import { etaWords, processName, processWords } from "../words.js";
import { createProgress } from "./progress.js";

export function createStanding() {
  const rows = PROCESSES.map(createRow);
  const element = h(
    "div",
    { class: "standing" },
    rows.map((row) => row.element),
  );
  return {
    element,
    update(video) {
      element.hidden = PROCESSES.every((name) => video[name].status === "completed");
      for (const row of rows) row.update(video);
    },
  };
}

function createRow(type) {
  const [words, eta] = [h("span", { class: "standing-words" }), h("span", { class: "eta" })];
  const fault = h("p", { class: "fault" });
  const progress = createProgress();
  const element = h("div", { class: "standing-row" }, h("p", {}, words, eta), progress.element, fault);
  return {
    element,
    update(video) {
      const process = video[type];
      setText(words, processWords(type, process));
      setText(eta, etaWords(process));
      setText(fault, process.status === "failed" && !isCancelled(process) ? process.error : "");
      const state = { pending: "waiting", failed: "failed" }[process.status] ?? "moving";
      progress.update(processName(type), process.progress, state);
    },
  };
}
