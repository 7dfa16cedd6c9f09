"use strict";
// Paints the strip of kilometres and hours: cells, closures, jams, ways of the crews, posts, hours.

roadplan.stormPaint = (() => {
  const { storm, road } = roadplan;
  const { t, say } = roadplan.language;
  const { given, state } = storm;
  const TICK_PX = 26;
  const HOUR_PX = 42;
  const CREWS = { plough: [1.3, []], travel: [0.8, [2, 2]], refill: [1.3, [1, 2]], wait: [0.6, [1, 3]] };
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
      ctx.lineWidth = 1;
      ctx.strokeStyle = "#fff";
      ctx.stroke();
      ctx.clip();
      const [left, right] = [grid.xOf(item.start), grid.xOf(item.end)];
      const [top, bottom] = [grid.yOf(band, item.from), grid.yOf(band, item.to)];
      for (let x = left - (bottom - top); x < right; x += item.percent < 0 ? 4 : item.heavy ? 14 : 9) {
        ctx.beginPath();
        ctx.moveTo(x, bottom);
        ctx.lineTo(x + (bottom - top), top);
        ctx.stroke();
      }
      ctx.restore();
    }
  }

  function paintJams(ctx, band) {
    ctx.fillStyle = "rgb(10 16 22 / 78%)";
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
          const [thick, dash] = CREWS[order.activity];
          ctx.setLineDash([]);
          if (order.activity === "plough") {
            ctx.strokeStyle = "rgb(255 255 255 / 75%)";
            ctx.lineWidth = thick + 1.4;
            line();
          }
          ctx.strokeStyle = "#0b2c52";
          ctx.lineWidth = thick;
          ctx.setLineDash(dash);
          line();
        }
      }
    }
    ctx.restore();
  }

  function text(ctx, content, x, y, align = "left", bold = false) {
    ctx.font = `${bold ? "600 " : ""}11px system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif`;
    ctx.fillStyle = bold ? "#1c2630" : "#4a5662";
    ctx.textAlign = align;
    ctx.textBaseline = "middle";
    ctx.fillText(content, x, y, align === "right" ? grid.axis - 6 : grid.width - x);
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

  return { paint };
})();
