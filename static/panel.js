// What a script adds to pages that work without it: copying, menus that close, dialogs, selections, live progress.
// Everything is found by data attributes; the components are listed in panel.css.
"use strict";

document.documentElement.classList.add("js");

// Copy buttons: [data-copy="text"].
document.addEventListener("click", async (event) => {
	const button = event.target.closest("[data-copy]");
	if (!button) return;
	await navigator.clipboard.writeText(button.dataset.copy);
	button.classList.add("done");
	setTimeout(() => button.classList.remove("done"), 1200);
});

// «…» menus close on a click elsewhere and on Escape.
document.addEventListener("click", (event) => {
	for (const menu of document.querySelectorAll("details.menu[open]")) {
		if (!menu.contains(event.target)) menu.open = false;
	}
});
document.addEventListener("keydown", (event) => {
	if (event.key !== "Escape") return;
	for (const menu of document.querySelectorAll("details.menu[open]")) {
		menu.open = false;
		menu.querySelector("summary").focus();
	}
});

// A form is confirmed where it asks for it, and sent once however often its button is pressed.
document.addEventListener("submit", (event) => {
	const form = event.target;
	const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
	if (form.dataset.sent || (question && !confirm(question))) {
		event.preventDefault();
		return;
	}
	if (form.method !== "post" || form.closest("dialog")) return;
	form.dataset.sent = "yes";
	form.setAttribute("aria-busy", "true");
	setTimeout(() => release(form), 10_000); // a download leaves the page as it is
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

function release(form) {
	delete form.dataset.sent;
	form.removeAttribute("aria-busy");
}

// Filters send themselves; the heading toggle of a form shows its «Сохранить» once it differs from what is stored.
document.addEventListener("change", (event) => {
	const form = event.target.form;
	if (form?.matches("[data-auto]") && event.target.matches("select, input[type=checkbox], input[type=date]")) form.requestSubmit();
	const fold = event.target.closest(".fold-head")?.parentElement;
	if (fold) fold.classList.toggle("dirty", event.target.checked !== event.target.defaultChecked);
	const list = event.target.closest("[data-selection]");
	if (list) select(list, event.target);
});

// Selections: one checkbox for all rows, and a bar that appears with the first row chosen.
function select(list, changed) {
	const rows = [...list.querySelectorAll("input[type=checkbox][name]")];
	const all = list.querySelector("[data-select-all]");
	if (changed === all) rows.forEach((row) => (row.checked = all.checked));
	const chosen = rows.filter((row) => row.checked).length;
	if (all) {
		all.checked = chosen > 0 && chosen === rows.length;
		all.indeterminate = chosen > 0 && chosen < rows.length;
	}
	list.classList.toggle("any", chosen > 0);
	const shown = list.querySelector("[data-selected]");
	if (shown) shown.textContent = chosen;
}
document.querySelectorAll("[data-selection]").forEach((list) => select(list));
document.addEventListener("click", (event) => {
	const list = event.target.closest("[data-unselect]")?.closest("[data-selection]");
	if (!list) return;
	list.querySelectorAll("input[type=checkbox][name]").forEach((row) => (row.checked = false));
	select(list);
});

// Dialogs: <a data-dialog href="…/edit"> shows that page's form here. Saved, the browser goes where the server says;
// refused, the form comes back with its errors.
document.addEventListener("click", async (event) => {
	const link = event.target.closest("a[data-dialog]");
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
	event.preventDefault();
	const answer = await fetch(link.href).catch(() => null);
	const page = answer?.ok && !answer.redirected ? parse(await answer.text()) : null;
	const form = page?.querySelector("main form.card");
	if (!form) {
		location.assign(link.href);
		return;
	}
	const dialog = document.createElement("dialog");
	dialog.className = "dialog";
	const head = document.createElement("header");
	const title = document.createElement("h2");
	title.textContent = link.dataset.dialog || page.querySelector("h1").textContent;
	const close = document.createElement("button");
	close.className = "close";
	close.textContent = "✕";
	close.setAttribute("aria-label", document.documentElement.lang === "en" ? "Close" : "Закрыть");
	close.addEventListener("click", () => dialog.close());
	head.append(title, close);
	dialog.append(head);
	dialog.addEventListener("close", () => dialog.remove());
	document.body.append(dialog);
	place(dialog, form, link.href);
	dialog.showModal();
});

function place(dialog, form, address) {
	dialog.querySelector("form")?.remove();
	form = document.adoptNode(form);
	if (!form.getAttribute("action")) form.action = address;
	dialog.append(form);
	form.addEventListener("submit", async (event) => {
		if (event.defaultPrevented) return;
		event.preventDefault();
		if (form.getAttribute("aria-busy")) return;
		form.setAttribute("aria-busy", "true");
		const body = new FormData(form, event.submitter);
		const plain = form.enctype === "multipart/form-data" ? body : new URLSearchParams(body);
		const target = event.submitter?.getAttribute("formaction") || form.action;
		const answer = await fetch(target, { method: "POST", body: plain, headers: { "X-Dialog": "1" } }).catch(() => null);
		if (!answer) {
			release(form); // the connection is gone: what was typed stays
			return;
		}
		const next = answer.status === 422 ? parse(await answer.text()).querySelector("main form.card") : null;
		if (next) place(dialog, next, form.action);
		else location.assign(answer.headers.get("X-Location") ?? answer.url);
	});
}

function parse(html) {
	return new DOMParser().parseFromString(html, "text/html");
}

// Live parts: on a page with Refresh every [data-live] with an id is fetched anew while the tab is looked at.
const seconds = Number(document.querySelector("[data-refresh]")?.dataset.refresh);
if (seconds > 0) {
	setInterval(async () => {
		if (document.hidden) return;
		const answer = await fetch(location.href).catch(() => null);
		if (!answer?.ok || answer.redirected) return;
		const page = parse(await answer.text());
		for (const part of document.querySelectorAll("[data-live][id]")) {
			const fresh = page.getElementById(part.id);
			if (fresh) part.replaceWith(document.adoptNode(fresh));
		}
	}, seconds * 1000);
}
