"use strict";
// The layers that follow the slider: risk by stretch with numbers on the road, jams, closures and
// crews with a nose in the direction in which they drive.

roadplan.stormMap = (() => {
  const { storm, road, symbols, make } = roadplan;
  const words = roadplan.stormWords;
  const { t, say } = roadplan.language;
  const { state, stretches } = storm;
  const LABELS_PER_LEVEL = 12;
  const HEADINGS = 16;
  const SAMPLES = 41;
  const SHORTEST_PX = 14;
  const SHORTEST_CALM_PX = 45;
  const RANK = [20, 80, 85, 90, 95];
  const risks = stretches.length
    ? ["both", "rising", "falling"].map((name) => `storm-risk-${name}`)
    : [];
  let runs = [];
  let map = null;

  const entry = (id) => roadplan.layers.entries.get(id);
  const isStorm = (one) => one.layer.id.startsWith("storm-");

  // ---- what they are called, and what their popups tell --------------------------------------

  const plainName = roadplan.layers.nameOf;
  roadplan.layers.nameOf = (one) => (isStorm(one) ? stormName(one) : plainName(one));
  const plainAll = roadplan.fields.all;
  roadplan.fields.all = (one) => (isStorm(one) ? stormFields(one) : plainAll(one));

  function stormName(one) {
    const parts = [];
    if (one.layer.id === "storm-crews") {
      const { crew, found } = one;
      if (!crew) return say(one.properties.name);
      parts.push(say(crew.name), say(crew.class), words.orderText(found.now));
      parts.push(t("next: {order}", { order: words.nextText(found.next) }));
    } else if (one.layer.id === "storm-jams") {
      parts.push(t("Jam"), words.placeText(one));
      if (one.event?.percent >= 0) parts.push(words.percentText(one.event.percent));
    } else if (one.layer.id === "storm-closures") {
      parts.push(words.closureText(one.event), words.placeText(one));
      if (one.event?.percent >= 0) parts.push(words.percentText(one.event.percent));
    } else {
      const { number } = one.properties;
      parts.push(words.placeText(one), words.stepText("l", storm.cell("level", number)));
      parts.push(words.jamText(number));
    }
    return parts.join(" · ");
  }

  function stormFields(one) {
    const list = make("dl", { class: "rp-values" });
    words.row(list, t("Time"), `${words.slotText()} ${storm.given.zone}`);
    if (one.layer.id === "storm-crews") crewFields(list, one);
    else if (one.layer.id.startsWith("storm-risk")) riskFields(list, one.properties.number);
    else eventFields(list, one);
    return list;
  }

  function riskFields(list, number) {
    const place = stretches[number];
    words.row(list, t("Posts"), words.placeText(place));
    if (place.direction !== "both") {
      words.row(list, t("Direction"), words.directionText(place.direction === "rising" ? 1 : -1));
    }
    words.row(list, t("Risk level"), words.stepText("l", storm.cell("level", number)));
    const severity = storm.cell("severity", number);
    words.row(list, t("Severity"), words.stepText("s", severity));
    const label = severity === 0 ? t("Probability of it") : t("Probability of it or worse");
    words.row(list, label, words.percentText(storm.cell("probability", number)));
    const jam = t("P(jam > {n} km)", { n: roadplan.language.number(storm.given.jam_km, 1) });
    words.row(list, jam, words.jamDetail(number));
    for (const other of storm.alternatives) {
      if (other === state.alternative) continue;
      const level = storm.cell("level", number, state.slot, other);
      words.row(list, t("Level: {title}", { title: say(other.title) }), words.stepText("l", level));
    }
  }

  function crewFields(list, { crew, found, properties }) {
    if (!crew) return;
    words.row(list, t("Class"), say(crew.class));
    if (say(crew.depot)) words.row(list, t("Depot"), say(crew.depot));
    words.row(list, t("Here"), roadplan.posts.short(found.route, found.station));
    words.row(list, t("Now"), words.orderText(found.now));
    words.row(list, t("Direction"), words.directionText(found.direction));
    words.row(list, t("Next order"), words.nextText(found.next));
    roadplan.fields.origin(list, { standing: properties.standing });
  }

  function eventFields(list, one) {
    words.row(list, t("Posts"), words.placeText(one));
    const { event } = one;
    if (!event) return;
    if (event.direction !== "both") {
      words.row(list, t("Direction"), words.directionText(event.direction === "rising" ? 1 : -1));
    }
    if (event.end !== undefined) {
      words.row(list, t("Closed during"), `${words.timeText(event.start)} – ${words.timeText(event.end)}`);
    }
    if (event.percent >= 0) words.row(list, t("Probability"), words.percentText(event.percent));
  }

  // ---- drawing -------------------------------------------------------------------------------

  /**
   * Move the features of a layer to what there is now; those left over are not drawn. What is of
   * the other direction than `side` is drawn on the other side of the road.
   */
  function place(id, events, other, classOf) {
    const target = entry(id);
    if (!target) return;
    target.items.forEach((one, i) => {
      const event = events[i];
      one.event = event || null;
      one.look = event ? classOf(event) : null;
      if (!event) return;
      [one.route, one.from, one.to] = [event.route, event.from, event.to];
      one.latlng = L.latLng(road.point(one.route, (one.from + one.to) / 2));
      one.properties.side = event.direction === other ? "left" : "right";
    });
    roadplan.layers.restyle(id, (properties, one) => one.look);
    for (const one of target.items.filter((item) => item.event?.direction === other)) {
      for (const path of one.paths.filter((item) => item.options.aside)) {
        path.options.aside = -path.options.aside;
        if (path._map) path._reset();
      }
    }
  }

  function drawRisk() {
    const look = ({ number }) => {
      const step = storm.step(number);
      return step < 0 ? "unknown" : `${state.scale}${step}`;
    };
    for (const id of risks) if (entry(id)) roadplan.layers.restyle(id, look);
  }

  function drawEvents() {
    const { jams, closures } = state.alternative;
    place("storm-jams", jams.filter((jam) => jam.slot === state.slot), "falling", () => "");
    const shut = closures.filter((item) => item.start <= state.slot && state.slot < item.end);
    const look = (event) => `${event.heavy ? "heavy" : "all"}${event.percent < 0 ? "" : "-foreseen"}`;
    place("storm-closures", shut, "rising", look);
  }

  /** The shape of a crew with a nose that points where it drives. */
  function nosed(shape, route, station, direction) {
    const [x, y] = road.heading(route, station).map((part) => part * direction);
    const turn = Math.round((Math.atan2(x, -y) / (2 * Math.PI)) * HEADINGS + HEADINGS) % HEADINGS;
    const name = `${shape}>${turn}`;
    if (!symbols.SHAPES[name]) {
      const angle = (2 * Math.PI * turn) / HEADINGS;
      const at = (px, py) =>
        `${(px * Math.cos(angle) - py * Math.sin(angle)).toFixed(3)},` +
        `${(px * Math.sin(angle) + py * Math.cos(angle)).toFixed(3)}`;
      const { outline, detail } = symbols.SHAPES[shape];
      const nose = `M${at(-0.62, -1.15)}L${at(0, -2.05)}L${at(0.62, -1.15)}Z`;
      symbols.SHAPES[name] = { outline: outline + nose, detail };
    }
    return name;
  }

  function drawCrews() {
    const target = entry("storm-crews");
    if (!target) return;
    const { styles } = target.layer;
    const crews = new Map(state.alternative.crews.map((crew) => [crew.id, crew]));
    for (const one of target.items) {
      one.crew = crews.get(one.properties.id) || null;
      one.look = null;
      if (!one.crew || !one.crew.orders.length) continue;
      one.found = storm.crewAt(one.crew, state.slot);
      const { route, station, direction } = one.found;
      [one.route, one.station] = [route, station];
      one.latlng = L.latLng(road.point(route, station));
      one.properties.side = direction < 0 ? "left" : "right";
      const base = styles[one.properties.kind];
      one.look = one.properties.kind;
      if (direction) {
        const symbol = nosed(base.symbol, route, station, direction);
        one.look = `${one.properties.kind}|${symbol}`;
        styles[one.look] = styles[one.look] || { ...base, symbol };
      }
    }
    roadplan.layers.restyle("storm-crews", (properties, one) => one.look);
  }

  // ---- numbers on the road -------------------------------------------------------------------

  /** Neighbouring stretches of one level, the worse of both directions, as one run each. */
  function findRuns() {
    const found = [];
    const routes = new Map();
    stretches.forEach((item, number) => {
      if (!routes.has(item.route)) routes.set(item.route, []);
      routes.get(item.route).push([item, storm.step(number)]);
    });
    for (const [route, rows] of routes) {
      const edges = [...new Set(rows.flatMap(([item]) => [item.from, item.to]))].sort((a, b) => a - b);
      let last = null;
      for (let i = 0; i + 1 < edges.length; i++) {
        const inside = rows.filter(([item]) => item.from <= edges[i] && edges[i] < item.to);
        const level = inside.length ? Math.max(...inside.map(([, step]) => step)) : -1;
        if (last && last.level === level && last.to === edges[i]) last.to = edges[i + 1];
        else found.push((last = { route, level, from: edges[i], to: edges[i + 1] }));
      }
    }
    const length = (run) => run.to - run.from;
    return [0, 1, 2, 3, 4].map((level) =>
      found.filter((run) => run.level === level).sort((a, b) => length(b) - length(a)),
    );
  }

  /** The middle of what is seen of a run; null where it is too short on the screen to be named. */
  function middle(run, view) {
    const ends = [run.from, run.to].map((m) => map.latLngToLayerPoint(road.point(run.route, m)));
    if (ends[0].distanceTo(ends[1]) < (run.level ? SHORTEST_PX : SHORTEST_CALM_PX)) return null;
    const at = (k) => road.point(run.route, run.from + (k / (SAMPLES - 1)) * (run.to - run.from));
    const seen = Array.from({ length: SAMPLES }, (_, k) => at(k)).filter((p) => view.contains(p));
    return seen[Math.floor(seen.length / 2)] || null;
  }

  function numbers() {
    for (let level = 0; level < 5; level++) {
      for (let k = 0; k < LABELS_PER_LEVEL; k++) {
        roadplan.labels.add({
          at: (view) => (runs[level]?.[k] ? middle(runs[level][k], view) : null),
          text: () => String(level),
          kind: "badge rp-storm-number",
          rank: RANK[level],
          gap: 10,
          colour: "#1c2630",
          shown: () => risks.some((id) => entry(id)?.visible),
        });
      }
    }
  }

  // ---- together ------------------------------------------------------------------------------

  function draw(changed) {
    drawRisk();
    if (changed.some((what) => what !== "scale")) {
      drawEvents();
      drawCrews();
    }
    runs = findRuns();
    roadplan.labels.place();
    // An open popup tells of another moment now: everything is said anew.
    if (document.querySelector(".rp-popup")) roadplan.language.apply();
  }

  /** Go to a place and tell what is there. */
  function show(route, station) {
    const at = L.latLng(road.point(route, station));
    map.setView(at, Math.max(map.getZoom(), 9), { animate: false });
    roadplan.popup.openPlace({ route, station });
  }

  function showCrew(id) {
    const one = roadplan.layers.find("storm-crews", id);
    if (one && one.look) roadplan.layers.show(one);
  }

  const plainStart = roadplan.layers.start;
  roadplan.layers.start = (target) => {
    map = target;
    plainStart(target);
    numbers();
    draw(["slot", "alternative", "scale"]);
    storm.onChange(draw);
  };

  return { show, showCrew };
})();
