// Keeps the list of mails up to date. Without this script the page reloads itself.
"use strict";

const PAUSE = 2000;
let etag = "";

async function refresh() {
  const response = await fetch(location.href, { headers: etag ? { "If-None-Match": etag } : {} });
  if (response.status === 200) {
    etag = response.headers.get("ETag") ?? "";
    show(new DOMParser().parseFromString(await response.text(), "text/html").getElementById("mails"));
  } else if (response.status !== 304) {
    throw new Error(`status ${response.status}`);
  }
}

function show(newest) {
  const shown = document.getElementById("mails");
  if (newest === null || newest.innerHTML === shown.innerHTML) return;
  const focused = shown.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  shown.replaceChildren(...newest.childNodes);
  for (const link of shown.querySelectorAll("a")) {
    if (link.getAttribute("href") === focused) link.focus();
  }
}

async function keepUpToDate() {
  if (!document.hidden) {
    const isReached = await refresh().then(() => true, () => false);
    document.getElementById("unreachable").hidden = isReached;
  }
  setTimeout(keepUpToDate, PAUSE);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh().catch(() => {});
});
setTimeout(keepUpToDate, PAUSE);
