// The line that shows how far a process is.

import { h, setAttribute, setVariable } from "../dom.js";

/** `update(percent, state)`; `state` is "waiting", "moving" or "failed". */
export function createProgress() {
  const element = h("div", {
    class: "progress",
    role: "progressbar",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  });
  return {
    element,
    update(label, percent, state) {
      setAttribute(element, "aria-label", label);
      setAttribute(element, "aria-valuenow", percent);
      setAttribute(element, "data-state", state);
      setVariable(element, "--done", `${percent}%`);
    },
  };
}
