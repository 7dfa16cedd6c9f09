"use strict";
// Paints the strip of kilometres and hours: cells, closures, jams, ways of the crews, posts, hours.

roadplan.stormPaint = (() => {
  const { storm, road, make } = roadplan;
  const { t, say, bind } = roadplan.language;
  const { given, state } = storm;
  const TICK_PX = 26;
  const HOUR_PX = 42;
  const CREWS = { plough: [1.3, []], travel: [0.8, [2, 2]], refill: [1.3, [1, 2]], wait: [0.6, [1, 3]] };
  const HATCH = [["#16202a", 2.6], ["#fff", 1.1]];
  const JAM = "rgb(10 16 22 / 78%)";
  const CREW = "#0b2c52";
  // Where things are on the strip, and what of them is wanted; see roadplan.stormStrip.
  let grid = null;

  /** Paint everything on a canvas. */
  function paint(canvas, where) {
    grid = where;
    const ctx = canvas.getContext("2d");
    ctx.clearRect(0, 0, grid.width, grid.height);
    for (const band of grid.bands) {
      paintCells(ctx, band);
      paintClosures(ctx, band);
      paintJams(ctx, band);
      if (grid.crews) paintCrews(ctx, band);
      paintPosts(ctx, band);
    }
    paintHours(ctx);
  }

  /** The worst step at each place: rows of both directions lie over one another, worst last. */
  function paintCells(ctx, band) {
    ctx.fillStyle = given.unknown;
    ctx.fillRect(grid.axis, band.y, grid.width - grid.axis, band.height);
    const scale = storm.scale();
    const column = grid.column();
    for (let slot = 0; slot < storm.slots; slot++) {
      const rows = band.rows.filter(grid.wanted).map((row) => [storm.step(row.index, slot), row]);
      rows.sort((a, b) => a[0] - b[0]);
      for (const [step, row] of rows) {
        const [top, bottom] = [grid.yOf(band, row.from), grid.yOf(band, row.to)];
        ctx.fillStyle = step < 0 ? given.unknown : scale[step][1];
        ctx.fillRect(grid.xOf(slot), top, column + 0.35, bottom - top + 0.35);
      }
    }
    ctx.strokeStyle = "#59636f";
    ctx.lineWidth = 1;
    ctx.strokeRect(grid.axis - 0.5, band.y - 0.5, grid.width - grid.axis, band.height + 1);
  }

  function box(ctx, band, start, end, item) {
    const [top, bottom] = [grid.yOf(band, item.from), grid.yOf(band, item.to)];
    ctx.beginPath();
    ctx.rect(grid.xOf(start), top, grid.xOf(end) - grid.xOf(start), Math.max(bottom - top, 1.5));
  }

  function paintClosures(ctx, band) {
    const shut = state.alternative.closures.filter((item) => item.route === band.route && grid.wanted(item));
    for (const item of shut) {
      ctx.save();
      box(ctx, band, item.start, item.end, item);
      ctx.clip();
      const [left, right] = [grid.xOf(item.start), grid.xOf(item.end)];
      const [top, bottom] = [grid.yOf(band, item.from), grid.yOf(band, item.to)];
      hatch(ctx, left, top, right - left, bottom - top, closureStep(item));
      ctx.restore();
    }
  }

  /** Pixels between two strokes of the hatching: the surer the closure, the denser. */
  const closureStep = ({ percent, heavy }) => (percent < 0 ? (heavy ? 7 : 5) : heavy ? 15 : 10);

  /** White strokes with dark edges, so that they are seen on light cells and on dark ones. */
  function hatch(ctx, left, top, width, height, step) {
    for (const [colour, thick] of HATCH) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = thick;
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      for (let x = left - height; x < left + width; x += step) {
        ctx.moveTo(x, top + height);
        ctx.lineTo(x + height, top);
      }
      ctx.stroke();
    }
  }

  function paintJams(ctx, band) {
    ctx.fillStyle = JAM;
    for (const jam of state.alternative.jams) {
      if (jam.route !== band.route || !grid.wanted(jam)) continue;
      const middle = grid.xOf(jam.slot + 0.5);
      const [top, bottom] = [grid.yOf(band, jam.from), grid.yOf(band, jam.to)];
      ctx.fillRect(middle - 0.7, top, 1.4, Math.max(bottom - top, 2));
    }
  }

  function paintCrews(ctx, band) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(grid.axis, band.y, grid.width - grid.axis, band.height);
    ctx.clip();
    for (const crew of state.alternative.crews) {
      for (const order of crew.orders) {
        let done = 0;
        for (const leg of order.legs) {
          const share = (length) => (order.length ? length / order.length : 0);
          const from = order.start + share(done) * (order.end - order.start);
          done += Math.abs(leg.to - leg.from);
          const to = order.length ? order.start + share(done) * (order.end - order.start) : order.end;
          if (leg.route !== band.route) continue;
          const line = () => {
            ctx.beginPath();
            ctx.moveTo(grid.xOf(from), grid.yOf(band, leg.from));
            ctx.lineTo(grid.xOf(to), grid.yOf(band, leg.to));
            ctx.stroke();
          };
          stroke(ctx, order.activity, line);
        }
      }
    }
    ctx.restore();
  }

  /** Draw the way of a crew in the manner of what it does. */
  function stroke(ctx, activity, line) {
    const [thick, dash] = CREWS[activity];
    ctx.setLineDash([]);
    if (activity === "plough") {
      ctx.strokeStyle = "rgb(255 255 255 / 75%)";
      ctx.lineWidth = thick + 1.4;
      line();
    }
    ctx.strokeStyle = CREW;
    ctx.lineWidth = thick;
    ctx.setLineDash(dash);
    line();
  }

  // ---- the key -------------------------------------------------------------------------------

  const KEY = [30, 16];
  const KEYS = [
    ["Closed to all vehicles", closed({ percent: -1, heavy: false })],
    ["Closed to freight and public transport", closed({ percent: -1, heavy: true })],
    ["Closure to all vehicles foreseen", closed({ percent: 0, heavy: false })],
    ["Closure to freight and public transport foreseen", closed({ percent: 0, heavy: true })],
    ["Jam", (ctx) => {
      ctx.fillStyle = JAM;
      for (const x of [8, 15, 22]) ctx.fillRect(x - 0.7, 2, 1.4, KEY[1] - 4);
    }],
    ...Object.entries({ plough: "Ploughing", travel: "Travelling", refill: "Refilling", wait: "Waiting" }).map(
      ([activity, name]) => [name, (ctx) => stroke(ctx, activity, () => {
        const slope = activity === "plough" || activity === "travel" ? 5 : 0;
        ctx.beginPath();
        ctx.moveTo(2, KEY[1] / 2 + slope);
        ctx.lineTo(KEY[0] - 2, KEY[1] / 2 - slope);
        ctx.stroke();
      })],
    ),
  ];

  function closed(item) {
    return (ctx) => hatch(ctx, 0, 0, ...KEY, closureStep(item));
  }

  /** What is drawn over the cells of any alternative, each with a sample and a word. */
  function key() {
    const { alternatives } = storm;
    const some = (list, test) => alternatives.some((item) => item[list].some(test));
    const doing = (activity) => (crew) => crew.orders.some((order) => order.activity === activity);
    const present = [
      some("closures", (item) => item.percent < 0 && !item.heavy),
      some("closures", (item) => item.percent < 0 && item.heavy),
      some("closures", (item) => item.percent >= 0 && !item.heavy),
      some("closures", (item) => item.percent >= 0 && item.heavy),
      some("jams", () => true),
      ...["plough", "travel", "refill", "wait"].map((activity) => some("crews", doing(activity))),
    ];
    const list = make("ul", { class: "rp-strip-key" });
    KEYS.forEach(([name, draw], i) => {
      if (present[i]) list.append(make("li", {}, sample(draw), bind(make("span"), () => t(name))));
    });
    return list;
  }

  function sample(draw) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = KEY;
    const canvas = make("canvas", { width: width * ratio, height: height * ratio, "aria-hidden": "true" });
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.fillStyle = storm.scale()[0][1];
    ctx.fillRect(0, 0, width, height);
    ctx.beginPath();
    ctx.rect(0, 0, width, height);
    ctx.clip();
    draw(ctx);
    return canvas;
  }

  // ---- posts and hours -----------------------------------------------------------------------

  function text(ctx, content, x, y, align = "left", bold = false) {
    ctx.font = `${bold ? "600 " : ""}11px system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif`;
    ctx.fillStyle = bold ? "#1c2630" : "#4a5662";
    ctx.textAlign = align;
    ctx.textBaseline = "middle";
    const most = { right: x, left: grid.width - x, center: 2 * Math.min(x, grid.width - x) };
    ctx.fillText(content, x, y, most[align]);
  }

  /** The posts beside a band, as many as have room. */
  function paintPosts(ctx, band) {
    if (band.titled) text(ctx, say(road.routes.get(band.route).name), 0, band.y - 8, "left", true);
    const km = (band.to - band.from) / 1000;
    const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].find((each) => (each / km) * band.height >= TICK_PX);
    if (!step) return;
    for (const [station, post] of ticks(band, step)) {
      const y = grid.yOf(band, station);
      ctx.strokeStyle = "#59636f";
      ctx.beginPath();
      ctx.moveTo(grid.axis - 4, y);
      ctx.lineTo(grid.axis, y);
      ctx.stroke();
      text(ctx, t("km {post}", { post: String(post) }), grid.axis - 6, Math.min(Math.max(y, band.y + 5), band.y + band.height - 4), "right");
    }
  }

  /** Round kilometres of the first posting that the route has, with their stations. */
  function ticks(band, step) {
    const found = new Map();
    let lastY = -Infinity;
    const pieces = Math.ceil((band.to - band.from) / 500);
    let before = null;
    for (let i = 0; i <= pieces; i++) {
      const station = band.from + (i / pieces) * (band.to - band.from);
      const [post] = road.posts(band.route, Math.min(station, band.to - 0.5));
      if (!post) {
        before = null;
        continue;
      }
      if (before && before.posting === post.posting) {
        const [low, high] = [before.km, post.km].sort((a, b) => a - b);
        const round = Math.ceil(low / step - 1e-9) * step;
        if (round <= high && high - low < 5) {
          const share = post.km === before.km ? 0 : (round - before.km) / (post.km - before.km);
          const at = before.station + share * (station - before.station);
          if (grid.yOf(band, at) - lastY >= TICK_PX - 10 && !found.has(at)) {
            found.set(at, round);
            lastY = grid.yOf(band, at);
          }
        }
      }
      before = { station, km: post.km, posting: post.posting };
    }
    return found;
  }

  function paintHours(ctx) {
    const hour = 60 / given.minutes;
    const every = [1, 2, 3, 6, 12, 24].find((each) => each * hour * grid.column() >= 34) || 48;
    let last = -Infinity;
    given.times.slice(0, -1).forEach((time, slot) => {
      const minutes = Number(time.slice(11, 13)) * 60 + Number(time.slice(14, 16));
      const step = every * 60;
      if (minutes % step >= given.minutes) return;
      const x = grid.xOf(slot - (minutes % step) / given.minutes);
      if (x < grid.axis - 1 || x - last < HOUR_PX) return;
      last = x;
      ctx.strokeStyle = "#59636f";
      ctx.beginPath();
      ctx.moveTo(x, grid.head - 4);
      ctx.lineTo(x, grid.head);
      ctx.stroke();
      if (x < grid.width - 16) text(ctx, time.slice(11, 13) + ":00", Math.max(x, grid.axis + 8), 6, "center");
    });
  }

  return { paint, key };
})();
