// Elements from data. Text only ever becomes text: names and errors come from strangers.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `on` holds listeners, `text` its text; everything else is an attribute. */
export function h(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

function build(element, { on = {}, text, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  if (text !== undefined) element.textContent = text;
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Set an attribute; `false`, null and undefined remove it. */
export function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value))
    element.setAttribute(name, value === true ? "" : value);
}

/** Change a text only where it differs: a screen reader hears every change. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Put other children into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(Boolean));
}

/** Set a CSS variable: the policy forbids style attributes, not this. */
export function setVariable(element, name, value) {
  element.style.setProperty(name, value);
}

/**
 * Keeps the children of an element in step with a list; what stays keeps its element and its focus.
 * `make(item)` gives a part, `{ element, update(item) }`.
 */
export function keyedList(parent, keyOf, make) {
  const shown = new Map();
  return (items) => {
    const wanted = new Set(items.map(keyOf));
    for (const [key, part] of shown) {
      if (wanted.has(key)) continue;
      part.element.remove();
      shown.delete(key);
    }
    let next = parent.firstElementChild;
    for (const item of items) {
      const part = shown.get(keyOf(item)) ?? make(item);
      shown.set(keyOf(item), part);
      part.update(item);
      if (part.element === next) next = next.nextElementSibling;
      else parent.insertBefore(part.element, next);
    }
  };
}

/** Calls `render` only when `pick(state)` has changed: for parts that are dear to build. */
export function whenChanged(pick, render) {
  let last;
  return (state) => {
    const now = JSON.stringify(pick(state));
    if (now === last) return;
    last = now;
    render(state);
  };
}
