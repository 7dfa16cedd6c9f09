"use strict";
// Panels beside the map: the alternatives compared, the crews of this slot, jams and closures.

(() => {
  const { storm, make, quoted } = roadplan;
  const words = roadplan.stormWords;
  const { t, tn, say, number, onChange } = roadplan.language;
  const { state } = storm;

  /** A panel that is written anew with the language and with what is shown. */
  function live(fill, when) {
    const body = make("div");
    const write = () => body.replaceChildren(...fill());
    storm.onChange((changed) => {
      if (changed.some((what) => when.includes(what))) write();
    });
    onChange(write);
    write();
    return body;
  }

  // ---- comparison ----------------------------------------------------------------------------

  const MOST = "Bars show the expected delay, lines its interval of 95 %.";

  roadplan.panels.kinds.storm_outcome = () => live(outcome, ["alternative"]);

  function outcome() {
    const known = storm.alternatives.filter((item) => item.delay);
    const ends = known.flatMap(({ delay: [value, , high] }) => [value, high ?? value]);
    const most = Math.max(...ends, 1e-9);
    const nodes = storm.alternatives.map((item) => card(item, most));
    if (known.length) nodes.push(make("p", { class: "rp-intro", text: t(MOST) }));
    return nodes;
  }

  function card(item, most) {
    const box = make("article", { class: "rp-card", "aria-current": item === state.alternative });
    box.append(make("p", { class: "rp-card-head", text: say(item.title) }));
    if (item.delay) {
      box.append(make("p", { text: `${t("Expected delay:")} ${words.delayText(item.delay)}` }), bar(item.delay, most));
    } else {
      box.append(make("p", { class: "rp-none", text: t("The delay is not known.") }));
    }
    for (const chance of item.chances) box.append(make("p", { text: words.chanceText(chance) }));
    if (item.proof) {
      const cost = t("Optimised cost: {n} veh·h", { n: number(item.proof[0]) });
      box.append(make("p", { text: `${cost}. ${words.proofText(item.proof)}` }));
    }
    if (item.saving && item !== storm.alternatives[0]) {
      box.append(make("p", { class: "rp-storm-saving", text: words.savingText(item) }));
    }
    return box;
  }

  function bar([value, low, high], most) {
    const share = (n) => `${Math.min(Math.max((100 * n) / most, 0), 100)}%`;
    const fill = make("span", { class: "rp-storm-bar-fill" });
    fill.style.width = share(value);
    const box = make("div", { class: "rp-storm-bar", "aria-hidden": "true" }, fill);
    if (low !== null && high !== null) {
      const line = make("span", { class: "rp-storm-bar-line" });
      line.style.left = share(low);
      line.style.right = `calc(100% - ${share(high)})`;
      box.append(line);
    }
    return box;
  }

  // ---- crews ---------------------------------------------------------------------------------

  roadplan.panels.kinds.storm_crews = () => live(crews, ["slot", "alternative"]);

  function crews() {
    const { crews: all } = state.alternative;
    if (!all.length) return [make("p", { class: "rp-none", text: t("No crew is out.") })];
    const found = all.map((crew) => [crew, crew.orders.length ? storm.crewAt(crew, state.slot) : null]);
    const busy = found.filter(([, at]) => at?.now?.activity === "plough").length;
    const head = tn("{n} crew, {busy} ploughing", "{n} crews, {busy} ploughing", all.length, {
      busy: number(busy),
    });
    return [make("p", { class: "rp-intro", text: head }), ...found.map(([crew, at]) => crewCard(crew, at))];
  }

  function crewCard(crew, at) {
    const name = make("button", {
      type: "button",
      class: "rp-link",
      onclick: () => {
        roadplan.closePanel();
        roadplan.stormMap.showCrew(crew.id);
      },
    });
    name.append(quoted(say(crew.name)));
    const head = make("p", { class: "rp-card-head" }, name, " · ", quoted(say(crew.class)));
    const box = make("article", { class: "rp-card" }, head);
    if (!at) {
      box.append(make("p", { class: "rp-none", text: t("no further order") }));
      return box;
    }
    const list = make("dl", { class: "rp-values" });
    words.row(list, t("Here"), roadplan.posts.short(at.route, at.station));
    words.row(list, t("Now"), words.orderText(at.now));
    words.row(list, t("Next order"), words.nextText(at.next));
    if (crew.standing) roadplan.fields.origin(list, { standing: crew.standing });
    box.append(list);
    return box;
  }

  // ---- jams and closures ---------------------------------------------------------------------

  roadplan.panels.kinds.storm_events = () => live(events, ["slot", "alternative"]);

  function events() {
    const { jams, closures } = state.alternative;
    const shut = closures.filter((item) => item.start <= state.slot && state.slot < item.end);
    const standing = jams.filter((jam) => jam.slot === state.slot);
    const heading = (text) => make("h3", { text });
    const none = () => make("p", { class: "rp-none", text: words.noneText() });
    return [
      heading(t("Closures")),
      ...(shut.length ? shut.map((item) => event(item, closureLines(item))) : [none()]),
      heading(t("Jams")),
      ...(standing.length ? standing.map((item) => event(item, jamLines(item))) : [none()]),
    ];
  }

  function closureLines(item) {
    return [words.closureText(item), `${words.timeText(item.start)} – ${words.timeText(item.end)}`];
  }

  function jamLines(item) {
    return [t("{n} km long", { n: number((item.to - item.from) / 1000, 1) })];
  }

  function event(item, lines) {
    const go = () => {
      roadplan.closePanel();
      roadplan.stormMap.show(item.route, (item.from + item.to) / 2);
    };
    const place = make("button", { type: "button", class: "rp-link", text: words.placeText(item), onclick: go });
    const parts = [...lines];
    if (item.direction !== "both") parts.push(words.directionText(item.direction === "rising" ? 1 : -1));
    if (item.percent >= 0) parts.push(t("in up to {share} of the runs", { share: words.percentText(item.percent) }));
    return make("article", { class: "rp-card" }, place, make("p", { text: parts.join(" · ") }));
  }
})();
