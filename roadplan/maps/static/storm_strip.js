"use strict";
// The strip of kilometres and hours: every stretch a row, every slot a column, ways of the crews
// over them. A click goes to the slot and the place.

roadplan.stormStrip = (() => {
  const { storm, make } = roadplan;
  const words = roadplan.stormWords;
  const { t, bind, onChange } = roadplan.language;
  const { state, stretches } = storm;
  const AXIS_PX = 58;
  const HEAD_PX = 24;
  const TITLE_PX = 17;
  const FOOT_PX = 4;
  const HEIGHT_PX = 430;
  const LEAST_PX = 20;
  const PX_PER_KM = 0.42;
  const look = { direction: "", crews: true };
  let base = null;
  let over = null;
  let bands = [];
  let width = 0;
  let height = 0;
  let readout = null;
  let mark = null;
  let hovered = null;

  roadplan.panels.kinds.storm_strip = () => {
    base = make("canvas", { "aria-hidden": "true" });
    over = make("canvas", { tabindex: 0, role: "application", class: "rp-strip-over" });
    bind(over, () => t("Strip of kilometres and hours: arrows move, Enter goes there"), "aria-label");
    readout = make("p", { class: "rp-strip-read", role: "status" });
    const stage = make("div", { class: "rp-strip" }, base, over);
    const body = make("div", {}, tools(), stage, readout, roadplan.stormPaint.key());
    over.addEventListener("pointermove", (event) => hover(cellAt(event)));
    over.addEventListener("pointerleave", () => hover(null));
    over.addEventListener("click", (event) => choose(cellAt(event)));
    over.addEventListener("keydown", keys);
    new ResizeObserver(() => resize(stage)).observe(stage);
    storm.onChange((changed) => {
      if (changed.some((what) => what !== "slot")) paint();
      cursor();
    });
    onChange(() => resize(stage, true));
    return body;
  };

  function tools() {
    const row = make("div", { class: "rp-strip-tools" });
    if (storm.hasDirections) {
      const select = make("select", { id: "rp-strip-direction" });
      const names = {
        "": "worse of both directions",
        rising: "towards rising kilometres",
        falling: "towards falling kilometres",
      };
      for (const [value, name] of Object.entries(names)) {
        select.append(bind(make("option", { value }), () => t(name)));
      }
      bind(select, () => t("Direction"), "aria-label");
      select.addEventListener("change", () => {
        look.direction = select.value;
        paint();
        cursor();
      });
      row.append(select);
    }
    if (storm.alternatives.some((item) => item.crews.length)) {
      const box = make("input", { type: "checkbox", id: "rp-strip-crews" });
      box.checked = look.crews;
      box.addEventListener("change", () => {
        look.crews = box.checked;
        paint();
      });
      const name = bind(make("label", { for: box.id }), () => t("Ways of the crews"));
      row.append(make("span", { class: "rp-strip-box" }, box, name));
    }
    return row;
  }

  // ---- layout --------------------------------------------------------------------------------

  /** A band of pixels for each route that has stretches. */
  function arrange() {
    const routes = new Map();
    stretches.forEach((item, index) => {
      if (!routes.has(item.route)) routes.set(item.route, []);
      routes.get(item.route).push({ ...item, index });
    });
    const found = [...routes].map(([route, rows]) => ({
      route,
      rows,
      from: Math.min(...rows.map((row) => row.from)),
      to: Math.max(...rows.map((row) => row.to)),
    }));
    const km = found.map((band) => (band.to - band.from) / 1000);
    const room = HEIGHT_PX - HEAD_PX - FOOT_PX - found.length * TITLE_PX;
    const total = km.reduce((sum, each) => sum + each, 0);
    const scale = Math.max(room / total, PX_PER_KM);
    let y = HEAD_PX;
    found.forEach((band, i) => {
      band.titled = found.length > 1;
      if (band.titled) y += TITLE_PX;
      band.y = y;
      band.height = Math.max(Math.round(Math.min(km[i] * scale, HEIGHT_PX * 1.2)), LEAST_PX);
      y += band.height;
    });
    bands = found;
    height = y + FOOT_PX;
  }

  const columnPx = () => (width - AXIS_PX - 1) / storm.slots;
  const xOf = (moment) => AXIS_PX + moment * columnPx();
  const yOf = (band, station) => band.y + ((station - band.from) / (band.to - band.from)) * band.height;

  function resize(stage, always = false) {
    const wide = Math.floor(stage.clientWidth);
    if (!wide || (wide === width && !always)) return;
    width = wide;
    arrange();
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [base, over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    paint();
    cursor();
  }

  // ---- painting ------------------------------------------------------------------------------

  const wanted = (item) =>
    !look.direction || item.direction === "both" || item.direction === look.direction;

  function paint() {
    if (!width) return;
    roadplan.stormPaint.paint(base, {
      bands, width, height, xOf, yOf, wanted, column: columnPx, axis: AXIS_PX, head: HEAD_PX, crews: look.crews,
    });
  }

  // ---- where one is --------------------------------------------------------------------------

  /** The slot that is shown as a frame, and the place that is looked at as a line. */
  function cursor() {
    if (!width) return;
    const ctx = over.getContext("2d");
    ctx.clearRect(0, 0, width, height);
    const column = columnPx();
    for (const [colour, thick] of [["#fff", 4], ["#16202a", 2]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = thick;
      for (const band of bands) {
        ctx.strokeRect(xOf(state.slot), band.y - 2, column, band.height + 4);
      }
    }
    ctx.fillStyle = "#16202a";
    ctx.beginPath();
    const x = xOf(state.slot + 0.5);
    // Between the hours and what is written above the first band.
    ctx.moveTo(x - 5, HEAD_PX - 10);
    ctx.lineTo(x + 5, HEAD_PX - 10);
    ctx.lineTo(x, HEAD_PX - 4);
    ctx.fill();
    const place = hovered || mark;
    if (place) {
      const y = yOf(place.band, (place.row.from + place.row.to) / 2);
      ctx.strokeStyle = "#16202a";
      ctx.lineWidth = 1;
      ctx.setLineDash([3, 2]);
      ctx.beginPath();
      ctx.moveTo(AXIS_PX, y);
      ctx.lineTo(width, y);
      ctx.stroke();
      ctx.setLineDash([]);
    }
    read();
  }

  function read() {
    const place = hovered || mark;
    if (!place) {
      readout.textContent = t("Point at the strip, or click to go to a place and time.");
      return;
    }
    const slot = hovered ? hovered.slot : state.slot;
    const { index } = worst(place, slot);
    readout.textContent = [
      words.slotText(slot),
      words.placeText(place.row),
      words.stepText(state.scale === "s" ? "s" : "l", storm.cell(state.scale === "s" ? "severity" : "level", index, slot)),
      words.jamText(index, slot),
    ].join(" · ");
  }

  /** Of all stretches at a place the worst one. */
  function worst({ band, row }, slot) {
    const middle = (row.from + row.to) / 2;
    const here = band.rows.filter((other) => wanted(other) && other.from <= middle && middle < other.to);
    const rank = (one) => [storm.step(one.index, slot), storm.cell("jam_hits", one.index, slot)];
    return here.reduce((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      return y[0] > x[0] || (y[0] === x[0] && y[1] > x[1]) ? b : a;
    }, here[0] || row);
  }

  function cellAt(event) {
    const frame = over.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    const slot = Math.floor((x - AXIS_PX) / columnPx());
    const band = bands.find((one) => y >= one.y && y < one.y + one.height);
    if (!band || slot < 0 || slot >= storm.slots) return null;
    const station = band.from + ((y - band.y) / band.height) * (band.to - band.from);
    const row = band.rows.find((one) => wanted(one) && one.from <= station && station < one.to);
    return row ? { band, row, slot, station } : null;
  }

  function hover(place) {
    hovered = place;
    cursor();
  }

  function choose(place) {
    if (!place) return;
    mark = place;
    roadplan.stormDock.stop();
    storm.set({ slot: place.slot });
    cursor();
    roadplan.closePanel();
    roadplan.stormMap.show(place.row.route, place.station);
  }

  function keys(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (event.key === "Enter" && mark) choose({ ...mark, slot: state.slot });
    else if (move) {
      roadplan.stormDock.stop();
      if (move[0]) storm.set({ slot: state.slot + move[0] });
      else step(move[1]);
    } else return;
    event.preventDefault();
  }

  /** The next place up or down the strip. */
  function step(by) {
    const all = bands.flatMap((band) => {
      const rows = band.rows.filter(wanted).sort((a, b) => a.from - b.from);
      const first = rows.filter((row, i) => !i || row.from !== rows[i - 1].from);
      return first.map((row) => ({ band, row, station: (row.from + row.to) / 2 }));
    });
    const at = mark ? all.findIndex((one) => one.band === mark.band && one.row.from === mark.row.from) : -1;
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (next) mark = { ...next, slot: state.slot };
    cursor();
  }

  return { cellAt, xOf, yOf, get bands() { return bands; }, get mark() { return mark; }, column: columnPx };
})();
