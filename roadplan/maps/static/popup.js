"use strict";
// What a click on the map tells: the thing clicked, what else lies there, and the post.

roadplan.popup = (() => {
  const { make, road, posts } = roadplan;
  const { t, say, number, onChange } = roadplan.language;
  const NEAR_ROAD_PX = 14;
  let map = null;
  let current = null;
  let tip = null;

  function start(target) {
    map = target;
    map.on("click", clicked);
    map.on("mousemove", L.Util.throttle(moved, 60));
    map.on("mouseout movestart", hideTip);
    map.on("resize", settle);
    // Whoever opens another one closes the first before.
    const reading = (on) => () => document.body.classList.toggle("rp-reading", on);
    map.on("popupopen", reading(true));
    map.on("popupclose", reading(false));
    map.on("popupclose", (event) => {
      if (current && event.popup === current.box) current = null;
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && current) {
        map.closePopup();
        map.getContainer().focus({ preventScroll: true });
      }
    });
    onChange(() => {
      if (current) write();
    });
  }

  function clicked(event) {
    hideTip();
    const hits = roadplan.layers.under(event.layerPoint);
    const place = onRoad(event.latlng, event.layerPoint);
    if (hits.length) open(event.latlng, hits, place);
    else if (place) open(L.latLng(road.point(place.route, place.station)), [], place);
  }

  /** The station under the pointer, if the pointer is on the road. */
  function onRoad(latlng, layerPoint) {
    const place = road.nearest(latlng.lat, latlng.lng);
    if (!place) return null;
    const pixel = map.latLngToLayerPoint(road.point(place.route, place.station));
    return pixel.distanceTo(layerPoint) <= NEAR_ROAD_PX ? place : null;
  }

  /** Open the popup on features and, optionally, on a place of the road. */
  function open(latlng, hits, place = null) {
    const box = L.popup({
      maxWidth: widest(),
      maxHeight: tallest(),
      autoPanPadding: [16, 16],
    });
    box.setLatLng(latlng);
    current = { box, hits, place };
    write();
    box.openOn(map);
    current = { box, hits, place };
    label();
  }

  const widest = () => Math.min(360, map.getSize().x - 66);
  const tallest = () => Math.max(Math.min(420, map.getSize().y - 120), 110);

  /** Fit an open popup into a map that has another size now. */
  function settle() {
    if (!current) return;
    current.box.options.maxHeight = tallest();
    current.box.options.maxWidth = widest();
    current.box.update();
  }

  /** Open the popup on a place of the road and on what lies there. */
  function openPlace(place) {
    const latlng = L.latLng(road.point(place.route, place.station));
    open(latlng, roadplan.layers.under(map.latLngToLayerPoint(latlng)), place);
  }

  function label() {
    const element = current.box.getElement();
    element.setAttribute("role", "dialog");
    element.setAttribute("aria-label", t("Details"));
    const close = element.querySelector(".leaflet-popup-close-button");
    if (close) close.setAttribute("aria-label", t("Close"));
  }

  function write() {
    const { box, hits, place } = current;
    const content = make("div", { class: "rp-popup" });
    let others = hits;
    if (place && !(hits.length && isThing(hits[0]))) {
      content.append(
        make("h3", { text: roadplan.posts.short(place.route, place.station) }),
        clickedPlace(place),
      );
    } else {
      content.append(title(hits[0]), roadplan.fields.all(hits[0]));
      others = hits.slice(1);
    }
    if (others.length) {
      const first = others === hits;
      content.append(make("h4", { text: first ? t("Here") : t("Also here") }));
      others.forEach((one, i) => {
        const summary = make("summary", {}, make("span", { text: `${say(one.layer.title)}: ` }), heading(one));
        content.append(make("details", { open: first && i === 0 }, summary, roadplan.fields.all(one)));
      });
    }
    box.setContent(content);
    if (box.isOpen()) label();
  }

  function clickedPlace(place) {
    const list = make("dl", { class: "rp-values rp-place" });
    const texts = posts.at(place.route, place.station);
    roadplan.fields.row(
      list,
      t("Post here"),
      ...texts.map((text) => make("span", { class: "rp-line", text })),
    );
    const name = say(road.routes.get(place.route).name);
    const station = t("{m} m", { m: number(place.station) });
    roadplan.fields.row(list, t("Station here"), make("span", { text: `${station} · ` }), roadplan.quoted(name));
    return list;
  }

  /** Whether a feature is one thing at one place, and not a stretch of the road. */
  const isThing = (one) => one.paths.some((path) => path instanceof roadplan.symbols.Mark);

  const heading = (one) => roadplan.quoted(roadplan.layers.nameOf(one));

  function title(one) {
    const kind = one.style ? say(one.style.label) : "";
    const layer = say(one.layer.title);
    const text = kind && kind !== layer ? `${layer} · ${kind}` : layer;
    const symbol = one.style
      ? roadplan.symbols.key(one.style, { line: one.from !== undefined, hollow: one.hollow })
      : null;
    return make(
      "div",
      { class: "rp-popup-title" },
      make("p", { class: "rp-popup-layer" }, symbol, make("span", { text })),
      make("h3", {}, heading(one)),
    );
  }

  function moved(event) {
    if (!map.getContainer().matches(":hover")) return hideTip();
    const [first] = roadplan.layers.under(event.layerPoint);
    map.getContainer().classList.toggle("rp-over", Boolean(first));
    if (!first) return hideTip();
    tip = tip || L.tooltip({ direction: "top", offset: [0, -8], className: "rp-tip" });
    tip.setContent(make("bdi", { text: roadplan.layers.nameOf(first) }));
    tip.setLatLng(event.latlng);
    if (!map.hasLayer(tip)) tip.addTo(map);
  }

  function hideTip() {
    if (tip && map.hasLayer(tip)) tip.remove();
    map.getContainer().classList.remove("rp-over");
  }

  return { start, open, openPlace };
})();
