"use strict";
// The storm: its packed data, the slot, alternative and scale that are shown, and who is told
// when one of them changes.

roadplan.storm = (() => {
  const { data, address, own } = roadplan;
  const given = data.panels.find((panel) => panel.kind === "storm_strip").content;
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const VALUE = new Map([...DIGITS].map((digit, value) => [digit, value]));
  const ACTIVITIES = ["plough", "travel", "refill", "wait"];
  const slots = given.times.length - 1;
  const listeners = [];

  const stretches = given.stretches.map(([route, from, to, direction]) => ({
    route: given.routes[route],
    from,
    to,
    direction: given.directions[direction],
  }));
  const alternatives = given.alternatives.map(unpacked);
  const state = { slot: 0, alternative: alternatives[0], scale: "l" };

  /** Numbers written to the base 64 with runs, stretch by stretch; below zero is unknown. */
  function numbers(text) {
    if (text === null) return null;
    const found = new Int32Array(slots * stretches.length);
    const width = VALUE.get(text[0]);
    let filled = 0;
    for (let at = 1; at < text.length; ) {
      if (text[at] === "~") {
        const count = VALUE.get(text[at + 1]);
        found.fill(found[filled - 1], filled, filled + count);
        filled += count;
        at += 2;
        continue;
      }
      let value = 0;
      for (let k = 0; k < width; k++) value = value * 64 + VALUE.get(text[at + k]);
      found[filled++] = value - 1;
      at += width;
    }
    return found;
  }

  function unpacked(item) {
    const arrays = {};
    for (const name of ["level", "severity", "probability", "jam_hits", "jam_low", "jam_high"]) {
      arrays[name] = numbers(item[name]);
    }
    const place = (row) => ({
      route: given.routes[row[0]],
      from: row[1],
      to: row[2],
      direction: given.directions[row[3]],
    });
    return {
      ...item,
      ...arrays,
      jams: item.jams.map((row) => ({ slot: row[0], ...place(row.slice(1)), percent: row[5] })),
      closures: item.closures.map((row) => ({
        start: row[0],
        end: row[1],
        ...place(row.slice(2)),
        heavy: row[6] === 1,
        percent: row[7],
      })),
      crews: item.crews.map((crew) => ({ ...crew, orders: crew.orders.map(order) })),
    };
  }

  function order([start, end, activity, legs]) {
    const ways = legs.map(([route, from, to]) => ({ route: given.routes[route], from, to }));
    const length = ways.reduce((sum, leg) => sum + Math.abs(leg.to - leg.from), 0);
    return { start, end, activity: ACTIVITIES[activity], legs: ways, length };
  }

  /** Where somebody is who carries out an order, as in roadplan.maps.storm_crews. */
  function during(item, moment) {
    const share = Math.min(Math.max((moment - item.start) / (item.end - item.start), 0), 1);
    let left = share * item.length;
    let leg = item.legs[0];
    for (leg of item.legs) {
      const length = Math.abs(leg.to - leg.from);
      if (left < length || leg === item.legs[item.legs.length - 1]) break;
      left -= length;
    }
    const direction = Math.sign(leg.to - leg.from);
    const gone = Math.min(left, Math.abs(leg.to - leg.from));
    return { route: leg.route, station: leg.from + direction * gone, direction };
  }

  /** What a crew does at a moment: place, direction, the order of now and the one after it. */
  function crewAt(crew, moment) {
    const now = crew.orders.find((item) => item.start <= moment && moment < item.end) || null;
    const next =
      crew.orders.find((item) => item.start > moment && item.activity !== "wait") || null;
    if (now) return { ...during(now, moment), now, next };
    const past = crew.orders.filter((item) => item.end <= moment).pop();
    const still = past ? during(past, past.end) : during(crew.orders[0], crew.orders[0].start);
    return { ...still, direction: 0, now: null, next };
  }

  /** One value of a cell; -1 where it is unknown. */
  const cell = (name, stretch, slot = state.slot, alternative = state.alternative) =>
    alternative[name] ? alternative[name][stretch * slots + slot] : -1;

  /** The step of the shown scale on a stretch, 0 to 4; -1 where nothing is known. */
  function step(stretch, slot = state.slot, alternative = state.alternative) {
    if (state.scale === "l") return cell("level", stretch, slot, alternative);
    if (state.scale === "s") return cell("severity", stretch, slot, alternative);
    const hits = cell("jam_hits", stretch, slot, alternative);
    if (hits < 0) return -1;
    const share = hits / given.runs;
    return given.bounds.filter((bound) => share >= bound).length;
  }

  function set(changes) {
    const wanted = { ...state, ...changes };
    wanted.slot = Math.min(Math.max(Math.round(wanted.slot), 0), slots - 1);
    const changed = Object.keys(wanted).filter((key) => wanted[key] !== state[key]);
    if (!changed.length) return;
    Object.assign(state, wanted);
    for (const listener of listeners) listener(changed);
    remember();
  }

  // Browsers complain of an address that changes with every step of a slider.
  let waiting = 0;
  function remember() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      address.set("slot", state.slot + 1);
      address.set("plan", state.alternative.id);
    }, 400);
  }

  function start() {
    const slot = Number(address.get("slot"));
    const alternative = alternatives.find((item) => item.id === address.get("plan"));
    if (Number.isInteger(slot) && slot >= 1 && slot <= slots) state.slot = slot - 1;
    if (alternative) state.alternative = alternative;
  }
  start();

  return {
    given, slots, stretches, alternatives, state, set, cell, step, crewAt, during,
    hasDirections: stretches.some((item) => item.direction !== "both"),
    scale: () => own(given.scales, state.scale),
    onChange: (listener) => listeners.push(listener),
  };
})();
