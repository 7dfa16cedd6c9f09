"use strict";
// What the storm page says: times, places, probabilities with their intervals, orders, proofs.

roadplan.stormWords = (() => {
  const { storm, posts, make } = roadplan;
  const { t, tn, say, number, date } = roadplan.language;
  const { given, state } = storm;
  const UNDER_ONE = 101;
  const OVER_99 = 102;
  const DOING = {
    plough: "Ploughing",
    travel: "Travelling",
    refill: "Refilling",
    wait: "Waiting",
  };

  const clock = (text) => text.slice(11);

  /** The time at a moment, which may lie within a slot. */
  function momentText(moment) {
    const index = Math.min(Math.max(Math.floor(moment), 0), storm.slots);
    const rest = moment - index;
    if (rest < 1e-6) return given.times[index];
    const stamp = new Date(`${given.times[index]}:00Z`).getTime() + rest * given.minutes * 60000;
    return new Date(Math.round(stamp / 60000) * 60000).toISOString().slice(0, 16);
  }

  function slotText(slot = state.slot) {
    const [from, to] = [given.times[slot], given.times[slot + 1]];
    return `${date(from)}–${clock(to)}`;
  }

  /** The time of a moment; with the day only where it is another one than that of the slot. */
  function timeText(moment) {
    const text = momentText(moment);
    return text.slice(0, 10) === given.times[state.slot].slice(0, 10) ? clock(text) : date(text);
  }

  /** Whole percent as they come: below zero unknown, two codes for nearly none and nearly all. */
  function percentText(code) {
    if (code < 0) return t("unknown");
    if (code === UNDER_ONE) return t("under {n} %", { n: number(1) });
    if (code === OVER_99) return t("over {n} %", { n: number(99) });
    return t("{n} %", { n: number(code) });
  }

  /** A share in whole percent; what happened sometimes is never said to be 0 % or 100 %. */
  function shareCode(share) {
    const whole = Math.round(100 * share);
    if (whole === 0 && share > 0) return UNDER_ONE;
    return whole === 100 && share < 1 ? OVER_99 : whole;
  }

  const shareText = (share) => percentText(shareCode(share));

  /** The ends of an interval in brackets; nothing where they are not known. */
  function between(low, high) {
    return low === null || high === null ? "" : ` (${low}–${high})`;
  }

  /** The same of two codes of percent, with one sign where both are plain numbers. */
  function betweenCodes(low, high) {
    if (low === null || high === null || low < 0 || high < 0) return "";
    if (low > 100 || high > 100) return ` (${percentText(low)} – ${percentText(high)})`;
    return ` (${t("{n} %", { n: `${number(low)}–${number(high)}` })})`;
  }

  function intervalText(interval, write, unit) {
    const [value, low, high] = interval;
    const ends = [low, high].map((end) => (end === null ? null : write(end)));
    return t(unit, { n: write(value) }) + between(...ends);
  }

  const delayText = (interval) => intervalText(interval, (n) => number(n), "{n} veh·h");

  /** Probability of a long jam on a stretch: 'P(jam > 5 km) = 32 %, 16 of 50'. */
  function jamText(stretch, slot = state.slot) {
    const hits = storm.cell("jam_hits", stretch, slot);
    const name = t("P(jam > {n} km)", { n: number(given.jam_km, 1) });
    if (hits < 0) return `${name}: ${t("unknown")}`;
    const of = t("{n} of {total}", { n: number(hits), total: number(given.runs) });
    return `${name} = ${shareText(hits / given.runs)}, ${of}`;
  }

  /** The same with its interval and with what was counted. */
  function jamDetail(stretch) {
    const hits = storm.cell("jam_hits", stretch);
    if (hits < 0) return t("unknown");
    const ends = ["jam_low", "jam_high"].map((name) => storm.cell(name, stretch));
    const interval = betweenCodes(...ends);
    const counted = tn("{hits} of {n} run", "{hits} of {n} runs", given.runs, { hits: number(hits) });
    return `${shareText(hits / given.runs)}${interval}, ${counted}`;
  }

  function chanceText([event, limit, [value, low, high], hits, runs]) {
    const name =
      event === 0
        ? t("P(jam > {n} km)", { n: number(limit, 1) })
        : t("P(closed ≥ {n} h)", { n: number(limit, 1) });
    const ends = [low, high].map((end) => (end === null ? null : shareCode(end)));
    const of = t("{n} of {total}", { n: number(hits), total: number(runs) });
    return `${name} = ${shareText(value)}${betweenCodes(...ends)}, ${of}`;
  }

  /** Number and word of a step: '3 high'. */
  function stepText(scale, step) {
    if (step < 0) return t("no data");
    return `${step} ${say(given.scales[scale][step][0])}`;
  }

  /** Where a stretch is, by the first posting that has it. */
  function placeText({ route, from, to }) {
    const [first] = posts.between(route, from, to);
    if (first) return first;
    const name = posts.isolated(say(roadplan.road.routes.get(route)?.name));
    const reach = t("{from} – {to} m", { from: number(from), to: number(to) });
    return t("{posting}: {post}", { posting: name, post: reach });
  }

  /** Where somebody goes: the last post of an order. */
  function goalText(order) {
    const leg = order.legs[order.legs.length - 1];
    return posts.short(leg.route, leg.to);
  }

  const doingText = (order) => t(order ? DOING[order.activity] : "Waiting");

  function orderText(order) {
    const doing = doingText(order);
    if (!order || !order.length) return doing;
    return t("{doing} to {post}", { doing, post: goalText(order) });
  }

  function nextText(next) {
    if (!next) return t("no further order");
    return t("{time} {order}", { time: timeText(next.start), order: orderText(next) });
  }

  const DIRECTION = { "-1": "towards falling kilometres", 1: "towards rising kilometres" };
  const directionText = (direction) => (direction ? t(DIRECTION[direction]) : t("standing"));

  /** How good the plan is proven to be, in words. */
  function proofText(proof) {
    const [cost, bound] = proof;
    if (bound === null) return t("No bound could be proven in the time given: better plans may exist.");
    const gap = cost > 0 ? Math.max(0, (cost - bound) / cost) : 0;
    if (gap < 1e-6) return t("Proven: no plan of these crews costs less.");
    // A proof never says more than was proven: the gap is rounded up.
    const n = number(Math.ceil(1000 * gap - 1e-6) / 10, 1);
    return t("Proven: no plan of these crews costs over {n} % less.", { n });
  }

  /** How the first alternative compares with another one, where the interval allows a word. */
  function savingText(alternative) {
    const [first] = storm.alternatives;
    const [value, low, high] = alternative.saving;
    const names = { first: say(first.title), other: say(alternative.title) };
    const known = low !== null && high !== null;
    if (known && low <= 0 && high >= 0) {
      return t("No sure difference in delay between “{first}” and “{other}”.", names);
    }
    if (Math.round(Math.abs(value)) === 0) {
      return t("No noticeable difference in delay between “{first}” and “{other}”.", names);
    }
    const size = intervalText(
      value < 0 ? [-value, high === null ? null : -high, low === null ? null : -low] : [value, low, high],
      (n) => number(n),
      "{n} veh·h",
    );
    return value < 0
      ? t("“{first}” has {size} more delay than “{other}”.", { ...names, size })
      : t("“{first}” saves {size} against “{other}”.", { ...names, size });
  }

  /** For whom it is closed; what is only likely is said to be foreseen. */
  function closureText(event) {
    if (!event) return t("Closures");
    if (event.percent >= 0) {
      return event.heavy
        ? t("Closure to freight and public transport foreseen")
        : t("Closure to all vehicles foreseen");
    }
    return event.heavy ? t("Closed to freight and public transport") : t("Closed to all vehicles");
  }

  /** That nothing is shown, and how seldom it may still happen. */
  function noneText() {
    const { least } = given;
    if (!least) return t("None at this time.");
    return t("None at this time in {share} of the runs or more.", { share: percentText(least) });
  }

  const row = (list, label, text) =>
    list.append(make("dt", { text: label }), make("dd", {}, make("bdi", { text })));

  return {
    slotText, timeText, momentText, clock, percentText, shareText, delayText, jamText, jamDetail,
    chanceText, stepText, placeText, orderText, nextText, directionText, proofText, savingText,
    doingText, closureText, noneText, row,
  };
})();
