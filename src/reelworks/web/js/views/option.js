// The control for one option, chosen by what its JSON Schema allows.

import { h, setAttribute, setText } from "../dom.js";
import { number, title } from "../format.js";

/** A part for `{ name, schema, value, isChanged }`; `chosen(value)` when a person changes it. */
export function createOption({ name, schema }, chosen) {
  const id = `option-${name}`;
  const control = controlFor(id, schema, chosen);
  const shown = h("output", { class: "option-value", for: id });
  const about = h("p", { class: "option-about", id: `${id}-about`, text: schema.description });
  const label = h("label", { for: id, text: title(name) });
  const element = h("div", { class: "option" }, label, shown, control.element, about);
  return {
    element,
    update({ value, isChanged }) {
      control.update(value);
      setText(shown, control.words(value));
      setAttribute(element, "data-changed", isChanged);
    },
  };
}

function controlFor(id, schema, chosen) {
  const kinds = schema.anyOf ?? [schema];
  const scale = kinds.find((kind) => kind.type === "number");
  const hasAuto = kinds.some((kind) => kind.const === "auto");
  if (scale) return hasAuto ? autoSlider(id, scale, chosen) : slider(id, scale, chosen);
  return select(id, valuesOf(kinds), chosen);
}

/** All values of options that have few: constants, switches, small whole numbers, lists. */
function valuesOf(kinds) {
  return kinds.flatMap((kind) => {
    if (kind.const !== undefined) return [kind.const];
    if (kind.enum) return kind.enum;
    if (kind.type === "boolean") return [true, false];
    return Array.from({ length: kind.maximum - kind.minimum + 1 }, (_, index) => kind.minimum + index);
  });
}

const wordsOf = (value) => ({ true: "on", false: "off" })[value] ?? String(value);

function select(id, values, chosen) {
  const choices = values.map((value, index) => h("option", { value: index, text: wordsOf(value) }));
  const element = h("select", { id, "aria-describedby": `${id}-about` }, choices);
  element.addEventListener("change", () => chosen(values[element.value]));
  return { element, update: (value) => (element.value = values.indexOf(value)), words: () => "" };
}

function slider(id, { minimum, maximum }, chosen) {
  const element = h("input", {
    id,
    type: "range",
    min: minimum,
    max: maximum,
    step: 0.05,
    "aria-describedby": `${id}-about`,
  });
  element.addEventListener("input", () => chosen(Number(element.value)));
  return { element, update: (value) => (element.value = value), words: (value) => number(value) };
}

/** A strength, or "auto": then the slider rests, and moving it takes over. */
function autoSlider(id, scale, chosen) {
  const strength = slider(id, scale, chosen);
  const auto = h("input", { type: "checkbox" });
  auto.addEventListener("change", () => chosen(auto.checked ? "auto" : Number(strength.element.value)));
  return {
    element: h(
      "div",
      { class: "auto-slider" },
      strength.element,
      h("label", { class: "auto" }, auto, "auto"),
    ),
    update(value) {
      auto.checked = value === "auto";
      strength.update(value === "auto" ? 1 : value);
      setAttribute(strength.element, "aria-valuetext", value === "auto" ? "auto" : number(value));
    },
    words: (value) => (value === "auto" ? "" : number(value)),
  };
}
