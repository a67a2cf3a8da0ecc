// Keeps the page as it is on the server. Who has the keyboard on something keeps it there; and nothing moves while the
// pointer is on a button, while something is pressed, or while text is selected.
const EVERY = 2000; // milliseconds
const stale = document.getElementById("stale");
const pause = document.getElementById("pause");

function inUse() {
  const selection = document.getSelection();
  return document.hidden || pause?.getAttribute("aria-pressed") === "true" || !selection.isCollapsed
    || document.querySelector("main button:hover, :is(a, button):active");
}

function replace(part, fresh) {
  const focused = document.activeElement;
  const place = part.contains(focused) ? { id: focused.id, row: focused.closest("tr")?.id } : null;
  part.replaceChildren(...fresh.childNodes);
  if (!place) return;
  // The row, when what was there is gone: a button there would be that of another job.
  const again = document.getElementById(place.id) ?? document.getElementById(place.row) ?? document.getElementById("main");
  again.focus({ preventScroll: true });
}

async function refresh() {
  if (inUse()) return;
  const answer = await fetch(location.href, { credentials: "omit" }); // what the next page is told in a cookie stays
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (inUse()) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh && fresh.innerHTML !== part.innerHTML) replace(part, fresh);
  }
}

async function keep() {
  try {
    await refresh();
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
  setTimeout(keep, EVERY);
}

if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () =>
    pause.setAttribute("aria-pressed", pause.getAttribute("aria-pressed") === "true" ? "false" : "true"));
}
setTimeout(keep, EVERY);
