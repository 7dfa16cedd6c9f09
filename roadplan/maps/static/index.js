"use strict";
// The index page: its texts stand in it already and are said again when the language changes.

(() => {
  const { data, language } = roadplan;
  const { t, say, number, date, bind } = language;
  const KILO = 1000;

  const size = (bytes) =>
    bytes < KILO * KILO
      ? t("{n} kB", { n: number(Math.max(Math.round(bytes / KILO), 1)) })
      : t("{n} MB", { n: number(bytes / KILO / KILO, 1) });

  for (const element of document.querySelectorAll("[data-text]")) {
    bind(element, () => say(data.texts[Number(element.dataset.text)]));
  }
  for (const element of document.querySelectorAll("[data-size]")) {
    bind(element, () => size(Number(element.dataset.size)));
  }
  for (const element of document.querySelectorAll("[data-date]")) {
    bind(element, () => date(element.dataset.date));
  }
  document.getElementById("rp-languages").append(language.buttons());
  // The pages behind the links open in the language chosen here.
  for (const link of document.querySelectorAll('main a[href$=".html"]')) {
    const target = link.getAttribute("href");
    bind(link, () => `${target}#lang=${language.code}`, "href");
  }
  language.apply();
  document.documentElement.dataset.ready = "yes";
})();
