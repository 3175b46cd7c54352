// What to upload, and what is to be done to it.

import { h, keyedList, setText, whenChanged } from "../dom.js";
import { plural } from "../format.js";
import { createOption } from "./option.js";

// What file choosers offer first; the service looks at the content, whatever the name.
const ACCEPTED = "video/*,.mkv,.mts,.m2ts,.ts,.mxf,.ogv,.avi,.flv,.wmv";

export function createIntake(actions) {
  const presets = createPresets(actions);
  const options = createOptions(actions);
  const element = h(
    ...["section", { class: "intake", "aria-labelledby": "intake-title" }],
    h("h1", { id: "intake-title", tabindex: -1, text: "Drop videos anywhere" }),
    h("p", {
      class: "lead",
      text: "Each one is looked at, restored where it is damaged, measured, and shown beside its original.",
    }),
    chooser(actions),
    presets.element,
    options.element,
  );
  return {
    element,
    update(state) {
      presets.update(state);
      options.update(state);
    },
  };
}

function chooser(actions) {
  const input = h("input", { type: "file", multiple: true, accept: ACCEPTED, class: "unseen", id: "files" });
  input.addEventListener("change", () => {
    actions.take([...input.files]);
    input.value = "";
  });
  return h("label", { class: "button primary choose", for: "files" }, "Choose videos", input);
}

function createPresets({ wish }) {
  const rows = h("div", { class: "preset-rows" });
  const show = keyedList(
    rows,
    (preset) => preset.name,
    () => createPreset(wish),
  );
  const said = h("p", { class: "preset-said", "aria-hidden": "true" }); // on narrow screens, of the chosen one only
  const element = h(
    "fieldset",
    { class: "presets", hidden: true },
    h("legend", { text: "Look" }),
    rows,
    said,
  );
  return {
    element,
    update({ presets, wishes }) {
      element.hidden = !presets;
      const all = (presets?.presets ?? []).map((preset) => ({
        ...preset,
        isChosen: preset.name === wishes.preset,
      }));
      show(all);
      setText(said, all.find((preset) => preset.isChosen)?.description ?? "");
    },
  };
}

function createPreset(wish) {
  const input = h("input", { type: "radio", name: "preset" });
  const [name, about] = [h("span", { class: "preset-name" }), h("span", { class: "preset-about" })];
  input.addEventListener("change", () => wish(() => ({ preset: input.value, options: {} })));
  return {
    element: h("label", { class: "preset" }, input, name, about),
    update(preset) {
      input.value = preset.name;
      input.checked = preset.isChosen;
      setText(name, preset.name);
      setText(about, preset.description);
    },
  };
}

/** Every option, derived from its schema. Only what differs from the preset is sent. */
function createOptions({ wish }) {
  const rows = h("div", { class: "option-rows" });
  const changed = h("span", { class: "changed" });
  const reset = h("button", { class: "small", type: "button", text: "Back to the preset" });
  const element = h(
    "details",
    { class: "options", hidden: true },
    h("summary", {}, "Fine-tune", changed),
    rows,
    reset,
  );
  reset.addEventListener("click", () => wish(({ wishes }) => ({ ...wishes, options: {} })));
  // It is the last in its column: what opens below the edge would not be noticed.
  element.addEventListener(
    "toggle",
    () => element.open && element.scrollIntoView({ block: "nearest" }),
  );

  const show = keyedList(
    rows,
    (option) => option.name,
    (option) => createOption(option, (value) => wish((now) => withOption(now, option.name, value))),
  );
  const render = whenChanged(
    ({ presets, wishes }) => [Boolean(presets), wishes],
    ({ presets, wishes }) => {
      const preset = presets?.presets.find((each) => each.name === wishes.preset);
      element.hidden = !preset;
      if (!preset) return;
      const values = { ...preset.options, ...wishes.options };
      show(
        Object.entries(presets.options).map(([name, schema]) => ({
          name,
          schema,
          value: values[name],
          isChanged: name in wishes.options,
        })),
      );
      const count = Object.keys(wishes.options).length;
      setText(changed, count ? plural(count, "change") : "");
      reset.hidden = !count;
    },
  );
  return { element, update: render };
}

function withOption({ presets, wishes }, name, value) {
  const preset = presets.presets.find((each) => each.name === wishes.preset);
  const { [name]: _, ...options } = wishes.options;
  return { ...wishes, options: preset.options[name] === value ? options : { ...options, [name]: value } };
}
