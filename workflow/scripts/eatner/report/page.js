"use strict";
// The reader: sentences with their entities, a page at a time, out of the JSON in this document.
// The shape of that JSON is described in page.py, `island`. Texts are set as text, never as markup.
(() => {
  const PER_PAGE = 20;
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const filters = element("filters");
  const MISSED = 0, SPURIOUS = 1;
  let shown = [], page = 0;

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const value = (name) => filters.elements[name]?.value ?? "";
  const text = () => data.texts[Number(value("corpus"))];
  const system = () => text().systems[Number(value("system"))];
  const english = (at) => text().translations[system().translation][at];
  const tags = (at) => text().tags[system().tags][at];

  // Offsets count code points, JavaScript's strings UTF-16 units.
  const slice = (letters, start, end) => letters.slice(start, end).join("");

  /** A text with marks on its spans: [start, end, type, wrong, title]. */
  function marked(whole, spans, attributes) {
    const letters = Array.from(whole);
    const node = make("dd", { class: "text", ...attributes });
    let done = 0;
    for (const [start, end, type, wrong, title] of [...spans].sort((a, b) => a[0] - b[0])) {
      if (start < done) continue; // English entities of a user's tagger may overlap
      node.append(slice(letters, done, start));
      // Above one or two characters there is room for the first letter alone.
      const label = (end - start > 2 ? data.types[type] : data.types[type][0]) + (wrong ? "✗" : "");
      node.append(make(
        "mark",
        { class: data.types[type] + (wrong ? " wrong" : ""), "data-label": label, title: title },
        slice(letters, start, end),
      ));
      done = end;
    }
    node.append(slice(letters, done));
    return node;
  }

  function sentence(at) {
    const corpus = text(), mine = system();
    const original = Array.from(corpus.sentences[at]), translation = Array.from(english(at));
    const gold = corpus.gold ? corpus.gold[at] : null;
    const found = mine.found[at], lost = mine.lost[at];
    const errors = mine.errors ? mine.errors[at] : [];
    const wrong = (kind, span) =>
      errors.find((e) => e[0] === kind && e[3] === span[0] && e[4] === span[1] && e[5] === span[2]);
    const because = (error) => `${data.stages[error[1]]}: ${data.details[error[2]]}`;
    // By the language: a text that begins with Latin letters runs from the right all the same.
    const original_language = { lang: corpus.language, dir: corpus.direction };
    const phrase = (start, end) => make("bdi", original_language, slice(original, start, end));
    const tagged = (tag) =>
      tag < 0 ? "" : slice(translation, tags(at)[tag][0], tags(at)[tag][1]);

    const rows = make("dl", {});
    const row = (name, content) => rows.append(make("dt", {}, name), content);
    if (gold) {
      row("Gold", marked(corpus.sentences[at], gold.map((span) => {
        const error = wrong(MISSED, span);
        return [...span, Boolean(error), `${data.types[span[2]]}, ${error ? `missed; ${because(error)}` : "found"}`];
      }), original_language));
    }
    row(gold ? "System" : "Text", marked(corpus.sentences[at], found.map(([start, end, type, sure, tag]) => {
      const error = wrong(SPURIOUS, [start, end, type]);
      const title = [tagged(tag), sure === null ? "" : sure.toFixed(2), error ? because(error) : ""];
      return [start, end, type, Boolean(error), title.filter(Boolean).join(" · ")];
    }), original_language));
    // A system that reads the sentence itself has no English to show.
    const translated = english(at) !== corpus.sentences[at];
    if (translated) row("English", marked(english(at), tags(at).map((span) => [...span, false, ""]), { lang: "en", dir: "ltr" }));

    const list = make("ul", {});
    for (const [start, end, type, sure, tag] of found) {
      const error = wrong(SPURIOUS, [start, end, type]);
      const item = make("li", {}, phrase(start, end), ` ${data.types[type]}`);
      if (translated && tag >= 0) item.append(" ← ", make("bdi", {}, tagged(tag)));
      if (sure !== null) item.append(` · ${sure.toFixed(2)}`);
      if (error) item.append(" · ", make("span", { class: "wrong-word" }, "✗ spurious"), ` (${because(error)})`);
      list.append(item);
    }
    for (const [tag, status] of lost) {
      const type = tag < 0 ? "" : ` ${data.types[tags(at)[tag][2]]}`;
      list.append(make("li", {}, make("bdi", {}, tagged(tag) || "?"), `${type} → ${data.statuses[status].replaceAll("_", " ")}`));
    }
    for (const error of errors) {
      if (error[0] !== MISSED) continue;
      const item = make("li", {}, make("span", { class: "wrong-word" }, "✗ missed "), phrase(error[3], error[4]),
        ` ${data.types[error[5]]} (${because(error)}`);
      if (error[6]) item.append("; ", make("bdi", {}, error[6]));
      item.append(")");
      list.append(item);
    }
    if (list.children.length) row("Entities", make("dd", {}, list));

    const counts = gold
      ? [`${gold.length} gold`, `${errors.filter((e) => e[0] === MISSED).length} missed`,
        `${errors.filter((e) => e[0] === SPURIOUS).length} spurious`]
      : [`${found.length} found`, `${lost.length} not found`];
    return make("li", {}, make("div", { class: "head" }, make("code", {}, corpus.ids[at]), counts.join(", ")), rows);
  }

  function wanted() {
    const corpus = text(), mine = system();
    const show = value("show"), stage = value("stage"), type = value("type");
    const words = value("search").trim().toLowerCase();
    const is_type = (other) => type === "" || other === Number(type);
    const kind = { missed: MISSED, spurious: SPURIOUS }[show];
    const in_errors = show === "errors" || kind !== undefined || stage !== "";
    return (at) => {
      const gold = corpus.gold ? corpus.gold[at] : [];
      const errors = mine.errors ? mine.errors[at] : [];
      if (in_errors && !errors.some((e) =>
        (kind === undefined || e[0] === kind) && (stage === "" || e[1] === Number(stage)) && is_type(e[5]))) return false;
      if (!in_errors && type !== "" && ![...gold, ...mine.found[at]].some((span) => is_type(span[2]))) return false;
      if (show === "right" && (errors.length || !gold.length)) return false;
      if (show === "found" && !mine.found[at].length) return false;
      if (show === "none" && mine.found[at].length) return false;
      if (show === "lost" && !mine.lost[at].length) return false;
      return !words || corpus.ids[at].toLowerCase().includes(words)
        || corpus.sentences[at].toLowerCase().includes(words) || english(at).toLowerCase().includes(words);
    };
  }

  function render() {
    const last = Math.max(0, Math.ceil(shown.length / PER_PAGE) - 1);
    page = Math.min(Math.max(page, 0), last);
    const here = shown.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
    element("sentences").replaceChildren(...here.map(sentence));
    element("page").textContent = `Page ${page + 1} of ${last + 1}`;
    element("previous").disabled = page === 0;
    element("next").disabled = page === last;
    element("pages").hidden = last === 0;
  }

  function refresh() {
    const corpus = text(), total = corpus.ids.length;
    const all = corpus.total > total ? ` (of ${corpus.total} in the corpus: as many as the page holds, evenly drawn)` : "";
    shown = Array.from(corpus.ids.keys()).filter(wanted());
    page = 0;
    element("count").textContent = `${shown.length} of ${total} sentences${all}`;
    render();
  }

  function turn(pages) {
    page += pages;
    render();
    element("reader").scrollIntoView();
  }

  filters.addEventListener("input", refresh);
  filters.addEventListener("submit", (event) => event.preventDefault());
  element("previous").addEventListener("click", () => turn(-1));
  element("next").addEventListener("click", () => turn(1));
  for (const link of document.querySelectorAll("a[data-system]")) {
    link.addEventListener("click", () => {
      for (const name of ["system", "corpus"]) {
        if (name in link.dataset) filters.elements[name].value = link.dataset[name];
      }
      refresh();
    });
  }
  filters.hidden = false;
  refresh();
  // For those who measure: milliseconds until the sentences stood there.
  element("reader").dataset.ready = Math.round(performance.now());
})();
