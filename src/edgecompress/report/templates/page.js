"use strict";
// The page is whole without this: it adds the theme's button, marks that answer, and the records' text.

const root = document.documentElement;
const tooltip = document.getElementById("tooltip");

// --- theme: the system's, until the button says otherwise ---
const themeButton = document.getElementById("theme");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);

function showTheme() {
  themeButton.textContent = isDark() ? "Light theme" : "Dark theme";
}

try {
  // A page opened from a file may not be allowed to remember anything.
  const kept = localStorage.getItem("edgecompress-theme");
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
} catch {}
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try {
    localStorage.setItem("edgecompress-theme", root.dataset.theme);
  } catch {}
  showTheme();
});
systemIsDark.addEventListener("change", showTheme);
showTheme();

// --- plots: a mark answers to the pointer and to the arrow keys, and lights up with its row and its twins ---
const REACH = 24; // pixels from the pointer to a mark that still answers

function visibleMarks(plot) {
  return [...plot.querySelectorAll("[data-row]")].filter((mark) => mark.getClientRects().length);
}

function distance(box, x, y) {
  return Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
}

function nearest(plot, x, y) {
  let found = null;
  let least = REACH;
  for (const mark of visibleMarks(plot)) {
    const box = mark.getBoundingClientRect();
    const away = distance(box, x, y) + Math.hypot(x - (box.left + box.right) / 2, y - (box.top + box.bottom) / 2) / 1e3;
    if (away < least) [found, least] = [mark, away];
  }
  return found;
}

let pointed = null; // the mark that is spoken of

function quiet() {
  pointed = null;
  tooltip.hidden = true;
  for (const lit of document.querySelectorAll(".lit, .pointing")) lit.classList.remove("lit", "pointing");
}

function place() {
  const box = pointed.getBoundingClientRect();
  const width = tooltip.offsetWidth;
  const left = Math.min(Math.max(8, (box.left + box.right - width) / 2), innerWidth - width - 8);
  const above = box.top - tooltip.offsetHeight - 10;
  tooltip.style.left = `${left}px`;
  tooltip.style.top = `${above > 8 ? above : box.bottom + 10}px`;
}

function follow() {
  if (!pointed) return;
  const { top, bottom } = pointed.getBoundingClientRect();
  if (bottom < 0 || top > innerHeight) quiet();
  else place();
}

function point(plot, mark) {
  if (mark === pointed) return;
  quiet();
  pointed = mark;
  const figure = plot.closest("figure");
  figure.classList.add("pointing");
  mark.classList.add("lit");
  // The same row in the other plots of the figure; a curve has many points of one row, and only this one is meant.
  for (const twin of figure.querySelectorAll("[data-row]")) {
    if (twin.dataset.row === mark.dataset.row && !plot.contains(twin)) twin.classList.add("lit");
  }
  document.getElementById(mark.dataset.row)?.classList.add("lit");
  tooltip.textContent = mark.dataset.tooltip;
  tooltip.hidden = false;
  place();
}

function reveal(element) {
  for (let around = element.closest("details"); around; around = around.parentElement.closest("details")) {
    around.open = true;
  }
}

function goToRow(mark) {
  const row = document.getElementById(mark.dataset.row);
  if (!row) return;
  reveal(row);
  row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: "center" });
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

for (const plot of document.querySelectorAll(".plot")) {
  if (!plot.querySelector("[data-row]")) continue;
  let current = null;
  plot.tabIndex = 0;
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-roledescription", "plot");
  plot.setAttribute("aria-label", `${plot.getAttribute("aria-label")} Arrow keys move along its marks, Enter goes to the row.`);
  plot.addEventListener("pointermove", (event) => {
    const mark = nearest(plot, event.clientX, event.clientY);
    if (mark) point(plot, mark);
    else quiet();
  });
  plot.addEventListener("pointerleave", quiet);
  plot.addEventListener("blur", quiet);
  plot.addEventListener("click", (event) => {
    const mark = nearest(plot, event.clientX, event.clientY);
    if (mark && event.pointerType !== "touch") goToRow(mark);
  });
  plot.addEventListener("keydown", (event) => {
    const marks = visibleMarks(plot);
    const at = marks.indexOf(current);
    if (event.key === "Escape") return quiet();
    if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      return goToRow(current);
    }
    const next =
      event.key === "Home" ? 0
      : event.key === "End" ? marks.length - 1
      : at < 0 ? (event.key in STEPS ? 0 : -1)
      : at + (STEPS[event.key] ?? NaN);
    if (!(next >= 0 && next < marks.length)) return;
    event.preventDefault();
    current = marks[next];
    current.scrollIntoView({ block: "nearest" });
    point(plot, current);
  });
}
addEventListener("scroll", follow, { passive: true });

// --- records: unpacked when they are asked for ---
async function contentOf(record) {
  const packed = Uint8Array.from(atob(record.querySelector(".content").textContent), (char) => char.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).blob();
}

for (const record of document.querySelectorAll(".record")) {
  if (!record.querySelector(".content")) continue;
  const text = record.querySelector("pre");
  const save = record.querySelector(".save");
  save.hidden = false;
  record.addEventListener("toggle", async () => {
    if (!record.open || text.textContent) return;
    text.textContent = await (await contentOf(record)).text();
    text.hidden = false;
  });
  save.addEventListener("click", async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await contentOf(record));
    link.download = record.dataset.name;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  reveal(target);
  target.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();

// --- print: everything but the records' text ---
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not(.record):not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
