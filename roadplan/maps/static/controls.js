"use strict";
// Small things on the map: zoom, the whole road, a metric scale, credits, online tiles, printing.

roadplan.credits = (() => {
  const { data, make } = roadplan;
  const { say, onChange } = roadplan.language;

  function node(credit) {
    const text = say(credit.text);
    return credit.url
      ? make("a", { href: credit.url, target: "_blank", rel: "noopener", text })
      : make("span", { text });
  }

  const Credits = L.Control.extend({
    options: { position: "bottomright" },
    onAdd() {
      const box = make("div", { class: "leaflet-control-attribution rp-credits" });
      const fill = () => {
        const nodes = data.credits.flatMap((credit, i) => (i ? [" · ", node(credit)] : [node(credit)]));
        box.replaceChildren(...nodes);
      };
      onChange(fill);
      fill();
      return box;
    },
  });

  return { node, start: (map) => new Credits().addTo(map) };
})();

roadplan.controls = (() => {
  const { data, make } = roadplan;
  const { t, number, bind, onChange } = roadplan.language;

  const Scale = L.Control.Scale.extend({
    _updateMetric(metres) {
      const shown = this._getRoundNum(metres);
      const text =
        shown < 1000 ? t("{n} m", { n: number(shown) }) : t("{n} km", { n: number(shown / 1000) });
      this._mScale.textContent = text;
      this._mScale.style.width = `${Math.round((this.options.maxWidth * shown) / metres)}px`;
    },
  });

  const MOST_ROOM = 0.25;
  let whole = null;

  /** Whether the map still stands as it was when the whole road was last put into it at once. */
  const isWhole = (map) =>
    whole !== null && map.getZoom() === whole.zoom && map.getCenter().equals(whole.centre);

  /**
   * Room for the buttons, and on a phone for the one that opens the panel; on a low or narrow map
   * no more than a part of it, so that the road keeps the rest.
   */
  function room({ x, y }) {
    const small = x < 600;
    const [left, top, right, bottom] = small ? [34, 20, 20, 78] : [60, 20, 20, 26];
    const across = Math.min(1, (MOST_ROOM * x) / (left + right));
    const down = Math.min(1, (MOST_ROOM * y) / (top + bottom));
    return {
      paddingTopLeft: [left * across, top * down],
      paddingBottomRight: [right * across, bottom * down],
    };
  }

  function fit(map, animate = true) {
    const size = map.getSize();
    if (!(size.x > 0 && size.y > 0)) return;
    map.fitBounds(data.bounds, { ...room(size), animate });
    if (!animate) whole = { centre: map.getCenter(), zoom: map.getZoom() };
  }

  function start(map) {
    // On a phone popups take the upper part of the map, and fingers reach the lower one.
    const position = map.getSize().x < 600 ? "bottomright" : "topleft";
    const zoom = L.control.zoom({ position }).addTo(map);
    const box = zoom.getContainer();
    const name = (query, text) => {
      const link = box.querySelector(query);
      bind(link, text, "title");
      bind(link, text, "aria-label");
      return link;
    };
    name(".leaflet-control-zoom-in", () => t("Zoom in"));
    name(".leaflet-control-zoom-out", () => t("Zoom out"));
    const whole = make("a", { href: "#", class: "rp-whole", role: "button", text: "⤢" });
    box.append(whole);
    name(".rp-whole", () => t("Show the whole road"));
    L.DomEvent.on(whole, "click", (event) => {
      L.DomEvent.stop(event);
      fit(map);
    });
    const scale = new Scale({ imperial: false, maxWidth: 120, position: "bottomleft" }).addTo(map);
    onChange(() => scale._update());
    bind(map.getContainer(), () => t("Map of the road"), "aria-label");
    map.getContainer().setAttribute("role", "region");
    printing(map);
  }

  /** On paper the map takes the width of the page and shows what was on the screen. */
  function printing(map) {
    let view = null;
    const resize = () => map.invalidateSize({ animate: false, pan: false, debounceMoveend: false });
    window.addEventListener("beforeprint", () => {
      view = { bounds: map.getBounds(), centre: map.getCenter(), zoom: map.getZoom() };
      map.closePopup();
      document.body.classList.add("rp-printing");
      resize();
      map.fitBounds(view.bounds, { animate: false });
    });
    window.addEventListener("afterprint", () => {
      if (!view) return;
      document.body.classList.remove("rp-printing");
      resize();
      map.setView(view.centre, view.zoom, { animate: false });
      view = null;
    });
  }

  return { start, fit, isWhole };
})();

roadplan.tiles = (() => {
  const { data, make } = roadplan;
  const { t, bind } = roadplan.language;
  const FAILURES = 3;
  let map = null;
  let layer = null;
  let box = null;
  let message = () => "";
  let note = null;

  function start(target) {
    map = target;
    window.addEventListener("offline", () => layer && off("No network: the plain background is shown."));
  }

  /** The switch in the list of layers. */
  function row() {
    if (!data.tiles) return null;
    box = make("input", { type: "checkbox", id: "rp-tiles" });
    const name = bind(make("label", { for: "rp-tiles" }), () => t("Online map in the background"));
    note = bind(make("p", { class: "rp-none", role: "status" }), () => message());
    box.addEventListener("change", () => (box.checked ? on() : off("")));
    return make("div", { class: "rp-layer" }, make("div", { class: "rp-layer-head" }, box, name), note);
  }

  function say(id) {
    message = () => (id ? t(id) : "");
    note.textContent = message();
  }

  /** Nothing is asked of the network before somebody wants it and there seems to be one. */
  function on() {
    if (!navigator.onLine) return off("No network: the plain background is shown.");
    // The servers of OpenStreetMap turn away pages that do not say where they come from, which
    // a page opened from a file cannot do.
    const served = /^https?:$/.test(window.location.protocol);
    if (data.tiles.needs_address && !served) {
      return off("The tile server answers only pages that come from a web server, not from a file.");
    }
    say("Loading …");
    const probe = new Image();
    probe.referrerPolicy = "strict-origin-when-cross-origin";
    probe.onload = show;
    probe.onerror = () => off("The tiles cannot be reached: the plain background is shown.");
    probe.src = L.Util.template(data.tiles.url, { s: data.tiles.subdomains[0] || "", z: 0, x: 0, y: 0, r: "" });
  }

  function show() {
    if (!box.checked || layer) return;
    let failures = 0;
    layer = L.tileLayer(data.tiles.url, {
      subdomains: data.tiles.subdomains,
      maxZoom: 19,
      maxNativeZoom: data.tiles.max_zoom,
      referrerPolicy: "strict-origin-when-cross-origin",
    });
    layer.on("tileload", () => (failures = 0));
    layer.on("tileerror", () => {
      failures += 1;
      if (failures >= FAILURES) off("The tiles cannot be reached: the plain background is shown.");
    });
    layer.addTo(map);
    roadplan.waters.remove();
    say("");
  }

  function off(id) {
    box.checked = false;
    if (layer) layer.remove();
    layer = null;
    roadplan.waters.addTo(map);
    say(id);
  }

  return { start, row };
})();
