// Makes the portal's pages nicer: dragging cards, asking before deleting, following changes. All of it works without.
"use strict";

document.addEventListener("submit", (e) => {
  const question = e.submitter && e.submitter.dataset.confirm;
  if (question && !window.confirm(question)) e.preventDefault();
});

let dragged = null;

document.addEventListener("dragstart", (e) => {
  const card = e.target.closest && e.target.closest(".card");
  if (!card) return;
  dragged = card;
  card.classList.add("dragged");
  e.dataTransfer.effectAllowed = "move";
  e.dataTransfer.setData("text/plain", card.dataset.id);
});

document.addEventListener("dragend", () => {
  if (dragged) dragged.classList.remove("dragged");
  dragged = null;
  for (const c of document.querySelectorAll(".column.over")) c.classList.remove("over");
});

document.addEventListener("dragover", (e) => {
  const column = dragged && e.target.closest(".column");
  for (const c of document.querySelectorAll(".column.over")) if (c !== column) c.classList.remove("over");
  if (!column) return;
  e.preventDefault();
  column.classList.add("over");
});

document.addEventListener("drop", (e) => {
  const column = dragged && e.target.closest(".column");
  if (!column) return;
  e.preventDefault();
  const form = dragged.querySelector("form.move");
  form.stage.value = column.dataset.stage;
  column.querySelector(".sum").after(dragged);
  form.submit();
});

// Twice in three seconds the page asks whether anything has changed, and then replaces its live parts.
let version = document.querySelector("main").dataset.version;

async function follow() {
  if (document.hidden || dragged || !document.querySelector("[data-live]")) return;
  const now = (await (await fetch("/version")).json()).version;
  if (String(now) === version) return;
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const fresh = page.querySelectorAll("[data-live]");
  document.querySelectorAll("[data-live]").forEach((part, i) => {
    if (fresh[i] && !part.contains(document.activeElement)) part.replaceWith(fresh[i]);
  });
  version = page.querySelector("main").dataset.version;
}

setInterval(() => follow().catch(() => {}), 1500);
