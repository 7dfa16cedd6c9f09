"use strict";
// The road itself: stations to points and back, kilometre posts to stations and back. It follows
// roadplan.corridor.posts, so that a post means on the page what it means on the command line.

roadplan.road = (() => {
  const { data } = roadplan;
  const METRES_PER_DEGREE = 111320;
  const routes = new Map();
  for (const route of data.road.routes) routes.set(route.id, unpacked(route));
  const { postings, breaks, junctions } = data.road;

  /** Coordinates come as differences of 1e-5 degrees, stations as differences of decimetres. */
  function unpacked(route) {
    const running = (steps, unit) => {
      let sum = 0;
      return steps.map((step) => (sum += step) / unit);
    };
    return {
      id: route.id,
      name: route.name,
      kind: route.kind,
      schematic: route.schematic,
      lon: running(route.lon, 1e5),
      lat: running(route.lat, 1e5),
      station: running(route.station, 10),
    };
  }

  /** Index of the piece of an axis that holds a station. */
  function piece(stations, station) {
    let low = 0;
    let high = stations.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (stations[middle] <= station) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Return `[lat, lon]` at a station, or null off the road. */
  function point(routeId, station) {
    const route = routes.get(routeId);
    if (!route) return null;
    const i = piece(route.station, station);
    const length = route.station[i + 1] - route.station[i];
    const share = Math.min(Math.max(length > 0 ? (station - route.station[i]) / length : 0, 0), 1);
    const between = (values) => values[i] + share * (values[i + 1] - values[i]);
    return [between(route.lat), between(route.lon)];
  }

  /** Return the points of a stretch. */
  function line(routeId, from, to) {
    const route = routes.get(routeId);
    if (!route) return [];
    const inner = [];
    for (let i = piece(route.station, from); i < route.station.length; i++) {
      if (route.station[i] >= to) break;
      if (route.station[i] > from) inner.push([route.lat[i], route.lon[i]]);
    }
    return [point(routeId, from), ...inner, point(routeId, to)];
  }

  /** Unit vector in screen directions (x right, y down) along rising stations. */
  function heading(routeId, station) {
    const route = routes.get(routeId);
    if (!route) return [0, -1];
    // A little stretch around the station, so that a kink of the axis does not turn a symbol.
    const [a, b] = [point(routeId, station - 1500), point(routeId, station + 1500)];
    const dx = (b[1] - a[1]) * Math.cos((a[0] * Math.PI) / 180);
    const dy = -(b[0] - a[0]);
    const size = Math.hypot(dx, dy) || 1;
    return [dx / size, dy / size];
  }

  /**
   * Return the place on the road, or on one route, nearest to a point: route, station and distance
   * in metres.
   */
  function nearest(lat, lon, routeId = null) {
    const scale = Math.cos((lat * Math.PI) / 180);
    let best = null;
    const searched = routeId === null ? routes.values() : [routes.get(routeId)].filter(Boolean);
    for (const route of searched) {
      for (let i = 0; i + 1 < route.station.length; i++) {
        const ax = (route.lon[i] - lon) * scale;
        const ay = route.lat[i] - lat;
        const dx = (route.lon[i + 1] - route.lon[i]) * scale;
        const dy = route.lat[i + 1] - route.lat[i];
        const square = dx * dx + dy * dy;
        const share = square > 0 ? Math.min(Math.max(-(ax * dx + ay * dy) / square, 0), 1) : 0;
        const off = Math.hypot(ax + share * dx, ay + share * dy) * METRES_PER_DEGREE;
        if (!best || off < best.distance) {
          const length = route.station[i + 1] - route.station[i];
          best = { route: route.id, station: route.station[i] + share * length, distance: off };
        }
      }
    }
    return best;
  }

  /** Return the posts of every posting at a station: `[{posting, km}]`. */
  function posts(routeId, station) {
    const found = [];
    for (const posting of postings) {
      const row = breaks
        .filter(([name, route]) => name === posting.id && route === routeId)
        .sort((a, b) => a[2] - b[2])
        .filter((item) => item[2] <= station)
        .pop();
      // The tables hold whole millimetres, the end of a route may lie a fraction beyond.
      if (!row || station > row[3] + 0.001) continue;
      const [, , from, to, first, last] = row;
      const share = (Math.min(station, to) - from) / (to - from);
      found.push({ posting, km: first + share * (last - first) });
    }
    return found;
  }

  /** Return a post number as kilometre plus metres, halves rounded to even as Python does. */
  function formatKm(km) {
    const exact = km * 1000;
    let metres = Math.round(exact);
    if (Math.abs(exact % 1) === 0.5 && metres % 2 !== 0) metres -= 1;
    return `${Math.floor(metres / 1000)}+${String(metres % 1000).padStart(3, "0")}`;
  }

  const NUMBER = "\\d+(?:[.,]\\d+)?";
  const KM = "(?:км|km|шақырым)\\.?";
  const METRES = "\\s*(?:м|m)\\.?";
  const POST = new RegExp(
    "^(?:(?<name>(?!" + KM + "[\\s\\d])\\p{L}[^:@]*?)(?:\\s*:\\s*|\\s+))?" +
      `(?:${KM}\\s*)?(?<km>${NUMBER})(?:\\s*(?<unit>${KM}))?` +
      `(?:\\s*\\+\\s*(?<plus>${NUMBER})(?:${METRES})?` +
      `|\\s*,?\\s*(?:пк|pk)\\s*(?<picket>\\d+)(?:\\s*\\+\\s*(?<picketPlus>${NUMBER}))?(?:${METRES})?` +
      `|\\s+(?<metres>${NUMBER})${METRES})?(?:\\s*@\\s*(?<route>\\S+))?$`,
    "iu",
  );
  const STATION = new RegExp(`^(?<route>[^\\s@]+)\\s*@\\s*(?<station>${NUMBER})(?:${METRES})?$`, "iu");
  const CYRILLIC = "абвгдезиклмнопрстухқ";
  const LATIN = "abvgdeziklmnoprstuhk";

  const plain = (text) => text.normalize("NFKC").replace(/\s+/gu, " ").trim();
  const decimal = (text) => Number(text.replace(",", "."));

  function folded(name) {
    const lower = name.normalize("NFKC").toLowerCase();
    const letters = [...lower].map((letter) => {
      const index = CYRILLIC.indexOf(letter);
      return index < 0 ? letter : LATIN[index];
    });
    return letters.join("").replace(/[^\p{L}\p{N}]/gu, "");
  }

  /** Return what a text says as a post, or null where it is none. */
  function readPost(text) {
    const found = POST.exec(plain(text));
    if (!found) return null;
    const said = found.groups;
    const km = decimal(said.km);
    let metres = 0;
    if (said.picket !== undefined) {
      const rest = decimal(said.picketPlus || "0");
      if (Number(said.picket) > 9 || rest >= 100) return null;
      metres = 100 * Number(said.picket) + rest;
    } else if (said.plus || said.metres) {
      metres = decimal(said.plus || said.metres);
      if (metres >= 1000 || (said.metres && !said.unit)) return null;
    }
    const detailed = said.picket !== undefined || said.plus || said.metres;
    if (detailed && km !== Math.floor(km)) return null;
    return { km: km + metres / 1000, name: (said.name || "").trim(), route: said.route || "" };
  }

  function sameStation(a, b) {
    return a.route === b.route && Math.abs(a.station - b.station) <= 1;
  }

  /** Whether two places are one: within a metre, or both at the same junction. */
  function samePlace(a, b) {
    if (sameStation(a, b)) return true;
    return junctions.some((rows) => {
      const touches = (place) =>
        rows.some(([route, station]) => sameStation(place, { route, station }));
      return touches(a) && touches(b);
    });
  }

  /**
   * Return the places a typed post or station may mean.
   * @returns {{places: Array, isPost: boolean}} places with route, station, posting and km
   */
  function find(text) {
    const station = STATION.exec(plain(text));
    if (station && routes.has(station.groups.route)) {
      const route = station.groups.route;
      const at = decimal(station.groups.station);
      const stations = routes.get(route).station;
      const inside = at <= stations[stations.length - 1] + 0.5;
      return { isPost: true, places: inside ? [{ route, station: at }] : [] };
    }
    const said = readPost(text);
    if (!said) return { isPost: false, places: [] };
    const wanted = folded(said.name);
    const named = postings.filter((posting) =>
      [posting.id, ...posting.aliases].some((name) => folded(name) === wanted),
    );
    if (said.name && !named.length) return { isPost: false, places: [] };
    const systems = said.name ? named.slice(0, 1) : postings;
    const places = [];
    for (const posting of systems) {
      for (const [name, route, from, to, first, last] of breaks) {
        if (name !== posting.id || (said.route && said.route !== route)) continue;
        const low = Math.min(first, last) - 1e-9;
        const high = Math.max(first, last) + 1e-9;
        if (said.km < low || said.km > high) continue;
        const share = Math.min(Math.max((said.km - first) / (last - first), 0), 1);
        const place = { route, station: from + share * (to - from), posting, km: said.km };
        if (!places.some((other) => samePlace(place, other))) places.push(place);
      }
    }
    return { isPost: true, places };
  }

  /** Return the posts there are: one entry for each posting and route. */
  function ranges() {
    const found = new Map();
    for (const [name, route, , , first, last] of breaks) {
      const key = JSON.stringify([name, route]);
      const entry = found.get(key) || { posting: name, route, low: Infinity, high: -Infinity };
      entry.low = Math.min(entry.low, first, last);
      entry.high = Math.max(entry.high, first, last);
      found.set(key, entry);
    }
    return [...found.values()].map((entry) => ({
      ...entry,
      posting: postings.find((posting) => posting.id === entry.posting),
    }));
  }

  return { routes, point, line, heading, nearest, posts, formatKm, find, ranges, folded };
})();
