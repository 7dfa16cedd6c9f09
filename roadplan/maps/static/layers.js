"use strict";
// The layers of the page: drawn by rules that came with the data, shown and hidden, found under
// the pointer. Whatever has a station is drawn on the embedded axis.

roadplan.layers = (() => {
  const { data, road, symbols } = roadplan;
  const { say, t } = roadplan.language;
  const entries = new Map();
  const listeners = [];
  const FINE = 4;
  let map = null;
  let renderer = null;

  function start(target) {
    map = target;
    const tolerance = roadplan.says("(pointer: coarse)") ? 10 : 4;
    renderer = L.canvas({ padding: 0.3, tolerance });
    for (const layer of data.layers) add(layer);
    arrange();
  }

  function add(layer) {
    const entry = {
      layer,
      group: L.layerGroup(),
      visible: layer.visible,
      keyOf: (properties) => (layer.by ? String(properties[layer.by]) : ""),
      items: layer.features.map((feature) => item(layer, feature)),
    };
    entries.set(layer.id, entry);
    draw(entry);
    if (entry.visible) entry.group.addTo(map);
    for (const one of entry.items) badge(entry, one);
  }

  /** What a feature is to the page: its properties, where it is, and its paths on the map. */
  function item(layer, feature) {
    const one = { layer, properties: feature.properties, paths: [], feature };
    if (feature.at) {
      [one.route, one.station] = feature.at;
      one.latlng = L.latLng(road.point(one.route, one.station));
    } else if (feature.along) {
      [one.route, one.from, one.to] = feature.along;
      one.latlng = L.latLng(road.point(one.route, (one.from + one.to) / 2));
    } else {
      one.shape = L.geoJSON(feature.geometry).getLayers()[0];
      one.latlng = one.shape.getLatLng ? one.shape.getLatLng() : one.shape.getBounds().getCenter();
    }
    one.hollow = feature.properties.standing === "estimated";
    return one;
  }

  function styleOf(entry, one) {
    const { styles } = entry.layer;
    const key = entry.keyOf(one.properties, one);
    return Object.hasOwn(styles, key) ? styles[key] : null;
  }

  function draw(entry) {
    entry.group.clearLayers();
    for (const one of entry.items) {
      one.style = styleOf(entry, one);
      one.paths = one.style ? paths(entry.layer, one) : [];
      for (const path of one.paths) entry.group.addLayer(path);
    }
  }

  function paths(layer, one) {
    const { style } = one;
    const found = [];
    const points = linePoints(one);
    if (points) {
      const line = {
        renderer,
        color: style.colour,
        width: style.width,
        opacity: style.opacity,
        dash: style.dash,
        aside: layer.side,
        from: style.from,
        outline: style.outline,
        gap: style.gap,
        lineCap: style.round ? "round" : "butt",
      };
      found.push(new symbols.Stretch(points, line));
      if (one.hollow) {
        const inner = { ...line, color: "#fff", width: symbols.core(style.width), opacity: 1 };
        found.push(new symbols.Stretch(points, inner));
      }
    }
    if (style.symbol) {
      found.push(
        new symbols.Mark(one.latlng, {
          renderer,
          shape: style.symbol,
          size: style.size,
          color: style.colour,
          hollow: one.hollow,
          shift: shift(layer, one),
          from: style.from,
        }),
      );
    }
    return found;
  }

  function linePoints(one) {
    if (one.from !== undefined) return road.line(one.route, one.from, one.to);
    return one.shape && one.shape.getLatLngs ? one.shape.getLatLngs() : null;
  }

  /** Pixels by which a symbol stands beside the road, on its own side where that is known. */
  function shift(layer, one) {
    if (!layer.side || one.route === undefined) return [0, 0];
    const station = one.station ?? (one.from + one.to) / 2;
    const [hx, hy] = road.heading(one.route, station);
    const hand = one.properties.side === "left" ? -1 : 1;
    return [-hy * layer.side * hand, hx * layer.side * hand];
  }

  /** A number on a line: colours alone do not tell lines apart. */
  function badge(entry, one) {
    if (!one.style || !one.style.badge || one.from === undefined) return;
    const samples = Array.from({ length: 121 }, (_, k) =>
      road.point(one.route, one.from + (k / 120) * (one.to - one.from)),
    );
    roadplan.labels.add({
      at: (view) => {
        const seen = samples.filter((point) => view.contains(point));
        return seen[Math.floor(seen.length / 2)] || null;
      },
      text: () => one.style.badge,
      kind: "badge",
      rank: 90,
      gap: 9,
      colour: one.style.colour,
      shown: () => entry.visible,
    });
  }

  /** Put the drawing order right again after a layer was added. */
  function arrange() {
    const shown = [...entries.values()].filter((entry) => entry.visible);
    shown.sort((a, b) => a.layer.order - b.layer.order);
    for (const entry of shown) for (const one of entry.items) one.paths.forEach((path) => path.bringToFront());
  }

  function setVisible(id, visible) {
    const entry = entries.get(id);
    if (!entry || entry.visible === visible) return;
    entry.visible = visible;
    if (visible) entry.group.addTo(map);
    else entry.group.remove();
    arrange();
    roadplan.labels.place();
    for (const listener of listeners) listener(id, visible);
  }

  /** Choose the style of every feature anew, e.g. for another moment. */
  function restyle(id, keyOf) {
    const entry = entries.get(id);
    if (keyOf) entry.keyOf = keyOf;
    draw(entry);
    arrange();
  }

  /**
   * All features under a point of the screen: symbols before lines, what is nearer to the point
   * first, and of those within a pixel the upper one; of one layer that which is a quarter of a
   * pixel nearer, or else holds the station there.
   */
  function under(layerPoint) {
    const hits = [];
    const { lat, lng } = map.layerPointToLatLng(layerPoint);
    const nearest = new Map();
    const stationOn = (route) => {
      if (!nearest.has(route)) nearest.set(route, road.nearest(lat, lng, route).station);
      return nearest.get(route);
    };
    const holds = (one) => {
      if (one.from === undefined) return true;
      const station = stationOn(one.route);
      return one.from <= station && station < one.to;
    };
    for (const { layer, items, visible } of entries.values()) {
      if (!visible) continue;
      for (const one of items) {
        const hit = one.paths.find((path) => path._containsPoint(layerPoint));
        if (!hit) continue;
        const mark = hit instanceof symbols.Mark;
        const off = hit.distance(layerPoint);
        const key = [mark ? 0 : 1, Math.round(off), -layer.order, Math.round(FINE * off), holds(one) ? 0 : 1];
        hits.push({ one, key });
      }
    }
    const differ = (a, b) => a.key.map((part, i) => part - b.key[i]).find(Boolean) || 0;
    return hits.sort(differ).map((hit) => hit.one);
  }

  /** What a feature is called: its own name, or what it is and at which post. */
  function nameOf(one) {
    const own = say(one.properties.name);
    if (own) return own;
    const kind = one.style ? say(one.style.label) : say(one.layer.title);
    if (one.route === undefined) return kind;
    const post = roadplan.posts.short(one.route, one.station ?? one.from);
    return post ? t("{kind}, {post}", { kind, post }) : kind;
  }

  function find(layerId, id) {
    const entry = entries.get(layerId);
    return entry && entry.items.find((one) => one.properties.id === id);
  }

  /** Go to a feature and say what it is. */
  function show(one) {
    setVisible(one.layer.id, true);
    const points = linePoints(one);
    if (points) map.fitBounds(L.polyline(points).getBounds().pad(0.15), { maxZoom: 12, animate: false });
    else map.setView(one.latlng, Math.max(map.getZoom(), 11), { animate: false });
    roadplan.popup.open(one.latlng, [one]);
  }

  /** Where symbols are on the screen: `[x, y, radius]`. */
  function marks() {
    const found = [];
    for (const entry of entries.values()) {
      if (!entry.visible) continue;
      for (const one of entry.items) {
        for (const path of one.paths) {
          if (path instanceof symbols.Mark && path._point && !path.isTiny()) {
            found.push([path._point.x, path._point.y, path._radius]);
          }
        }
      }
    }
    return found;
  }

  return {
    start, setVisible, restyle, under, nameOf, find, show, entries, marks,
    onVisible: (listener) => listeners.push(listener),
  };
})();
