/** Files that are dropped on the page or pasted into it. */

/** `take(files)` gets them; the overlay shows while `hasPlace()` and files hover above the page. */
export function bindUploads({ overlay, hasPlace, take }) {
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    // Without this the browser would open the file and leave the page.
    event.preventDefault();
    overlay.hidden = !hasPlace();
  });
  document.addEventListener("dragleave", (event) => {
    // From the page to nothing: out of the window.
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    overlay.hidden = true;
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
}
