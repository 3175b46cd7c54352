// The line between before and after: dragged, or moved with the arrow keys.

import { h, setVariable } from "../dom.js";
import { icon } from "../icons.js";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

/** A divider over a screen, which gets the place as the variable `--split`. */
export function createDivider(screen) {
  const grip = h("span", { class: "grip" }, icon("handle"));
  const element = h(
    ...[
      "div",
      { class: "divider", role: "slider", tabindex: 0, "aria-label": "Divider between before and after" },
    ],
    grip,
  );
  let place = 50;

  function move(to) {
    place = Math.min(100, Math.max(0, to));
    setVariable(screen, "--split", `${place}%`);
    element.setAttribute("aria-valuenow", Math.round(place));
    element.setAttribute(
      "aria-valuetext",
      `${Math.round(place)} % before, ${Math.round(100 - place)} % after`,
    );
  }

  function drag(event) {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const { left, width } = screen.getBoundingClientRect();
    move((100 * (event.clientX - left)) / width);
  }

  function press(event) {
    const ends = { Home: 0, End: 100 };
    const step = (STEPS[event.key] ?? 0) * (event.shiftKey ? 10 : 1);
    if (!step && !(event.key in ends)) return;
    event.preventDefault();
    event.stopPropagation();
    move(ends[event.key] ?? place + step);
  }

  element.setAttribute("aria-valuemin", 0);
  element.setAttribute("aria-valuemax", 100);
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    element.focus({ focusVisible: false });
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", drag);
  element.addEventListener("keydown", press);
  move(place);
  return element;
}

/** The names of the two sides, each on its own. */
export const sideNames = () => [
  h("span", { class: "side side-before", "aria-hidden": "true", text: "Before" }),
  h("span", { class: "side side-after", "aria-hidden": "true", text: "After" }),
];
