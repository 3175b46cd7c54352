// Sends one file, and tells how far it is. `fetch` cannot tell that.

import { Unreachable, documentOf, refusal } from "./api.js";

/**
 * Start an upload. `moved(bytes)` is called as it goes on.
 * Returns `{ answer, abort }`: `answer` becomes the server's, or Refused, or Unreachable.
 */
export function send({ file, clientId, preset, options }, moved) {
  const request = new XMLHttpRequest();
  const answer = new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => moved(Math.min(event.loaded, file.size)));
    request.addEventListener("load", resolve);
    for (const end of ["error", "abort", "timeout"])
      request.addEventListener(end, () => reject(new Unreachable()));
    request.open("POST", "upload");
    request.send(formOf({ file, clientId, preset, options }));
  });
  return { answer: answer.then(() => read(request)), abort: () => request.abort() };
}

function read({ status, responseText }) {
  if (status !== 200) throw refusal(responseText, status);
  return documentOf(responseText, status);
}

/** The file comes last: what is wrong with the other fields is then said before it is sent. */
function formOf({ file, clientId, preset, options }) {
  const form = new FormData();
  form.set("client_id", clientId);
  if (preset) form.set("preset", preset);
  if (Object.keys(options).length) form.set("options", JSON.stringify(options));
  form.set("file", file, file.name);
  return form;
}
