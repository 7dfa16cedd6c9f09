"use strict";
// Symbols and lines: one definition for the map (canvas) and for the legend (SVG). What is
// estimated is hollow in both.

roadplan.symbols = (() => {
  // Outlines in a square from -1 to 1, y down; details are strokes on top of the filled outline.
  const SHAPES = {
    circle: { outline: "M1,0A1,1 0 1 1 -1,0A1,1 0 1 1 1,0Z" },
    square: { outline: "M-.9,-.9H.9V.9H-.9Z" },
    square_plus: { outline: "M-.95,-.95H.95V.95H-.95Z", detail: "M-.55,0H.55M0,-.55V.55" },
    square_minus: { outline: "M-.95,-.95H.95V.95H-.95Z", detail: "M-.55,0H.55" },
    triangle: { outline: "M0,-1L1,.8H-1Z" },
    triangle_bar: { outline: "M0,-1.1L1.1,.85H-1.1Z", detail: "M0,-.5V.8M-.45,.3H.45" },
    triangle_down: { outline: "M0,.95L-.95,-.75H.95Z" },
    diamond: { outline: "M0,-1.15L1.15,0L0,1.15L-1.15,0Z" },
    bow: { outline: "M-1.1,-.85L0,-.3L1.1,-.85V.85L0,.3L-1.1,.85Z" },
    house: { outline: "M0,-1.1L1.1,-.15V.95H-1.1V-.15Z", detail: "M-.35,.95V.25H.35V.95" },
    barrier: { outline: "M-1.4,-.5H1.4V.5H-1.4Z", detail: "M-1,.5L-.4,-.5M0,.5L.6,-.5" },
    drop: { outline: "M0,-1.25C.3,-.6 1,-.2 1,.35A1,.85 0 0 1 -1,.35C-1,-.2 -.3,-.6 0,-1.25Z" },
    hexagon: { outline: "M-.55,-.95H.55L1.1,0L.55,.95H-.55L-1.1,0Z", detail: "M-.5,.35L0,-.35L.5,.35" },
    star: {
      outline:
        "M0,-1.2L.32,-.42L1.14,-.37L.5,.15L.7,.97L0,.52L-.7,.97L-.5,.15L-1.14,-.37L-.32,-.42Z",
    },
    cross: { outline: "M-.35,-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z" },
  };
  const EDGES_PX = 2;
  const paths = new Map();

  function pathsOf(shape) {
    if (!paths.has(shape)) {
      const { outline, detail } = SHAPES[shape] || SHAPES.circle;
      paths.set(shape, {
        outline: new Path2D(outline),
        detail: detail ? new Path2D(detail) : null,
      });
    }
    return paths.get(shape);
  }

  /** Symbols and lines are small in an overview of the whole road and grow as one comes nearer. */
  function growth(zoom) {
    return Math.min(Math.max(0.62 + (zoom - 6) * 0.095, 0.55), 1.25);
  }

  /** A symbol at a point, moved sideways off the road by `shift` pixels. */
  const Mark = L.CircleMarker.extend({
    options: { shape: "circle", hollow: false, shift: [0, 0], size: 8, from: 0, interactive: false },

    _project() {
      const scale = growth(this._map.getZoom());
      this._radius = this.options.size * scale;
      const [dx, dy] = this.options.shift;
      this._point = this._map
        .latLngToLayerPoint(this._latlng)
        .add([dx * Math.max(scale, 0.8), dy * Math.max(scale, 0.8)]);
      this._updateBounds();
    },

    _updateBounds() {
      const reach = this._radius * 1.5 + 4;
      this._pxBounds = L.bounds(
        this._point.subtract([reach, reach]),
        this._point.add([reach, reach]),
      );
    },

    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty() || this.isTiny()) return;
      const { shape, hollow, color } = this.options;
      const { outline, detail } = pathsOf(shape);
      const ctx = renderer._ctx;
      const radius = this._radius;
      ctx.save();
      ctx.translate(this._point.x, this._point.y);
      ctx.scale(radius, radius);
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.lineJoin = "round";
      ctx.strokeStyle = "#fff";
      ctx.lineWidth = (hollow ? 4.5 : 2.5) / radius;
      ctx.stroke(outline);
      ctx.fillStyle = hollow ? "#fff" : color;
      ctx.fill(outline);
      ctx.strokeStyle = color;
      ctx.lineWidth = (hollow ? 1.9 : 0.8) / radius;
      ctx.stroke(outline);
      if (detail && radius > 4.5) {
        ctx.strokeStyle = hollow ? color : "#fff";
        ctx.lineWidth = 1.6 / radius;
        ctx.stroke(detail);
      }
      ctx.restore();
    },

    _containsPoint(point) {
      return !this.isTiny() && point.distanceTo(this._point) <= this._radius + this._renderer.options.tolerance;
    },
  });

  /** A line along the road, drawn `aside` pixels to the right of rising stations. */
  const Stretch = L.Polyline.extend({
    options: {
      width: 4, aside: 0, dash: [], from: 0, gap: 0, outline: "", interactive: false, smoothFactor: 1.2,
    },

    _project() {
      const scale = growth(this._map.getZoom());
      this.options.weight = Math.max(this.options.width * scale, 1);
      this.options.dashArray = this.options.dash.length
        ? this.options.dash.map((step) => step * scale)
        : null;
      this.options._dashArray = this.options.dashArray;
      L.Polyline.prototype._project.call(this);
      if (this.options.gap) this._rings = this._rings.map((ring) => shortened(ring, this.options.gap));
      if (this.options.aside) {
        const distance = this.options.aside * Math.max(scale, 0.8);
        this._rings = this._rings.map((ring) => aside(ring, distance));
        const bounds = L.bounds(this._rings.flat());
        if (bounds.isValid()) {
          this._rawPxBounds = bounds;
          this._updateBounds();
        }
      }
    },
  });

  /** Whether the map is too far away for a thing that is drawn only on a closer look. */
  const isTiny = function () {
    return this._map.getZoom() < this.options.from;
  };
  Mark.include({ isTiny });
  Stretch.include({
    isTiny,

    _updatePath() {
      if (this.isTiny()) return;
      const { options } = this;
      if (options.outline) {
        // Square ends, so that the edges of a stretch do not cross the one before it.
        this.options = {
          ...options, color: options.outline, weight: options.weight + EDGES_PX, lineCap: "butt",
        };
        L.Polyline.prototype._updatePath.call(this);
        this.options = options;
      }
      L.Polyline.prototype._updatePath.call(this);
    },

    _containsPoint(point) {
      return !this.isTiny() && L.Polyline.prototype._containsPoint.call(this, point);
    },
  });

  Mark.include({
    /** Pixels between a point of the screen and the middle of what is drawn. */
    distance(point) {
      return point.distanceTo(this._point);
    },
  });
  Stretch.include({
    distance(point) {
      let least = Infinity;
      for (const part of this._parts) {
        for (let i = 0; i + 1 < part.length; i++) {
          least = Math.min(least, L.LineUtil.pointToSegmentDistance(point, part[i], part[i + 1]));
        }
      }
      return least;
    },
  });

  /** Cut some pixels off both ends of a line, where it is long enough, to part it from the next. */
  function shortened(ring, gap) {
    const cut = (points) => {
      let left = gap;
      for (let i = 0; i + 1 < points.length; i++) {
        const length = points[i].distanceTo(points[i + 1]);
        if (length > left) {
          const share = left / length;
          const [a, b] = [points[i], points[i + 1]];
          return [L.point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)), ...points.slice(i + 1)];
        }
        left -= length;
      }
      return points;
    };
    const length = ring.reduce((sum, point, i) => (i ? sum + point.distanceTo(ring[i - 1]) : 0), 0);
    return length > 8 * gap ? cut(cut(ring).reverse()).reverse() : ring;
  }

  /** Move a line of pixels to its right, along the normals of its chords. */
  function aside(ring, distance) {
    const normal = (a, b) => {
      const [dx, dy] = [b.x - a.x, b.y - a.y];
      const size = Math.hypot(dx, dy);
      return size > 0.01 ? [-dy / size, dx / size] : null;
    };
    let last = [0, 0];
    return ring.map((point, i) => {
      const before = i > 0 ? normal(ring[i - 1], point) : null;
      const after = i + 1 < ring.length ? normal(point, ring[i + 1]) : null;
      const [a, b] = [before || after || last, after || before || last];
      const sum = [a[0] + b[0], a[1] + b[1]];
      const size = Math.hypot(...sum);
      last = size > 0.2 ? [sum[0] / size, sum[1] / size] : b;
      return L.point(point.x + last[0] * distance, point.y + last[1] * distance);
    });
  }

  const NS = "http://www.w3.org/2000/svg";

  function svg(width, height, ...shapes) {
    const element = document.createElementNS(NS, "svg");
    element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    element.setAttribute("width", width);
    element.setAttribute("height", height);
    element.setAttribute("aria-hidden", "true");
    element.setAttribute("class", "rp-key");
    for (const [tag, attributes] of shapes) {
      const shape = document.createElementNS(NS, tag);
      for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
      element.append(shape);
    }
    return element;
  }

  /** The symbol of a style as it stands in the legend. */
  function key(style, { line, hollow = false }) {
    const shapes = [];
    if (line) {
      const width = Math.min(style.width, 12);
      const stroke = {
        x1: 2, x2: 32, y1: 10, y2: 10,
        stroke: style.colour,
        "stroke-width": width,
        "stroke-opacity": style.opacity,
        "stroke-linecap": style.round ? "round" : "butt",
      };
      if (style.dash.length) stroke["stroke-dasharray"] = style.dash.join(" ");
      if (style.outline) {
        shapes.push(["line", { ...stroke, stroke: style.outline, "stroke-width": width + EDGES_PX }]);
      }
      shapes.push(["line", stroke]);
      if (hollow) {
        const inner = { ...stroke, stroke: "#fff", "stroke-width": core(width), "stroke-opacity": 1 };
        shapes.push(["line", inner]);
      }
    }
    if (style.symbol) {
      const { outline, detail } = SHAPES[style.symbol] || SHAPES.circle;
      const radius = style.size * 0.85;
      const transform = `translate(17 10) scale(${radius})`;
      const still = "non-scaling-stroke";
      shapes.push([
        "path",
        {
          d: outline, transform,
          fill: hollow ? "#fff" : style.colour,
          stroke: style.colour, "stroke-width": 1.8, "vector-effect": still,
        },
      ]);
      if (detail) {
        shapes.push([
          "path",
          {
            d: detail, transform, fill: "none",
            stroke: hollow ? style.colour : "#fff", "stroke-width": 1.6, "vector-effect": still,
          },
        ]);
      }
    }
    return svg(34, 20, ...shapes);
  }

  /** Width of the white core of a hollow line. */
  function core(width) {
    return Math.max(width - 3.2, width * 0.35);
  }

  return { Mark, Stretch, key, core, SHAPES };
})();
