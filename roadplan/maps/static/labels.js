"use strict";
// Labels that never overlap: the more important ones are placed first, each at the free spot
// around its point that hides least of the road; what finds no spot waits for a closer look.

roadplan.labels = (() => {
  const { make } = roadplan;
  const entries = [];
  let map = null;
  let pane = null;

  /**
   * Add a label.
   * @param {object} label `at` ([lat, lon] or a function returning it or null), `text` (function),
   *   `kind` (class), `rank` (more is more important), `centred`, `limit` (the most a spot may hide)
   */
  function add(label) {
    entries.push({ gap: 7, centred: false, limit: Infinity, shown: () => true, ...label, element: null });
    entries.sort((a, b) => b.rank - a.rank);
  }

  function start(target) {
    map = target;
    map.createPane("rp-labels").style.zIndex = 640;
    pane = map.getPane("rp-labels");
    pane.classList.add("rp-labels", "leaflet-zoom-hide");
    pane.setAttribute("aria-hidden", "true");
    map.on("zoomend moveend resize", place);
    roadplan.language.onChange(place);
    place();
  }

  /** Points of the road on the screen, against which a spot is judged. */
  function roadPixels() {
    const bounds = map.getBounds().pad(0.1);
    const pixels = [];
    for (const route of roadplan.road.routes.values()) {
      let last = null;
      for (let i = 0; i < route.station.length; i++) {
        if (!bounds.contains([route.lat[i], route.lon[i]])) {
          last = null;
          continue;
        }
        const point = map.latLngToLayerPoint([route.lat[i], route.lon[i]]);
        if (last) {
          const steps = Math.min(Math.floor(last.distanceTo(point) / 8), 200);
          for (let k = 1; k < steps; k++) {
            const share = k / steps;
            pixels.push([last.x + share * (point.x - last.x), last.y + share * (point.y - last.y)]);
          }
        }
        pixels.push([point.x, point.y]);
        last = point;
      }
    }
    return pixels;
  }

  /** The boxes of buttons that lie over the map. */
  function controls() {
    const origin = map.getContainer().getBoundingClientRect();
    const corner = map.containerPointToLayerPoint([0, 0]);
    const boxes = [...document.querySelectorAll("#rp-map .leaflet-control, #rp-menu")];
    return boxes
      .map((element) => element.getBoundingClientRect())
      .filter((box) => box.width > 0)
      .map((box) => [
        box.left - origin.left + corner.x,
        box.top - origin.top + corner.y,
        box.right - origin.left + corner.x,
        box.bottom - origin.top + corner.y,
      ]);
  }

  function spots(point, width, height, entry) {
    const { gap } = entry;
    const left = point.x - width / 2;
    const top = point.y - height / 2;
    if (entry.centred) {
      return [
        [left, top],
        ...[0.35, -0.35, 0.7, -0.7].map((share) => [left + share * width, top]),
        ...[1.5, -1.5, 3, -3].map((share) => [left, top + share * height]),
      ];
    }
    const beside = width / 2 + gap;
    const above = height / 2 + gap;
    return [
      [left + beside, top],
      [left - beside, top],
      [left + beside, top - above * 0.7],
      [left + beside, top + above * 0.7],
      [left - beside, top - above * 0.7],
      [left - beside, top + above * 0.7],
      [left, top - above],
      [left, top + above],
      [left + beside + 16, top],
      [left - beside - 16, top],
      [left + beside + 34, top],
      [left - beside - 34, top],
    ];
  }

  const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

  function place() {
    if (!map) return;
    const view = map.getBounds();
    const [size, corner] = [map.getSize(), map.containerPointToLayerPoint([0, 0])];
    const screen = [corner.x + 2, corner.y + 2, corner.x + size.x - 2, corner.y + size.y - 2];
    const pixels = roadPixels();
    const marks = roadplan.layers.marks();
    const taken = controls();
    for (const entry of entries) {
      const at = entry.shown() ? (typeof entry.at === "function" ? entry.at(view) : entry.at) : null;
      if (!at || !view.contains(at)) {
        hide(entry);
        continue;
      }
      const element = shown(entry);
      const point = map.latLngToLayerPoint(at);
      const [width, height] = [element.offsetWidth, element.offsetHeight];
      const spot = best(spots(point, width, height, entry), width, height, entry.limit, { screen, taken, pixels, marks });
      if (!spot) {
        hide(entry);
        continue;
      }
      taken.push([spot[0] - 2, spot[1] - 1, spot[0] + width + 2, spot[1] + height + 1]);
      L.DomUtil.setPosition(element, L.point(Math.round(spot[0]), Math.round(spot[1])));
    }
  }

  function best(candidates, width, height, limit, { screen, taken, pixels, marks }) {
    let found = null;
    let least = limit;
    candidates.forEach(([x, y], index) => {
      const box = [x, y, x + width, y + height];
      const outside =
        box[0] < screen[0] || box[1] < screen[1] || box[2] > screen[2] || box[3] > screen[3];
      if (outside || taken.some((other) => overlap(box, other))) return;
      let cost = index * 0.6;
      for (const [px, py] of pixels) {
        if (px > box[0] - 5 && px < box[2] + 5 && py > box[1] - 3 && py < box[3] + 3) cost += 1.5;
      }
      for (const [mx, my, r] of marks) {
        if (mx > box[0] - r && mx < box[2] + r && my > box[1] - r && my < box[3] + r) cost += 9;
      }
      if (cost < least) {
        least = cost;
        found = [x, y];
      }
    });
    return found;
  }

  function shown(entry) {
    if (!entry.element) {
      entry.element = make("bdi", { class: `rp-label rp-label-${entry.kind}` });
      if (entry.colour) entry.element.style.backgroundColor = entry.colour;
      pane.append(entry.element);
    }
    const text = entry.text();
    if (entry.element.textContent !== text) entry.element.textContent = text;
    return entry.element;
  }

  function hide(entry) {
    if (entry.element) entry.element.remove();
    entry.element = null;
  }

  return { add, start, place };
})();
