/** Files that are dropped on the page or pasted into it. */

export function bindUploads({ overlay, isOpen, take }) {
  let depth = 0;
  const carriesFiles = (event) => isOpen() && [...(event.dataTransfer?.types ?? [])].includes("Files");
  const show = (change) => {
    depth = change;
    overlay.hidden = depth <= 0;
  };
  document.addEventListener("dragenter", (event) => carriesFiles(event) && show(depth + 1));
  document.addEventListener("dragleave", (event) => carriesFiles(event) && show(depth - 1));
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(0);
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (!isOpen() || files.length === 0) return;
    event.preventDefault();
    take(files);
  });
}
