"use strict";
(() => {
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // --- light and dark -------------------------------------------------------------------------------------------

  const theme = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const showTheme = () => {
    theme.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();

  // --- definitions: by hover, focus and tap; Escape closes ------------------------------------------------------

  const tip = document.getElementById("tip");
  let shown = null; // the term whose definition is open
  let closing = 0;

  const place = () => {
    if (!shown) return;
    const at = shown.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = Math.min(at.left, document.documentElement.clientWidth - size.width - 8);
    // above a heading, so that the rows below stay in sight
    const above = at.top - size.height - 6;
    const top = (shown.closest("thead") || at.bottom + size.height + 6 > innerHeight) && above > 0 ? above : at.bottom + 6;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${top}px`;
  };
  const open = (term) => {
    clearTimeout(closing);
    if (shown === term) return;
    const definition = document.getElementById(`about-${term.dataset.term}`);
    const name = make("b", {}, definition.previousElementSibling.textContent);
    tip.replaceChildren(name, definition.textContent);
    shown = term;
    tip.showPopover();
    place();
  };
  const close = () => {
    clearTimeout(closing);
    shown = null;
    tip.hidePopover();
  };
  const closeSoon = () => {
    clearTimeout(closing);
    closing = setTimeout(close, 200); // time to move the pointer onto the definition
  };
  const termAt = (event) => (event.target instanceof Element ? event.target.closest("[data-term]") : null);

  for (const event of ["pointerover", "focusin", "click"]) {
    document.addEventListener(event, (happened) => {
      const term = termAt(happened);
      if (term) open(term);
      else if (tip.contains(happened.target)) clearTimeout(closing);
      else if (event === "click" && shown) close();
    });
  }
  for (const event of ["pointerout", "focusout"]) {
    document.addEventListener(event, (happened) => {
      const touched = happened.pointerType === "touch"; // a finger that is lifted leaves what it has tapped
      if (!touched && (termAt(happened) || tip.contains(happened.target))) closeSoon();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) close();
  });
  addEventListener("scroll", place, { capture: true, passive: true });
  addEventListener("resize", place);

  // --- which policy the plots show ------------------------------------------------------------------------------

  const choices = document.querySelectorAll(".which input");
  const showPolicy = (number) => {
    for (const choice of choices) choice.checked = choice.value === number;
    for (const figure of document.querySelectorAll("figure[data-policy]")) {
      const inSection = figure.parentElement.querySelector(`.which input[value="${number}"]`);
      if (inSection) figure.hidden = figure.dataset.policy !== number;
    }
  };
  for (const choice of choices) {
    choice.addEventListener("change", () => {
      const before = choice.getBoundingClientRect().top;
      showPolicy(choice.value);
      scrollBy(0, choice.getBoundingClientRect().top - before); // plots above may have changed their height
    });
  }
  if (choices.length) showPolicy(choices[0].value);

  // --- tables that are sorted, filtered and saved ---------------------------------------------------------------

  const ROWS = 50; // on a page
  const grouped = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 6 });

  const cell = (column, row) => {
    if (column.texts) return column.texts[row];
    if (column.words) return column.words[column.codes[row]];
    const value = column.values[row];
    if (value === null) return "–";
    const text = column.digits === -1 ? grouped.format(value)
      : value.toLocaleString("en-GB", { minimumFractionDigits: column.digits || 0, maximumFractionDigits: column.digits || 0 });
    return Number(text.replace(/,/g, "")) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };
  const key = (column, row) => (column.values ? column.values[row] : column.codes[row]);

  class Grid {
    constructor(box, table) {
      this.table = table;
      this.columns = table.columns.filter((column) => !column.hidden);
      this.chosen = new Map(); // by column: the code of the word that is chosen
      this.only = false;
      this.sorted = null;
      this.up = true;
      this.page = 0;
      this.build(box);
      this.update();
    }

    build(box) {
      this.filters = make("form", { class: "filters" });
      this.filters.addEventListener("submit", (event) => event.preventDefault());
      for (const column of this.columns.filter((each) => each.filter && each.words.length > 1)) this.filters.append(this.choice(column));
      if (this.table.only.label) this.filters.append(this.toggle(this.table.only.label));
      this.count = make("p", { class: "count", role: "status" });
      this.before = this.button("Previous rows", () => this.turn(-1));
      this.after = this.button("Next rows", () => this.turn(1));
      const save = this.button("Save as CSV", () => this.save());
      this.body = make("tbody");
      this.heads = this.columns.map((column) => this.head(column));
      const head = make("thead", {}, make("tr", {}, ...this.heads));
      this.scroll = make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": this.table.caption });
      this.scroll.append(make("table", {}, make("caption", {}, this.table.caption), head, this.body));
      const pager = make("div", { class: "pager" }, this.count, this.before, this.after, save);
      box.classList.add("grid");
      box.replaceChildren(...(this.filters.childElementCount ? [this.filters] : []), pager, this.scroll);
    }

    button(label, act) {
      const button = make("button", { type: "button" }, label);
      button.addEventListener("click", act);
      return button;
    }

    choice(column) {
      const select = make("select", { "data-column": column.name }, make("option", { value: "" }, "all"));
      column.words.forEach((word, code) => select.append(make("option", { value: code }, word)));
      const first = column.words.indexOf(column.first);
      if (column.first && first >= 0) {
        select.value = String(first);
        this.chosen.set(column, first);
      }
      select.addEventListener("change", () => {
        if (select.value === "") this.chosen.delete(column);
        else this.chosen.set(column, Number(select.value));
        this.update();
      });
      return make("label", {}, column.filter, select);
    }

    toggle(label) {
      const box = make("input", { type: "checkbox" });
      box.addEventListener("change", () => {
        this.only = box.checked;
        this.update();
      });
      return make("label", { class: "switch" }, box, label);
    }

    head(column) {
      const button = this.button("", () => this.sortBy(column));
      button.append(make("span", { class: "label" }, column.label));
      if (column.term) {
        button.dataset.term = column.term;
        button.setAttribute("aria-describedby", `about-${column.term}`);
      }
      if (column.unit) button.append(make("small", {}, ` ${column.unit}`));
      button.append(make("span", { class: "arrow", "aria-hidden": "true" }));
      return make("th", { scope: "col", ...(column.words && { class: "left" }) }, button);
    }

    sortBy(column) {
      this.up = this.sorted === column ? !this.up : true;
      this.sorted = column;
      this.heads.forEach((head, number) => {
        const mine = this.columns[number] === column;
        if (mine) head.setAttribute("aria-sort", this.up ? "ascending" : "descending");
        else head.removeAttribute("aria-sort");
        head.querySelector(".arrow").textContent = mine ? (this.up ? "▲" : "▼") : "";
      });
      this.update();
    }

    rows() {
      const { rows, columns, only } = this.table;
      const judged = this.only && columns.find((column) => column.name === only.column);
      const kept = [];
      for (let row = 0; row < rows; row += 1) {
        const chosen = [...this.chosen].every(([column, code]) => column.codes[row] === code);
        if (chosen && (!judged || only.words.includes(judged.words[judged.codes[row]]))) kept.push(row);
      }
      if (!this.sorted) return kept;
      const way = this.up ? 1 : -1;
      return kept.sort((one, other) => {
        const [a, b] = [key(this.sorted, one), key(this.sorted, other)];
        if (a === null || b === null) return (a === null) - (b === null); // empty cells last, either way
        return way * (a - b);
      });
    }

    update() {
      this.found = this.rows();
      this.page = 0;
      this.show();
    }

    turn(by) {
      this.page += by;
      this.show();
    }

    show() {
      const from = this.page * ROWS;
      const to = Math.min(from + ROWS, this.found.length);
      this.body.replaceChildren(...this.found.slice(from, to).map((row) => this.row(row)));
      this.scroll.scrollTop = 0;
      this.before.disabled = this.page === 0;
      this.after.disabled = to >= this.found.length;
      this.count.textContent = this.told(from, to);
    }

    told(from, to) {
      const number = (value) => value.toLocaleString("en-GB");
      const all = this.table.rows;
      const of = this.found.length < all ? `${number(this.found.length)} that match, of ${number(all)}` : number(all);
      const rows = this.found.length ? `Rows ${number(from + 1)} to ${number(to)} of ${of}` : `No row matches, of ${number(all)}`;
      return this.sorted ? `${rows}; by ${this.sorted.label}, ${this.up ? "ascending" : "descending"}` : rows;
    }

    row(row) {
      return make("tr", {}, ...this.columns.map((column, number) => {
        const text = cell(column, row);
        if (number) return make("td", column.words ? { class: "left" } : {}, text);
        const term = column.terms && column.terms[column.codes[row]];
        return make("th", { scope: "row" }, term ? make("button", {
          type: "button", class: "term", "data-term": term, "aria-describedby": `about-${term}`,
        }, text) : text);
      }));
    }

    save() {
      const quoted = (value) => (/[",\n\r]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value);
      const plain = (column, row) => (column.words ? column.words[column.codes[row]] : String(column.values[row] ?? ""));
      const columns = this.table.columns.filter((column) => column.words || column.values);
      const lines = [columns.map((column) => column.name), ...this.found.map((row) => columns.map((column) => plain(column, row)))];
      const text = lines.map((line) => line.map(quoted).join(",")).join("\n");
      const link = make("a", { download: this.table.file, href: URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" })) });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  }

  const unpacked = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  const start = async () => {
    const tables = await unpacked(document.getElementById("tables").textContent);
    for (const box of document.querySelectorAll("div[data-table]")) new Grid(box, tables[box.dataset.table]);
    for (const box of document.querySelectorAll("details[data-table]")) {
      box.addEventListener("toggle", () => {
        if (!box.querySelector(".grid")) new Grid(box.appendChild(make("div")), tables[box.dataset.table]);
      });
    }
    document.documentElement.dataset.ready = "";
  };
  start();
})();
