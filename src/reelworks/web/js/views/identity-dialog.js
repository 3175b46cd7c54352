// Shows who this browser is, lets it be somebody else, and shares it.

import { h, setText } from "../dom.js";
import { idFault, shareUrl } from "../identity.js";
import { dialogButton, openDialog } from "./dialog.js";

const ABOUT =
  "Your videos are listed under this id. Whoever has it sees them too: enter it in another browser, or send the link.";
const OFFERED = "The link that you opened brings this id. Use it to see the videos that are listed under it.";

/** `offered`: an id that a link brought. `become(id)` is called with another id than the `current`. */
export function openIdentity(current, become, offered = null) {
  const input = h("input", {
    ...{ type: "text", id: "client-id", value: offered ?? current, autocomplete: "off", spellcheck: "false" },
    ...{ "aria-describedby": "client-id-about client-id-fault" },
  });
  const fault = h("p", { class: "fault", id: "client-id-fault", role: "alert" });
  const use = dialogButton(offered ? "Use this id" : "Save", "use", "primary");
  use.addEventListener("click", (event) => {
    setText(fault, idFault(input.value));
    if (fault.textContent) event.preventDefault();
  });
  openDialog({
    title: offered ? "Another id" : "Your id",
    body: h(
      ...["div", { class: "fields" }],
      h("p", { id: "client-id-about", text: offered ? OFFERED : ABOUT }),
      h("label", { for: "client-id", text: "Client id" }),
      h("div", { class: "with-button" }, input, offered ? null : copyButton(input)),
      fault,
    ),
    buttons: [dialogButton("Close", "", "quiet"), use],
    closed: (value) => value === "use" && input.value !== current && become(input.value),
  });
}

/** Copies the link. Plain http on a local network has no clipboard: then the link is shown. */
function copyButton(input) {
  const button = h("button", { type: "button", text: "Copy link" });
  button.addEventListener("click", async () => {
    const url = shareUrl(input.value);
    try {
      await navigator.clipboard.writeText(url);
      setText(button, "Copied");
    } catch {
      button.replaceWith(h("output", { class: "share-link", text: url }));
    }
  });
  return button;
}
