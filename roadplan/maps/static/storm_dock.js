"use strict";
// The bar above the map: play, time and slider, the switch between the alternatives, what they
// cost, the scale with its legend, and the marks of what is invented or estimated.

roadplan.stormDock = (() => {
  const { storm, make, data } = roadplan;
  const words = roadplan.stormWords;
  const { t, say, bind, date, onChange } = roadplan.language;
  const { given, state } = storm;
  const STEP_MS = 700;
  const SCALE_NAMES = { l: "Risk level", s: "Severity", p: "Probability of a long jam" };
  let timer = 0;
  let redraw = () => {};

  function start() {
    const summary = make("div", { class: "rp-storm-summary" });
    const legend = make("ul", { class: "rp-storm-legend" });
    const dock = make(
      "section",
      { id: "rp-storm" },
      make("div", { class: "rp-storm-row" }, ...timeControls(), alternatives()),
      summary,
      make("div", { class: "rp-storm-scale" }, scales(), legend),
    );
    bind(dock, () => t("Storm"), "aria-label");
    document.querySelector(".rp-head").after(dock);
    const fill = () => {
      summary.replaceChildren(...summaryNodes());
      legend.replaceChildren(...legendNodes());
    };
    storm.onChange((changed) => {
      if (changed.some((what) => what !== "slot")) fill();
    });
    onChange(fill);
    fill();
    document.addEventListener("keydown", keys);
    document.addEventListener("visibilitychange", () => document.hidden && stop());
  }

  // ---- time ----------------------------------------------------------------------------------

  function timeControls() {
    const play = make("button", { type: "button", class: "rp-storm-play", onclick: () => (timer ? stop() : go()) });
    const playName = () => (timer ? t("Pause") : t("Play"));
    const time = make("output", { class: "rp-storm-time", for: "rp-storm-slider" });
    const slider = make("input", {
      type: "range",
      id: "rp-storm-slider",
      min: 0,
      max: storm.slots - 1,
      step: 1,
    });
    slider.addEventListener("input", () => {
      stop();
      storm.set({ slot: Number(slider.value) });
    });
    const back = stepButton("‹", -1, () => t("One slot back"));
    const ahead = stepButton("›", 1, () => t("One slot on"));
    bind(slider, () => t("Time"), "aria-label");
    redraw = () => {
      slider.value = String(state.slot);
      time.replaceChildren(
        make("strong", { text: words.slotText() }),
        make("span", { text: ` ${given.zone}` }),
      );
      slider.setAttribute("aria-valuetext", words.slotText());
      play.textContent = timer ? "❚❚" : "▶";
      play.setAttribute("aria-label", playName());
      play.title = playName();
    };
    storm.onChange(redraw);
    onChange(redraw);
    redraw();
    return [make("div", { class: "rp-storm-buttons" }, play, back, ahead), time, slider];
  }

  function stepButton(text, step, name) {
    const button = make("button", {
      type: "button",
      text,
      onclick: () => {
        stop();
        storm.set({ slot: state.slot + step });
      },
    });
    bind(button, name, "aria-label");
    return bind(button, name, "title");
  }

  function go() {
    if (state.slot === storm.slots - 1) storm.set({ slot: 0 });
    timer = setInterval(() => {
      if (state.slot === storm.slots - 1) stop();
      else storm.set({ slot: state.slot + 1 });
    }, STEP_MS);
    redraw();
  }

  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    redraw();
  }

  /** Arrows move the time wherever they mean nothing else. */
  function keys(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target !== document.body && !event.target.closest?.("#rp-storm button")) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    stop();
    storm.set({ slot: state.slot + step });
  }

  // ---- alternatives --------------------------------------------------------------------------

  function alternatives() {
    const group = make("div", { class: "rp-storm-switch", role: "group" });
    bind(group, () => t("What is done"), "aria-label");
    for (const item of storm.alternatives) {
      const button = make("button", { type: "button", "data-alternative": item.id });
      bind(button, () => say(item.title));
      const press = () => button.setAttribute("aria-pressed", String(item === state.alternative));
      button.addEventListener("click", () => storm.set({ alternative: item }));
      storm.onChange(press);
      press();
      group.append(button);
    }
    return group;
  }

  /** Delay with interval, the probability of long jams and the proof, of what is shown. */
  function summaryNodes() {
    const { alternative } = state;
    const nodes = [];
    if (alternative.delay) {
      const delay = words.delayText(alternative.delay);
      nodes.push(
        make("span", { class: "rp-storm-delay" }, `${t("Expected delay:")} `, make("strong", { text: delay })),
      );
    }
    nodes.push(...marks());
    const more = alternative.chances.map((chance) => words.chanceText(chance));
    if (alternative.proof) more.push(words.proofText(alternative.proof));
    nodes.push(...more.map((text) => make("span", { class: "rp-storm-more", text })));
    if (given.made) {
      const time = `${date(given.made)} ${given.zone}`;
      nodes.push(make("span", { class: "rp-storm-made", text: t("Computed {time}", { time }) }));
    }
    return nodes;
  }

  /** What is invented and what is estimated says so where nobody can miss it. */
  function marks() {
    const found = [];
    const mark = (kind, text) => found.push(make("span", { class: `rp-storm-mark rp-storm-${kind}`, text }));
    if (given.storm.synthetic) mark("synthetic", t("Synthetic storm: invented for trying things out"));
    if (given.storm.standing === "estimated") mark("estimated", t("Weather estimated by a rule"));
    if (given.estimated.length) {
      const what = given.estimated.map((text) => say(text)).join(", ");
      mark("estimated", t("Estimated: {what}", { what }));
    }
    for (const note of given.storm.notes) mark("note", say(note));
    return found;
  }

  // ---- scale ---------------------------------------------------------------------------------

  function scales() {
    const select = make("select", { id: "rp-storm-scale" });
    for (const [letter, name] of Object.entries(SCALE_NAMES)) {
      select.append(bind(make("option", { value: letter }), () => t(name)));
    }
    select.value = state.scale;
    bind(select, () => t("Colours show"), "aria-label");
    select.addEventListener("change", () => storm.set({ scale: select.value }));
    return select;
  }

  function legendNodes() {
    const steps = storm.scale().map(([word, colour], number) => chip(colour, String(number), say(word)));
    return [...steps, chip(given.unknown, "?", t("no data"))];
  }

  function chip(colour, number, word) {
    const mark = make("span", { class: "rp-storm-chip", text: number, "aria-hidden": "true" });
    mark.style.backgroundColor = colour;
    mark.style.color = isLight(colour) ? "#16202a" : "#fff";
    return make("li", {}, mark, make("span", { text: word }));
  }

  /** Whether dark letters stand out more than white ones (WCAG 2.1, relative luminance). */
  function isLight(colour) {
    const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
    const linear = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.18;
  }

  const plainStart = roadplan.panels.start;
  roadplan.panels.start = () => {
    start();
    plainStart();
    // The strip stands first; the layers, which a dispatcher seldom changes, after the panels.
    const side = document.getElementById("rp-side");
    const layers = document.getElementById("rp-section-layers");
    layers.open = false;
    side.insertBefore(layers, document.getElementById("rp-section-about"));
    // The bar has taken some of the room of the map.
    roadplan.map.invalidateSize({ animate: false, pan: false });
    roadplan.controls.fit(roadplan.map, false);
  };

  return { isLight, stop, title: () => say(data.title) };
})();
