// The head of the page: its name, the connection, who this browser is, the theme.

import { h, s, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { LIST_HREF } from "../router.js";
import { THEMES, choose, theme } from "../theme.js";
import { openIdentity } from "./identity-dialog.js";

const PHASES = { connecting: "Connecting", live: "Live", lost: "Offline" };

export function createTop(actions) {
  const phase = h("span", { class: "phase-word" });
  const pulse = h("p", { class: "pulse" }, h("span", { class: "dot", "aria-hidden": "true" }), phase);
  const id = h("span", { class: "client-id" });
  const identity = h("button", { class: "quiet identity", type: "button" }, icon("person"), id);
  const banner = createBanner(actions);
  const bar = h("div", { class: "bar" }, brand(), pulse, identity, themeButton());
  let current = "";
  let offered = null;
  identity.addEventListener("click", () => openIdentity(current, actions.become));

  function update({ clientId, connection, route }) {
    current = clientId;
    setText(phase, PHASES[connection.phase]);
    setAttribute(pulse, "data-phase", connection.phase);
    setText(id, clientId);
    setAttribute(identity, "aria-label", `Your id: ${clientId}. Change or share it`);
    banner.update(connection);
    if (route.offeredId && route.offeredId !== offered && route.offeredId !== clientId) {
      openIdentity(clientId, actions.become, route.offeredId);
    }
    offered = route.offeredId;
  }

  return { element: h("header", { class: "top" }, bar, banner.element), update };
}

/** The mark: a round picture, before and after. */
function brand() {
  const mark = s(
    ...["svg", { class: "mark", viewBox: "0 0 24 24", "aria-hidden": "true" }],
    s("path", { class: "mark-before", d: "M11.2 2.04a10 10 0 0 0 0 19.92z" }),
    s("path", { class: "mark-after", d: "M12.8 2.04a10 10 0 0 1 0 19.92z" }),
  );
  return h("a", { class: "brand", href: LIST_HREF }, mark, h("span", { text: "Reelworks" }));
}

function themeButton() {
  const button = h("button", { class: "quiet round", type: "button" });
  const show = () => {
    button.replaceChildren(icon(theme()));
    button.setAttribute("aria-label", `Theme: ${theme() === "auto" ? "as the system" : theme()}`);
    button.title = button.getAttribute("aria-label");
  };
  button.addEventListener("click", () => {
    choose(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
    show();
  });
  show();
  return button;
}

/** Says that the connection is lost, when it is tried again, and lets nobody wait for that. */
function createBanner(actions) {
  const words = h("span");
  const retry = h("button", {
    class: "small",
    type: "button",
    text: "Try now",
    on: { click: actions.reconnect },
  });
  const element = h("div", { class: "banner", hidden: true }, words, retry);
  let connection = { phase: "connecting" };

  function show() {
    const seconds = Math.ceil((connection.retryAt - Date.now()) / 1000);
    const next = connection.retryAt && seconds > 0 ? `Next try in ${seconds} s.` : "Trying…";
    setText(words, `Offline. Work goes on in the service, and what you see catches up by itself. ${next}`);
  }

  setInterval(() => connection.phase === "lost" && show(), 500);
  return {
    element,
    update(now) {
      connection = now;
      element.hidden = connection.phase !== "lost";
      if (connection.phase === "lost") show();
    },
  };
}
