"use strict";
// Russian, Kazakh and English: texts, plural forms, numbers and dates, switched on the page.

roadplan.language = (() => {
  const { data, own, memory, address } = roadplan;
  const codes = data.languages.map(([code]) => code);
  // Browsers often lack Kazakh numbers; they are written as Russian ones.
  const numberLocale = { ru: "ru", kk: "ru", en: "en" };
  const pluralForms = { ru: ["one", "few", "many"], kk: ["one", "other"], en: ["one", "other"] };
  const listeners = [];
  const bound = [];
  let current = first();

  function first() {
    const preferred = (navigator.languages || [navigator.language || ""]).map((tag) =>
      tag.slice(0, 2).toLowerCase(),
    );
    const wanted = [address.get("lang"), memory.get("language"), ...preferred, "ru"];
    return wanted.find((code) => codes.includes(code)) || codes[0];
  }

  const fill = (text, values) =>
    text.replace(/\{(\w+)\}/g, (whole, name) => {
      const value = own(values, name);
      return value === undefined ? whole : value;
    });

  /** Return a message in the current language, with `{name}` replaced by values. */
  function t(id, values = {}) {
    const found = own(data.messages[current], id);
    return fill(Array.isArray(found) ? found[0] : found || id, values);
  }

  /** Return the form of a message that a count takes, with `{n}` replaced by the number. */
  function tn(one, many, n, values = {}) {
    const rule = new Intl.PluralRules(current).select(n);
    const forms = own(data.messages[current], one);
    let text;
    if (Array.isArray(forms)) {
      // A fraction is "other" in Russian and takes the form of "few" (2,5 километра).
      const index = pluralForms[current].indexOf(rule);
      text = forms[index < 0 ? 1 : index] || forms[forms.length - 1];
    } else {
      text = forms || (rule === "one" ? one : many);
    }
    return fill(text, { n: number(n), ...values });
  }

  /** Return a text given as a message id or as names by language. */
  function say(text) {
    if (text === undefined || text === null) return "";
    if (typeof text === "string") return t(text);
    return own(text, current) || own(text, "en") || Object.values(text).find(Boolean) || "";
  }

  function number(value, digits = 0) {
    const format = new Intl.NumberFormat(numberLocale[current], {
      maximumFractionDigits: digits,
      minimumFractionDigits: 0,
    });
    return format.format(value);
  }

  /** Return an ISO date, perhaps without day or month, perhaps with a time, as people write it. */
  function date(text) {
    const match = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d:\d\d).*)?)?)?$/.exec(text);
    if (!match) return text;
    const [, y, m, d, time] = match;
    if (!m) return y;
    if (!d) return t("{y}-{m}", { y, m });
    const day = t("{y}-{m}-{d}", { y, m, d });
    return time ? t("{day} {time}", { day, time }) : day;
  }

  /** Keep a text up to date when the language changes; `attribute` instead of the content. */
  function bind(element, text, attribute = "") {
    const write = () => {
      if (attribute) element.setAttribute(attribute, text());
      else element.textContent = text();
    };
    bound.push(write);
    write();
    return element;
  }

  function onChange(listener) {
    listeners.push(listener);
  }

  function set(code) {
    if (!codes.includes(code) || code === current) return;
    current = code;
    memory.set("language", code);
    address.set("lang", code);
    apply();
  }

  function apply() {
    document.documentElement.lang = current;
    document.title = say(data.title);
    for (const write of bound) write();
    for (const listener of listeners) listener(current);
  }

  /** The buttons that switch the language. */
  function buttons() {
    const group = roadplan.make("div", { class: "rp-languages", role: "group" });
    bind(group, () => t("Language"), "aria-label");
    for (const [code, name] of data.languages) {
      const button = roadplan.make(
        "button",
        { type: "button", lang: code, "data-language": code, title: name, onclick: () => set(code) },
        roadplan.make("span", { class: "rp-long", text: name }),
        roadplan.make("span", { class: "rp-short", text: code.toUpperCase() }),
      );
      bind(button, () => String(code === current), "aria-pressed");
      group.append(button);
    }
    return group;
  }

  return { t, tn, say, number, date, bind, onChange, set, apply, buttons, get code() { return current; } };
})();
