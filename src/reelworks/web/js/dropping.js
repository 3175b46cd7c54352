// Files that are dropped anywhere on the page.

/** `over(isOver)` as files hover over the page, `dropped(files, folders)` when they are let go. */
export function watchDrops({ over, dropped }) {
  let depth = 0;

  function hover(change) {
    depth = Math.max(0, depth + change);
    over(depth > 0);
  }

  function listen(name, react) {
    addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      react(event.dataTransfer);
    });
  }

  listen("dragenter", () => hover(1));
  listen("dragleave", () => hover(-1));
  listen("dragover", (transfer) => (transfer.dropEffect = "copy"));
  listen("drop", (transfer) => {
    hover(-depth);
    const folders = foldersIn(transfer);
    dropped(
      [...transfer.files].filter((file) => !folders.includes(file.name)),
      folders,
    );
  });
}

/** A folder comes as a file that cannot be read. */
function foldersIn(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  return entries.filter((entry) => entry?.isDirectory).map((entry) => entry.name);
}
