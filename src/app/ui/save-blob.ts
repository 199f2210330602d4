/** Hands a file to the browser's own download. */

/** Long enough for the browser to start reading; revoking at once cancels the download in some browsers. */
const KEEP_MILLIS = 60_000;

export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, KEEP_MILLIS);
}
